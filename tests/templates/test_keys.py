"""Keys of KMS in the templates: what they encrypt, and which roles may use them."""

from __future__ import annotations

import json
from typing import Any

import cfn_flip
import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cfn.kms.key_policies import key_policies
from orgdns.config.sections.history import History
from orgdns.deployment.templates import templates
from tests.support.config.demands import KEYS, with_keys
from tests.support.generated import example

Resource = dict[str, Any]
SHARED = "arn:aws:kms:eu-central-1:333333333333:key/mrk-0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@pytest.fixture(scope="module")
def encrypted() -> dict[str, dict[str, Resource]]:
    """The resources of each template with a key for everything."""
    return {name: cfn_flip.load_yaml(text)["Resources"] for name, text in templates(with_keys()).items()}


def of_type(resources: dict[str, Resource], kind: str) -> list[Resource]:
    return [each["Properties"] for each in resources.values() if each["Type"] == kind]


def statements(role: Resource) -> list[dict[str, Any]]:
    return [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def test_everything_in_the_hub_has_its_key(encrypted: dict[str, dict[str, Resource]]) -> None:
    """The table, each queue, log group and function, and history. No queue has two kinds of encryption."""
    hub = encrypted["hub.yaml"]
    (table,) = of_type(hub, "AWS::DynamoDB::Table")
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEYS["ledger"]}
    queues, groups = of_type(hub, "AWS::SQS::Queue"), of_type(hub, "AWS::Logs::LogGroup")
    assert {each.get("KmsMasterKeyId") for each in queues} == {KEYS["queues"]}
    assert not any("SqsManagedSseEnabled" in each for each in queues)
    assert {each.get("KmsKeyId") for each in groups} == {KEYS["logs"]}
    assert {each.get("KmsKeyArn") for each in of_type(hub, "AWS::Lambda::Function")} == {KEYS["functions"]}
    (rule,) = hub["History"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEYS["history"]}
    assert rule == {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": by_default}


def test_the_queues_of_spokes_have_the_key_of_their_account(encrypted: dict[str, dict[str, Resource]]) -> None:
    """An alias stands for another key in each account and region. The StackSet has the same template."""
    (queue,) = of_type(encrypted["spoke-region.yaml"], "AWS::SQS::Queue")
    assert queue["KmsMasterKeyId"] == "alias/orgdns"
    bodies = [each["TemplateBody"] for each in of_type(encrypted["rollout.yaml"], "AWS::CloudFormation::StackSet")]
    assert any("KmsMasterKeyId: alias/orgdns" in body for body in bodies)


def test_the_queues_of_spokes_have_the_replica_of_their_region() -> None:
    """A multi-Region key has the same id in each region."""
    text = templates(with_keys(undelivered=SHARED))["spoke-region.yaml"]
    (queue,) = of_type(cfn_flip.load_yaml(text)["Resources"], "AWS::SQS::Queue")
    assert queue["KmsMasterKeyId"] == {"Fn::Sub": SHARED.replace("eu-central-1", "${AWS::Region}")}


def test_roles_may_use_the_keys_of_what_they_reach(encrypted: dict[str, dict[str, Resource]]) -> None:
    """Whoever sends generates data keys and verifies them, whoever receives or reads the ledger decrypts.

    Only through SQS, DynamoDB or S3, of DynamoDB's keys only that of the ledger, and of S3's only that of history.
    """
    for role in of_type(encrypted["hub.yaml"], "AWS::IAM::Role"):
        actions = {action for each in statements(role) for action in each["Action"]}
        on_keys = [each for each in statements(role) if each["Action"][0].startswith("kms:")]
        granted = {(action, key) for each in on_keys for action in each["Action"] for key in each["Resource"]}
        expected = {("kms:Decrypt", KEYS["queues"])} if actions & {"sqs:SendMessage", "sqs:ReceiveMessage"} else set()
        expected |= {("kms:GenerateDataKey", KEYS["queues"])} if "sqs:SendMessage" in actions else set()
        reads = {"dynamodb:GetItem", "dynamodb:GetRecords"}
        expected |= {("kms:Decrypt", KEYS["ledger"])} if actions & reads else set()
        if role["RoleName"] == NAMES.historian_role:
            expected |= {("kms:Decrypt", KEYS["history"]), ("kms:GenerateDataKey", KEYS["history"])}
        assert granted == expected, role["RoleName"]
        services = {each["Condition"]["StringEquals"]["kms:ViaService"][0].partition(".")[0] for each in on_keys}
        assert services <= {"sqs", "dynamodb", "s3"}


def test_roles_of_other_accounts_use_no_key(encrypted: dict[str, dict[str, Resource]]) -> None:
    """Readers only count the messages of a queue, which needs no key, and no other role reaches what is encrypted."""
    for name in ("network.yaml", "network-zone-changes.yaml", "spoke-account.yaml"):
        assert "kms:" not in json.dumps(encrypted[name], default=str)


def test_the_ledgers_key_serves_the_ledger_only(encrypted: dict[str, dict[str, Resource]]) -> None:
    """The grant holds for the encryption context of the ledger's table in this account."""
    role = encrypted["hub.yaml"]["ObserverRole"]["Properties"]
    (found,) = [each for each in statements(role) if each["Sid"] == "DecryptLedger"]
    assert found["Condition"]["StringEquals"] == {
        "kms:ViaService": ["dynamodb.eu-central-1.amazonaws.com"],
        "kms:EncryptionContext:aws:dynamodb:tableName": "orgdns-ledger",
        "kms:EncryptionContext:aws:dynamodb:subscriberId": {"Ref": "AWS::AccountId"},
    }


def test_the_key_of_history_serves_its_bucket_only(encrypted: dict[str, dict[str, Resource]]) -> None:
    """The grant holds for the encryption context of the bucket, which has a bucket key."""
    role = encrypted["hub.yaml"]["HistorianRole"]["Properties"]
    (found,) = [each for each in statements(role) if each["Sid"] == "UseKeyOfHistory"]
    assert found["Condition"]["StringEquals"] == {
        "kms:ViaService": ["s3.eu-central-1.amazonaws.com"],
        "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{NAMES.history_bucket('222222222222', 'eu-central-1')}",
    }


def test_without_history_its_key_is_not_used() -> None:
    """Neither a role nor the key's policy has anything for it."""
    config = with_keys().model_copy(update={"history": History(days=0)})
    assert KEYS["history"] not in "".join(templates(config).values())
    assert KEYS["history"] not in key_policies(config)


def test_without_keys_no_role_uses_one() -> None:
    """No key means SQS's own encryption of queues, and DynamoDB's and AWS's own of the rest."""
    made = "".join(templates(example()).values())
    assert "kms:" not in made
    assert "Kms" not in made
