"""The customer's keys of AWS KMS in the emulator: those that a configuration names, and the keys of resources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from orgdns.cfn.kms.encryption import in_region
from orgdns.cfn.kms.key_policies import ACCOUNT, key_policies
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from orgdns.config.load import Config

# A key of the emulator, which ships no types.
Moto = Any
_ALIAS = "alias/"


def create_keys(config: Config, accounts: Collection[str]) -> None:
    """Create the keys that a configuration names, as their owner would: with the default policy, and what orgdns needs.

    The first statement of the default policy lets the policies of the key's account grant ("Default key policy",
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
    """
    for name, statements in key_policies(config).items():
        if name.startswith(_ALIAS):
            for account in accounts:
                for region in config.spokes.regions:
                    text = json.dumps(statements).replace(ACCOUNT, account)
                    _create(account, region, json.loads(text)).aliases[name] = name
        elif name == config.resources.kms.undelivered:
            for region in config.spokes.regions:
                _create_with_arn(in_region(name, region), statements)
        else:
            _create_with_arn(name, statements)


def _create(account: str, region: str, statements: list[Any]) -> Moto:
    own = {
        "Sid": "EnableIamPolicies",
        "Effect": "Allow",
        "Principal": {"AWS": arn_of("iam", "", account, "root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})
    return kms_backends[account][region].create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)


def _create_with_arn(arn: str, statements: list[Any]) -> None:
    _, _, _, region, account, resource = arn.split(":")
    key = _create(account, region, statements)
    keys = kms_backends[account][region].keys
    keys.pop(key.id)
    key.id, key.arn = resource.removeprefix("key/"), arn
    keys[key.id] = key


def key_with(name: str, account: str, region: str) -> Moto:
    """The key with this ARN, or with this id or alias in an account and region. None if there is none."""
    if name.startswith("arn:"):
        _, _, _, region, account, name = name.split(":")
        name = name.removeprefix("key/")
    keys = kms_backends[account][region].keys
    return keys.get(name) or next((key for key in keys.values() if name in key.aliases), None)


def of_aws(key: Moto) -> bool:
    """Whether a key is AWS's own of a service in the account, such as that of tables without a key of the customer."""
    return key is not None and any(alias.startswith(f"{_ALIAS}aws/") for alias in key.aliases)


def key_of_queue(arn: str) -> tuple[str, Moto] | None:
    """What names a queue's key, and the key, None if it does not exist; None if the queue has none."""
    _, _, _, region, account, name = arn.split(":")
    queue = sqs_backends[account][region].queues.get(name)
    key = queue and queue.kms_master_key_id
    return (key, key_with(key, account, region)) if key else None


def key_of_table(arn: str) -> tuple[str, Moto] | None:
    """The same of a table, or of the table of a stream."""
    _, _, _, region, account, resource = arn.split(":", 5)
    table = dynamodb_backends[account][region].tables.get(resource.split("/")[1])
    key = table and (table.sse_specification or {}).get("KMSMasterKeyId")
    return (key, key_with(key, account, region)) if key else None


def key_of_object(arn: str) -> tuple[str, Moto] | None:
    """The same of an object, which keeps the key that it was written with; None if there is no object."""
    bucket, name = bucket_of(arn)
    stored = bucket and bucket.keys.get(name)
    key = stored and stored.kms_key_id
    return (key, key_with(key, stored.account_id, stored.region_name)) if key else None


def key_of_new_object(arn: str) -> tuple[str, Moto] | None:
    """The same of an object that is written now: the key that its bucket gives it.

    "Setting default server-side encryption behavior for Amazon S3 buckets"
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html).
    """
    bucket, _ = bucket_of(arn)
    key = default_encryption(bucket).get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
    return (key, key_with(key, bucket.account_id, bucket.region_name)) if bucket and key else None


def default_encryption(bucket: Moto) -> dict[str, Any]:
    """The rule by which a bucket encrypts new objects; empty if it has none, or if there is no bucket."""
    rule: dict[str, Any] = ((bucket.encryption if bucket else None) or {}).get("Rule") or {}
    return rule


def bucket_of(arn: str) -> tuple[Moto, str]:
    """The bucket of an object, None if there is none, and the object's name."""
    name, _, key = arn.split(":", 5)[5].partition("/")
    if name not in s3_backends.bucket_accounts:
        return None, key
    of, owner = s3_backends.bucket_accounts[name]
    return s3_backends[owner][of].buckets[name], key


def key_of_log_group(account: str, region: str, name: str) -> tuple[str, Moto] | None:
    """The same of a log group."""
    group = logs_backends[account][region].groups.get(name)
    key = group and group.kms_key_id
    return (key, key_with(key, account, region)) if key else None
