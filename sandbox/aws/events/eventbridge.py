"""EventBridge: PutEvents, and the path of an event from a bus through rules to targets.

A simulation of what AWS documents in "Sending and receiving events between AWS accounts in Amazon EventBridge"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html). Buses, rules and patterns are the
emulator's. Its own delivery is not used, because it rewrites the envelope and ignores policies.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Protocol

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend
from moto.events.responses import EventsHandler

from sandbox.aws.bridge import replaced
from sandbox.aws.events.delivery import Undeliverable, bus_admits, bus_arn, bus_of, check_forwarding, group_of, send
from sandbox.aws.events.envelope import Event, event_of, timestamp
from sandbox.aws.events.trails import user_identity
from sandbox.aws.iam.guard import account_of
from sandbox.aws.partition import arn_of
from sandbox.clock import Clock, RealClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# A rule or response of the emulator, which ships no types.
Moto = Any

# PutEvents accepts at most 10 entries in a request
# (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html).
MAX_ENTRIES: Final = 10

# The ARN of the principal whose PutEvents is being answered.
_caller: ContextVar[str | None] = ContextVar("caller", default=None)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """An event that a rule matched but that did not reach its target, with EventBridge's error code and message."""

    event: Event
    rule_arn: str
    target_arn: str
    code: str
    message: str


class Watcher(Protocol):
    """What the router tells whoever measures the rules."""

    def invoked(self, rule: Moto, *, failed: bool) -> None:
        """Tell that a rule invoked a target, or failed permanently."""

    def buried(self, rule: Moto, *, failed: bool) -> None:
        """Tell that an event went to the dead-letter queue of its target, or could not."""


