"""Which use of a key AWS makes for a call, in the caller's name or in a service's own, and whether the key allows it.

A simulation. Whoever sends to an encrypted queue needs kms:GenerateDataKey and kms:Decrypt on its key, and whoever
receives needs kms:Decrypt ("Amazon SQS key management",
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html). DynamoDB decrypts
the table key in the name of whoever accesses the table or its stream ("DynamoDB encryption at rest usage notes",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html). CloudWatch Logs and
EventBridge use a key in their own name. S3 encrypts and decrypts objects in the name of who writes and reads them
("Using server-side encryption with AWS KMS keys",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html). Services keep data keys for some
minutes; here they ask for each call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.iam.evaluation import Document, Request, allowed, parsed, resource_allows
from sandbox.aws.iam.keys.customer_keys import (
    bucket_of,
    default_encryption,
    key_of_log_group,
    key_of_new_object,
    key_of_object,
    key_of_queue,
    key_of_table,
    of_aws,
)
from sandbox.aws.iam.permission import Permission, Refusal
from sandbox.aws.organization import organization_id
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sandbox.aws.iam.conditions import Context

# A key of the emulator, which ships no types.
Moto = Any
_QUEUES: Final = {
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
}
# Those that touch items, in a table or in its stream.
_ITEMS: Final = frozenset(
    f"dynamodb:{operation}"
    for operation in (
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "DeleteItem",
        "GetItem",
        "GetRecords",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    )
)
_OBJECTS: Final = {"s3:GetObject": ("kms:Decrypt",), "s3:PutObject": ("kms:GenerateDataKey",)}
_LOGGING: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def uses_of_keys(action: str, resource: str, caller: str) -> tuple[Permission, ...]:
    """What a call needs on the key of its resource, in the name of a principal of the account `caller`."""
    actions, key_of = _uses(action)
    found = key_of(resource) if actions else None
    if found is None:
        return ()
    name, key = found
    # AWS's own key of a service lets every principal of its account in, through the service.
    if of_aws(key):
        return ()
    service, region, account = resource.split(":")[2:5]
    if service == "s3":
        # Its ARNs have no region.
        bucket, _ = bucket_of(resource)
        region = bucket.region_name
    context = {"kms:ViaService": f"{service}.{region}.amazonaws.com", "kms:CallerAccount": caller}
    return tuple(
        Permission(
            each, key.arn if key else name, context | _encryption_context(resource, account), _refusal(service, each)
        )
        for each in actions
    )


def _uses(action: str) -> tuple[tuple[str, ...], Callable[[str], tuple[str, Moto] | None]]:
    """What an action needs on the key of its resource, and how that is found."""
    if action in _QUEUES:
        return _QUEUES[action], key_of_queue
    if action in _OBJECTS:
        return _OBJECTS[action], key_of_new_object if action == "s3:PutObject" else key_of_object
    return ("kms:Decrypt",) if action in _ITEMS else (), key_of_table


def _encryption_context(resource: str, account: str) -> dict[str, str]:
    """What DynamoDB and S3 document, and what CloudTrail shows of SQS."""
    service = resource.split(":")[2]
    if service == "sqs":
        return {"kms:EncryptionContext:aws:sqs:arn": resource}
    if service == "s3":
        # With a bucket key, it is that of the bucket ("Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys",
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html).
        bucket, _ = bucket_of(resource)
        by_bucket = str(default_encryption(bucket).get("BucketKeyEnabled")).lower() == "true"
        return {"kms:EncryptionContext:aws:s3:arn": resource.partition("/")[0] if by_bucket else resource}
    table = resource.split(":", 5)[5].split("/")[1]
    prefix = "kms:EncryptionContext:aws:dynamodb"
    return {f"{prefix}:tableName": table, f"{prefix}:subscriberId": account}


def _refusal(service: str, action: str) -> Refusal:
    """SQS has an error of its own for it ("SendMessage: errors", .../APIReference/API_SendMessage.html)."""
    code, status = {"sqs": ("KMS.AccessDeniedException", 400), "s3": ("AccessDenied", 403)}.get(
        service, ("AccessDeniedException", 400)
    )
    return Refusal(code, status, f"the caller is not authorized to perform: {action} on the key of the resource")


def key_policy(key: Moto) -> Document | None:
    """The policy of a key that can be used; None if there is none, or if it is disabled or to be deleted."""
    return parsed(key.policy) if key is not None and key.key_state == "Enabled" else None


def key_allows(key: Moto, request: Request, identity_documents: Collection[Document]) -> bool:
    """Whether the key's policy and the caller's own allow the request."""
    policy = key_policy(key)
    return policy is not None and allowed(request, identity_documents, policy, key.arn.split(":")[4])


def service_may_send(service: str, queue_arn: str, context: Context) -> bool:
    """Whether the policy of a queue's key lets a service send in its own name. The context says for what it acts."""
    found = key_of_queue(queue_arn)
    return found is None or _service_may(
        service, found[1], _QUEUES["sqs:SendMessage"], {**context, **_of_sqs(queue_arn)}
    )


def logs_may_write(account: str, region: str, group: str) -> bool:
    """Whether the policy of a log group's key lets CloudWatch Logs encrypt the group."""
    found = key_of_log_group(account, region, group)
    return found is None or logs_may_use(found[1], account, region, group)


def logs_may_use(key: Moto, account: str, region: str, group: str) -> bool:
    """Whether a key's policy lets CloudWatch Logs encrypt a group with it."""
    arn = arn_of("logs", region, account, f"log-group:{group}")
    context = {"kms:EncryptionContext:aws:logs:arn": arn}
    return _service_may(f"logs.{region}.amazonaws.com", key, _LOGGING, context)


def _of_sqs(queue_arn: str) -> dict[str, str]:
    account = queue_arn.split(":")[4]
    organization = organization_id(account)
    return _encryption_context(queue_arn, account) | ({"aws:SourceOrgID": organization} if organization else {})


def _service_may(service: str, key: Moto, actions: Collection[str], context: Context) -> bool:
    policy = key_policy(key)
    return policy is not None and all(
        resource_allows(policy, Request(service, "", action, key.arn, context)) for action in actions
    )
