"""Answers from history: the periods of names, and who had an instance's or an address's names at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.history.entry import MarkKind
from hub.runtime.history.timeline import held_at
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.reasons.cause import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hub.runtime.history.entry import Entry, Mark
    from hub.runtime.history.timeline import Period
    from hub.runtime.model.names import NameKey, RecordSet

PAUSED: Final = "publishing was paused, so names may lead to instances that no longer had the address"
NOT_FOLLOWED: Final = "the path of events stood still, or nothing was kept"
# What a cause is called. An event of EC2 is one of the instance in `by`.
_CAUSES: Final = {
    Cause.START: "started",
    Cause.STOP: "stopped",
    Cause.TAGS: "its tags changed",
    Cause.END: "ended",
    Cause.SWEEP: "a sweep found it",
    Cause.CALL: "a sweep after a call of the account found it",
    Cause.POLICY: "the policy changed",
    Cause.APPROVAL: "a person approved it",
    Cause.AUDIT: "an audit repaired it",
}
# What people did, or had orgdns do.
ACTIONS: Final = frozenset({MarkKind.PAUSE, MarkKind.RESUME, MarkKind.APPROVE, MarkKind.REQUEST, MarkKind.DEPLOY})


@dataclass(frozen=True, slots=True)
class NameHistory:
    """The periods of a name in a zone, from the first to the last."""

    key: NameKey
    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """When history followed what happened: the times between heartbeats, and those of pauses, in order.

    A pause that goes on has no end.
    """

    covered: tuple[tuple[Millis, Millis], ...]
    pauses: tuple[tuple[Millis, Millis | None], ...]

    @classmethod
    def of(cls, covered: tuple[tuple[Millis, Millis], ...], marks: Iterable[Mark], now: Millis, slack: int) -> Known:
        """What these marks say. The last heartbeat counts for `slack` milliseconds more: the next one is on its way."""
        kinds = {MarkKind.PAUSE, MarkKind.RESUME}
        pauses: list[tuple[Millis, Millis | None]] = []
        for mark in sorted((each for each in marks if each.kind in kinds), key=lambda mark: (mark.at, mark.id)):
            going_on = bool(pauses) and pauses[-1][1] is None
            if mark.kind is MarkKind.PAUSE and not going_on:
                pauses.append((mark.at, None))
            elif mark.kind is MarkKind.RESUME and going_on:
                pauses[-1] = (pauses[-1][0], mark.at)
        times = list(covered)
        if times and now - times[-1][1] <= slack:
            times[-1] = (times[-1][0], now)
        return cls(tuple(times), tuple(pauses))

    def unknown(self, at: Millis) -> str:
        """Why it is not known at a time which instance had an address; empty if it is known."""
        if not self.covered or at < self.covered[0][0]:
            return "nothing is kept from before that"
        if not any(first <= at <= last for first, last in self.covered):
            return NOT_FOLLOWED
        return PAUSED if self.paused(at) else ""

    def paused(self, at: Millis) -> bool:
        """Whether publishing was paused at a time."""
        return any(first <= at and (last is None or at < last) for first, last in self.pauses)


@dataclass(frozen=True, slots=True)
class Use:
    """A name held record sets of the subject in a period: an instance, or values that contain an address.

    If `record_sets` is None, it is not known whether it did, and `reason` says why.
    """

    key: NameKey
    since: Millis
    until: Millis | None
    record_sets: tuple[RecordSet, ...] | None
    why: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Who had the subject at a time: the uses then, or why that is not known."""

    at: Millis
    uses: tuple[Use, ...] = ()
    unknown: str = ""


def uses_of_name(name: NameHistory) -> tuple[Use, ...]:
    """All periods of a name."""
    return tuple(_use(name.key, period) for period in name.periods)


def uses_of(names: Iterable[NameHistory], subject: str) -> tuple[Use, ...]:
    """The periods in which names led to an instance, given by its id, or to an address, and those that are unknown."""
    found: list[Use] = []
    for name in names:
        for use in uses_of_name(name):
            if use.record_sets is None:
                found.append(use)
                continue
            own = tuple(each for each in use.record_sets if has(each, subject))
            if own:
                found.append(Use(use.key, use.since, use.until, own, use.why))
    return tuple(sorted(joined(found), key=lambda use: (use.since, use.key)))


def has(record_set: RecordSet, subject: str) -> bool:
    """Whether a record set is of an instance, or has an address."""
    ref = record_set.instance
    return (ref is not None and ref.id == subject) or subject in record_set.values


def joined(uses: Iterable[Use]) -> list[Use]:
    """Uses in which the subject has the same under a name, one right after the other, as one use."""
    found: list[Use] = []
    for use in uses:
        last = found[-1] if found else None
        same = last and (last.key, last.record_sets, last.reason) == (use.key, use.record_sets, use.reason)
        if last and same and last.until == use.since:
            found[-1] = Use(last.key, last.since, use.until, last.record_sets, last.why, last.reason)
        else:
            found.append(use)
    return found


def name_at(names: Sequence[NameHistory], at: Millis) -> tuple[Answer, ...]:
    """What each zone held under a name at a time."""
    answers: list[Answer] = []
    for name in names:
        period = held_at(name.periods, at)
        answers.append(Answer(at, (_use(name.key, period),), period.reason if period.record_sets is None else ""))
    return tuple(answers)


def subject_at(names: Sequence[NameHistory], subject: str, known: Known, at: Millis) -> Answer:
    """Which names led to an instance or an address at a time, and with them which instance had the address.

    There is one answer, or it is not known: if history did not follow, if publishing was paused, or if what a name
    held that led to the subject at another time is not known, and no name is known that did.
    """
    if unknown := known.unknown(at):
        return Answer(at, unknown=unknown)
    uses = [use for use in uses_of(names, subject) if use.since <= at and (use.until is None or at < use.until)]
    found = tuple(use for use in uses if use.record_sets is not None)
    if found:
        return Answer(at, found)
    reasons = sorted({f"{use.key.fqdn} {use.reason}" for use in uses})
    return Answer(at, unknown="; ".join(reasons))


def actions(marks: Iterable[Mark], since: Millis = NEVER) -> tuple[Mark, ...]:
    """What people did since a time, in order."""
    found = {mark.id: mark for mark in marks if mark.kind in ACTIONS and mark.at >= since}
    return tuple(sorted(found.values(), key=lambda mark: (mark.at, int(mark.id))))


def action_of(mark: Mark) -> tuple[str, str]:
    """What a person did, and what it was about: the mark of a request has both in its subject."""
    if mark.kind is not MarkKind.REQUEST:
        return mark.kind.value, mark.subject
    action, _, subject = mark.subject.partition(" ")
    return action, subject


def _use(key: NameKey, period: Period) -> Use:
    return Use(key, period.since, period.until, period.record_sets, _why(period), period.reason)


def _why(period: Period) -> str:
    """Why a period began, in words; empty if that is not known."""
    entry = period.entry
    if entry is None or period.record_sets is None or entry.at != period.since:
        return ""
    parts = [_cause(entry)]
    if entry.found:
        parts = ["somebody else changed it, or a run of orgdns was interrupted"]
    before = sorted({each.holder for each in entry.before if each.holder})
    after = sorted({each.holder for each in entry.after if each.holder})
    if before and after and not set(before) & set(after):
        parts.append(f"handed over from {', '.join(before)}")
    return "; ".join(filter(None, parts))


def _cause(entry: Entry) -> str:
    cause = _CAUSES.get(entry.cause, "")
    return f"{entry.by}: {cause}" if cause and entry.by else cause
