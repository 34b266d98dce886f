"""What zones held under names, as a machine records it itself, and what history keeps of it and answers.

The machine knows when a zone changed and who did that. So it knows the times of which history may say that it does not
know: everything else it must know, and what it says must be what the zone held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.ledger.history.images import UNSETTLED, kept_of
from hub.runtime.aws.ledger.rows import name_key_of, name_pk
from hub.runtime.aws.ledger.zone.published import published_key, published_of, published_row
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.history.entry import Entry, Mark, MarkKind
from hub.runtime.history.timeline import Period, held_at, timeline
from hub.runtime.model.names import NEVER, Millis, NameKey, Published, RecordSet
from hub.runtime.model.reasons.evidence import Evidence
from hub.runtime.model.status import ZoneStatus

Item = dict[str, Any]
Held = tuple[RecordSet, ...]
# From a time and before another; None for the end of time.
Window = tuple[Millis, Millis | None]
_NONE = Evidence()


@dataclass(frozen=True, slots=True)
class Put:
    """A row with what is published, when it was written, and whether the zone held what it says."""

    at: Millis
    published: Published
    right: bool

    @property
    def evidence(self) -> Evidence:
        return self.published.evidence or _NONE


@dataclass(slots=True)
class Past:
    """The past of the zones, and of the ledger.

    `held` has what orgdns had under each name after each change, and since when, whoever made the change. `ours` are
    the times of the publisher's changes.
    """

    clock: Callable[[], Millis]
    held: dict[NameKey, list[tuple[Millis, Held]]] = field(default_factory=dict)
    ours: set[Millis] = field(default_factory=set)
    puts: defaultdict[NameKey, list[Put]] = field(default_factory=lambda: defaultdict(list))
    lost: list[Millis] = field(default_factory=list)
    entries: defaultdict[NameKey, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    marks: list[Mark] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # What the ledger writes.

    def wrote(self, key: NameKey, before: tuple[Published, Millis] | None, after: Published) -> Millis:
        """Take the row of a name that is written now, over another one; return when that is."""
        at = self.clock()
        images = {"OldImage": before, "NewImage": (after, at)}
        rows = {name: written(published_row(key, one[0]) | {"at": one[1]}) for name, one in images.items() if one}
        self.record(written(published_key(key)), rows, at)
        return at

    def record(self, keys: Item, images: Item, at: Millis) -> None:
        """Take a record of the ledger's stream."""
        change = {"Keys": keys, "SequenceNumber": str(next(self.numbers)), "ApproximateCreationDateTime": at // 1_000}
        kept = kept_of({"eventID": "1", "dynamodb": change | images})
        assert not isinstance(kept, Unreadable), kept
        if isinstance(kept, Entry):
            self.entries[kept.key].append(kept)
        elif kept:
            self.marks.append(kept)
        if keys[contract.SORT_KEY]["S"] == contract.PUBLISHED_KEY and "NewImage" in images:
            key = name_key_of(keys[contract.PARTITION_KEY]["S"])
            published = published_of(key, read(images["NewImage"]))
            self.puts[key].append(Put(at, published, set(published.record_sets) == set(self.at(key, at))))

    def mark(self, kind: MarkKind, subject: str = "", at: Millis | None = None, why: str = "") -> None:
        """Take a mark that a row of another kind gives."""
        now = self.clock()
        self.marks.append(Mark(str(next(self.numbers)), kind, now if at is None else at, subject, why=why, until=now))

    def audited(self, status: ZoneStatus) -> None:
        """Take that an audit is complete."""
        unmarked = status.pending_names or status.unreadable or dict(status.differences).get(UNSETTLED)
        self.mark(MarkKind.AUDIT, status.zone_id, status.audited_at, "unmarked" if unmarked else "")

    def differs(self, key: NameKey) -> None:
        """Take the mark of an audit at a name."""
        self.mark(MarkKind.DIFFERENCE, name_pk(key))

    def lose(self) -> None:
        """Take that the ledger is lost now."""
        self.lost.append(self.clock())

    # What is right.

    def at(self, key: NameKey, at: Millis) -> Held:
        """What orgdns had under a name at a time."""
        return next((held for since, held in reversed(self.held.get(key, ())) if since <= at), ())

    def unknown(self, key: NameKey) -> list[Window]:
        """The times of which history may say that it does not know what the zone held under a name."""
        puts = self.puts[key]
        known = next((put.at for put in puts if put.evidence.seen and not put.published.pending), None)
        windows: list[Window] = [(NEVER, known)]
        noted = {put.evidence.accepted for put in puts}
        for at, _ in self.held.get(key, ()):
            before = [put.evidence for put in puts if put.at < at]
            if at not in self.ours:
                # A person's change: it may have come right after what the ledger saw last.
                windows.append((Millis(before[-1].seen if before else NEVER), self._found(key, at)))
            elif at not in noted:
                # The worker ended, or its note or the answer was lost. Somebody may have made the same change before.
                windows.append((Millis(before[-1].seen), self._found(key, at)))
        for at in self.lost:
            kept = [entry.seen for entry in self.entries[key] if entry.at <= at]
            windows.append((kept[-1] if kept else NEVER, self._found(key, at)))
        return windows

    def _found(self, key: NameKey, at: Millis) -> Millis | None:
        """When the ledger had again what the zone holds, and had seen it there, after a time.

        That a name held nothing before its first change is not kept: the change follows.
        """
        seen = (put for put in self.puts[key] if put.right and put.evidence.seen >= at)
        return next((put.at for put in seen if put.published.record_sets or not put.published.pending), None)

    def check(self, current: Callable[[NameKey], Published | None]) -> None:
        """Compare what history answers of each name and time with what the zones held."""
        now = self.clock()
        for key in sorted({*self.held, *self.puts}):
            periods = timeline(key, self.entries[key], self.marks, current(key), now)
            allowed = self.unknown(key)
            for at in self._times(key, periods, now):
                period = held_at(periods, at)
                if period.record_sets is None:
                    assert any(since <= at and (until is None or at < until) for since, until in allowed), (
                        f"{key.fqdn} is not known at {at}: {period.reason}\n{self.told(key, periods)}"
                    )
                else:
                    assert set(period.record_sets) == set(self.at(key, at)), (
                        f"{key.fqdn} is wrong at {at}\n{self.told(key, periods)}"
                    )

    def _times(self, key: NameKey, periods: Iterable[Period], now: Millis) -> list[Millis]:
        """All times at which something changed, and those right before, after and between."""
        changed = {at for at, _ in self.held.get(key, ())} | {put.at for put in self.puts[key]} | {now}
        changed |= {period.since for period in periods}
        near = sorted({at + step for at in changed for step in (-1, 0, 1) if at + step >= 0})
        between = {(first + second) // 2 for first, second in pairwise(near)}
        return [Millis(at) for at in sorted({*near, *between}) if at <= now]

    def told(self, key: NameKey, periods: Iterable[Period]) -> str:
        """The past of a name, for a person."""
        return "\n".join(
            [
                "the zone:",
                *(
                    f"  {at} {'ours' if at in self.ours else 'by hand'} {_short(held)}"
                    for at, held in self.held.get(key, ())
                ),
                f"lost: {self.lost}",
                "rows:",
                *(
                    f"  {put.at} {'pending' * put.published.pending} {_short(put.published.record_sets)} {put.evidence}"
                    for put in self.puts[key]
                ),
                "entries:",
                *(
                    f"  {each.id} {each.since}..{each.at} ({each.seen}) {_short(each.before)} -> {_short(each.after)}"
                    for each in self.entries[key]
                ),
                "marks:",
                *(f"  {mark.kind} {mark.at} {mark.until} {mark.subject} {mark.why}" for mark in self.marks),
                "answers:",
                *(f"  {each.since}..{each.until} {each.reason or _short(each.record_sets or ())}" for each in periods),
                f"may be unknown: {self.unknown(key)}",
            ]
        )


def _short(record_sets: Iterable[RecordSet]) -> str:
    return (
        "[" + ", ".join(f"{each.type} {each.holder[:3]}/{each.holder[-3:]} {each.values}" for each in record_sets) + "]"
    )
