"""In which order a run of the observer works on spokes, so that no account delays the others. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Spoke

# A spoke that answers takes less than this many seconds; an attempt at one that does not answer takes more.
PATIENCE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class SpokeOrder:
    """The order of the spokes in one run: accounts with few hints come first.

    A spoke that does not answer, or is throttled, delays the others once. From then on, the spokes of its account and
    of its region, which may not answer either, come after all others.

    Attributes:
        hints: How many hints the run has of each account.
    """

    hints: Mapping[str, int]
    # What took how many seconds: accounts, and regions of spokes that did not answer in time.
    _taken: defaultdict[str, float] = field(init=False, default_factory=lambda: defaultdict(float))

    def each(self, spokes: Iterable[Spoke], deadline: Deadline) -> Iterator[Spoke]:
        """Yield each spoke once. What happens until the next one is asked for counts as its time."""
        left = list(spokes)
        while left:
            # Of spokes with equal rights, the first one.
            spoke = min(left, key=self._rank)
            left.remove(spoke)
            before = deadline.seconds_left()
            yield spoke
            seconds = before - deadline.seconds_left()
            self._taken[spoke.account] += seconds
            if seconds >= PATIENCE_SECONDS:
                self._taken[spoke.region] += seconds

    def _rank(self, spoke: Spoke) -> tuple[int, int]:
        slow = sum(int(self._taken[whose] // PATIENCE_SECONDS) for whose in (spoke.account, spoke.region))
        return slow, self.hints.get(spoke.account, 0)
