"""Which permissions an AWS API call needs, and on which resources. Pure.

A simulation of the "Actions, resources, and condition keys" that AWS documents for each service
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html),
for the operations that the functions call. Any other operation is an `UnknownOperation` and never passes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.contract import PARTITION_KEY
from sandbox.aws.iam.permission import Caller, Parameters, Permission, Refusal, zone_arn
from sandbox.aws.iam.vpc_permissions import VPC_OPERATIONS
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sandbox.aws.iam.conditions import Context

__all__ = ["Caller", "Permission", "UnknownOperation", "needed_permissions", "normalized_record_name"]

_DELEGATED: Final = Permission(
    "organizations:ListDelegatedAdministrators",
    refusal=Refusal("ValidationError", 400, "Account used is not a delegated administrator"),
)
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_ESCAPE: Final = re.compile(rb"\\([0-3][0-7]{2})|(.)", re.DOTALL)


class UnknownOperation(NotImplementedError):
    """A guarded role called an operation whose permissions are not modeled."""


def needed_permissions(service: str, operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """All permissions that a call needs; empty for a call that anyone may make.

    Raises:
        UnknownOperation: if the operation is not modeled.
    """
    needed = _OPERATIONS.get((service, operation))
    if needed is None:
        raise UnknownOperation(f"{service}:{operation}: add its permissions to sandbox/aws/iam/permissions.py")
    return needed(operation, parameters, caller)


def normalized_record_name(name: str) -> str:
    r"""A record name as in Route 53's condition keys: lower case, no trailing dot, other characters as octal escapes.

    "Using IAM policy conditions for fine-grained access control"
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html): `*` is `\052`.
    """
    written = []
    for escape, char in _ESCAPE.findall(name.removesuffix(".").lower().encode()):
        code = int(escape, 8) if escape else char[0]
        # An escaped dot is inside a label and stays escaped.
        plain = chr(code) in _PLAIN and not (escape and chr(code) == ".")
        written.append(chr(code) if plain else f"\\{code:03o}")
    return "".join(written)


def _nothing(_operation: str, _parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    return ()


def _assume_role(_operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    context = {"sts:RoleSessionName": parameters["RoleSessionName"]}
    if "ExternalId" in parameters:
        context["sts:ExternalId"] = parameters["ExternalId"]
    return (Permission("sts:AssumeRole", parameters["RoleArn"], context),)


def _on_everything(service: str) -> Callable[[str, Parameters, Caller], tuple[Permission, ...]]:
    def needed(operation: str, _parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
        return (Permission(f"{service}:{operation}"),)

    return needed


def _table_arn(name: str, caller: Caller) -> str:
    return name if name.startswith("arn:") else arn_of("dynamodb", caller.region, caller.account, f"table/{name}")


def _leading_keys(rows: Iterable[Mapping[str, Any]]) -> Context:
    """The partition keys of rows of the ledger, or of their keys, as a condition key.

    "Using IAM policy conditions for fine-grained access control"
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html). Of queries and
    transactions, it is not modeled: a grant that requires it does not hold for them here.
    """
    keys = {str(value) for row in rows for value in row.get(PARTITION_KEY, {}).values()}
    return {"dynamodb:LeadingKeys": tuple(sorted(keys))} if keys else {}


def _on_table(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    table = _table_arn(parameters["TableName"], caller)
    index = parameters.get("IndexName")
    row = parameters.get("Item") or parameters.get("Key") or {}
    resource = f"{table}/index/{index}" if index else table
    return (Permission(f"dynamodb:{operation}", resource, _leading_keys([row])),)


def _on_tables(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    return tuple(
        Permission(f"dynamodb:{operation}", _table_arn(name, caller), _leading_keys(_rows_in(requested)))
        for name, requested in sorted(parameters["RequestItems"].items())
    )


def _rows_in(requested: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - as both batch operations have it
    """The rows or keys of a batch for one table."""
    if isinstance(requested, dict):
        yield from requested["Keys"]
        return
    for each in requested:
        yield each["PutRequest"]["Item"] if "PutRequest" in each else each["DeleteRequest"]["Key"]


def _in_transaction(_operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """A transaction needs the permissions of its operations, and none of its own.

    "Using IAM with DynamoDB transactions"
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html).
    """
    actions = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
    items = {
        (f"dynamodb:{actions[kind]}", _table_arn(item["TableName"], caller))
        for each in parameters["TransactItems"]
        for kind, item in each.items()
    }
    return tuple(Permission(action, table) for action, table in sorted(items))


def _change_record_sets(_operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    changes = parameters["ChangeBatch"]["Changes"]
    record_sets = [change["ResourceRecordSet"] for change in changes]
    prefix = "route53:ChangeResourceRecordSets"
    context = {
        f"{prefix}NormalizedRecordNames": tuple(sorted({normalized_record_name(r["Name"]) for r in record_sets})),
        f"{prefix}RecordTypes": tuple(sorted({r["Type"] for r in record_sets})),
        f"{prefix}Actions": tuple(sorted({change["Action"] for change in changes})),
    }
    return (Permission(prefix, zone_arn(parameters["HostedZoneId"]), context),)


def _on_zone(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    zone = parameters.get("HostedZoneId") or parameters["Id"]
    return (Permission(f"route53:{operation}", zone_arn(zone)),)


def _on_change(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    change = parameters["Id"].rpartition("/")[2]
    return (Permission(f"route53:{operation}", arn_of("route53", "", "", f"change/{change}")),)


def _on_member(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """An account or unit, whose ARN contains the management account and the organization."""
    member = parameters.get("AccountId") or parameters["ChildId"]
    kind = "ou" if member.startswith("ou-") else "account"
    arn = arn_of("organizations", "", caller.management_account or "", f"{kind}/{caller.organization}/{member}")
    return (Permission(f"organizations:{operation}", arn),)


def _on_queue(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    """The queue with a URL. A batch needs the permission of the single operation.

    "Amazon SQS API permissions: Actions and resource reference"
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html).
    """
    host, account, name = parameters["QueueUrl"].removeprefix("https://").split("/")
    # `sqs.<region>.amazonaws.com`
    region = host.split(".")[1]
    return (Permission(f"sqs:{operation.removesuffix('Batch')}", arn_of("sqs", region, account, name)),)


def _on_named_queue(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """The queue with a name, in the caller's account and region."""
    return (Permission(f"sqs:{operation}", arn_of("sqs", caller.region, caller.account, parameters["QueueName"])),)


