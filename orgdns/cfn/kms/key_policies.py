"""The statements that the policies of the configured keys of AWS KMS need.

The keys belong to the customer, so no stack changes them. `generate.py` writes the statements to a file. Each is needed
in addition to those by which the key's administrators and the account's own IAM policies reach the key.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.installation import log_group
from orgdns.cfn.event_patterns import spoke_events
from orgdns.cfn.kms.encryption import via_service
from orgdns.config.partitions import dns_suffix

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orgdns.config.load import Config

Statement = dict[str, Any]
FILE: Final = "key-policies.json"
# Stands for the account of a key that every covered account has.
ACCOUNT: Final = "ACCOUNT_ID"
# "Configure KMS permissions for AWS services" ("Amazon SQS key management",
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html).
_SEND: Final = ["kms:Decrypt", "kms:GenerateDataKey"]
# kms:ReEncrypt* and kms:GenerateDataKey* in AWS's documents, without pairs of asymmetric keys.
_SYMMETRIC: Final = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
]
# "Step 2: Set permissions on the KMS key" ("Encrypt log data in CloudWatch Logs using AWS KMS",
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html). That page also names
# kms:Describe*, to which its condition never applies: a description has no encryption context.
_LOG: Final = _SYMMETRIC
# "Key policy for a customer managed key" ("DynamoDB encryption at rest usage notes",
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
_TABLE: Final = [*_SYMMETRIC, "kms:DescribeKey"]
# What S3 does for who writes and reads objects ("Using server-side encryption with AWS KMS keys",
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html).
_OBJECT: Final = ["kms:Decrypt", "kms:GenerateDataKey"]
# "Securing Lambda environment variables"
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html).
_ENVIRONMENT: Final = ["kms:Encrypt", "kms:Decrypt"]


def key_policies(config: Config) -> dict[str, list[Statement]]:
    """The statements for each key, by the key as the configuration names it; empty if there are no keys."""
    keys = config.resources.kms
    needed: tuple[tuple[str | None, Callable[[Config], list[Statement]]], ...] = (
        (keys.ledger, _of_ledger),
        (keys.queues, _of_queues),
        (keys.logs, _of_logs),
        (keys.functions, _of_functions),
        (keys.history if config.history.days else None, _of_history),
        (keys.undelivered, _of_undelivered),
    )
    policies: dict[str, list[Statement]] = {}
    for key, statements in needed:
        if key:
            policies.setdefault(key, []).extend(statements(config))
    return policies


def key_policies_text(config: Config) -> str:
    """The statements as JSON text: a policy for each key."""
    policies = {
        key: {"Version": "2012-10-17", "Statement": statements} for key, statements in key_policies(config).items()
    }
    return json.dumps(policies, indent=2) + "\n"


def _of_ledger(config: Config) -> list[Statement]:
    via = {"kms:ViaService": via_service(config, "dynamodb")}
    return [
        _of_account(config, "LedgerThroughDynamoDb", _TABLE, {"StringEquals": via}),
        _of_account(
            config,
            "LedgerGrantsOfDynamoDb",
            ["kms:CreateGrant"],
            {"StringEquals": via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _of_queues(config: Config) -> list[Statement]:
    via = {"kms:ViaService": via_service(config, "sqs")}
    rules = f"arn:{config.partition}:events:{config.hub.region}:{config.hub.account}:rule/{config.names.event_bus}/*"
    return [
        _of_account(config, "QueuesThroughSqs", _SEND, {"StringEquals": via}),
        _of_rules("RulesOfTheHub", config.hub.account, [rules]),
    ]


def _of_logs(config: Config) -> list[Statement]:
    groups = f"arn:{config.partition}:logs:{config.hub.region}:{config.hub.account}:log-group:"
    used = [each for each in config.names.functions if config.report.files or each != config.names.reporter_function]
    arns = [f"{groups}{log_group(function)}" for function in used]
    suffix = dns_suffix(config.partition)
    return [
        {
            "Sid": "LogsOfTheFunctions",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{config.hub.region}.{suffix}"},
            "Action": list(_LOG),
            "Resource": "*",
            "Condition": {"StringEquals": {"kms:EncryptionContext:aws:logs:arn": arns}},
        }
    ]


def _of_functions(config: Config) -> list[Statement]:
    via = {"kms:ViaService": via_service(config, "lambda")}
    return [
        _of_account(config, "EnvironmentThroughLambda", _ENVIRONMENT, {"StringEquals": via}),
        _of_account(
            config,
            "EnvironmentGrantsOfLambda",
            ["kms:CreateGrant"],
            {"StringEquals": via, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _of_history(config: Config) -> list[Statement]:
    via = {"kms:ViaService": via_service(config, "s3")}
    return [_of_account(config, "HistoryThroughS3", _OBJECT, {"StringEquals": via})]


def _of_undelivered(config: Config) -> list[Statement]:
    """EventBridge sends what it cannot deliver: of a key in each account for its own rules, of a shared one for all."""
    shared = not str(config.resources.kms.undelivered).startswith("alias/")
    account = "*" if shared else ACCOUNT
    rules = [
        f"arn:{config.partition}:events:*:{account}:rule/{kind.spoke_rule(config.names)}"
        for kind in spoke_events(config)
    ]
    if not shared:
        return [_of_rules("RulesOfTheSpoke", ACCOUNT, rules)]
    statement = _of_rules("RulesOfTheSpokes", "", rules)
    statement["Condition"]["StringEquals"] = {"aws:SourceOrgID": config.organization.id}
    # Whoever deploys the spokes' stacks in an account, and whoever reads the queue there.
    through_sqs: Statement = {
        "Sid": "SpokesThroughSqs",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": _SEND,
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:PrincipalOrgID": config.organization.id},
            "StringLike": {"kms:ViaService": [f"sqs.*.{each}" for each in _suffixes(config)]},
        },
    }
    return [statement, through_sqs]


def _of_rules(sid: str, account: str, rules: Sequence[str]) -> Statement:
    """The grant for EventBridge to send to encrypted queues, for these rules only.

    The conditions are those of "Access management for encrypted Amazon SQS queues with least privilege policies"
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-least-privilege-policy.html).
    """
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": _SEND,
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": list(rules)}, "StringEquals": {"aws:SourceAccount": account}},
    }


def _of_account(config: Config, sid: str, actions: Sequence[str], condition: dict[str, Any]) -> Statement:
    """Let the hub account's own policies grant these actions, only for what a service does in a principal's name."""
    root = f"arn:{config.partition}:iam::{config.hub.account}:root"
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": list(actions),
        "Resource": "*",
        "Condition": condition,
    }


def _suffixes(config: Config) -> list[str]:
    return sorted({"amazonaws.com", dns_suffix(config.partition)})
