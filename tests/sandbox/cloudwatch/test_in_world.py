"""A whole organization is watched: what an operator breaks makes alarms fire, and they clear when it is repaired."""

from __future__ import annotations

from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.cloudwatch.rules.evaluation import State
from sandbox.clock import MovedClock, RealClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World

REGION = "eu-central-1"
THROTTLED = "test-throttled"
OVERDUE = "orgdns-sweeps-overdue"


@pytest.fixture(autouse=True)
def well(made: World) -> None:
    """Everything is as it should be."""
    made.pass_time(15)
    assert made.alarms.firing(HUB, REGION) == set()


def test_functions_log_no_malformed_metrics(made: World) -> None:
    """Every line with metrics counts."""
    assert made.function_metrics.emf_faults == []
    metrics = made.metrics.metrics((HUB, REGION))
    names = {each.name for each in metrics if each.namespace == NAMES.metrics_namespace}
    assert {"SpokesSwept", "SweepsAndAuditsOverdue"} <= names


def test_metrics_of_spokes_are_their_own(made: World) -> None:
    """Each account and region has the metrics of its own rules and queues."""
    made.launch(PAYMENTS, REGION, "metered")
    made.converge()
    found = {(each.namespace, each.name) for each in made.metrics.metrics((PAYMENTS, REGION))}
    assert {("AWS/Events", "Invocations"), ("AWS/SQS", "ApproximateNumberOfMessagesVisible")} <= found
    assert not any(namespace == "AWS/Lambda" for namespace, _name in found)


def test_throttled_function(made: World) -> None:
    """A function that is switched off throttles, its alarm fires, and the name comes after the repair."""
    functions, cloudwatch = made.client("lambda", HUB), made.client("cloudwatch", HUB)
    cloudwatch.put_metric_alarm(
        AlarmName=THROTTLED,
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": NAMES.publisher_function}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    functions.put_function_concurrency(FunctionName=NAMES.publisher_function, ReservedConcurrentExecutions=0)
    (instance,) = made.launch(PAYMENTS, REGION, "stopped")
    vpc = made.vpcs[PAYMENTS, REGION]
    made.pass_time(3)
    assert made.alarms.firing(HUB, REGION) == {THROTTLED}
    assert made.resolve("stopped.corp.internal", vpc) == set()
    functions.delete_function_concurrency(FunctionName=NAMES.publisher_function)
    made.pass_time(5)
    assert made.alarms.firing(HUB, REGION) == set()
    assert made.resolve("stopped.corp.internal", vpc) == {made.address(PAYMENTS, REGION, instance)}
    age = metric("AWS/Lambda", "IteratorAge", FunctionName=NAMES.publisher_function)
    now = made.clock.now()
    assert max(made.metrics.values((HUB, REGION), age, now - 600, now + 60)) >= 120_000
    cloudwatch.delete_alarms(AlarmNames=[THROTTLED])


def test_disabled_schedule(made: World) -> None:
    """Without sweeps, the alarm on their metric fires although nothing is measured any more."""
    scheduler = made.client("scheduler", HUB)
    named = {"Name": contract.SWEEP_SCHEDULE, "GroupName": NAMES.schedule_group}
    made_as = scheduler.get_schedule(**named)
    kept: dict[str, Any] = {
        name: made_as[name] for name in ("ScheduleExpression", "FlexibleTimeWindow", "Target", "Description")
    }
    scheduler.update_schedule(**named, **kept, State="DISABLED")
    made.pass_time(45)
    assert made.alarms.firing(HUB, REGION) == {OVERDUE}
    scheduler.update_schedule(**named, **kept, State="ENABLED")
    made.pass_time(25)
    assert made.alarms.firing(HUB, REGION) == set()


def test_mapping_and_policy(made: World) -> None:
    """A disabled mapping keeps messages in their queue; without the queue's policy, they become dead letters."""
    functions, sqs = made.client("lambda", HUB), made.client("sqs", HUB)
    alias = functions.get_alias(FunctionName=NAMES.observer_function, Name=contract.LIVE_ALIAS)["AliasArn"]
    (mapping,) = functions.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]
    assert mapping["State"] == "Enabled"
    assert functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)["State"] == "Disabled"
    made.launch(PAYMENTS, REGION, "waiting")
    made.pass_time(5)
    waiting = made.waiting(NAMES.events_queue)
    assert waiting > 0
    visible = metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=NAMES.events_queue)
    now = made.clock.now()
    assert made.metrics.values((HUB, REGION), visible, now, now + 60) == [waiting]
    assert functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)["State"] == "Enabled"
    made.converge()
    assert made.waiting(NAMES.events_queue) == 0

    url = sqs.get_queue_url(QueueName=NAMES.events_queue)["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    made.launch(PAYMENTS, REGION, "refused")
    made.pass_time(3)
    assert made.alarms.firing(HUB, REGION) == {NAMES.events_dead_letter_queue}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    dead = sqs.get_queue_url(QueueName=NAMES.events_dead_letter_queue)["QueueUrl"]
    sqs.purge_queue(QueueUrl=dead)
    made.pass_time(10)
    assert made.alarms.firing(HUB, REGION) == set()


def test_states_are_in_the_api(made: World) -> None:
    """An operator reads them with the AWS CLI."""
    alarms = made.client("cloudwatch", HUB).describe_alarms()["MetricAlarms"]
    states = {alarm["AlarmName"]: State(alarm["StateValue"]) for alarm in alarms}
    assert states == made.alarms.states(HUB, REGION)
    assert set(states.values()) == {State.OK}


def test_time_of_the_machine_does_not_pass(made: World, clock: MovedClock) -> None:
    """Only a clock that can be moved lets minutes pass."""
    made.clock = RealClock()
    try:
        with pytest.raises(TypeError, match="build the world with a MovedClock"):
            made.pass_time(1)
    finally:
        made.clock = clock
