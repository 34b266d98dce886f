"""What the functions use of AWS's APIs. The package contains this part of the SDK and no other.

A further call of AWS needs a line in `OPERATIONS`: without it, the packaged client does not have the operation. The
sandbox runs the functions with the packaged SDK, and a test compares the list with the calls that they make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The operations of each service, as the services' models name them.
OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudformation": ("ListStackInstances",),
    "dynamodb": (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "DescribeTable",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    ),
    "ec2": ("DescribeDhcpOptions", "DescribeInstances", "DescribeVpcAttribute", "DescribeVpcs"),
    "organizations": ("DescribeAccount",),
    "route53": (
        "AssociateVPCWithHostedZone",
        "ChangeResourceRecordSets",
        "CreateVPCAssociationAuthorization",
        "DeleteVPCAssociationAuthorization",
        "DisassociateVPCFromHostedZone",
        "ListHostedZonesByVPC",
        "ListResourceRecordSets",
    ),
    "route53profiles": (
        "AssociateProfile",
        "DisassociateProfile",
        "ListProfileAssociations",
        "ListProfileResourceAssociations",
        "ListProfiles",
    ),
    "route53resolver": (
        "ListFirewallDomains",
        "ListFirewallRuleGroupAssociations",
        "ListFirewallRules",
        "ListResolverConfigs",
        "ListResolverRuleAssociations",
        "ListResolverRules",
        "UpdateResolverConfig",
    ),
    "s3": ("GetObject", "ListObjectsV2", "PutObject"),
    "sqs": ("DeleteMessageBatch", "GetQueueAttributes", "ReceiveMessage", "SendMessageBatch"),
    "sts": ("AssumeRole",),
}

# What the reporter uses besides, which is in the package only if it is deployed.
REPORTER_OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "cloudwatch": ("DescribeAlarms", "GetMetricData"),
    "lambda": ("ListEventSourceMappings",),
    "sqs": ("GetQueueUrl",),
}


class Member(NamedTuple):
    """A member of a request (`input`) or an answer (`output`) that older versions of the SDK do not have.

    The SDK drops unknown members of an answer without an error.
    """

    service: str
    operation: str
    path: tuple[str, ...]
    botocore: str

    def __str__(self) -> str:
        return f"{self.service} {self.operation} {'.'.join(self.path)} (botocore {self.botocore} or later)"


# Each with the first version of botocore that has it (botocore's CHANGELOG and its models).
MEMBERS: Final = (
    Member("organizations", "DescribeAccount", ("output", "Account", "State"), "1.40.27"),
    Member("organizations", "DescribeAccount", ("output", "Account", "Paths"), "1.42.90"),
    Member("ec2", "DescribeInstances", ("input", "IncludeManagedResources"), "1.43.10"),
    Member("route53profiles", "AssociateProfile", ("input", "Priority"), "1.44.5"),
)


class UnsuitableSdk(Exception):
    """The SDK lacks members that the functions rely on; the message names them and says what to do."""


def check(model_of: Callable[[str], Any], version: str, place: str) -> None:
    """Check that the SDK has what the functions rely on. `model_of` returns botocore's model of a service.

    Raises:
        UnsuitableSdk: if it lacks a member.
    """
    if lacking := [str(member) for member in MEMBERS if not _has(model_of(member.service), member)]:
        raise UnsuitableSdk(
            f"the SDK lacks {'; '.join(lacking)}. It is botocore {version} in {place}. The package contains the right "
            "version: deploy the zip as 'orgdns build' wrote it, without a layer or a variable that puts another SDK "
            "before it"
        )


def _has(model: Any, member: Member) -> bool:  # noqa: ANN401 - the runtime's core does not know botocore's types
    if member.operation not in model.operation_names:
        return False
    side, *path = member.path
    shape = getattr(model.operation_model(member.operation), f"{side}_shape")
    for name in path:
        if name not in getattr(shape, "members", {}):
            return False
        shape = shape.members[name]
    return True
