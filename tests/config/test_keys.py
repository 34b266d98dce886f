"""`resources.kms`: which keys can encrypt what, and what their policies need."""

from __future__ import annotations

import json

import pytest

from orgdns.cfn.kms.key_policies import ACCOUNT, key_policies, key_policies_text
from orgdns.config.errors import ConfigInvalid
from orgdns.config.load import Config
from tests.support.config.demands import KEYS, with_keys
from tests.support.config.partitions import example_in
from tests.support.lint.iam import in_statements
from tests.support.lint.statements import Kind, of_document

KEY = "key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
THROUGH_A_SERVICE = (
    "EnvironmentGrantsOfLambda",
    "EnvironmentThroughLambda",
    "HistoryThroughS3",
    "LedgerGrantsOfDynamoDb",
    "LedgerThroughDynamoDb",
    "QueuesThroughSqs",
)
SHARED = "arn:aws:kms:eu-central-1:333333333333:key/mrk-0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def faults(**keys: str) -> list[str]:
    with pytest.raises(ConfigInvalid) as invalid:
        with_keys(**keys)
    return [f"{fault.place}: {fault.message}" for fault in invalid.value.faults]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"queues": "alias/aws/sqs"}, "resources.kms.queues: 'alias/aws/sqs' is not the ARN of a key of AWS KMS"),
        ({"ledger": "alias/ledger"}, "policies cannot name an alias"),
        (
            {"logs": f"arn:aws:kms:eu-west-1:222222222222:{KEY}"},
            "resources.kms.logs: the key is in eu-west-1, and the hub in eu-central-1: AWS encrypts only",
        ),
        (
            {"functions": f"arn:aws-cn:kms:eu-central-1:222222222222:{KEY}"},
            "resources.kms.functions: the key is in the partition aws-cn, and the hub in aws",
        ),
        (
            {"ledger": f"arn:aws:kms:eu-central-1:333333333333:{KEY}"},
            "resources.kms.ledger: the key is in the account 333333333333: DynamoDB takes a key of the table's own",
        ),
        ({"undelivered": "alias/aws/sqs"}, "EventBridge cannot use AWS's own alias/aws/sqs"),
        (
            {"undelivered": f"arn:aws:kms:eu-central-1:222222222222:{KEY}"},
            "a queue needs a key of its own region",
        ),
    ],
)
def test_what_cannot_work_is_a_fault(keys: dict[str, str], fault: str) -> None:
    """A key that AWS would refuse, or that a service cannot use, is a fault at its place."""
    assert any(fault in found for found in faults(**keys)), faults(**keys)


def test_all_faults_are_reported_at_once() -> None:
    """Each key has its own fault."""
    elsewhere = f"arn:aws:kms:eu-west-1:222222222222:{KEY}"
    assert len(faults(ledger=elsewhere, queues=elsewhere, logs=elsewhere, functions="alias/aws/lambda")) == 4


@pytest.mark.parametrize("name", ["queues", "logs", "functions", "history"])
def test_a_key_may_belong_to_another_account(name: str) -> None:
    """Only the ledger's key is one of the hub account."""
    key = f"arn:aws:kms:eu-central-1:333333333333:{KEY}"
    assert getattr(with_keys(**{name: key}).resources.kms, name) == key


def policies(config: Config) -> dict[str, dict[str, object]]:
    """The statements of each key by Sid."""
    return {key: {each["Sid"]: each for each in statements} for key, statements in key_policies(config).items()}


def test_without_keys_no_policy_needs_anything() -> None:
    """There is nothing to add to any key."""
    assert key_policies(example_in("aws-cn")) == {}


def test_each_key_needs_statements_for_what_it_encrypts() -> None:
    """EventBridge and CloudWatch Logs use a key in their own name, so only the key's policy can let them."""
    found = policies(with_keys())
    assert {key: sorted(sids) for key, sids in found.items()} == {
        KEYS["ledger"]: ["LedgerGrantsOfDynamoDb", "LedgerThroughDynamoDb"],
        KEYS["queues"]: ["QueuesThroughSqs", "RulesOfTheHub"],
        KEYS["logs"]: ["LogsOfTheFunctions"],
        KEYS["functions"]: ["EnvironmentGrantsOfLambda", "EnvironmentThroughLambda"],
        KEYS["history"]: ["HistoryThroughS3"],
        KEYS["undelivered"]: ["RulesOfTheSpoke"],
    }
    assert found[KEYS["queues"]]["RulesOfTheHub"] == {
        "Sid": "RulesOfTheHub",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"aws:SourceArn": ["arn:aws:events:eu-central-1:222222222222:rule/orgdns/*"]},
            "StringEquals": {"aws:SourceAccount": "222222222222"},
        },
    }
    assert ACCOUNT in json.dumps(found[KEYS["undelivered"]])


def test_one_key_for_everything_has_all_statements() -> None:
    """The statements of all uses are in one policy, each once."""
    key = KEYS["ledger"]
    config = with_keys(queues=key, logs=key, functions=key, history=key)
    sids = [each["Sid"] for each in key_policies(config)[key]]
    assert len(sids) == len(set(sids)) == 8
    assert set(json.loads(key_policies_text(config))) == {key, "alias/orgdns"}


def test_a_key_that_the_spokes_share_is_limited_to_the_organization() -> None:
    """A multi-Region key serves the rules of all accounts, so the organization limits who uses it."""
    statements = policies(with_keys(undelivered=SHARED))[SHARED]
    assert set(statements) == {"RulesOfTheSpokes", "SpokesThroughSqs"}
    assert '"aws:SourceOrgID": "o-a1b2c3d4e5"' in json.dumps(statements["RulesOfTheSpokes"])
    assert '"aws:PrincipalOrgID": "o-a1b2c3d4e5"' in json.dumps(statements["SpokesThroughSqs"])


@pytest.mark.parametrize("undelivered", ["alias/orgdns", SHARED])
def test_the_statements_grant_what_they_say(undelivered: str) -> None:
    """Each action exists, and its requests have the condition keys. Everybody whom a statement trusts is restricted."""
    document = json.loads(key_policies_text(with_keys(undelivered=undelivered)))
    found = in_statements(of_document("keys", document, Kind.RESOURCE))
    assert {(each.rule, each.where.split()[1]) for each in found} - {
        # In a key's policy, `*` is the key itself ("Key policies in AWS KMS",
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
        *(("needless-star", each["Sid"]) for policy in document.values() for each in policy["Statement"]),
        # The account decides with its own policies who does this, and only through the service.
        *(("whole-account", sid) for sid in THROUGH_A_SERVICE),
        # A grant for a service, on behalf of who deploys.
        ("privilege-escalation", "EnvironmentGrantsOfLambda"),
        ("privilege-escalation", "LedgerGrantsOfDynamoDb"),
        # The principal of CloudWatch Logs has the region in its name. The encryption context names the account.
        ("unknown-principal", "LogsOfTheFunctions"),
        ("confused-deputy", "LogsOfTheFunctions"),
    } == set()
