"""Further messages of the backlog, which a release receives itself: a batch of messages may have few names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime.aws.queues import MESSAGES_A_CALL
from hub.runtime.model.tasks import NAMES_A_RELEASE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hub.runtime.aws.queues.further import FurtherMessages
    from hub.runtime.model.tasks import Release


class FurtherReleases:
    """Receives further messages of the backlog, and deletes those that need no further delivery.

    Args:
        queue: The backlog.
        read: Reads the names of messages, by the ids of the messages. It leaves out what cannot be read.
        most: The names of a release. The messages of a call have no more, so a release has less than twice as many.
    """

    def __init__(self, queue: FurtherMessages, read: Callable[[list[Any]], Mapping[str, Release]], most: int) -> None:
        self._queue = queue
        self._read = read
        self._a_call = max(1, min(MESSAGES_A_CALL, most // NAMES_A_RELEASE))
        self._records: list[Mapping[str, Any]] = []
        self.releases: dict[str, Release] = {}
        # The last failure of the queue. What was received and not deleted is delivered again.
        self.fault = ""

    def receive(self, names: int) -> Mapping[str, Release]:
        """Return messages until they have so many names, the last ones perhaps more, or an answer has none."""
        found: dict[str, Release] = {}
        while names > 0 and not self.fault:
            records, self.fault = self._queue.receive(self._a_call)
            self._records += records
            more = self._read(records)
            found |= more
            # Messages without names count, too. Otherwise a queue full of them would keep the release here.
            names -= sum(map(_names, more.values())) + len(records) - len(more)
            if not records:
                break
        self.releases |= found
        return found

    def delete_all_but(self, failed: Collection[str]) -> None:
        """Delete what was received, except what must be delivered again; what cannot be read is deleted, too."""
        done = [record for record in self._records if record["messageId"] not in failed]
        if done:
            self.fault = self._queue.delete(done) or self.fault


def _names(release: Release) -> int:
    return max(1, len(release.names))
