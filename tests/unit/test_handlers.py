from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.awslambda.models import lambda_backends

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE
from sandbox.world import World
from tests.support.build import DOCUMENTS
from tests.support.path.odd import unanswered_updates


@pytest.fixture
def purged(made: World) -> Iterator[None]:
    """Purge the queue after the test, so that the next test finds it empty."""
    yield
    sqs = made.client("sqs", made.config.hub.account)
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=NAMES.events_queue)["QueueUrl"])


@pytest.mark.usefixtures("purged")
def test_hub_without_a_zone_of_the_policy_retries_every_event(made: World) -> None:
    """With template and package of different configurations, every event is retried, and the log says what to do."""
    function = made.client("lambda", made.config.hub.account)
    variables = function.get_function_configuration(FunctionName=NAMES.observer_function)["Environment"]["Variables"]
    short = "internal.:corp=Z0CORPINTERNAL0EXAMPL"
    function.update_function_configuration(
        FunctionName=NAMES.observer_function,
        Environment={"Variables": variables | {contract.ENV_ZONE_IDS: short}},
    )
    alias = {"FunctionName": NAMES.observer_function, "Name": contract.LIVE_ALIAS}
    deployed = function.get_alias(**alias)["FunctionVersion"]
    function.update_alias(**alias, FunctionVersion="$LATEST")
    made.launch(PAYMENTS, "eu-central-1", "kept")
    made.converge()
    assert made.waiting(NAMES.events_queue) == 2
    assert made.owners("corp.internal") == []
    logged = "\n".join(str(line) for line in made.functions.logs(NAMES.observer_function))
    assert "instances.internal." in logged
    assert "made from one configuration" in logged
    function.update_function_configuration(FunctionName=NAMES.observer_function, Environment={"Variables": variables})
    function.update_alias(**alias, FunctionVersion=deployed)


def test_log_lines_carry_instance_and_name(made: World) -> None:
    """A line about an instance has its reference, and a line about a name has its zone and claimants."""
    (instance_id,) = made.launch(SCIENCE, "eu-west-1", "logged")
    made.converge()
    ref = f"{SCIENCE}/eu-west-1/{instance_id}"
    recorded = [
        line
        for line in made.functions.logs(NAMES.observer_function)
        if isinstance(line, dict) and line.get("instance") == ref
    ]
    assert [line["message"] for line in recorded] == ["instance recorded"]
    published = [
        line
        for line in made.functions.logs(NAMES.publisher_function)
        if isinstance(line, dict) and ref in line.get("instances", ())
    ]
    assert {line["dns_name"] for line in published} == set(recorded[0]["dns_names"])
    assert all(line["zone"] in made.zone_ids.values() for line in published)


