"""What is encrypted with a key of KMS can be used by those whom the key and their own policies allow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends

from sandbox.aws.iam.guard import Guard
from sandbox.aws.iam.keys.access import logs_may_write, service_may_send, uses_of_keys
from sandbox.aws.iam.keys.creation import check_key
from tests.support.sandbox.guard import OBSERVER, TABLE, grant, session_of
from tests.support.sandbox.organizations import HUB, REGION, WEB, client, client_with

SEND = "sqs:SendMessage"
QUEUE = f"arn:aws:sqs:{REGION}:{HUB}:encrypted"
RULE = {"aws:SourceArn": f"arn:aws:events:{REGION}:{HUB}:rule/bus/rule", "aws:SourceAccount": HUB}
OWN = {"Sid": "Own", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}, "Action": "kms:*"}
EVENTS = {"Principal": {"Service": "events.amazonaws.com"}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements]}
    )


def key(*statements: dict[str, Any], account: str = HUB) -> str:
    """A new key with this policy; its ARN."""
    arn: str = client("kms", account).create_key(Policy=policy(*statements))["KeyMetadata"]["Arn"]
    return arn


def queue(key_id: str) -> str:
    """A queue with this key; its URL."""
    attributes = {"KmsMasterKeyId": key_id}
    url: str = client("sqs", HUB).create_queue(QueueName="encrypted", Attributes=attributes)["QueueUrl"]
    return url


def table(key_id: str) -> None:
    client("dynamodb", HUB).create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key_id},
    )


def refused(service: str, operation: str, **parameters: object) -> str | None:
    """The code of the error that the observer gets, None if the call passes."""
    try:
        getattr(client_with(session_of(OBSERVER), service), operation)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


@pytest.mark.parametrize(
    ("granted", "sends", "receives"),
    [
        ([], False, False),
        (["kms:Decrypt"], False, True),
        (["kms:GenerateDataKey"], False, False),
        (["kms:Decrypt", "kms:GenerateDataKey"], True, True),
    ],
)
def test_a_queue_needs_its_key(guard: Guard, granted: list[str], sends: bool, receives: bool) -> None:  # noqa: FBT001
    """A sender needs both actions, and a receiver needs to decrypt, beside the permissions of SQS."""
    arn = key(OWN)
    url = queue(arn)
    on_queue = {"Action": [SEND, "sqs:ReceiveMessage"], "Resource": QUEUE}
    via = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    on_key = [{"Action": granted, "Resource": arn, "Condition": via}] if granted else []
    grant(HUB, "orgdns-observer", on_queue, *on_key)
    denial = "KMS.AccessDeniedException"
    assert refused("sqs", "send_message", QueueUrl=url, MessageBody="x") == (None if sends else denial)
    assert refused("sqs", "receive_message", QueueUrl=url) == (None if receives else denial)
    assert {each.action for each in guard.denied} <= {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_table_needs_its_key(guard: Guard) -> None:
    """DynamoDB decrypts the table's key in the caller's name, in the encryption context of the table."""
    arn = key(OWN)
    table(arn)
    item = {"TableName": "ledger", "Key": {"pk": {"S": "a"}}}
    assert refused("dynamodb", "get_item", **item) == "AccessDeniedException"
    for name, expected in (("other", "AccessDeniedException"), ("ledger", None)):
        context = {"StringEquals": {"kms:EncryptionContext:aws:dynamodb:tableName": name}}
        own = {"Action": "dynamodb:GetItem", "Resource": TABLE}
        grant(HUB, "orgdns-observer", own, {"Action": "kms:Decrypt", "Resource": arn, "Condition": context})
        assert refused("dynamodb", "get_item", **item) == expected
    assert guard.calls["orgdns-observer"] >= {("kms:Decrypt", arn)}


@pytest.mark.parametrize("by_bucket", [True, False])
def test_an_object_needs_its_key(guard: Guard, by_bucket: bool) -> None:  # noqa: FBT001 - a parameter
    """Who writes needs a data key, and who reads decrypts it, in the context of the bucket if that has a bucket key."""
    arn, of_bucket = key(OWN), "arn:aws:s3:::kept"
    place: Any = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    s3 = client("s3", HUB)
    s3.create_bucket(Bucket="kept", **place)
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}
    rules = [{**rule, "BucketKeyEnabled": by_bucket}]
    s3.put_bucket_encryption(Bucket="kept", ServerSideEncryptionConfiguration={"Rules": rules})
    on_bucket = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{of_bucket}/*"}
    grant(HUB, "orgdns-observer", on_bucket)
    written, found = {"Bucket": "kept", "Key": "a", "Body": b"x"}, {"Bucket": "kept", "Key": "a"}
    assert refused("s3", "put_object", **written) == "AccessDenied"
    assert {(each.action, each.resource) for each in guard.denied} == {("kms:GenerateDataKey", arn)}
    context = of_bucket if by_bucket else f"{of_bucket}/a"
    for other in (f"{of_bucket}2", context):
        conditions = {"kms:ViaService": f"s3.{REGION}.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": other}
        on_key = {"Resource": arn, "Condition": {"StringEquals": conditions}}
        grant(HUB, "orgdns-observer", on_bucket, {"Action": "kms:GenerateDataKey", **on_key})
        assert refused("s3", "put_object", **written) == (None if other == context else "AccessDenied")
    assert refused("s3", "get_object", **found) == "AccessDenied"
    grant(HUB, "orgdns-observer", on_bucket, {"Action": "kms:Decrypt", **on_key})
    assert refused("s3", "get_object", **found) is None
    # An object keeps the key that it was written with.
    s3.delete_bucket_encryption(Bucket="kept")
    grant(HUB, "orgdns-observer", on_bucket)
    assert refused("s3", "put_object", **{**written, "Key": "b"}) is None
    assert refused("s3", "get_object", **{**found, "Key": "b"}) is None
    assert refused("s3", "get_object", **found) == "AccessDenied"


@pytest.mark.usefixtures("guard")
def test_a_key_must_let_the_policies_of_the_account_grant() -> None:
    """What a role's own policy grants counts only if the key's policy trusts the account, or the role."""
    trusting_nobody = {**OWN, "Principal": {"AWS": f"arn:aws:iam::{WEB}:root"}}
    arn = key(trusting_nobody)
    table(arn)
    own = {"Action": ["dynamodb:GetItem", "kms:Decrypt"], "Resource": [TABLE, arn]}
    grant(HUB, "orgdns-observer", own)
    item = {"TableName": "ledger", "Key": {"pk": {"S": "a"}}}
    assert refused("dynamodb", "get_item", **item) == "AccessDeniedException"
    of_the_role = {"Principal": {"AWS": OBSERVER}, "Action": "kms:Decrypt"}
    client("kms", HUB).put_key_policy(KeyId=arn, PolicyName="default", Policy=policy(trusting_nobody, of_the_role))
    assert refused("dynamodb", "get_item", **item) is None


@pytest.mark.usefixtures("guard")
def test_a_key_of_another_account_needs_both_sides() -> None:
    """The key's policy must trust the hub account, and the role's policy must grant."""
    arn = key({**OWN, "Principal": {"AWS": f"arn:aws:iam::{WEB}:root"}}, account=WEB)
    url = queue(arn)
    grant(
        HUB,
        "orgdns-observer",
        {"Action": "sqs:ReceiveMessage", "Resource": QUEUE},
        {"Action": "kms:Decrypt", "Resource": arn},
    )
    assert refused("sqs", "receive_message", QueueUrl=url) == "KMS.AccessDeniedException"
    client("kms", WEB).put_key_policy(KeyId=arn, PolicyName="default", Policy=policy(OWN))
    assert refused("sqs", "receive_message", QueueUrl=url) is None


@pytest.mark.usefixtures("guard")
def test_a_disabled_key_serves_nobody() -> None:
    """The messages stay in the queue, and nobody can read them until the key is enabled again."""
    arn = key(OWN, EVENTS)
    url = queue(arn)
    grant(
        HUB,
        "orgdns-observer",
        {"Action": "sqs:ReceiveMessage", "Resource": QUEUE},
        {"Action": "kms:Decrypt", "Resource": arn},
    )
    client("kms", HUB).disable_key(KeyId=arn.rpartition("/")[2])
    assert refused("sqs", "receive_message", QueueUrl=url) == "KMS.AccessDeniedException"
    assert not service_may_send("events.amazonaws.com", QUEUE, RULE)
    client("kms", HUB).enable_key(KeyId=arn.rpartition("/")[2])
    assert refused("sqs", "receive_message", QueueUrl=url) is None


@pytest.mark.usefixtures("guard")
def test_a_service_needs_the_keys_policy() -> None:
    """EventBridge sends in its own name, for the rules that the key's policy names. No role can grant it that."""
    queue(key(OWN))
    assert not service_may_send("events.amazonaws.com", QUEUE, RULE)
    (found,) = kms_backends[HUB][REGION].keys.values()
    for source, expected in ((HUB, True), (WEB, False)):
        only = {"StringEquals": {"aws:SourceAccount": source}}
        found.policy = policy(OWN, {**EVENTS, "Condition": only})
        assert service_may_send("events.amazonaws.com", QUEUE, RULE) is expected


