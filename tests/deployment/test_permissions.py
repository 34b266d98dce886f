"""The policies of whoever deploys allow the calls that a deployment makes, also those of a run that goes wrong."""

from __future__ import annotations

import re

from orgdns.config.load import Config, parse
from orgdns.deployment.accounts import Kind
from orgdns.deployment.permissions.calls import hub_calls, network_calls
from tests.support.build import CORP_ZONE
from tests.support.config.configuration import GOOD
from tests.support.deployment.organization import Organization, bundle
from tests.support.deployment.route53 import OURS

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


def called(organization: Organization, kind: Kind) -> set[str]:
    """The permissions of the calls in an account."""
    found = set()
    for call in organization.calls.made:
        account, service, operation = call.split()
        if account == kind:
            name = f"{service}:{re.sub('_?([a-z0-9]+)', lambda part: part[1].capitalize(), operation)}"
            found.add(OTHERS.get(name, name))
    return found


def granted(config: Config, kind: Kind) -> set[str]:
    """The actions that the policies for the command's own calls name."""
    statements = hub_calls(config) if kind is Kind.HUB else network_calls(config, {})
    return {action for each in statements for action in each["Action"]}


def test_policies_allow_every_call() -> None:
    """A first deployment, an update, a plan that is thrown away, and a removal call only what the policies name."""
    organization = Organization()
    organization.route53.zones[CORP_ZONE] = [OURS]
    organization.run()
    organization.config = parse(GOOD + "resources:\n  termination_protection: true\n")
    organization.run(bundle("2"))
    organization.run(bundle("2"))
    organization.destroy(records=True)
    for kind in (Kind.HUB, Kind.NETWORK):
        assert called(organization, kind) <= granted(organization.config, kind)
