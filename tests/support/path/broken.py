"""What operators and intruders break in the deployed hub, and how it is repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.demo import outage
from sandbox.example import HUB
from sandbox.world import World
from tests.support.path.health import REGION, firing, told

Break = Callable[[World], Any]


@contextmanager
def denied(made: World, account: str, role: str, *actions: str) -> Iterator[None]:
    """Deny a role some actions, and check that nothing else was denied."""
    try:
        with outage.denied(made, account, role, *actions):
            yield
    finally:
        assert {each.action for each in made.guard.denied} <= set(actions)
        made.guard.denied.clear()


@contextmanager
def throttled(made: World, function: str) -> Iterator[None]:
    """Reserve no concurrency for a function."""
    functions = made.client("lambda", HUB)
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=function)


@contextmanager
def mapping_disabled(made: World, function: str) -> Iterator[None]:
    """Disable the event source mappings of a function."""
    functions = made.client("lambda", HUB)
    found = functions.list_event_source_mappings()["EventSourceMappings"]
    uuids = [each["UUID"] for each in found if f":{function}:" in each["FunctionArn"]]
    assert uuids
    for uuid in uuids:
        functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        yield
    finally:
        for uuid in uuids:
            functions.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def rule_disabled(made: World) -> Iterator[None]:
    """Disable the rule of the hub's bus that routes the events of instances."""
    events = made.client("events", HUB)
    events.disable_rule(Name=NAMES.instances_rule, EventBusName=NAMES.event_bus)
    try:
        yield
    finally:
        events.enable_rule(Name=NAMES.instances_rule, EventBusName=NAMES.event_bus)


@contextmanager
def queue_closed(made: World) -> Iterator[None]:
    """Remove the policy of the events queue."""
    sqs = made.client("sqs", HUB)
    url = sqs.get_queue_url(QueueName=NAMES.events_queue)["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        letters = sqs.get_queue_url(QueueName=NAMES.events_dead_letter_queue)["QueueUrl"]
        sqs.purge_queue(QueueUrl=letters)


@contextmanager
def schedule_disabled(made: World, name: str) -> Iterator[None]:
    """Disable a schedule of the hub."""
    scheduler = made.client("scheduler", HUB)
    found = scheduler.get_schedule(Name=name, GroupName=NAMES.schedule_group)
    kept = {key: found[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
    scheduler.update_schedule(Name=name, GroupName=NAMES.schedule_group, State="DISABLED", **kept)
    try:
        yield
    finally:
        scheduler.update_schedule(Name=name, GroupName=NAMES.schedule_group, State="ENABLED", **kept)


@contextmanager
def spoke_rules_disabled(made: World, account: str) -> Iterator[None]:
    """Disable all rules of orgdns in an account and region."""
    events = made.client("events", account, REGION)
    names = [rule["Name"] for rule in events.list_rules(NamePrefix=NAMES.installation)["Rules"]]
    assert names
    for name in names:
        events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in names:
            events.enable_rule(Name=name)


def minutes_until(made: World, reached: Callable[[], bool], most: int) -> int:
    """Let time pass until something is so; after how many minutes it was."""
    for minute in range(most):
        if reached():
            return minute
        made.pass_time(1)
    assert reached(), (told(made), firing(made))
    return most
