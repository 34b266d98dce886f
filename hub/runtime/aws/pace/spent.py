"""How many requests and changes of Route 53's quotas a run takes, for those who watch the quotas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.rate_limit import CHANGES, REQUESTS

if TYPE_CHECKING:
    from hub.runtime.rate_limit import Demand


@dataclass(slots=True)
class Spent:
    """The tokens that calls took since someone asked for them."""

    _requests: int = 0
    _changes: int = 0

    def called(self, demand: Demand) -> None:
        """Count a call whose turn has come. What is no call, such as a release, takes neither."""
        self._requests += int(demand.tokens.get(REQUESTS, 0))
        self._changes += int(demand.tokens.get(CHANGES, 0))

    def repeated(self, times: int) -> None:
        """Count the attempts that the SDK added to a call: each of them was a request."""
        self._requests += times

    def taken(self) -> tuple[int, int]:
        """The requests and the changes since the last time."""
        taken = self._requests, self._changes
        self._requests = self._changes = 0
        return taken


CALLS: Final = Spent()
"""What the calls of this execution environment take."""
