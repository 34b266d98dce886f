"""Calls to Route 53 that wait for their turn. Each answer sets the pace of the next calls."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code
from hub.runtime.boundary.route53_errors import Meaning, meaning_of
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.rate_limit import Demand

# Seconds. Even if others take all that they may, what they leave is enough for a call in this time.
LONGEST_WAIT: Final = 30.0
_Answer = TypeVar("_Answer", bound="Mapping[str, Any]")


@contextmanager
def turn(turns: Turns, demand: Demand, wait: float | None = None) -> Iterator[Callable[[_Answer], _Answer]]:
    """Wait for the turn of one call, and adapt the pace to its answer.

    Yields a function that takes the answer. If botocore repeated the call, it was probably throttled; if not, a slower
    pace does no harm.

    Raises:
        NoTurn: if the call would wait for more than `wait` seconds.
        ZoneUnavailable: if the ledger does not answer, so that nobody knows whether it is the call's turn.
    """
    try:
        turns.take(demand, wait)
    except (LedgerUnavailable, Outdated) as error:
        raise ZoneUnavailable(f"the pace of the calls to Route 53 is not known: {error}") from error
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
        turns.answered(throttled=repeated)


@contextmanager
def patient_turn(turns: Turns, demand: Demand) -> Iterator[Callable[[_Answer], _Answer]]:
    """Wait for the turn of one call that can be repeated later, as long as a function can wait.

    Raises:
        ZoneUnavailable: if the next turn is too far away, or the ledger does not answer.
    """
    try:
        with turn(turns, demand, LONGEST_WAIT) as answered:
            yield answered
    except NoTurn as error:
        raise ZoneUnavailable(str(error)) from error


def error_meaning(error: ClientError) -> Meaning:
    """What an error of Route 53 means for the call."""
    return meaning_of(error_code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _was_repeated(answer: Mapping[str, Any]) -> bool:
    """Whether botocore made the call more than once."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0
