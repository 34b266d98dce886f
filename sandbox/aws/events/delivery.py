"""Checks whether EventBridge may deliver an event to another account's bus or to a queue.

A simulation; each check cites its source. Buses, roles and queues are the emulator's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from moto.events.models import events_backends
from moto.sqs.models import sqs_backends

from sandbox.aws.iam.evaluation import Request, identity_allows, resource_allows
from sandbox.aws.iam.guard import account_of, deployed_role, identity_documents, trust_document
from sandbox.aws.iam.keys.access import service_may_send
from sandbox.aws.organization import organization_context
from sandbox.aws.partition import arn_of, is_arn_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.events.envelope import Event

# A rule or bus of the emulator, which ships no types.
Moto = Any

SERVICE: Final = "events.amazonaws.com"


class Undeliverable(Exception):
    """An event cannot reach a target; `code` is EventBridge's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def bus_arn(account: str, region: str, name: str = "default") -> str:
    """The ARN of an event bus."""
    return arn_of("events", region, account, f"event-bus/{name}")


def bus_of(arn: str) -> Moto:
    """The bus with this ARN, or None."""
    _, _, _, region, account, resource = arn.split(":", 5)
    if not is_arn_of("events", arn):
        return None
    return events_backends[account][region].event_buses.get(resource.removeprefix("event-bus/"))


def bus_admits(arn: str, event: Event, principal_arn: str, *, by_rule: bool) -> bool:
    """Whether the bus's own policy allows the principal to put this event.

    "Using IAM policy conditions in Amazon EventBridge"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html).
    """
    bus = bus_of(arn)
    if bus is None or bus.policy is None:
        return False
    account = account_of(principal_arn)
    context = {
        "aws:PrincipalArn": principal_arn,
        "aws:PrincipalAccount": account,
        "events:source": event["source"],
        "events:detail-type": event["detail-type"],
        "events:eventBusInvocation": "true" if by_rule else "false",
        **organization_context(account, "Principal"),
    }
    return resource_allows(json.loads(bus.policy), Request(principal_arn, account, "events:PutEvents", arn, context))


def check_forwarding(rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
    """Check that a rule may send the event to another bus.

    An event that came from another bus goes no further: "EventBridge can't route events received from a sender event
    bus to a third event bus" (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html). A target
    needs a role if the bus is open to an organization
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html); the router always requires one.

    Raises:
        Undeliverable: if it may not.
    """
    arn, role_arn = target["Arn"], target.get("RoleArn") or ""
    if forwarded:
        elsewhere = "ACCOUNT" if account_of(arn) != rule.account_id else "REGION"
        raise Undeliverable(f"THIRD_{elsewhere}_HOP_DETECTED", f"the event already came from another bus: {arn}")
    if bus_of(arn) is None:
        raise Undeliverable("NO_RESOURCE", f"there is no event bus {arn}")
    role = deployed_role(role_arn) if role_arn else None
    if role is None or account_of(role_arn) != rule.account_id:
        raise Undeliverable("FAILED_TO_ASSUME_ROLE", f"the target has no role of the rule's account: {role_arn!r}")
    # Both keys, as in "Cross-service confused deputy prevention"
    # (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html).
    context = {"aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account_id}
    assuming = Request(SERVICE, "", "sts:AssumeRole", role_arn, context)
    if not resource_allows(trust_document(role), assuming):
        raise Undeliverable("FAILED_TO_ASSUME_ROLE", f"{role_arn} does not trust {SERVICE}")
    if not identity_allows(identity_documents(role), Request(role_arn, rule.account_id, "events:PutEvents", arn)):
        raise Undeliverable("NO_PERMISSIONS", f"the policies of {role_arn} do not allow events:PutEvents on {arn}")
    if account_of(arn) != rule.account_id and not bus_admits(arn, event, role_arn, by_rule=True):
        raise Undeliverable("NO_PERMISSIONS", f"the policy of {arn} does not admit the event from {role_arn}")


def group_of(target: Mapping[str, Any], event: Event) -> str | None:
    """The MessageGroupId of the messages to a target that is a queue, or None.

    A text that starts with `$.` is a path into the event. AWS announced fair queues as targets in November 2025
    (https://aws.amazon.com/about-aws/whats-new/2025/11/amazon-eventbridge-sqs-fair-queue-targets/). That a path is
    resolved was shown by an example (https://dev.classmethod.jp/articles/eventbridge-sqs-fair-queue-targets), and is
    not documented ("SqsParameters", https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html).

    Raises:
        Undeliverable: if the path does not lead to a text. What EventBridge does then is not documented, either.
    """
    group: str | None = (target.get("SqsParameters") or {}).get("MessageGroupId")
    if not group or not group.startswith("$."):
        return group
    value: Any = event
    for key in group.removeprefix("$.").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise Undeliverable("INTERNAL_ERROR", f"the event has no text at {group}")
    return value


def send(
    rule: Moto, arn: str, event: Event, attributes: Mapping[str, Any] | None = None, group: str | None = None
) -> None:
    """Send the event to a queue of the rule's account and region, if the queue's policy allows EventBridge to.

    "Amazon SQS permissions"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
    """
    _, _, _, region, account, name = arn.split(":", 5)
    if (account, region) != (rule.account_id, rule.region_name):
        raise Undeliverable("NO_RESOURCE", f"the queue is not in the rule's account and region: {arn}")
    backend = sqs_backends[account][region]
    queue = backend.queues.get(name)
    if queue is None:
        raise Undeliverable("NO_RESOURCE", f"there is no queue {arn}")
    source = {"aws:SourceArn": rule.arn, "aws:SourceAccount": account}
    request = Request(SERVICE, "", "sqs:SendMessage", arn, source)
    if queue.policy is None or not resource_allows(json.loads(queue.policy), request):
        raise Undeliverable("NO_PERMISSIONS", f"the policy of {arn} does not let {SERVICE} send for {rule.arn}")
    if not service_may_send(SERVICE, arn, source):
        raise Undeliverable(
            "NO_PERMISSIONS", f"the policy of the key of {arn} does not let {SERVICE} use it for {rule.arn}"
        )
    backend.send_message(name, json.dumps(event, separators=(",", ":")), dict(attributes or {}), group_id=group)
