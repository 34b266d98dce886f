"""Brings names back from the backlog at the pace that Route 53's quota leaves; over ports.

It writes a row for each name, so that the publisher of the shard that has the name's claims publishes it, after what
changed before. It sends nothing to the queue itself: Lambda stops a function that a queue invokes, and that sends to
the same queue, after some 16 rounds ("Use Lambda recursive loop detection to prevent infinite loops",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.backlog.turnstile import FEW_NAMES
from hub.runtime.publisher.foreign import READ_ONE_BY_ONE, ZoneReading, foreign_names
from hub.runtime.publisher.run import CALL_SECONDS
from hub.runtime.rate_limit import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import NameKey
    from hub.runtime.model.tasks import DeferredName, Release
    from hub.runtime.ports import Clock
    from hub.runtime.publisher.ports import BacklogRows, Turns, Zones

    # A name, and the account because of which it is in the backlog.
    _Name = tuple[DeferredName, str]

# Seconds. A part of a release that finds no tokens in this time goes in halves, one after the other: smaller calls of
# others are faster. A single name waits for longer.
PART_WAIT: Final = 15.0
# What a release keeps of its run's time, beside the time for a call, when it reads zones, and the least time for that.
KEPT_SECONDS: Final = 2 * PART_WAIT
READ_SECONDS: Final = 60.0
# No further messages are received if fewer seconds than this remain beside the time for a call.
FURTHER_SECONDS: Final = 60.0
# So few names of quiet accounts come back before the others of a release.
FEW_QUIET_NAMES: Final = 20

Further = Callable[[int], "Mapping[str, Release]"]


def _no_further(_names: int) -> Mapping[str, Release]:
    return {}


@dataclass(frozen=True, slots=True)
class Releaser:
    """Brings names back. A release has up to `most` names: as many as the pace lets through in some seconds.

    It reads a zone once for all names that come back soon, and for those that are prompt meanwhile: the shards of the
    stream, which get a few names each, would read one name after another.
    """

    rows: BacklogRows
    turns: Turns
    most: int
    zones: Zones
    clock: Clock

    def release(
        self, messages: Mapping[str, Release], deadline: Deadline, further: Further = _no_further
    ) -> dict[str, str]:
        """Bring back the names of messages; return the messages that must come again, each with the reason.

        `further` receives messages with up to so many names, when the turn of the release has come, and perhaps a few
        more. Few names of quiet accounts come first, and do not wait for that turn.
        A name that is in several messages comes back once. If the worker is killed, all messages come again, and some
        names come back twice, which changes nothing.
        """
        released: set[NameKey] = set()
        quiet, others = _divided(_merged(messages))
        reason = self._bring_back(quiet, released, deadline)
        if others and not reason:
            reason = self._turn(deadline)
            if not reason:
                more = further(self.most - len(others)) if deadline.allows(CALL_SECONDS + FURTHER_SECONDS) else {}
                # What came back a moment ago may have changed and be here again.
                released -= {name.key for release in more.values() for name in release.names}
                messages = {**messages, **more}
                quiet, others = _divided([each for each in _merged(messages) if each[0].key not in released])
                reason = self._bring_back(quiet, released, deadline) or self._bring_back(others, released, deadline)
        return {
            message_id: reason
            for message_id, release in messages.items()
            if any(name.key not in released for name in release.names)
        }

    def _turn(self, deadline: Deadline) -> str:
        """Wait for the turn of a release; return why it cannot begin, or an empty text."""
        try:
            self.turns.take(Demand.release_turn(), max(0.0, deadline.seconds_left() - CALL_SECONDS))
        except (NoTurn, LedgerUnavailable, Outdated) as failure:
            return str(failure)
        return ""

    def _bring_back(self, names: list[_Name], released: set[NameKey], deadline: Deadline) -> str:
        """Bring names back, and add them to `released`; return why some are left, or an empty text."""
        parts = deque(map(list, chunks(names, self.most)))
        while parts:
            part = parts.popleft()
            try:
                reason = self._released(part, deadline)
            except NoTurn as no_turn:
                if len(part) > 1 and deadline.allows(CALL_SECONDS):
                    parts.extendleft([part[len(part) // 2 :], part[: len(part) // 2]])
                    continue
                reason = f"no tokens of Route 53's quota were left for it: {no_turn}"
            if reason:
                return reason
            released.update(name.key for name, _ in part)
        return ""

    def _released(self, part: list[_Name], deadline: Deadline) -> str:
        """Bring names back when their tokens are there; return why not, or an empty text. Raises NoTurn."""
        if not deadline.allows(CALL_SECONDS):
            return "no time is left in this run"
        try:
            # Before the wait, so that others get the tokens meanwhile: a reading counts for longer than the wait.
            self._read_zones(part, deadline)
            longest = max(0.0, deadline.seconds_left() - CALL_SECONDS)
            self.turns.take(Demand.release(len(part)), min(PART_WAIT, longest) if len(part) > 1 else longest)
            self.rows.release(part)
        except (LedgerUnavailable, Outdated) as unavailable:
            return str(unavailable)
        return ""

    def _read_zones(self, part: list[_Name], deadline: Deadline) -> None:
        """Read each zone in which more names come back than the publisher reads one by one.

        Without a reading, the publisher reads names until their tokens are used up.
        """
        names = Counter(name.key.zone_id for name, _ in part if not name.marked)
        for zone_id in (zone_id for zone_id, number in names.items() if number > READ_ONE_BY_ONE):
            before = self.rows.reading(zone_id)
            if before and before.suffices(self.clock()):
                continue
            # A zone that cannot be read in this time is not read again soon: its names come back without a reading.
            if deadline.allows(CALL_SECONDS + KEPT_SECONDS + READ_SECONDS):
                self._read_zone(zone_id, before, deadline)

    def _read_zone(self, zone_id: str, before: ZoneReading | None, deadline: Deadline) -> None:
        began = self.clock()
        if before:
            # The other runs go on with it, as long as it counts.
            self.rows.put_reading(zone_id, replace(before, replacing=True))

        def in_time() -> bool:
            return deadline.allows(CALL_SECONDS + KEPT_SECONDS)

        with suppress(ZoneUnavailable, ZoneClosed):
            foreign = foreign_names(takewhile(lambda _: in_time(), self.zones.listing(zone_id)))
            # The time after it, as if the publisher had read the zone: to list a large zone takes a minute.
            at = self.clock()
            if foreign is not None and in_time():
                self.rows.put_reading(zone_id, ZoneReading(at, foreign, at - began))
            elif not (before and before.counts(at)):
                self.rows.put_reading(zone_id, ZoneReading(at, frozenset(), at - began, whole=False))


def _divided(names: list[_Name]) -> tuple[list[_Name], list[_Name]]:
    """Return the names of accounts with few names, if they are few and there are others beside them, and the others."""
    numbers = Counter(account for _, account in names)
    quiet = [each for each in names if numbers[each[1]] <= FEW_NAMES]
    if len(quiet) > min(FEW_QUIET_NAMES, len(names) - 1):
        return [], names
    return quiet, [each for each in names if numbers[each[1]] > FEW_NAMES]


def _merged(messages: Mapping[str, Release]) -> list[_Name]:
    """Return each name once, accounts with few names first.

    Each has its first change and the account with the most names; it is marked, if it is anywhere.
    """
    numbers: Counter[str] = Counter()
    for release in messages.values():
        numbers[release.account] += len(release.names)
    merged: dict[NameKey, _Name] = {}
    for release in sorted(messages.values(), key=lambda each: numbers[each.account]):
        for name in release.names:
            before, _ = merged.get(name.key, (name, ""))
            at, marked = min(before.changed_at, name.changed_at), before.marked or name.marked
            merged[name.key] = (replace(name, changed_at=at, marked=marked), release.account)
    return [*merged.values()]
