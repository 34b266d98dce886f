"""Whether a resource can be created with its key: what services check when CloudFormation creates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError

from sandbox.aws.iam.evaluation import Request
from sandbox.aws.iam.keys.access import key_allows, logs_may_use
from sandbox.aws.iam.keys.customer_keys import key_with
from sandbox.aws.iam.permission import Permission
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# The types whose service checks the key at once.
ENCRYPTED: Final = frozenset({"AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Logs::LogGroup"})
_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# What the principal who deploys must be allowed on the key. "Key policy for a customer managed key" ("DynamoDB
# encryption at rest usage notes",
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html) and "Securing Lambda
# environment variables" (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html).
_TABLE: Final = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:DescribeKey",
    "kms:CreateGrant",
)
_FUNCTION: Final = ("kms:Encrypt", "kms:CreateGrant")


def uses_of_key(kind: str, properties: Mapping[str, Any], account: str, region: str) -> tuple[Permission, ...]:
    """What the policies of who deploys must grant on the key of a new table or function, through its service."""
    key: str | None = None
    actions: tuple[str, ...] = ()
    service = ""
    if kind == "AWS::DynamoDB::Table":
        service, key, actions = "dynamodb", properties.get("SSESpecification", {}).get("KMSMasterKeyId"), _TABLE
    elif kind == "AWS::Lambda::Function":
        service, key, actions = "lambda", properties.get("KmsKeyArn"), _FUNCTION
    return tuple(Permission(action, key, _through(service, account, region)) for action in actions) if key else ()


def _through(service: str, account: str, region: str) -> dict[str, str]:
    return {
        "kms:ViaService": f"{service}.{region}.amazonaws.com",
        "kms:CallerAccount": account,
        "kms:GrantIsForAWSResource": "true",
    }


def check_key(kind: str, name: str, properties: Mapping[str, Any], account: str, region: str) -> None:
    """Check the key of a new resource. SQS takes any key, and fails when a message is sent.

    Raises:
        ValidationError: with the service's reason, if the key does not exist, cannot be used, or does not allow it.
    """
    match kind:
        case "AWS::DynamoDB::Table":
            _check_caller(
                "dynamodb", properties.get("SSESpecification", {}).get("KMSMasterKeyId"), _TABLE, account, region
            )
        case "AWS::Lambda::Function":
            _check_caller("lambda", properties.get("KmsKeyArn"), _FUNCTION, account, region)
        case "AWS::Logs::LogGroup" if key := properties.get("KmsKeyId"):
            # "Encrypt log data in CloudWatch Logs using AWS KMS"
            # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
            if not logs_may_use(key_with(key, account, region), account, region, name):
                group = arn_of("logs", region, account, f"log-group:{name}")
                raise ValidationError(
                    message=f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{group}'"
                )


def _check_caller(service: str, name: str | None, actions: tuple[str, ...], account: str, region: str) -> None:
    if not name:
        return
    key = key_with(name, account, region)
    principal = arn_of("iam", "", account, "role/administrator")
    for action in actions:
        request = Request(principal, account, action, name, _through(service, account, region))
        if not key_allows(key, request, [_EVERYTHING]):
            raise ValidationError(
                message=f"User: {principal} is not authorized to perform: {action} on resource: {name}, because the "
                "key does not exist, cannot be used, or no resource-based policy allows it"
            )
