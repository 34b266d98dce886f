"""Encryption with keys of AWS KMS: of tables, queues, logs, functions and history, and what roles may do with the keys.

A key's own policy must also allow what AWS's services do: `orgdns.cfn.kms.key_policies`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import awacs.kms
from awacs.aws import Action, Allow, Condition, Statement, StringEquals
from troposphere import Ref, Sub, encode_to_dict
from troposphere.awslambda import Function
from troposphere.dynamodb import SSESpecification, Table
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket, BucketEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionRule
from troposphere.sqs import Queue

from orgdns.config.partitions import dns_suffix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import Template

    from orgdns.config.load import Config

# Whatever these roles do with the ledger but describing it, DynamoDB decrypts its table key in their name. So does a
# reader of the stream, which has the table's key ("DynamoDB encryption at rest usage notes",
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
_WITHOUT_KEY: Final = frozenset({"dynamodb:DescribeTable"})
# "Configure KMS permissions for producers" and "... for consumers" ("Amazon SQS key management",
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
_SENDS: Final = "sqs:SendMessage"
_RECEIVES: Final = "sqs:ReceiveMessage"
# The logical id of the bucket of history in the hub's template.
HISTORY: Final = "History"
_ON_OBJECTS: Final = {"s3:GetObject": awacs.kms.Decrypt, "s3:PutObject": awacs.kms.GenerateDataKey}


def in_hub(template: Template, config: Config) -> Template:
    """The hub's template with the configured keys on every table, queue, log group and function, and on history."""
    keys = config.resources.kms
    for resource in template.resources.values():
        match resource:
            case Table() if keys.ledger:
                resource.SSESpecification = SSESpecification(SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=keys.ledger)
            case Queue() if keys.queues:
                _encrypt(resource, keys.queues)
            case LogGroup() if keys.logs:
                resource.KmsKeyId = keys.logs
            case Function() if keys.functions:
                resource.KmsKeyArn = keys.functions
            case Bucket() if keys.history and resource.title == HISTORY:
                resource.BucketEncryption = _with_bucket_key(keys.history)
    return template


def in_spoke(template: Template, config: Config) -> Template:
    """The template of a spoke with the configured key on every queue."""
    for resource in template.resources.values():
        if isinstance(resource, Queue) and (key := config.resources.kms.undelivered):
            _encrypt(resource, key if key.startswith("alias/") else Sub(in_region(key, "${AWS::Region}")))
    return template


def in_region(key: str, region: str) -> str:
    """The ARN of a multi-Region key's replica in a region. Replicas differ in the region only.

    "How multi-Region keys work"
    (https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html).
    """
    parts = key.split(":")
    parts[3] = region
    return ":".join(parts)


def _encrypt(queue: Queue, key: str | Sub) -> None:
    # A queue has either kind of encryption ("AWS::SQS::Queue",
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html).
    queue.properties.pop("SqsManagedSseEnabled", None)
    queue.KmsMasterKeyId = key


def _with_bucket_key(key: str) -> BucketEncryption:
    """With a bucket key, S3 asks KMS once for very many objects ("Reducing the cost of SSE-KMS").

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    default = ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key)
    rule = ServerSideEncryptionRule(BucketKeyEnabled=True, ServerSideEncryptionByDefault=default)
    return BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def key_grants(config: Config, statements: Sequence[Statement]) -> list[Statement]:
    """The grants to use the keys of what a role reaches by its other grants: the hub's queues, the ledger and history.

    They hold only for what SQS, DynamoDB or S3 does in the role's name. AWS documents the encryption contexts of
    DynamoDB and S3, and none of SQS.
    """
    actions = {action.JSONrepr() for statement in statements for action in statement.Action}
    keys, grants = config.resources.kms, list[Statement]()
    if keys.ledger and any(action.startswith("dynamodb:") for action in actions - _WITHOUT_KEY):
        context = {
            "kms:EncryptionContext:aws:dynamodb:tableName": config.names.ledger_table,
            "kms:EncryptionContext:aws:dynamodb:subscriberId": Ref("AWS::AccountId"),
        }
        via = {"kms:ViaService": via_service(config, "dynamodb")}
        grants.append(
            Statement(
                Sid="DecryptLedger",
                Effect=Allow,
                Action=[awacs.kms.Decrypt],
                Resource=[keys.ledger],
                Condition=Condition(StringEquals({**via, **context})),
            )
        )
    # Who sends also decrypts, to verify the data key.
    sends = [awacs.kms.GenerateDataKey] if _SENDS in actions else []
    if keys.queues and actions & {_SENDS, _RECEIVES}:
        grants.append(
            Statement(
                Sid="UseKeyOfQueues",
                Effect=Allow,
                Action=[awacs.kms.Decrypt, *sends],
                Resource=[keys.queues],
                Condition=Condition(StringEquals({"kms:ViaService": via_service(config, "sqs")})),
            )
        )
    if keys.history and (on_objects := _on_history(statements)):
        name = config.names.history_bucket(config.hub.account, config.hub.region)
        context = {"kms:EncryptionContext:aws:s3:arn": f"arn:{config.partition}:s3:::{name}"}
        grants.append(
            Statement(
                Sid="UseKeyOfHistory",
                Effect=Allow,
                Action=on_objects,
                Resource=[keys.history],
                Condition=Condition(StringEquals({"kms:ViaService": via_service(config, "s3"), **context})),
            )
        )
    return grants


def _on_history(statements: Sequence[Statement]) -> list[Action]:
    """What statements take on the key of history, by what they grant on its objects.

    "Protecting data with server-side encryption with AWS KMS keys: permissions"
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
    """
    granted = {
        action.JSONrepr()
        for statement in statements
        if any(f"${{{HISTORY}.Arn}}" in json.dumps(encode_to_dict(each)) for each in statement.Resource)
        for action in statement.Action
    }
    return [key for action, key in _ON_OBJECTS.items() if action in granted]


def via_service(config: Config, service: str) -> list[str]:
    """The values of kms:ViaService for a service in the hub's region.

    The documented form ends in `amazonaws.com` ("kms:ViaService",
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service). For
    partitions with another domain AWS documents no form, so both are named.
    """
    return [
        f"{service}.{config.hub.region}.{suffix}" for suffix in sorted({"amazonaws.com", dns_suffix(config.partition)})
    ]
