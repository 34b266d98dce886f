"""`orgdns doctor` in the simulated organization, whose time is the machine's, as the command's is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import moto.settings
import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.iam.access_control import IAMRequestBase
from moto.kms.models import kms_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import load
from sandbox.aws.bridge import replaced
from sandbox.aws.iam.evaluation import granted_actions
from sandbox.clock import RealClock
from sandbox.example import CONFIG, HUB, PAYMENTS
from sandbox.world import World, world
from tests.support.build import ROOT
from tests.support.cli.command import REGION, Command, command_in
from tests.support.cli.pseudo_terminal import at_terminal, plain

LIVE_PUBLISHER = f"arn:aws:lambda:{REGION}:{HUB}:function:{NAMES.publisher_function}:{contract.LIVE_ALIAS}"
LIVE_HISTORIAN = LIVE_PUBLISHER.replace(NAMES.publisher_function, NAMES.historian_function)
EVENTS_DEAD_LETTERS = NAMES.events_dead_letter_queue


@pytest.fixture(scope="module")
def organization() -> Iterator[World]:
    with world(load(CONFIG), RealClock()) as made:
        made.audit()
        made.sweep()
        topic = made.client("sns", HUB).create_topic(Name="alarms")["TopicArn"]
        for alarm in cloudwatch_backends[HUB][REGION].alarms.values():
            alarm.alarm_actions = [topic]
        yield made


@pytest.fixture(scope="module")
def command(organization: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with command_in(organization, tmp_path_factory.mktemp("elsewhere")) as command:
        yield command


def not_fine(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """The results and texts of the checks that are not fine."""
    return {each["check"]: (each["result"], each["text"]) for each in document["checks"] if each["result"] != "fine"}


def test_all_is_fine(command: Command) -> None:
    """After the deployment and the first audits and sweeps, every check is fine, and the exit code is 0."""
    end = command("doctor")
    assert end.stderr == ""
    *lines, summary = end.stdout.splitlines()
    assert all(line.startswith("fine ") for line in lines)
    assert summary == f"{len(lines)} checks: {len(lines)} fine, 0 with a problem, 0 not checked."
    document = command.json("doctor")
    assert document["well"]
    assert [each["check"] for each in document["checks"]] == [line[13:29].strip() for line in lines]
    shown = plain(at_terminal(command, "doctor", columns=60))
    assert max(map(len, shown.splitlines())) <= 60


@contextmanager
def disabled_mapping(made: World) -> Iterator[None]:
    client = made.client("lambda", HUB)
    answer = client.list_event_source_mappings(FunctionName=LIVE_PUBLISHER)["EventSourceMappings"]
    (uuid,) = [each["UUID"] for each in answer if ":dynamodb:" in each["EventSourceArn"]]
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    yield
    client.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def disabled_schedule(made: World) -> Iterator[None]:
    client = made.client("scheduler", HUB)
    found = client.get_schedule(Name=contract.AUDIT_SCHEDULE, GroupName=NAMES.schedule_group)
    kept = {key: found[key] for key in ("Name", "GroupName", "ScheduleExpression", "Target", "FlexibleTimeWindow")}
    client.update_schedule(**kept, State="DISABLED")
    yield
    client.update_schedule(**kept, State="ENABLED")


@contextmanager
def deleted_rule(made: World) -> Iterator[None]:
    client = made.client("events", HUB)
    name, at = NAMES.instances_rule, {"EventBusName": NAMES.event_bus}
    rule = client.describe_rule(Name=name, **at)
    targets = client.list_targets_by_rule(Rule=name, **at)["Targets"]
    client.remove_targets(Rule=name, Ids=[each["Id"] for each in targets], **at)
    client.delete_rule(Name=name, **at)
    yield
    client.put_rule(Name=name, EventPattern=rule["EventPattern"], State="ENABLED", **at)
    client.put_targets(Rule=name, Targets=targets, **at)


@contextmanager
def unprotected_table(made: World) -> Iterator[None]:
    client = made.client("dynamodb", HUB)
    client.update_table(TableName=NAMES.ledger_table, DeletionProtectionEnabled=False)
    yield
    client.update_table(TableName=NAMES.ledger_table, DeletionProtectionEnabled=True)


@contextmanager
def queue_without_policy(made: World) -> Iterator[None]:
    client = made.client("sqs", HUB)
    url = client.get_queue_url(QueueName=EVENTS_DEAD_LETTERS)["QueueUrl"]
    kept = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes=kept)


@contextmanager
def silent_topic(made: World) -> Iterator[None]:
    client = made.client("sns", HUB)
    (topic,) = client.list_topics()["Topics"]
    client.set_topic_attributes(**topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns")
    yield
    client.set_topic_attributes(**topic, AttributeName="KmsMasterKeyId", AttributeValue="")


@contextmanager
def disabled_key(made: World) -> Iterator[None]:
    (key,) = kms_backends[made.config.hub.account][REGION].keys.values()
    key.key_state = "Disabled"
    yield
    key.key_state = "Enabled"


@contextmanager
def disabled_historian(made: World) -> Iterator[None]:
    client = made.client("lambda", HUB)
    (mapping,) = client.list_event_source_mappings(FunctionName=LIVE_HISTORIAN)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


@contextmanager
def public_bucket(made: World) -> Iterator[None]:
    client, name = made.client("s3", HUB), NAMES.history_bucket(HUB, REGION)
    kept = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    client.delete_public_access_block(Bucket=name)
    yield
    client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=kept)


@contextmanager
def no_trusted_access(made: World) -> Iterator[None]:
    backend = made.organization.backend
    kept = list(backend.services)
    backend.services.clear()
    yield
    backend.services.extend(kept)


@pytest.mark.parametrize(
    ("broken", "check", "text"),
    [
        (disabled_mapping, "ledger stream", "the publisher's event source mapping is Disabled"),
        (disabled_schedule, "schedules", f"the schedule {contract.AUDIT_SCHEDULE} is DISABLED"),
        (deleted_rule, "event rules", f"the event bus has no rule {NAMES.instances_rule}"),
        (unprotected_table, "ledger table", "is not protected from deletion"),
        (queue_without_policy, "queues", f"the queue {EVENTS_DEAD_LETTERS} has no policy"),
        (silent_topic, "alarm topics", "encrypted with AWS's own key alias/aws/sns, which CloudWatch cannot use"),
        (disabled_historian, "ledger stream", "the historian's event source mapping is Disabled"),
        (public_bucket, "history", "does not block all public access"),
        (disabled_key, "keys", "of the ledger is Disabled: enable it"),
        (no_trusted_access, "trusted access", "trusted access to the organization is DISABLED"),
    ],
)
def test_what_is_broken_is_found(
    organization: World, command: Command, broken: Callable[[World], Any], check: str, text: str
) -> None:
    """The check finds the problem, all others are fine, and the exit code is 2. Afterwards all is fine again."""
    with broken(organization):
        document = command.json("doctor", code=2)
    ((found, (result, shown)),) = not_fine(document).items()
    assert (found, result) == (check, "problem")
    assert text in shown


def user(made: World, *actions: str) -> dict[str, str]:
    """The keys of an IAM user of the hub account who may make these calls, as environment variables."""
    iam = made.client("iam", HUB)
    name = f"user-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="calls", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


@contextmanager
def permissions_checked() -> Iterator[set[str]]:
    """Let the emulator check the permissions of each request to its server; the actions that were asked for."""
    asked: set[str] = set()
    check = IAMRequestBase.check_action_permitted

    def noted(request: Any, resource: str) -> None:  # noqa: ANN401 - moto's own type
        # CloudWatch signs as `monitoring`, and its actions have another prefix, which moto does not know.
        request._action = request._action.replace("monitoring:", "cloudwatch:")  # noqa: SLF001 - moto keeps it for itself
        asked.add(request._action)  # noqa: SLF001 - as above
        check(request, resource)

    with ExitStack() as stack:
        stack.enter_context(replaced(moto.settings, INITIAL_NO_AUTH_ACTION_COUNT=0))
        # The sandbox has checked the signature. The emulator's own check fails for the paths of Lambda.
        checks = {"check_action_permitted": noted, "check_signature": lambda _request: None}
        stack.enter_context(replaced(IAMRequestBase, **checks))
        yield asked


def documented(heading: str) -> frozenset[str]:
    """The actions of the statements in a section of the documentation."""
    section = (ROOT / "docs" / "operate.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    # Further blocks are for other accounts.
    block = re.findall(r"```json\n(.*?)```", section, re.DOTALL)[0]
    policy = json.loads(block)
    return granted_actions([policy if "Statement" in policy else {"Version": "2012-10-17", "Statement": policy}])


def test_user_without_permissions(organization: World, command: Command) -> None:
    """Each check names the permission that it lacks; nothing is reported as missing. The exit code is 2."""
    denied = replace(command, environment=command.environment | user(organization))
    with permissions_checked():
        found = not_fine(denied.json("doctor", code=2))
    assert {result for result, _ in found.values()} == {"not checked"}
    assert all(text.startswith("the credentials may not call ") for _, text in found.values())
    assert found["hub stack"][1] == "the credentials may not call cloudformation:DescribeStacks"
    assert found["schedules"][1] == "the credentials may not call scheduler:GetSchedule"
    assert found["credentials"][1] == "the credentials may not call iam:GetRole"
    assert "clock" not in found


def test_documented_permissions_are_what_is_called(organization: World, command: Command) -> None:
    """With the operator's permissions and those for the checks, every check can look. None is granted in vain."""
    operator, more = documented("What an operator needs"), documented("Is everything set up?")
    allowed = replace(command, environment=command.environment | user(organization, *operator, *more))
    with permissions_checked() as asked:
        assert allowed.json("doctor")["well"]
        assert asked - {"sts:GetCallerIdentity"} <= operator | more
        # Outside the hub's region only, the command asks whether this is the hub's account at all.
        document = allowed.json("doctor", "--region", "us-east-1", code=2)
        assert more <= asked
    found = not_fine(document)
    assert "us-east-1 has no function orgdns-observer" in found["region"][1]
    assert found["queues"] == ("not checked", "the hub is not in this account and region")
    assert "credentials" not in found


def test_other_account(organization: World, command: Command) -> None:
    """Credentials of a member account are a problem, with the account that they belong to."""
    key_id, secret = organization.access_key(PAYMENTS)
    keys = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
    found = not_fine(replace(command, environment=command.environment | keys).json("doctor", code=2))
    assert f"is in the account {PAYMENTS}, which has no role {NAMES.observer_role}" in found["credentials"][1]


def test_without_credentials_it_is_an_error(command: Command) -> None:
    """No check can look, so there is no report: an error in one line, with exit code 1."""
    none = {key: value for key, value in command.environment.items() if "KEY" not in key}
    end = replace(command, environment=none | {"HOME": os.devnull})("doctor", code=1)
    assert (end.stdout, len(end.stderr.splitlines())) == ("", 1)
    assert "Unable to locate credentials" in end.stderr
    wrong = command.environment | {"AWS_SECRET_ACCESS_KEY": "wrong"}
    end = replace(command, environment=wrong)("doctor", code=1)
    # The sandbox answers in plain text. AWS says what is wrong, as any proxy between them may not.
    assert "the call to AWS failed" in end.stderr
    assert (end.stdout, "Traceback" in end.stderr) == ("", False)