@pytest.mark.usefixtures("guard")
def test_sqs_own_key_of_aws_does_not_serve_services() -> None:
    """Nobody can change the policy of alias/aws/sqs, which trusts the account's principals only."""
    arn = key({**OWN, "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"kms:CallerAccount": HUB}}})
    client("kms", HUB).create_alias(AliasName="alias/own", TargetKeyId=arn)
    queue("alias/own")
    assert not service_may_send("events.amazonaws.com", QUEUE, RULE)


@pytest.mark.usefixtures("guard")
def test_logs_need_the_keys_policy() -> None:
    """CloudWatch Logs encrypts in its own name, in the encryption context of the log group."""
    client("logs", HUB).create_log_group(logGroupName="/a")
    group = logs_backends[HUB][REGION].groups["/a"]
    assert logs_may_write(HUB, REGION, "/a")
    logging = {
        "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    }
    for name, expected in (("/a", True), ("/b", False)):
        arn = f"arn:aws:logs:{REGION}:{HUB}:log-group:{name}"
        group.kms_key_id = key(
            OWN, {**logging, "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn}}}
        )
        assert logs_may_write(HUB, REGION, "/a") is expected


@pytest.mark.usefixtures("guard")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::DynamoDB::Table", "SSESpecification"),
        ("AWS::Lambda::Function", "KmsKeyArn"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ],
)
def test_a_resource_is_not_created_with_a_key_that_it_cannot_use(kind: str, name: str) -> None:
    """CloudFormation reports the reason of the service. SQS takes any key, and fails later."""

    def properties(arn: str) -> dict[str, Any]:
        return {name: {"KMSMasterKeyId": arn} if name == "SSESpecification" else arn}

    missing = f"arn:aws:kms:{REGION}:{HUB}:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    for arn in (missing, key({**OWN, "Principal": {"AWS": f"arn:aws:iam::{WEB}:root"}})):
        with pytest.raises(ValidationError, match="does not exist"):
            check_key(kind, "a", properties(arn), HUB, REGION)
        check_key("AWS::SQS::Queue", "a", {"KmsMasterKeyId": arn}, HUB, REGION)
    logging = {"Principal": {"Service": f"logs.{REGION}.amazonaws.com"}, "Action": "kms:*"}
    check_key(kind, "a", properties(key(OWN, logging)), HUB, REGION)


@pytest.mark.usefixtures("guard")
def test_the_key_of_aws_needs_no_grant() -> None:
    """Every principal of the account may use AWS's key through DynamoDB, and a table without another key has it."""
    client("dynamodb", HUB).create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True},
    )
    assert uses_of_keys("dynamodb:GetItem", TABLE, HUB) == ()
    assert refused("dynamodb", "get_item", TableName="ledger", Key={"pk": {"S": "a"}}) is None


@pytest.mark.usefixtures("guard")
def test_only_what_touches_data_needs_a_key() -> None:
    """To describe a table or to count the messages of a queue takes no key, nor does what has none."""
    arn = key(OWN)
    queue(arn)
    table(arn)
    for action, resource in (
        ("dynamodb:DescribeTable", TABLE),
        ("sqs:GetQueueAttributes", QUEUE),
        ("sqs:DeleteMessage", QUEUE),
    ):
        assert uses_of_keys(action, resource, HUB) == ()
    assert [use.action for use in uses_of_keys("dynamodb:GetRecords", f"{TABLE}/stream/x", HUB)] == ["kms:Decrypt"]
    assert uses_of_keys(SEND, QUEUE.replace("encrypted", "unknown"), HUB) == ()