def test_metrics_are_counted(made: World) -> None:
    """Metrics are in orgdns's namespace and have a unit of CloudWatch."""
    before = len(made.functions.logs(NAMES.publisher_function))
    made.launch(SCIENCE, "eu-west-1", "counted")
    made.converge()
    # Each shard of the ledger's stream has a run of its own. Runs without names count other things.
    runs = [
        line
        for line in made.functions.logs(NAMES.publisher_function)[before:]
        if isinstance(line, dict) and "NamesPublished" in line
    ]
    assert sum(sum(metrics["NamesPublished"]) for metrics in runs) == 2
    for metrics in runs:
        (directive,) = metrics["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == NAMES.metrics_namespace
        assert {"Name": "NamesPublished", "Unit": "Count"} in directive["Metrics"]


def counted(made: World, function: str, metric: str) -> int:
    """The sum of a metric of a function."""
    lines = [line for line in made.functions.logs(function) if isinstance(line, dict) and metric in line]
    return int(sum(sum(line[metric]) for line in lines))


@pytest.mark.parametrize("function", [NAMES.observer_function, NAMES.associator_function])
def test_event_that_cannot_be_noted_is_told(made: World, clock: MovedClock, function: str) -> None:
    """If the ledger cannot store when a spoke's last event came, the event is retried, and log and metric say why."""
    clock.advance(3_600)
    with unanswered_updates(contract.SPOKES_KEY):
        if function == NAMES.observer_function:
            made.launch(SCIENCE, "eu-west-1", "noted")
        else:
            made.add_vpc(SCIENCE, "eu-west-1", associated=False)
        made.converge()
    lines = [line for line in made.logged(function, "event will be retried") if line.get("spoke")]
    assert {line["spoke"] for line in lines} == {f"{SCIENCE}/eu-west-1"}
    assert all("the time of the last event could not be stored: " in line["reason"] for line in lines)
    assert counted(made, function, "EventsNotNoted") == len(lines) > 0
    clock.advance(600)
    made.converge()
    assert counted(made, function, "EventsNotNoted") == len(lines)


def function_of(made: World, name: str) -> Any:  # noqa: ANN401 - the emulator's own
    return lambda_backends[made.config.hub.account][made.config.hub.region].get_function(name, contract.LIVE_ALIAS)


def test_documented_queue_event(made: World) -> None:
    """The documented event of a queue, with documented events as bodies, is dropped with reasons."""
    document = json.loads((DOCUMENTS / "sqs-event.json").read_text())
    events = [(DOCUMENTS / f"{name}.json").read_text() for name in ("ec2-state-change", "tag-change")]
    for body in ("Test message.", *events):
        document["Records"][0]["body"] = body
        outcome = made.functions.invoke(function_of(made, NAMES.observer_function), document)
        assert (outcome.error, outcome.response) == (None, {"batchItemFailures": []})
    reasons = [line["reason"] for line in made.logged(NAMES.observer_function, "event dropped")]
    assert reasons[-3:] == ["the message is not valid JSON", *(["the organization has no account 123456789012"] * 2)]


def test_documented_stream_event(made: World) -> None:
    """The documented event of a table's stream is about an unclaimed name: nothing changes, nothing fails."""
    document = json.loads((DOCUMENTS / "dynamodb-stream-event.json").read_text())
    before = len(made.route53.batches)
    outcome = made.functions.invoke(function_of(made, NAMES.publisher_function), document)
    assert (outcome.error, outcome.response) == (None, {"batchItemFailures": []})
    assert len(made.route53.batches) == before


def test_publisher_that_cannot_write_answers_with_the_first_change(made: World, clock: MovedClock) -> None:
    """Lambda delivers again from the lowest sequence number in the response, compared as a number."""
    iam = made.client("iam", made.config.network.account)
    trust = iam.get_role(RoleName=NAMES.writer_role)["Role"]["AssumeRolePolicyDocument"]
    deny_all = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=NAMES.writer_role,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny_all]}),
    )
    made.functions.cold_start(NAMES.publisher_function)
    for name in ("one", "two"):
        made.launch(PAYMENTS, "eu-central-1", name)
    made.converge()
    (record,) = json.loads((DOCUMENTS / "dynamodb-stream-event.json").read_text())["Records"]
    zone = made.zone_ids["corp.internal"]
    changes = []
    # The first change of each name counts, and 9 comes before 10.
    for name, number in (("one", "10"), ("two", "9"), ("one", "11")):
        keys = record["dynamodb"]["Keys"] | {"pk": {"S": f"name#{zone}#{name}.corp.internal."}}
        changes.append(record | {"dynamodb": record["dynamodb"] | {"Keys": keys, "SequenceNumber": number}})
    publisher = function_of(made, NAMES.publisher_function)
    assert made.functions.invoke(publisher, {"Records": changes}).response == {
        "batchItemFailures": [{"itemIdentifier": "9"}]
    }
    only_one = made.functions.invoke(publisher, {"Records": [changes[0], changes[2]]})
    assert only_one.response == {"batchItemFailures": [{"itemIdentifier": "10"}]}
    iam.update_assume_role_policy(RoleName=NAMES.writer_role, PolicyDocument=json.dumps(trust, default=str))
    clock.advance(120)
    made.converge()
    assert {"one.corp.internal.", "two.corp.internal."} <= {name for name, _, _, _ in made.owners("corp.internal")}
