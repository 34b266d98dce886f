"""What `orgdns deploy` and `orgdns destroy` call themselves in the hub and networking accounts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.contract import CONTROL_KEY, LIVE_ALIAS, REQUESTS_KEY
from orgdns.deployment.bucket import bucket_name
from orgdns.deployment.permissions.statements import Statement, allow
from orgdns.deployment.stacks import network_region, profile_regions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.config.load import Config

STACKS: Final = (
    "cloudformation:CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents DescribeStacks "
    "ExecuteChangeSet GetTemplate ListStackResources TagResource UntagResource UpdateTerminationProtection"
)
# What makes a bucket, and closes it.
_OWN_BUCKET: Final = (
    " CreateBucket GetBucketPolicy GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning "
    "GetEncryptionConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging "
    "PutBucketVersioning PutEncryptionConfiguration"
)
# A template that is larger is read from the bucket.
_LARGEST_TEXT: Final = 51_200


@dataclass(frozen=True, slots=True)
class Arns:
    """Writes the ARNs of an account."""

    config: Config
    account: str

    def of(self, service: str, resource: str, region: str | None = None) -> str:
        """The ARN of a resource, by default in the hub's region."""
        if service == "s3":
            return self.without_account(service, resource)
        region = self.config.hub.region if region is None else region
        return f"arn:{self.config.partition}:{service}:{region}:{self.account}:{resource}"

    def without_account(self, service: str, resource: str) -> str:
        """The ARN of a resource that has neither account nor region in it."""
        return f"arn:{self.config.partition}:{service}:::{resource}"


def bucket_of(config: Config) -> str:
    """The name of the bucket for templates and packages."""
    return config.deployment.bucket or bucket_name(config.installation, config.hub.account, config.hub.region)


def hub_calls(config: Config) -> Iterator[Statement]:
    """What the command calls in the hub account."""
    names, arns = config.names, Arns(config, config.hub.account)
    bucket = arns.without_account("s3", bucket_of(config))
    stacks = [arns.of("cloudformation", f"stack/{name}/*") for name in (names.hub_stack, names.rollout_stack)]
    yield allow("Stacks", STACKS, stacks)
    yield allow(
        "Rollout",
        "cloudformation:ListStackInstances",
        [
            Arns(config, account).of("cloudformation", f"stackset/{names.of('spoke-*')}:*")
            for account in (config.organization.management_account, config.hub.account)
        ],
    )
    yield allow("Bucket", "s3:ListBucket" + ("" if config.deployment.bucket else _OWN_BUCKET), [bucket])
    yield allow("TemplatesAndPackages", "s3:GetObject PutObject", [f"{bucket}/*"])
    ledger = [arns.of("dynamodb", f"table/{names.ledger_table}")]
    yield allow("Ledger", "dynamodb:DescribeTable Query Scan", ledger)
    # The pace of calls to Route 53, and who deploys. "Using IAM policy conditions for fine-grained access control"
    # (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html).
    partitions = {"dynamodb:LeadingKeys": [CONTROL_KEY, REQUESTS_KEY]}
    yield allow(
        "RowsOfLedger",
        "dynamodb:PutItem",
        ledger,
        {"ForAllValues:StringEquals": partitions, "Null": {"dynamodb:LeadingKeys": "false"}},
    )
    if config.history.days:
        history = names.history_bucket(config.hub.account, config.hub.region)
        yield allow("LeftHistory", "s3:ListBucket", [arns.without_account("s3", history)])
    if config.report.files:
        reports = names.reports_bucket(config.hub.account, config.hub.region)
        yield allow("LeftReports", "s3:ListBucket", [arns.without_account("s3", reports)])
    functions = [f"function:{names.observer_function}{qualifier}" for qualifier in ("", f":{LIVE_ALIAS}")]
    yield allow(
        "PolicyInUse", "lambda:GetFunctionConfiguration", [arns.of("lambda", function) for function in functions]
    )
    yield allow("LeftRoles", "iam:GetRole", [role_arn(config, config.hub.account, names.observer_role)])
    yield allow("Alarms", "cloudwatch:DescribeAlarms", [arns.of("cloudwatch", "alarm:*")])
    yield allow(
        "States",
        "cloudformation:DescribeOrganizationsAccess lambda:GetAccountSettings logs:DescribeLogGroups "
        "organizations:ListDelegatedAdministrators",
        ["*"],
    )


def network_calls(config: Config, templates: Mapping[str, str]) -> Iterator[Statement]:
    """What the command calls in the networking account."""
    names, arns = config.names, Arns(config, config.network.account)
    places = {
        (names.network_stack, network_region(config)),
        (names.zone_changes_stack, config.route53_region),
        *((names.network_region_stack, region) for region in profile_regions(config)),
    }
    yield allow("Stacks", STACKS, [arns.of("cloudformation", f"stack/{name}/*", region) for name, region in places])
    # The id of a zone that the stack creates is known afterwards.
    zones = [arns.without_account("route53", f"hostedzone/{zone.id or '*'}") for zone in config.zones]
    if any(zone.id for zone in config.zones):
        existing = [arns.without_account("route53", f"hostedzone/{zone.id}") for zone in config.zones if zone.id]
        yield allow("ExistingZones", "route53:GetHostedZone", existing)
    records = "route53:ChangeResourceRecordSets"
    yield allow("RecordsInZones", "route53:ListResourceRecordSets", zones)
    yield allow(
        "DeleteRecords",
        records,
        zones,
        {
            "ForAllValues:StringEquals": {
                f"{records}Actions": "DELETE",
                f"{records}RecordTypes": ["A", "AAAA", "PTR"],
            },
            "Null": {f"{records}Actions": "false", f"{records}RecordTypes": "false"},
        },
    )
    yield allow("EndAssociations", "route53:DisassociateVPCFromHostedZone", zones)
    yield allow("LeftRoles", "iam:GetRole", [role_arn(config, config.network.account, names.writer_role)])
    # Which other installations have the same owner.
    yield allow("Owners", "iam:ListRoles", ["*"])
    # Of new zones, and those that Route 53 describes when an association ends ("Actions, resources, and condition keys
    # for Amazon Route 53", https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53.html).
    regions = {zone.create.region for zone in config.zones if zone.create} | {
        *config.spokes.regions,
        network_region(config),
    }
    yield allow(
        "Vpcs",
        "ec2:DescribeVpcs",
        ["*"],
        {"StringEquals": {"aws:RequestedRegion": sorted(regions | {config.route53_region})}},
    )
    if any(len(templates.get(name, "").encode()) > _LARGEST_TEXT for name in ("network", "network-region")):
        bucket = arns.without_account("s3", bucket_of(config))
        yield allow("LargeTemplates", "s3:GetObject", [f"{bucket}/templates/*"])


def role_arn(config: Config, account: str, role: str) -> str:
    """The ARN of a role, which may have a path."""
    return f"arn:{config.partition}:iam::{account}:role{config.resources.role_path}{role}"
