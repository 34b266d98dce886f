"""What CloudFormation does with the resources of the stacks in the name of whoever deploys. Pure.

A statement for each kind of resource that the templates have. Its actions are those that the registry of CloudFormation
lists for the handlers of the resource type, without those of properties that the templates do not use ("handlers:
permissions", "Resource type schema",
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from hub.runtime.installation import log_group
from orgdns.cfn.kms.encryption import via_service
from orgdns.deployment.permissions.calls import Arns, role_arn
from orgdns.deployment.permissions.grants import GRANTS, Grant
from orgdns.deployment.permissions.statements import THROUGH_CLOUDFORMATION, Conditions, Statement, allow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from orgdns.config.load import Config


# Of a resource, in lines of its own or in one line. The text of a template in a template has more spaces before it.
_TYPE: Final = re.compile(r"^ {2}(?: {2}|\w+: \{)Type: '?AWS::(\w+::\w+)'?", re.MULTILINE)


def resource_statements(config: Config, account: str, stacks: Iterable[tuple[str, str]]) -> Iterator[Statement]:
    """What CloudFormation does in an account.

    Args:
        config: The configuration.
        account: The account.
        stacks: The template of each stack in the account, and its region.
    """
    regions: dict[str, set[str]] = {}
    for body, region in stacks:
        for kind in _types_in(body):
            regions.setdefault(kind, set()).add(region)
    if "IAM::Role" in regions:
        yield from _roles(config, account, regions)
    for grant in GRANTS:
        places = set().union(*(regions.get(kind, set()) for kind in grant.types))
        if places:
            yield _statement(grant, config, account, sorted(places))
    if "Route53::HostedZone" in regions:
        yield from _zones(config, account)
    if "DynamoDB::Table" in regions:
        yield from _keys(config)


def _types_in(body: str) -> set[str]:
    """The types of resources in a template, which is read without its functions."""
    if body.startswith("{"):
        return {str(each["Type"]).removeprefix("AWS::") for each in json.loads(body)["Resources"].values()}
    return set(_TYPE.findall(body))


def _statement(grant: Grant, config: Config, account: str, regions: list[str]) -> Statement:
    """The statement of a grant; for resources in several regions, with the regions as a condition."""
    arns, service = Arns(config, account), grant.actions.partition(":")[0]
    region = "" if grant.everywhere else regions[0] if len(regions) == 1 else "*"
    accounts = [account, config.organization.management_account] if grant.sid == "StackSets" else [account]
    named = {"name": config.installation, "account": account, "region": config.hub.region}
    condition: Conditions = {
        operator: {key: arns.of(service, str(value).format(**named), region) for key, value in keys.items()}
        for operator, keys in grant.condition.items()
    }
    if not grant.everywhere and (region == "*" or "*" in grant.resources):
        condition = {**condition, "StringEquals": {"aws:RequestedRegion": regions}}
    return allow(
        grant.sid,
        grant.actions,
        [
            "*" if resource == "*" else Arns(config, owner).of(service, resource.format(**named), region)
            for resource in _used(grant, config)
            for owner in accounts
        ],
        THROUGH_CLOUDFORMATION,
        condition,
    )


def _used(grant: Grant, config: Config) -> Iterator[str]:
    """The resources of a grant, without the buckets that the hub does not have."""
    for resource in grant.resources:
        history, reports = "-history-" in resource, "-reports-" in resource
        if not (history and not config.history.days) and not (reports and not config.report.files):
            yield resource


def _roles(config: Config, account: str, regions: Mapping[str, Collection[str]]) -> Iterator[Statement]:
    """The roles of the stacks. With a permissions boundary, what gives a role permissions needs that boundary.

    "Delegating responsibility to others using permissions boundaries"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
    """
    boundary = config.resources.permissions_boundary
    roles = [role_arn(config, account, config.names.of("*"))]
    powerful = "CreateRole DeleteRolePolicy PutRolePolicy"
    plain = (
        "DeleteRole GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies TagRole UntagRole "
        "UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription"
    )
    own = f"arn:{config.partition}:iam::{account}:policy/{boundary}"
    arn = boundary if boundary and boundary.startswith("arn:") else own
    within: Conditions = {"StringEquals": {"iam:PermissionsBoundary": arn}} if boundary else {}
    if boundary:
        yield allow(
            "RolesWithinBoundary",
            f"iam:{powerful} PutRolePermissionsBoundary",
            roles,
            THROUGH_CLOUDFORMATION,
            within,
        )
    if "IAM::ManagedPolicy" in regions:
        # The stacks that need these choose their names.
        policies = [f"arn:{config.partition}:iam::{account}:policy{config.resources.role_path}{config.names.of('*')}"]
        yield allow(
            "Policies",
            "iam:CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy ListEntitiesForPolicy "
            "ListPolicyVersions",
            policies,
            THROUGH_CLOUDFORMATION,
        )
        yield allow(
            "PoliciesOfRoles",
            "iam:AttachRolePolicy DetachRolePolicy",
            roles,
            THROUGH_CLOUDFORMATION,
            {"ArnLike": {"iam:PolicyARN": policies}},
            within,
        )
    yield allow("Roles", f"iam:{plain}{'' if boundary else f' {powerful}'}", roles, THROUGH_CLOUDFORMATION)
    services = {"Lambda::Function": "lambda", "Scheduler::Schedule": "scheduler", "Events::Rule": "events"}
    # The hub's rules have queues as targets, and need no role.
    passed = [
        f"{service}.amazonaws.com"
        for kind, service in services.items()
        if kind in regions and (kind != "Events::Rule" or account != config.hub.account)
    ]
    if passed:
        yield allow("PassRoles", "iam:PassRole", roles, {"StringEquals": {"iam:PassedToService": passed}})


def _zones(config: Config, account: str) -> Iterator[Statement]:
    """The zones that the network stack creates, whose ids are not known before.

    They stay when the stack goes. Only if its first creation fails does CloudFormation delete them again.
    """
    arns = Arns(config, account)
    vpcs = sorted(f"VPCId={zone.create.vpc},VPCRegion={zone.create.region}" for zone in config.zones if zone.create)
    zones = [arns.without_account("route53", "hostedzone/*")]
    with_vpcs: Conditions = {
        "ForAllValues:StringEquals": {"route53:VPCs": vpcs},
        "Null": {"route53:VPCs": "false"},
    }
    yield allow("NewZones", "route53:CreateHostedZone", ["*"], THROUGH_CLOUDFORMATION, with_vpcs)
    yield allow(
        "VpcsOfNewZones",
        "route53:AssociateVPCWithHostedZone",
        zones,
        THROUGH_CLOUDFORMATION,
        with_vpcs,
    )
    yield allow(
        "Zones",
        "route53:ChangeTagsForResource DeleteHostedZone GetHostedZone ListTagsForResource UpdateHostedZoneComment",
        zones,
        THROUGH_CLOUDFORMATION,
    )
    yield allow(
        "ChangesOfZones", "route53:GetChange", [arns.without_account("route53", "change/*")], THROUGH_CLOUDFORMATION
    )


def _keys(config: Config) -> Iterator[Statement]:
    """What DynamoDB and Lambda do with the configured keys in the caller's name, and the association of log groups.

    "DynamoDB encryption at rest usage notes"
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html) and "Securing Lambda
    environment variables" (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html).
    """
    keys, arns = config.resources.kms, Arns(config, config.hub.account)
    uses = (
        (
            "Ledger",
            keys.ledger,
            "dynamodb",
            "DescribeKey Encrypt Decrypt ReEncryptFrom ReEncryptTo GenerateDataKey GenerateDataKeyWithoutPlaintext",
        ),
        ("Functions", keys.functions, "lambda", "Encrypt Decrypt"),
    )
    for name, key, service, actions in uses:
        if key:
            via: Conditions = {"StringEquals": {"kms:ViaService": via_service(config, service)}}
            yield allow(f"KeyOf{name}", f"kms:{actions}", [key], via)
            grants: Conditions = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
            yield allow(f"GrantsOf{name}", "kms:CreateGrant", [key], via, grants)
    if keys.logs:
        groups = [arns.of("logs", f"log-group:{log_group(config.names.of('*'))}")]
        yield allow("KeyOfLogs", "logs:AssociateKmsKey DisassociateKmsKey", groups, THROUGH_CLOUDFORMATION)
