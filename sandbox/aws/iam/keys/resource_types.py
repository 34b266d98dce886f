"""Tables and log groups in templates, whose keys moto loses, and which it cannot update.

A simulation of what the pages AWS::DynamoDB::Table and AWS::Logs::LogGroup of the "AWS resource and property types
reference" say of their keys, and of updates without a replacement
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.dynamodb.models import Table
from moto.logs.models import LogGroup, logs_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.iam.keys.creation import check_key

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_CREATE_LOG_GROUP: Final = LogGroup.create_from_cloudformation_json.__func__
# What an update of a table may change here.
_CHANGEABLE: Final = frozenset({"SSESpecification", "DeletionProtectionEnabled", "Tags"})


@contextmanager
def encrypted_types() -> Iterator[None]:
    """Let tables and log groups keep the keys that templates name, also those of an update."""
    with (
        replaced(Table, update_from_cloudformation_json=classmethod(_update_table)),
        replaced(
            LogGroup,
            create_from_cloudformation_json=classmethod(_create_log_group),
            update_from_cloudformation_json=classmethod(_update_log_group),
        ),
    ):
        yield


def set_key(table: Table, properties: Json) -> None:
    """Give a table the key of its template, under the names by which moto describes it."""
    given = properties.get("SSESpecification") or {}
    if given.get("SSEEnabled"):
        default = (table.sse_specification or {}).get("KMSMasterKeyId")
        key = given.get("KMSMasterKeyId", default)
        table.sse_specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def _update_table(
    _cls: type,
    original_resource: Table,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Table:
    """Change the key and the protection of a table."""
    del new_resource_name
    table, properties = original_resource, cloudformation_json["Properties"]
    if properties.get("TableName", table.name) != table.name:
        raise ValidationError(message="the replacement of a table is not modeled")
    schema = [{"AttributeName": each["AttributeName"], "KeyType": each["KeyType"]} for each in table.schema]
    billing = properties.get("BillingMode", "PROVISIONED")
    view = (properties.get("StreamSpecification") or {}).get("StreamViewType")
    now = (schema, table.billing_mode, (table.stream_specification or {}).get("StreamViewType"))
    if (properties["KeySchema"], billing, view) != now:
        raise ValidationError(
            message=f"an update of a table that changes more than {sorted(_CHANGEABLE)} is not modeled"
        )
    check_key("AWS::DynamoDB::Table", table.name, properties, account_id, region_name)
    set_key(table, properties)
    table.deletion_protection_enabled = properties.get("DeletionProtectionEnabled", False)
    return table


def _create_log_group(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> LogGroup:
    group = _CREATE_LOG_GROUP(cls, name, cloudformation_json, account_id, region, **kwargs)
    group.kms_key_id = cloudformation_json["Properties"].get("KmsKeyId")
    return group


def _update_log_group(
    _cls: type,
    original_resource: LogGroup,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> LogGroup:
    """Change the retention, the key and the tags of a log group."""
    del new_resource_name
    group, properties = original_resource, cloudformation_json["Properties"]
    if properties.get("LogGroupName", group.name) != group.name:
        raise ValidationError(message="the replacement of a log group is not modeled")
    check_key("AWS::Logs::LogGroup", group.name, properties, account_id, region_name)
    group.set_retention_policy(properties.get("RetentionInDays"))
    group.kms_key_id = properties.get("KmsKeyId")
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}
    logs_backends[account_id][region_name].tag_resource(group.arn, tags)
    return group
