"""Calls to Route 53 that wait for their turn. Each answer sets the pace of the next calls."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code
from hub.runtime.boundary.route53_errors import Meaning, meaning_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.runtime.ports import Clock, Sleep
    from hub.runtime.rate_limit import Demand, Pace

_Answer = TypeVar("_Answer", bound="Mapping[str, Any]")


class PacedCalls:
    """Calls that share one pace."""

    def __init__(self, pace: Pace, clock: Clock, sleep: Sleep) -> None:
        self._pace = pace
        self._clock = clock
        self._sleep = sleep

    def delay(self, demand: Demand) -> float:
        """The seconds that a call with this demand would wait for its turn."""
        return self._pace.delay(demand, self._clock())

    @contextmanager
    def turn(self, demand: Demand) -> Iterator[Callable[[_Answer], _Answer]]:
        """Wait for the turn of one call, and adapt the pace to its answer.

        Yields a function that takes the answer. If botocore repeated the call, it was probably throttled; if not, a
        slower pace does no harm.
        """
        while delay := self.delay(demand):
            self._sleep(delay)
        self._pace = self._pace.taken(demand, self._clock())
        repeated = False

        def answered(answer: _Answer) -> _Answer:
            nonlocal repeated
            repeated = _was_repeated(answer)
            return answer

        try:
            yield answered
        except ClientError as error:
            repeated = error_meaning(error) is Meaning.THROTTLED
            raise
        finally:
            self._pace = self._pace.answered(throttled=repeated)


def error_meaning(error: ClientError) -> Meaning:
    """What an error of Route 53 means for the call."""
    return meaning_of(error_code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _was_repeated(answer: Mapping[str, Any]) -> bool:
    """Whether botocore made the call more than once."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
