"""The documented permissions are those of the calls that a deployment makes."""

from __future__ import annotations

import re
from itertools import chain

from orgdns.config.load import parse
from orgdns.deployment.accounts import Kind
from tests.support.build import CORP_ZONE
from tests.support.config.configuration import GOOD
from tests.support.deployment.organization import Organization, bundle
from tests.support.deployment.route53 import OURS
from tests.support.lint.documents import documented

# The permission of an operation that has another name ("Actions, resources, and condition keys for Amazon S3",
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
OTHERS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
}
# Of the checks before a deployment, of associations, and of the owner of a new bucket, which are not called here.
UNCALLED = {
    Kind.HUB: {
        "cloudformation:DescribeOrganizationsAccess",
        "dynamodb:DescribeTable",
        "dynamodb:Query",
        "lambda:GetAccountSettings",
        "logs:DescribeLogGroups",
        "organizations:ListDelegatedAdministrators",
        "s3:PutBucketOwnershipControls",
    },
    Kind.NETWORK: {
        "ec2:DescribeVpcs",
        "iam:GetRole",
        "route53:DisassociateVPCFromHostedZone",
        "route53:GetHostedZone",
    },
}
PAGES = {Kind.HUB: "docs/deploy.md#1", Kind.NETWORK: "docs/deploy.md#2"}


def called(organization: Organization, kind: Kind) -> set[str]:
    """The permissions of the calls in an account."""
    found = set()
    for call in organization.calls.made:
        account, service, operation = call.split()
        if account == kind:
            name = f"{service}:{re.sub('_?([a-z0-9]+)', lambda part: part[1].capitalize(), operation)}"
            found.add(OTHERS.get(name, name))
    return found


def actions(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


def test_documented_permissions_are_those_of_the_calls() -> None:
    """A first deployment, an update, a plan that is thrown away, and a removal call what the page grants."""
    organization = Organization()
    organization.route53.zones[CORP_ZONE] = [OURS]
    organization.run()
    organization.config = parse(GOOD + "resources:\n  termination_protection: true\n")
    organization.run(bundle("2"))
    organization.run(bundle("2"))
    organization.destroy(records=True)
    for kind, page in PAGES.items():
        granted = set(chain.from_iterable(actions(statement.elements["Action"]) for statement in documented()[page]))
        assert called(organization, kind) <= granted
        assert granted - called(organization, kind) <= UNCALLED[kind] | {"cloudformation:GetTemplate"}