class Router:
    """Moves events through the deployed rules, at once and in order.

    Attributes:
        undelivered: The events that did not reach their target, in order.
        tamper: Injects faults: returns what arrives for each event that one bus sends to another. That may be nothing
            (lost), several events (duplicated), or earlier ones that it kept back (delayed, reordered).
        watcher: Is told what happens to events that a rule matches, if there is one.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.undelivered: list[Undelivered] = []
        self.tamper: Callable[[Event], Iterable[Event]] = lambda event: (event,)
        self.watcher: Watcher | None = None
        self._clock = clock or RealClock()
        self._lock = RLock()

    def emit(self, event: Event) -> None:
        """Put an event of an AWS service on the default bus of its account and region."""
        with self._lock:
            self._match(bus_arn(event["account"], event["region"]), event, forwarded=False)

    def arrive(self, arn: str, event: Event) -> None:
        """Deliver an event from another bus to the bus with this ARN, bypassing policies and faults."""
        with self._lock:
            self._match(arn, event, forwarded=True)

    def put_events(
        self, account: str, region: str, entries: Sequence[Mapping[str, Any]], principal_arn: str | None = None
    ) -> list[dict[str, str]]:
        """Put a caller's own events on their buses; PutEvents' response for each.

        The service sets account and region, and refuses the sources of AWS. "PutEventsResultEntry"
        (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html).

        Raises:
            ValidationException: if there are more entries than a request may have.
        """
        if len(entries) > MAX_ENTRIES:
            raise ValidationException(f"Member must have length less than or equal to {MAX_ENTRIES}")
        principal = principal_arn or arn_of("iam", "", account, "root")
        with self._lock:
            return [self._put(account, region, entry, principal) for entry in entries]

    def _put(self, account: str, region: str, entry: Mapping[str, Any], principal: str) -> dict[str, str]:
        name = str(entry.get("EventBusName") or "default")
        arn = name if name.startswith("arn:") else bus_arn(account, region, name)
        if fault := _entry_fault(entry, arn, region):
            return {"ErrorCode": fault[0], "ErrorMessage": fault[1]}
        event = event_of(
            account,
            region,
            time=_time(entry.get("Time") or self._clock.now()),
            source=entry["Source"],
            detail_type=entry["DetailType"],
            detail=json.loads(entry["Detail"]),
            resources=list(entry.get("Resources") or ()),
        )
        # Within an account the caller's identity policy suffices; whoever guards the API call checks it.
        forwarded = account_of(arn) != account
        if forwarded and not bus_admits(arn, event, principal, by_rule=False):
            message = f"User: {principal} is not authorized to perform: events:PutEvents on resource: {arn}"
            return {"ErrorCode": "AccessDeniedException", "ErrorMessage": message}
        self._match(arn, event, forwarded=forwarded)
        return {"EventId": event["id"]}

    def _match(self, arn: str, event: Event, *, forwarded: bool) -> None:
        bus = bus_of(arn)
        for rule in list(bus.rules.values()) if bus else ():
            # A rule without a pattern has a schedule, and matches no event.
            if not rule.state.startswith("ENABLED") or not rule.event_pattern.get_pattern():
                continue
            if rule.event_pattern.matches_event(event):
                for target in list(rule.targets):
                    self._deliver(rule, target, event, forwarded=forwarded)

    def _deliver(self, rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
        failed: Undeliverable | None = None
        try:
            self._reach(rule, target, event, forwarded=forwarded)
        except Undeliverable as fault:
            failed = fault
        if self.watcher:
            self.watcher.invoked(rule, failed=failed is not None)
        if failed:
            self.undelivered.append(Undelivered(event, rule.arn, target["Arn"], failed.code, str(failed)))
            self._bury(rule, target, event, failed)

    def _reach(self, rule: Moto, target: Mapping[str, Any], event: Event, *, forwarded: bool) -> None:
        arn = target["Arn"]
        match arn.split(":")[2]:
            case "events":
                check_forwarding(rule, target, event, forwarded=forwarded)
                for arriving in self.tamper(event):
                    self._match(arn, arriving, forwarded=True)
            case "sqs":
                send(rule, arn, event, group=group_of(target, event))
            case service:
                raise Undeliverable("INTERNAL_ERROR", f"targets of {service} are not simulated")

    def _bury(self, rule: Moto, target: Mapping[str, Any], event: Event, fault: Undeliverable) -> None:
        """Send an undelivered event to the target's dead-letter queue, if it has one that accepts it.

        Missing permissions and missing resources are not retried, so the attributes about retries are left out: "Using
        dead-letter queues to process undelivered events in EventBridge"
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
        lost: Undeliverable | None = None
        try:
            send(rule, queue, event, {key: {"DataType": "String", "StringValue": text} for key, text in texts.items()})
        except Undeliverable as again:
            lost = again
            self.undelivered.append(Undelivered(event, rule.arn, queue, again.code, str(again)))
        if self.watcher:
            self.watcher.buried(rule, failed=lost is not None)


@contextmanager
def events_routed(router: Router) -> Iterator[None]:
    """Answer PutEvents with the router, in process and through the emulator's server, while the context lasts."""
    respond = EventsHandler.put_events

    def put_events_response(response: Moto) -> Moto:
        token = _caller.set(_principal_arn(response.current_account, response.access_key))
        try:
            return respond(response)
        finally:
            _caller.reset(token)

    def put_events(backend: Moto, events: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        return router.put_events(backend.account_id, backend.region_name, events, _caller.get())

    with replaced(EventsHandler, put_events=put_events_response), replaced(EventsBackend, put_events=put_events):
        yield


def _principal_arn(account: str, access_key: str) -> str:
    """The ARN that policies name for a caller: for a session, that of its role."""
    identity = user_identity(account, access_key)
    return str(identity.get("sessionContext", {}).get("sessionIssuer", identity)["arn"])


def _time(moment: float | str) -> str:
    return moment if isinstance(moment, str) else timestamp(moment)


def _entry_fault(entry: Mapping[str, Any], arn: str, region: str) -> tuple[str, str] | None:
    """PutEvents' error code and message for an entry, or None if the entry is valid."""
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
