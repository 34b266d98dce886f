"""Brings names back from the backlog at the pace that Route 53's quota leaves; over ports.

It writes a row for each name, so that the publisher of the shard that has the name's claims publishes it, after what
changed before. It sends nothing to the queue itself: Lambda stops a function that a queue invokes, and that sends to
the same queue, after some 16 rounds ("Use Lambda recursive loop detection to prevent infinite loops",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.runtime.boundary.chunks import chunks
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.run import CALL_SECONDS
from hub.runtime.rate_limit import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Millis, NameKey
    from hub.runtime.model.tasks import DeferredName, Release
    from hub.runtime.ports import Clock
    from hub.runtime.publisher.ports import BacklogRows, Turns, Zones


@dataclass(frozen=True, slots=True)
class Releaser:
    """Brings names back, up to `most` at once: as many as the shared bucket of releases holds.

    It reads each zone once for all names that come back together, because the shards of the stream, which get a few
    names each, would read it as often as there are shards.
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
            self.rows.release(part, self._clear(part))
        except NoTurn as no_turn:
            return f"no tokens of Route 53's quota were left for it: {no_turn}"
        except (LedgerUnavailable, Outdated) as unavailable:
            return str(unavailable)
        return ""

    def _clear(self, part: list[tuple[DeferredName, str]]) -> dict[NameKey, Millis]:
        """Read the zones once for all names; return those beside which no other tool has a record, and when."""
        by_zone: defaultdict[str, list[NameKey]] = defaultdict(list)
        for name, _ in part:
            if not name.marked:
                by_zone[name.key.zone_id].append(name.key)
        clear: dict[NameKey, Millis] = {}
        for zone_id, keys in by_zone.items():
            with suppress(ZoneUnavailable, ZoneClosed):
                found = self.zones.record_sets(zone_id, [key.fqdn for key in keys])
                # The time after it, as if the publisher had read the zone: a listing of a large zone takes a minute.
                at = self.clock()
                clear |= {key: at for key in keys if not found[key.fqdn].foreign}
        return clear


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
