"""EventBridge's delivery: from a bus by its rules to another account's bus or to a queue, as far as policies allow.

A simulation of what AWS documents in "Sending and receiving events between AWS accounts in Amazon EventBridge"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html). Buses, rules and patterns are the
emulator's; its own delivery rewrites the envelope and heeds no policy, and is not used.
"""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, events_backends
from moto.events.responses import EventsHandler
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends
from moto.sts.models import sts_backends

from sandbox.clock import Clock, RealClock
from sandbox.guard import account_of, deployed_role, identity_documents, trust_document
from sandbox.iam import Request, identity_allows, resource_allows
from sandbox.organization import PARTITION, organization_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Event = dict[str, Any]
# A rule, target, bus or response of the emulator, which ships no types.
Moto = Any

SERVICE: Final = "events.amazonaws.com"
# PutEvents takes at most 10 entries a request
# (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
MAX_ENTRIES: Final = 10

# The ARN of the principal whose PutEvents is being answered.
_caller: ContextVar[str | None] = ContextVar("caller", default=None)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An event that a rule matched and that did not reach its target, with EventBridge's error code and why."""

    event: Event
    rule_arn: str
    target_arn: str
    code: str
    message: str


class _Undeliverable(Exception):  # noqa: N818 - an error names the state
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Router:
    """Moves events through the rules that are deployed, at once and in order.

    Attributes:
        undelivered: What did not reach its target, in order.
        tamper: A fault on purpose: what really arrives for each event that one bus sends to another. It may return
            none (lost), several (duplicated), or earlier ones that it held back (delayed, reordered).
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.undelivered: list[Undelivered] = []
        self.tamper: Callable[[Event], Iterable[Event]] = lambda event: (event,)
        self._clock = clock or RealClock()
        self._lock = RLock()

    def emit(self, event: Event) -> None:
        """Take an event of an AWS service to the default bus of its account and region."""
        with self._lock:
            self._match(bus_arn(event["account"], event["region"]), event, forwarded=False)

    def arrive(self, arn: str, event: Event) -> None:
        """Let an event that another bus sent arrive at the bus of this ARN, past all policies and faults."""
        with self._lock:
            self._match(arn, event, forwarded=True)

    def put_events(
        self, account: str, region: str, entries: Sequence[Mapping[str, Any]], principal_arn: str | None = None
    ) -> list[dict[str, str]]:
        """Take a caller's own events, and return PutEvents' answer for each.

        Account and region are the service's to set; sources of AWS are refused. "PutEventsResultEntry"
        (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).

        Raises:
            ValidationException: There are more entries than a request may have.
        """
        if len(entries) > MAX_ENTRIES:
            raise ValidationException(f"Member must have length less than or equal to {MAX_ENTRIES}")
        principal = principal_arn or f"arn:aws:iam::{account}:root"
        with self._lock:
            return [self._put(account, region, entry, principal) for entry in entries]

    def _put(self, account: str, region: str, entry: Mapping[str, Any], principal: str) -> dict[str, str]:
        name = str(entry.get("EventBusName") or "default")
        arn = name if name.startswith("arn:") else bus_arn(account, region, name)
        if fault := _entry_fault(entry, arn, region):
            return {"ErrorCode": fault[0], "ErrorMessage": fault[1]}
        event: Event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": account,
            "time": _time(entry.get("Time") or self._clock.now()),
            "region": region,
            "resources": list(entry.get("Resources") or ()),
            "detail": json.loads(entry["Detail"]),
        }
        # Within an account the caller's identity policy suffices, and that is for whoever guards the API call.
        forwarded = account_of(arn) != account
        if forwarded and not _bus_admits(arn, event, principal, by_rule=False):
            message = f"User: {principal} is not authorized to perform: events:PutEvents on resource: {arn}"
            return {"ErrorCode": "AccessDeniedException", "ErrorMessage": message}
        self._match(arn, event, forwarded=forwarded)
        return {"EventId": event["id"]}

    def _match(self, arn: str, event: Event, *, forwarded: bool) -> None:
        bus = _bus(arn)
        for rule in list(bus.rules.values()) if bus else ():
            # A rule without a pattern has a schedule, and no event concerns it.
            if not rule.state.startswith("ENABLED") or not rule.event_pattern.get_pattern():
                continue
            if rule.event_pattern.matches_event(event):
                for target in list(rule.targets):
                    self._deliver(rule, target, event, forwarded=forwarded)

    def _deliver(self, rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
        try:
            self._reach(rule, target, event, forwarded=forwarded)
        except _Undeliverable as fault:
            self.undelivered.append(Undelivered(event, rule.arn, target["Arn"], fault.code, str(fault)))
            self._bury(rule, target, event, fault)

    def _reach(self, rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
        arn = target["Arn"]
        match arn.split(":")[2]:
            case "events":
                _check_forwarding(rule, target, event, forwarded=forwarded)
                for arriving in self.tamper(event):
                    self._match(arn, arriving, forwarded=True)
            case "sqs":
                _send(rule, arn, event)
            case service:
                raise _Undeliverable("INTERNAL_ERROR", f"targets of {service} are not simulated")

    def _bury(self, rule: Moto, target: Mapping[str, Any], event: Event, fault: _Undeliverable) -> None:
        """Send an undelivered event to the target's dead-letter queue, if it has one that takes it.

        Missing permissions and missing resources are not retried, so the attributes that tell of retries are left
        out: "Using dead-letter queues to process undelivered events in EventBridge"
        (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
        """
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        texts = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": fault.code,
            "ERROR_MESSAGE": str(fault),
        }
        try:
            _send(rule, queue, event, {key: {"DataType": "String", "StringValue": text} for key, text in texts.items()})
        except _Undeliverable as again:
            self.undelivered.append(Undelivered(event, rule.arn, queue, again.code, str(again)))


@contextmanager
def events_routed(router: Router) -> Iterator[None]:
    """Let the router answer PutEvents, in process and through the emulator's server, while the context lasts."""
    respond, put = EventsHandler.put_events, EventsBackend.put_events

    def put_events_response(response: Moto) -> Moto:
        token = _caller.set(_principal_arn(response.current_account, response.access_key))
        try:
            return respond(response)
        finally:
            _caller.reset(token)

    def put_events(backend: Moto, events: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        return router.put_events(backend.account_id, backend.region_name, events, _caller.get())

    EventsHandler.put_events, EventsBackend.put_events = put_events_response, put_events
    try:
        yield
    finally:
        EventsHandler.put_events, EventsBackend.put_events = respond, put


def bus_arn(account: str, region: str, name: str = "default") -> str:
    """The ARN of an event bus."""
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


def _bus(arn: str) -> Moto:
    """The bus of this ARN, or None when there is none."""
    _, _, _, region, account, resource = arn.split(":", 5)
    return events_backends[account][region].event_buses.get(resource.removeprefix("event-bus/"))


def _principal_arn(account: str, access_key: str) -> str:
    if session := sts_backends[account][PARTITION].get_assumed_role_from_access_key(access_key):
        return str(session.role_arn)
    for user in iam_backends[account][PARTITION].users.values():
        if any(key.access_key_id == access_key for key in user.access_keys):
            return str(user.arn)
    return f"arn:aws:iam::{account}:root"


def _time(moment: float | str) -> str:
    return moment if isinstance(moment, str) else datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry_fault(entry: Mapping[str, Any], arn: str, region: str) -> tuple[str, str] | None:
    """The error code and message that PutEvents has for an entry, or None when nothing is wrong with it."""
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field):
            return "InvalidArgument", f"Parameter {field} is not valid. Reason: {field} is a required argument."
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return "MalformedDetail", "Detail is malformed."
    if arn.split(":")[3] != region:
        return "InvalidArgument", "Parameter EventBusName is not valid. Reason: the event bus is in another region."
    return None


def _bus_admits(arn: str, event: Event, principal_arn: str, *, by_rule: bool) -> bool:
    """Whether the bus's own policy lets the principal put this event.

    "Using IAM policy conditions in Amazon EventBridge"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html).
    """
    bus = _bus(arn)
    if bus is None or bus.policy is None:
        return False
    account = account_of(principal_arn)
    organization = organization_id(account)
    context = {
        "aws:PrincipalArn": principal_arn,
        "aws:PrincipalAccount": account,
        "events:source": event["source"],
        "events:detail-type": event["detail-type"],
        "events:eventBusInvocation": "true" if by_rule else "false",
        **({"aws:PrincipalOrgID": organization} if organization else {}),
    }
    return resource_allows(json.loads(bus.policy), Request(principal_arn, account, "events:PutEvents", arn, context))


def _check_forwarding(rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
    """Make sure that a rule may send the event to another bus.

    An event that came from another bus goes no further: "EventBridge can't route events received from a sender event
    bus to a third event bus" (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html). Where
    the bus is open to an organization the target needs a role
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html); the router asks for it always.
    """
    arn, role_arn = target["Arn"], target.get("RoleArn") or ""
    if forwarded:
        elsewhere = "ACCOUNT" if account_of(arn) != rule.account_id else "REGION"
        raise _Undeliverable(f"THIRD_{elsewhere}_HOP_DETECTED", f"the event already came from another bus: {arn}")
    if _bus(arn) is None:
        raise _Undeliverable("NO_RESOURCE", f"there is no event bus {arn}")
    role = deployed_role(role_arn) if role_arn else None
    if role is None or account_of(role_arn) != rule.account_id:
        raise _Undeliverable("FAILED_TO_ASSUME_ROLE", f"the target names no role of the rule's account: {role_arn!r}")
    # Both keys, as in "Cross-service confused deputy prevention"
    # (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html).
    context = {"aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account_id}
    assuming = Request(SERVICE, "", "sts:AssumeRole", role_arn, context)
    if not resource_allows(trust_document(role), assuming):
        raise _Undeliverable("FAILED_TO_ASSUME_ROLE", f"{role_arn} does not trust {SERVICE}")
    if not identity_allows(identity_documents(role), Request(role_arn, rule.account_id, "events:PutEvents", arn)):
        raise _Undeliverable("NO_PERMISSIONS", f"the policies of {role_arn} do not allow events:PutEvents on {arn}")
    if account_of(arn) != rule.account_id and not _bus_admits(arn, event, role_arn, by_rule=True):
        raise _Undeliverable("NO_PERMISSIONS", f"the policy of {arn} does not admit the event from {role_arn}")


def _send(rule: Moto, arn: str, event: Event, attributes: Mapping[str, Any] | None = None) -> None:
    """Send the event to a queue of the rule's account and region, if the queue's policy lets EventBridge.

    "Amazon SQS permissions"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
    """
    _, _, _, region, account, name = arn.split(":", 5)
    if (account, region) != (rule.account_id, rule.region_name):
        raise _Undeliverable("NO_RESOURCE", f"the queue is not in the rule's account and region: {arn}")
    backend = sqs_backends[account][region]
    queue = backend.queues.get(name)
    if queue is None:
        raise _Undeliverable("NO_RESOURCE", f"there is no queue {arn}")
    request = Request(SERVICE, "", "sqs:SendMessage", arn, {"aws:SourceArn": rule.arn, "aws:SourceAccount": account})
    if queue.policy is None or not resource_allows(json.loads(queue.policy), request):
        raise _Undeliverable("NO_PERMISSIONS", f"the policy of {arn} does not let {SERVICE} send for {rule.arn}")
    backend.send_message(name, json.dumps(event, separators=(",", ":")), dict(attributes or {}))
