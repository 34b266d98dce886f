"""A rollout under service control policies that demand tags, a permissions boundary and a path of roles, with keys.

Everything that a customer can demand is deployed together, once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.sqs.models import sqs_backends

from hub.runtime.contract import LIVE_ALIAS
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudformation.deployer import DeploymentFailed
from sandbox.aws.partition import partition
from sandbox.clock import MovedClock
from sandbox.example import HUB, MANAGEMENT, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World, world
from tests.support.config.demands import BOUNDARY, KEYS, ORGANIZATION, PATH, TAGS, demanding

REGION, CORP = "eu-central-1", "corp.internal"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(demanding(kms=KEYS, log_retention_days=365), clock, ORGANIZATION) as organization:
        yield organization


def test_o2_a_rollout_satisfies_the_policies(made: World) -> None:
    """Every stack deploys, and an instance of each account resolves, by events, sweeps and associations."""
    vpc = made.add_vpc(SCIENCE, REGION, associated=False)
    for account, label in ((PAYMENTS, "payments"), (SEARCH, "search"), (SCIENCE, "data-science")):
        (instance,) = made.launch(account, REGION, "web")
        made.converge()
        made.sweep()
        assert made.resolve(f"web.{REGION}.{label}.{CORP}", vpc) == {made.address(account, REGION, instance)}
    made.audit()
    assert not made.guard.denied


@pytest.mark.parametrize("account", [HUB, NETWORK, PAYMENTS, SCIENCE])
@pytest.mark.usefixtures("made")
def test_o2_every_role_has_path_boundary_and_tags(account: str) -> None:
    """The roles of every stack have them, also those that StackSets deploy."""
    roles = [role for role in iam_backends[account][partition()].roles.values() if role.name.startswith("orgdns-")]
    assert roles
    for role in roles:
        assert role.arn == f"arn:aws:iam::{account}:role{PATH}{role.name}"
        assert role.permissions_boundary_arn == f"arn:aws:iam::{account}:policy/{BOUNDARY}"
        assert {tag["Key"]: tag["Value"] for tag in role.tags} == {"application": NAMES.installation, **TAGS}


def test_everything_is_encrypted_with_its_key(made: World) -> None:
    """The ledger, the queues, the logs and the functions of the hub, and the queues of the spokes."""
    table = made.client("dynamodb", HUB).describe_table(TableName=NAMES.ledger_table)["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == KEYS["ledger"]
    assert key_of_queue(made, HUB, NAMES.events_queue) == KEYS["queues"]
    for group in made.client("logs", HUB).describe_log_groups()["logGroups"]:
        assert (group["kmsKeyId"], group["retentionInDays"]) == (KEYS["logs"], 365)
    observer = {"FunctionName": NAMES.observer_function, "Qualifier": LIVE_ALIAS}
    assert made.client("lambda", HUB).get_function_configuration(**observer)["KMSKeyArn"] == KEYS["functions"]
    assert key_of_queue(made, PAYMENTS, NAMES.undelivered_queue) == KEYS["undelivered"]


def key_of_queue(made: World, account: str, name: str) -> str:
    sqs = made.client("sqs", account)
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])["Attributes"]
    return str(attributes["KmsMasterKeyId"])


@contextmanager
def without_statement(made: World, key: str, sid: str) -> Iterator[None]:
    """Take a statement out of the policy of a key of the hub, as somebody does who does not know what it is for."""
    kms = made.client("kms", HUB)
    policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    document = json.loads(policy)
    kept = [each for each in document["Statement"] if each["Sid"] != sid]
    assert len(kept) == len(document["Statement"]) - 1
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document | {"Statement": kept}))
    yield
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


def sweep(made: World, clock: MovedClock) -> None:
    """Sweep all spokes, which are due after an hour."""
    clock.advance(3_700)
    made.sweep()


def test_events_need_the_policy_of_the_key(made: World, clock: MovedClock) -> None:
    """Without its statement, EventBridge cannot send to the encrypted queue. A sweep finds the instance."""
    vpc = made.vpcs[SCIENCE, REGION]
    with without_statement(made, KEYS["queues"], "RulesOfTheHub"):
        (instance,) = made.launch(PAYMENTS, REGION, "unseen")
        made.converge()
        assert not made.resolve(f"unseen.{REGION}.payments.{CORP}", vpc)
    sweep(made, clock)
    assert made.resolve(f"unseen.{REGION}.payments.{CORP}", vpc) == {made.address(PAYMENTS, REGION, instance)}


def test_undelivered_events_need_the_policy_of_the_key_in_the_account(made: World) -> None:
    """What does not reach the hub is kept in the account's encrypted queue, if the account's own key allows it."""
    kept = sqs_backends[PAYMENTS][REGION].queues[NAMES.undelivered_queue]._messages  # noqa: SLF001 - the API hides some
    (key,) = [each for each in kms_backends[PAYMENTS][REGION].keys.values() if KEYS["undelivered"] in each.aliases]
    policy = json.loads(key.policy)
    with without_bus(made):
        made.launch(PAYMENTS, REGION, "kept")
        assert (before := len(kept)) > 0
        own = [each for each in policy["Statement"] if each["Sid"] != "RulesOfTheSpoke"]
        key.policy = json.dumps(policy | {"Statement": own})
        made.launch(PAYMENTS, REGION, "lost")
        key.policy = json.dumps(policy)
        assert len(kept) == before
    kept.clear()


@contextmanager
def without_bus(made: World) -> Iterator[None]:
    """Take the hub's bus away."""
    buses = events_backends[made.config.hub.account][REGION].event_buses
    bus = buses.pop(NAMES.event_bus)
    yield
    buses[NAMES.event_bus] = bus


