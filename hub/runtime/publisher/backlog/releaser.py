"""Brings names back from the backlog at the pace that Route 53's quota leaves; over ports.

It writes a row for each name, so that the publisher of the shard that has the name's claims publishes it, after what
changed before. It sends nothing to the queue itself: Lambda stops a function that a queue invokes, and that sends to
the same queue, after some 16 rounds ("Use Lambda recursive loop detection to prevent infinite loops",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.runtime.boundary.chunks import chunks
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated
from hub.runtime.publisher.run import CALL_SECONDS
from hub.runtime.rate_limit import Demand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import NameKey
    from hub.runtime.model.tasks import DeferredName, Release
    from hub.runtime.publisher.ports import BacklogRows, Turns


@dataclass(frozen=True, slots=True)
class Releaser:
    """Brings names back, up to `most` at once: as many as the shared bucket of releases holds."""

    rows: BacklogRows
    turns: Turns
    most: int

    def release(self, messages: Mapping[str, Release], deadline: Deadline) -> dict[str, str]:
        """Bring back the names of messages, in order; return the messages that must come again, each with the reason.

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
        wait = deadline.seconds_left() - CALL_SECONDS
        if wait < 0:
            return "no time is left in this run"
        try:
            self.turns.take(Demand.release(len(part)), wait)
            self.rows.release(part)
        except NoTurn as no_turn:
            return f"Route 53's quota has nothing left for it: {no_turn}"
        except (LedgerUnavailable, Outdated) as unavailable:
            return str(unavailable)
        return ""


def _merged(messages: Mapping[str, Release]) -> dict[NameKey, tuple[DeferredName, str]]:
    """Return each name once, with its first change and its first account; marked, if it is anywhere."""
    merged: dict[NameKey, tuple[DeferredName, str]] = {}
    for release in messages.values():
        for name in release.names:
            if name.key in merged:
                before, account = merged[name.key]
                at = min(before.changed_at, name.changed_at)
                merged[name.key] = (replace(before, changed_at=at, marked=before.marked or name.marked), account)
            else:
                merged[name.key] = (name, release.account)
    return merged
