"""What history keeps: what zones held under names and since when, and what people and faults did to that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import NEVER
from hub.runtime.model.reasons.cause import Cause

if TYPE_CHECKING:
    from hub.runtime.model.names import InstanceRef, Millis, NameKey, RecordSet


@dataclass(frozen=True, slots=True)
class Entry:
    """The record sets that a zone holds under a name changed.

    It happened after `since` and not after `at`, in milliseconds. The two are equal if Route 53 accepted the change and
    said when (Route 53 API Reference, ChangeInfo: SubmittedAt). They differ if a reading of the zone found it
    (`found`): somebody else changed the name, or the publisher ended between its call and its note. Both may give the
    same record sets, so `since` is when the zone was last known to hold those before, or 0. `before` is what
    the ledger had noted. `rules` are the rules that gave the record sets in `after` to their instances. `by` is the
    instance whose claim changed, if only one did. `id` is the number of the record of the stream, which
    grows with each change of the same name. `seen` is when the zone was last known to hold exactly `after`: at
    that time, or between `since` and `at`, or, if the change left some record sets as they were, earlier; 0 if never.
    """

    id: str
    key: NameKey
    since: Millis
    at: Millis
    before: tuple[RecordSet, ...]
    after: tuple[RecordSet, ...]
    rules: tuple[tuple[InstanceRef, str], ...] = ()
    cause: Cause = Cause.UNKNOWN
    by: InstanceRef | None = None
    found: bool = False
    seen: Millis = NEVER


class MarkKind(StrEnum):
    """What else history keeps."""

    # The path of events and the historian work. Every five minutes.
    HEARTBEAT = "heartbeat"
    # The ledger was made, emptied or restored: what it held before is not known from here on.
    GENERATION = "generation"
    # The row of a name with record sets disappeared: what the zone holds is not known. `subject` is its partition key.
    LOST = "lost"
    # An audit of a zone is complete. `subject` is the zone's id.
    AUDIT = "audit"
    # An audit, or an event of Route 53, found that a name may differ. `subject` is its partition key.
    DIFFERENCE = "difference"
    PAUSE = "pause"
    RESUME = "resume"
    # A person approved removals. `subject` is a spoke or the id of a zone.
    APPROVE = "approve"
    # A person requested something else with the command. `subject` is an `Action`, a space, and what it is about.
    REQUEST = "request"
    # Functions of another version or with another policy run since. `why` has the version.
    DEPLOY = "deploy"


class Action(StrEnum):
    """What people request with the command, except what other rows of the ledger say: pauses, resumes, approvals."""

    SWEEP = "sweep"
    AUDIT = "audit"
    # Events from a dead-letter queue are sent again.
    RESEND = "resend"
    DEPLOY = "deploy"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Mark:
    """What history keeps besides changes of names: when, `by` whom (an ARN) and `why`, as far as that is known.

    An audit began at `at` and had ended by `until`; `why` is empty if the zone held what the ledger says under each
    name of which it did not find a difference.
    """

    id: str
    kind: MarkKind
    at: Millis = NEVER
    subject: str = ""
    by: str = ""
    why: str = ""
    until: Millis = NEVER
