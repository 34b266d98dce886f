"""Brings names back from the backlog at the pace that Route 53's quota leaves; over ports.

It writes a row for each name, so that the publisher of the shard that has the name's claims publishes it, after what
changed before. It sends nothing to the queue itself: Lambda stops a function that a queue invokes, and that sends to
the same queue, after some 16 rounds ("Use Lambda recursive loop detection to prevent infinite loops",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated, ZoneClosed, ZoneUnavailable
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


# A reading of a zone that is older than this is replaced, before it no longer counts. Milliseconds.
REREAD_MILLIS: Final = 30_000


@dataclass(frozen=True, slots=True)
class Releaser:
    """Brings names back, up to `most` at once: as many as the shared bucket of releases holds.

    It reads a zone once for all names that come back soon, and for those that are prompt meanwhile: the shards of the
    stream, which get a few names each, would read one name after another.
    """

    rows: BacklogRows
    turns: Turns
    most: int
    zones: Zones
    clock: Clock

    def release(self, messages: Mapping[str, Release], deadline: Deadline) -> dict[str, str]:
        """Bring back the names of messages; return the messages that must come again, each with the reason.

        Those of the accounts with the fewest names come first: the others may have to wait for minutes.
        A name that is in several messages comes back once. If the worker is killed, all messages come again, and some
        names come back twice, which changes nothing.
        """
        merged = _merged(messages)
        released: set[NameKey] = set()
        reason = ""
        for part in chunks(merged.values(), self.most):
            if reason := self._released([*part], deadline):
                break
            released.update(name.key for name, _ in part)
        return {
            message_id: reason
            for message_id, release in messages.items()
            if any(name.key not in released for name in release.names)
        }

    def _released(self, part: list[tuple[DeferredName, str]], deadline: Deadline) -> str:
        """Bring names back when their tokens are there; return why not, or an empty text."""
        if not deadline.allows(CALL_SECONDS):
            return "no time is left in this run"
        try:
            self.turns.take(Demand.release(len(part)), max(0.0, deadline.seconds_left() - CALL_SECONDS))
            # After the wait, because what was read does not count for long.
            self._read_zones(part, deadline)
            self.rows.release(part)
        except NoTurn as no_turn:
            return f"no tokens of Route 53's quota were left for it: {no_turn}"
        except (LedgerUnavailable, Outdated) as unavailable:
            return str(unavailable)
        return ""

    def _read_zones(self, part: list[tuple[DeferredName, str]], deadline: Deadline) -> None:
        """Read each zone in which more names come back than the publisher reads one by one.

        Without a reading, the publisher reads names until their tokens are used up.
        """
        names = Counter(name.key.zone_id for name, _ in part if not name.marked)
        for zone_id in (zone_id for zone_id, number in names.items() if number > READ_ONE_BY_ONE):
            before = self.rows.reading(zone_id)
            if before and before.counts(self.clock(), REREAD_MILLIS):
                continue
            with suppress(ZoneUnavailable, ZoneClosed):
                listed = takewhile(lambda _: deadline.allows(CALL_SECONDS), self.zones.listing(zone_id))
                foreign = foreign_names(listed)
                if foreign is not None and deadline.allows(CALL_SECONDS):
                    # The time after it, as if the publisher had read the zone: to list a large zone takes a minute.
                    self.rows.put_reading(zone_id, ZoneReading(self.clock(), foreign))


def _merged(messages: Mapping[str, Release]) -> dict[NameKey, tuple[DeferredName, str]]:
    """Return each name once, accounts with few names first.

    Each has its first change and the account with the most names; it is marked, if it is anywhere.
    """
    numbers: Counter[str] = Counter()
    for release in messages.values():
        numbers[release.account] += len(release.names)
    merged: dict[NameKey, tuple[DeferredName, str]] = {}
    for release in sorted(messages.values(), key=lambda each: numbers[each.account]):
        for name in release.names:
            before, _ = merged.get(name.key, (name, ""))
            at, marked = min(before.changed_at, name.changed_at), before.marked or name.marked
            merged[name.key] = (replace(name, changed_at=at, marked=marked), release.account)
    return merged
