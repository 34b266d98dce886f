"""What a zone held under one name, from when to when, as far as history can prove it. Pure.

The changes of a name form a chain: what one left is what the next one found. History answers what the chain proves, and
says that it does not know where the chain is broken:

| what is there                                         | what is not known                                      |
|-------------------------------------------------------|--------------------------------------------------------|
| the first change                                      | what was before it                                     |
| a change that Route 53 accepted, and that links up    | nothing                                                |
| a change that a reading found                         | from the last proof of what was there, to the reading  |
| a change that does not link up                        | from the last proof of what was there, to that change  |
| another generation of the ledger, or a lost row       | from the last proof before it, to the next one         |
| a ledger that does not say what the last change left  | from the last proof, to the one that the ledger has    |

Proofs are readings, changes that replaced all record sets, and audits that found no difference under the name. That the
same is there as before closes no gap: somebody may have changed it, and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.history.entry import MarkKind
from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hub.runtime.history.entry import Entry, Mark
    from hub.runtime.model.names import NameKey, Published, RecordSet

BEFORE: Final = "nothing is kept from before its first change"
FOUND: Final = "it changed, and a reading of the zone found that later"
BROKEN: Final = "changes in between are not kept"
LOST: Final = "the ledger lost its row"
GENERATION: Final = "the ledger was made anew, emptied or restored"
PENDING: Final = "a change of it is under way"
NO_ROW: Final = "the ledger says nothing of it"


@dataclass(frozen=True, slots=True)
class Period:
    """What a zone held under a name from `since`, and before `until`; None for `until` if it still does.

    `record_sets` is None if that is not known, and `reason` says why. `entry` is the change with which the period
    began, or, if what was held is not known, the one with which that ended.
    """

    since: Millis
    until: Millis | None
    record_sets: tuple[RecordSet, ...] | None
    reason: str = ""
    entry: Entry | None = None


def timeline(
    key: NameKey, entries: Iterable[Entry], marks: Iterable[Mark], current: Published | None, current_at: Millis
) -> tuple[Period, ...]:
    """Return the periods of a name, from the beginning of time on, one right after the other.

    Args:
        key: The name.
        entries: All changes of the name that are kept, in any order; one may come several times.
        marks: Marks of any kind; those of other names and zones do not matter.
        current: What the ledger says of the name; None if it has no row of it.
        current_at: When the ledger was read.
    """
    chain = _in_order(entries)
    proofs = _Proofs.of(key, marks)
    if not chain:
        return tuple(_beginning(proofs, current, current_at))
    gaps = [Period(NEVER, chain[0].at, None, BEFORE, chain[0])]
    held: list[Period] = []
    for entry, following in pairwise(chain):
        gap = _gap(entry, following, proofs)
        held.append(Period(entry.at, gap.since if gap else following.at, entry.after, entry=entry))
        gaps += [gap] if gap else []
    last = chain[-1]
    end = _end(last, proofs, current, current_at)
    held.append(Period(last.at, end.since if end else None, last.after, entry=last))
    if end:
        gaps.append(end)
        if end.until is not None:
            held.append(Period(end.until, None, current.record_sets if current else ()))
    return tuple(_merged(_painted(held, gaps)))


def held_at(periods: Sequence[Period], at: Millis) -> Period:
    """Return the period of a timeline in which a time is."""
    return next(period for period in periods if _covers(period, at))


@dataclass(frozen=True, slots=True)
class _Proofs:
    """What else is known of a name: its zone's audits that found no difference of it, and where its ledger broke."""

    audits: list[Mark] = field(default_factory=list)
    breaks: list[Mark] = field(default_factory=list)

    @classmethod
    def of(cls, key: NameKey, marks: Iterable[Mark]) -> _Proofs:
        partition = f"{contract.NAME_PREFIX}{key.zone_id}#{key.fqdn}"
        audits: list[Mark] = []
        breaks: list[Mark] = []
        differences: list[Millis] = []
        for mark in marks:
            if mark.kind is MarkKind.GENERATION or (mark.kind is MarkKind.LOST and mark.subject == partition):
                breaks.append(mark)
            elif mark.kind is MarkKind.AUDIT and mark.subject == key.zone_id and not mark.why:
                audits.append(mark)
            elif mark.kind is MarkKind.DIFFERENCE and mark.subject == partition:
                differences.append(mark.at)
        clean = [each for each in audits if not any(each.at <= at <= each.until for at in differences)]
        return cls(sorted(clean, key=_at), sorted(breaks, key=_at))

    def broken(self, since: Millis, until: Millis) -> list[Mark]:
        """Where the ledger broke after a time, and not after another."""
        return [mark for mark in self.breaks if since < mark.at <= until]

    def last(self, entry: Entry, before: Millis) -> Millis:
        """The last time before another at which the zone still held what a change left."""
        clean = (audit.at for audit in self.audits if entry.at <= audit.at and audit.until <= before)
        return max((entry.seen, *clean))

    def first(self, after: Millis, seen: int, until: Millis) -> Millis | None:
        """The first time after another at which the zone held what the ledger says until a time; None if none is known.

        `seen` is one that the ledger has.
        """
        found = [audit.at for audit in self.audits if after <= audit.at and audit.until <= until]
        return min([*found, *([Millis(seen)] if after <= seen <= until else [])], default=None)


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in the order of the changes, each once."""
    return sorted({entry.id: entry for entry in entries}.values(), key=lambda entry: int(entry.id))


def _gap(entry: Entry, following: Entry, proofs: _Proofs) -> Period | None:
    """Return what is not known between two changes, or None if they link up."""
    broken = proofs.broken(entry.at, following.at)
    links = set(entry.after) == set(following.before)
    if not broken and links and not following.found:
        return None
    if not (broken or links):
        # An audit may have compared the zone with what a change left that is missing here.
        return Period(entry.seen, following.at, None, BROKEN, following)
    since = proofs.last(entry, broken[0].at if broken else following.at)
    if broken:
        return Period(since, following.at, None, _reason(broken[0]), following)
    # The ledger knows when the window of a found change began.
    return Period(max(since, following.since), following.at, None, FOUND, following)


def _end(last: Entry, proofs: _Proofs, current: Published | None, current_at: Millis) -> Period | None:
    """Return what is not known after the last change, or None if the ledger still says what that left."""
    broken = proofs.broken(last.at, current_at)
    evidence = current.evidence if current else None
    # The row of a name that holds nothing expires.
    same = set(current.record_sets if current else ()) == set(last.after)
    since = proofs.last(last, broken[0].at if broken else current_at) if broken or same else last.seen
    if not broken and same:
        if not (current and current.pending):
            return None
        return Period(max(since, Millis(evidence.sent if evidence else NEVER)), None, None, PENDING)
    after = broken[-1].at if broken else Millis(last.at + 1)
    reason = _reason(broken[0]) if broken else BROKEN if current else NO_ROW
    known = not (current and current.pending) and (broken or current)
    until = proofs.first(after, evidence.seen if evidence else NEVER, current_at) if known else None
    return Period(since, until, None, reason)


def _beginning(proofs: _Proofs, current: Published | None, current_at: Millis) -> Iterator[Period]:
    """Yield the periods of a name of which no change is kept: it holds what the ledger says since the first proof."""
    evidence = current.evidence if current else None
    after = max((mark.at for mark in proofs.breaks), default=Millis(NEVER + 1))
    since = proofs.first(after, evidence.seen if evidence else NEVER, current_at)
    if since is None or (current and current.pending):
        yield Period(NEVER, None, None, BEFORE)
        return
    yield Period(NEVER, since, None, BEFORE)
    yield Period(since, None, current.record_sets if current else ())


def _reason(mark: Mark) -> str:
    return LOST if mark.kind is MarkKind.LOST else GENERATION


def _at(mark: Mark) -> Millis:
    return mark.at


def _painted(held: Sequence[Period], gaps: Sequence[Period]) -> Iterator[Period]:
    """Yield the periods, with the gaps over them: what is not known is not known, whatever else is said of it."""
    painted = [
        *((0, place, each) for place, each in enumerate(gaps)),
        *((1, -place, each) for place, each in enumerate(held)),
    ]
    begins: dict[Millis, list[tuple[int, int, Period]]] = {}
    ends: dict[Millis, list[tuple[int, int, Period]]] = {}
    for each in (each for each in painted if each[2].until is None or each[2].since < each[2].until):
        begins.setdefault(each[2].since, []).append(each)
        if each[2].until is not None:
            ends.setdefault(each[2].until, []).append(each)
    times = sorted({NEVER, *begins, *ends})
    under_way: set[tuple[int, int]] = set()
    by_place = {each[:2]: each[2] for each in painted}
    for since, until in zip(times, [*times[1:], None], strict=True):
        under_way |= {each[:2] for each in begins.get(since, ())}
        under_way -= {each[:2] for each in ends.get(since, ())}
        # A gap, or else the latest change: clocks may differ by some milliseconds.
        first = min(under_way, default=None)
        found = by_place[first] if first else Period(since, until, None, BROKEN)
        yield replace(found, since=since, until=until)


def _covers(period: Period, at: Millis) -> bool:
    return period.since <= at and (period.until is None or at < period.until)


def _merged(periods: Iterable[Period]) -> Iterator[Period]:
    """Yield the periods, those in one that say the same one after the other."""
    last: Period | None = None
    for period in periods:
        if last and (last.record_sets, last.reason, last.entry) == (period.record_sets, period.reason, period.entry):
            last = replace(last, until=period.until)
            continue
        if last:
            yield last
        last = period
    if last:
        yield last
