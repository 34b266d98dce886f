"""What an operator may break between a rule and its target, and the metrics that show it."""

from __future__ import annotations

import json

import pytest

from sandbox.aws.cloudwatch.event_rules import RuleMetrics
from sandbox.aws.cloudwatch.metrics import MetricStore, metric
from sandbox.clock import RealClock
from tests.support.sandbox.eventbridge import HUB_BUS, HUB_REGION, REGION, World


@pytest.fixture
def store(world: World) -> MetricStore:
    """The metrics of a world's rules. The rule `out` of the member account has a dead-letter queue, `in` has none."""
    store = MetricStore(RealClock())
    world.router.watcher = RuleMetrics(store)
    return store


def counts(world: World, store: MetricStore, rule: str) -> dict[str, float]:
    """The metrics of a rule that have values."""
    of_hub = rule == "in"
    place = (world.hub, HUB_REGION) if of_hub else (world.member, REGION)
    bus = {"EventBusName": HUB_BUS} if of_hub else {}
    now = RealClock().now()
    names = ("Invocations", "FailedInvocations", "InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq")
    values = {
        name: sum(store.values(place, metric("AWS/Events", name, RuleName=rule, **bus), now, now + 60))
        for name in names
    }
    return {name: value for name, value in values.items() if value}


def test_delivered_event_counts_for_each_rule(world: World, store: MetricStore) -> None:
    """The metrics of a rule on a bus of its own name the bus."""
    world.router.emit(world.event())
    assert counts(world, store, "out") == {"Invocations": 1}
    assert counts(world, store, "in") == {"Invocations": 1}


def test_disabled_rule_is_not_invoked(world: World, store: MetricStore) -> None:
    """Its events are gone, and come again when the rule is enabled."""
    world.rules.disable_rule(Name="out")
    world.router.emit(world.event())
    assert counts(world, store, "out") == {}
    world.rules.enable_rule(Name="out")
    world.router.emit(world.event())
    assert len(world.events()) == 1


def test_deleted_rule_is_not_invoked(world: World, store: MetricStore) -> None:
    """A rule without its targets, and no rule at all, deliver nothing."""
    world.rules.remove_targets(Rule="out", Ids=["hub"])
    world.router.emit(world.event())
    world.rules.delete_rule(Name="out")
    world.router.emit(world.event())
    assert (world.events(), world.router.undelivered, counts(world, store, "out")) == ([], [], {})


def test_event_without_permission_is_a_dead_letter(world: World, store: MetricStore) -> None:
    """The rule fails, and the event is in the dead-letter queue."""
    world.permit("arn:aws:events:*:*:event-bus/other")
    world.router.emit(world.event())
    assert counts(world, store, "out") == {"Invocations": 1, "FailedInvocations": 1, "InvocationsSentToDlq": 1}
    assert len(world.received(world.dead)) == 1


def test_queue_without_policy_fails_the_invocation(world: World, store: MetricStore) -> None:
    """Without a dead-letter queue, the event is lost, and only the metric shows it."""
    sqs = world.client("sqs", world.hub, HUB_REGION)
    url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    world.router.emit(world.event())
    assert counts(world, store, "in") == {"Invocations": 1, "FailedInvocations": 1}
    assert world.codes() == ["NO_PERMISSIONS"]
    assert world.events() == []


def test_queue_that_does_not_take_dead_letters(world: World, store: MetricStore) -> None:
    """The event is lost twice."""
    world.permit("arn:aws:events:*:*:event-bus/other")
    sqs = world.client("sqs", world.member, REGION)
    url = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": world.dead}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    world.router.emit(world.event())
    assert counts(world, store, "out") == {
        "Invocations": 1,
        "FailedInvocations": 1,
        "InvocationsFailedToBeSentToDlq": 1,
    }
