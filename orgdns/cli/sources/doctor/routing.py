"""The queues, schedules and rules of the hub. Each raises what AWS answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orgdns.cli.reports.doctor.facts import Bus, Queue, Rule, Schedule
from orgdns.cli.sources.doctor.reading import missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from hub.runtime.installation import Names


def queues(client: SQSClient, names: Iterable[str]) -> tuple[Queue, ...]:
    """The queues, with what their policies let in."""
    return tuple(_queue(client, name) for name in names)


def schedules(client: Any, schedules: Iterable[str], names: Names) -> tuple[Schedule, ...]:  # noqa: ANN401 - the stubs lack the scheduler
    """The schedules of the hub's group."""
    return tuple(_schedule(client, name, names.schedule_group) for name in schedules)


def bus(client: EventBridgeClient, names: Names) -> Bus:
    """The hub's event bus."""
    try:
        found = client.describe_event_bus(Name=names.event_bus)
    except ClientError as error:
        if missing(error, "ResourceNotFoundException"):
            return Bus(exists=False)
        raise
    statements = _statements(found.get("Policy", ""))
    return Bus(exists=True, statements=frozenset(str(each.get("Sid", "")) for each in statements))


def rules(client: EventBridgeClient, rules: Iterable[str], names: Names) -> tuple[Rule, ...]:
    """The rules of the hub's event bus, with the queues that they send to."""
    return tuple(_rule(client, name, names.event_bus) for name in rules)


def _queue(client: SQSClient, name: str) -> Queue:
    try:
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy", "RedrivePolicy", "KmsMasterKeyId"])
    except ClientError as error:
        if missing(error, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
            return Queue(name, exists=False)
        raise
    attributes = answer.get("Attributes", {})
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    statements = _statements(attributes.get("Policy", ""))
    allowed = [each for each in statements if each.get("Effect") == "Allow" and "events." in json.dumps(each)]
    arns = [arn for each in allowed for arn in _listed(each.get("Condition", {}).get("ArnEquals", {}), "aws:SourceArn")]
    return Queue(
        name,
        exists=True,
        policy=bool(statements),
        senders=frozenset(_last(arn) for arn in arns),
        dead_letters=_last(str(redrive.get("deadLetterTargetArn", ""))),
        key=attributes.get("KmsMasterKeyId", ""),
    )


def _schedule(client: Any, name: str, group: str) -> Schedule:  # noqa: ANN401 - as above
    try:
        found = client.get_schedule(Name=name, GroupName=group)
    except ClientError as error:
        if missing(error, "ResourceNotFoundException"):
            return Schedule(name, "")
        raise
    return Schedule(name, found["State"], _last(found["Target"]["Arn"]))


def _rule(client: EventBridgeClient, name: str, bus_name: str) -> Rule:
    try:
        found = client.describe_rule(Name=name, EventBusName=bus_name)
        targets = client.list_targets_by_rule(Rule=name, EventBusName=bus_name)["Targets"]
    except ClientError as error:
        if missing(error, "ResourceNotFoundException"):
            return Rule(name, "")
        raise
    return Rule(name, found.get("State", ""), tuple(_last(target["Arn"]) for target in targets))


def _statements(policy: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(policy or "{}").get("Statement", [])
    return statements


def _listed(condition: dict[str, Any], key: str) -> list[str]:
    """The values of a key in a policy, which may be one or a list."""
    values = condition.get(key, [])
    return [values] if isinstance(values, str) else list(values)


def _last(arn: str) -> str:
    """The name in an ARN of a queue or a rule."""
    return arn.rpartition(":")[2].rpartition("/")[2]