def _on_alarms(operation: str, _parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    return (Permission(f"cloudwatch:{operation}", arn_of("cloudwatch", caller.region, caller.account, "alarm:*")),)


def _on_profile(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """The association of a Profile with a VPC: a policy can name the VPC, but not the Profile.

    "Actions, resources, and condition keys for Amazon Route 53 Profiles" lists no resource types, and the condition key
    route53profiles:ResourceIds (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53profiles.html).
    That AssociateProfile reads the VPC from EC2 in the caller's name follows from AmazonRoute53ProfilesFullAccess
    (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRoute53ProfilesFullAccess.html).
    """
    context = {"route53profiles:ResourceIds": parameters["ResourceId"]}
    needed = [Permission(f"route53profiles:{operation}", context=context)]
    if operation == "AssociateProfile":
        needed.append(Permission("ec2:DescribeVpcs"))
    if parameters.get("Tags"):
        associations = arn_of("route53profiles", caller.region, caller.account, "profile-association/*")
        needed.append(Permission("route53profiles:TagResource", associations))
    return tuple(needed)


def _on_object(operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    """An object in a bucket, whose ARN names neither an account nor a region.

    "Actions, resources, and condition keys for Amazon S3"
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
    """
    return (Permission(f"s3:{operation}", arn_of("s3", "", "", f"{parameters['Bucket']}/{parameters['Key']}")),)


def _on_listing(_operation: str, parameters: Parameters, _caller: Caller) -> tuple[Permission, ...]:
    """The objects of a bucket ("ListObjectsV2", https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html)."""
    context = {"s3:prefix": parameters["Prefix"]} if "Prefix" in parameters else {}
    return (Permission("s3:ListBucket", arn_of("s3", "", "", str(parameters["Bucket"])), context),)


def _on_stack_set(operation: str, parameters: Parameters, caller: Caller) -> tuple[Permission, ...]:
    """A stack set, and for a delegated administrator the check that it is one, which AWS makes in the caller's name.

    Without organizations:ListDelegatedAdministrators, StackSets answers that the account is no delegated administrator
    (https://github.com/hashicorp/terraform-provider-aws/issues/32536). If a delegated administrator creates a stack
    set, it belongs to the management account ("Register a delegated administrator",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html). AWS does not
    document whether its ARN in a policy names that account or the administrator's. A policy must hold for both.
    """
    delegated = parameters.get("CallAs") == "DELEGATED_ADMIN"
    owners = [caller.management_account, caller.account] if delegated else [caller.account]
    stack_set = f"stackset/{parameters['StackSetName']}:*"
    stack_sets = tuple(
        Permission(f"cloudformation:{operation}", arn_of("cloudformation", caller.region, owner or "", stack_set))
        for owner in owners
    )
    return (_DELEGATED, *stack_sets) if delegated else stack_sets


_OPERATIONS: Final[Mapping[tuple[str, str], Callable[[str, Parameters, Caller], tuple[Permission, ...]]]] = {
    # "No permissions are required": https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    ("sts", "GetCallerIdentity"): _nothing,
    ("sts", "AssumeRole"): _assume_role,
    ("ec2", "DescribeInstances"): _on_everything("ec2"),
    ("ec2", "DescribeVpcs"): _on_everything("ec2"),
    **VPC_OPERATIONS,
    **{
        ("dynamodb", operation): _on_table
        for operation in (
            "DescribeTable",
            "GetItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "Query",
            "Scan",
            "ConditionCheckItem",
        )
    },
    ("dynamodb", "BatchGetItem"): _on_tables,
    ("dynamodb", "BatchWriteItem"): _on_tables,
    ("dynamodb", "TransactWriteItems"): _in_transaction,
    **{
        ("sqs", operation): _on_queue
        for operation in (
            "SendMessage",
            "SendMessageBatch",
            "ReceiveMessage",
            "DeleteMessageBatch",
            "GetQueueAttributes",
        )
    },
    ("sqs", "GetQueueUrl"): _on_named_queue,
    ("cloudformation", "ListStackInstances"): _on_stack_set,
    ("cloudwatch", "DescribeAlarms"): _on_alarms,
    ("cloudwatch", "GetMetricData"): _on_everything("cloudwatch"),
    ("lambda", "ListEventSourceMappings"): _on_everything("lambda"),
    ("route53", "ChangeResourceRecordSets"): _change_record_sets,
    ("route53", "ListResourceRecordSets"): _on_zone,
    ("route53", "GetHostedZone"): _on_zone,
    ("route53", "GetChange"): _on_change,
    ("route53", "ListVPCAssociationAuthorizations"): _on_zone,
    ("route53resolver", "ListResolverRules"): _on_everything("route53resolver"),
    **{
        ("route53profiles", operation): _on_everything("route53profiles")
        for operation in ("ListProfiles", "ListProfileAssociations", "ListProfileResourceAssociations")
    },
    ("route53profiles", "AssociateProfile"): _on_profile,
    ("route53profiles", "DisassociateProfile"): _on_profile,
    ("s3", "GetObject"): _on_object,
    ("s3", "PutObject"): _on_object,
    ("s3", "ListObjectsV2"): _on_listing,
    ("organizations", "DescribeAccount"): _on_member,
    ("organizations", "ListParents"): _on_member,
    ("organizations", "ListAccounts"): _on_everything("organizations"),
    ("organizations", "DescribeOrganization"): _on_everything("organizations"),
}