def test_logs_need_the_policy_of_the_key(made: World) -> None:
    """Without its statement, CloudWatch Logs takes nothing of what functions write, and they work on."""
    before = len(made.functions.logs(NAMES.observer_function))
    with without_statement(made, KEYS["logs"], "LogsOfTheFunctions"):
        made.launch(PAYMENTS, REGION, "silent")
        made.converge()
        assert len(made.functions.logs(NAMES.observer_function)) == before
    made.launch(PAYMENTS, REGION, "loud")
    made.converge()
    assert len(made.functions.logs(NAMES.observer_function)) > before


@pytest.mark.parametrize("sid", ["DecryptLedger", "UseKeyOfQueues"])
def test_functions_need_the_grants_of_their_roles(made: World, clock: MovedClock, sid: str) -> None:
    """A role without one of its grants on keys is denied, and the names come as soon as it has the grant."""
    iam, role = made.client("iam", HUB), {"RoleName": NAMES.observer_role, "PolicyName": "least-privilege"}
    document = iam.get_role_policy(**role)["PolicyDocument"]
    kept = [each for each in document["Statement"] if each["Sid"] != sid]
    assert len(kept) == len(document["Statement"]) - 1
    iam.put_role_policy(**role, PolicyDocument=json.dumps(document | {"Statement": kept}))
    vpc, name = made.vpcs[SCIENCE, REGION], f"ungranted-{sid.lower()}"
    (instance,) = made.launch(PAYMENTS, REGION, name)
    made.converge()
    assert not made.resolve(f"{name}.{REGION}.payments.{CORP}", vpc)
    assert {each.action for each in made.guard.denied} == {"kms:Decrypt"}
    made.guard.denied.clear()
    iam.put_role_policy(**role, PolicyDocument=json.dumps(document))
    sweep(made, clock)
    assert made.resolve(f"{name}.{REGION}.payments.{CORP}", vpc) == {made.address(PAYMENTS, REGION, instance)}


def test_o2_the_management_account_is_not_restricted(made: World) -> None:
    """A service control policy restricts member accounts only, so a stack there deploys without what it demands."""
    role = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: plain
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
"""
    made.deployer.deploy(MANAGEMENT, REGION, "plain", role, {}, ("CAPABILITY_NAMED_IAM",))
    with pytest.raises(DeploymentFailed, match="explicit deny in a service control policy"):
        made.deployer.deploy(PAYMENTS, REGION, "plain", role, {}, ("CAPABILITY_NAMED_IAM",))


def test_history_is_encrypted_with_its_key(made: World) -> None:
    """The historian writes objects with the key of the bucket, by the grant of its role."""
    made.pass_time(11)
    assert {("kms:GenerateDataKey", KEYS["history"])} <= made.guard.calls[NAMES.historian_role]
    s3, bucket = made.client("s3", HUB), NAMES.history_bucket(HUB, REGION)
    (kept, *_) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    found = s3.head_object(Bucket=bucket, Key=kept["Key"])
    assert (found["SSEKMSKeyId"], found["BucketKeyEnabled"]) == (KEYS["history"], True)
