"""Calls to Route 53 that wait for their turn. Each answer sets the pace of the next calls."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botocore.exceptions import ClientError

from hub.runtime.boundary.route53_errors import Meaning, meaning_of
from hub.runtime.ports import LedgerUnavailable, NoTurn, Outdated, ZoneUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.rate_limit import Demand

# Seconds. Even if others take all that they may, what they leave is enough for a call in this time.
LONGEST_WAIT: Final = 30.0
# The zone's, not the account's (API Reference, ChangeResourceRecordSets).
_BUSY: Final = "PriorRequestNotComplete"
_THROTTLED: Final = "OrgdnsThrottled"
_Answer = TypeVar("_Answer", bound="Mapping[str, Any]")


@contextmanager
def turn(turns: Turns, demand: Demand, wait: float | None = None) -> Iterator[Callable[[_Answer], _Answer]]:
    """Wait for the turn of one call, and adapt the pace to its answer.

    Yields a function that takes the answer.

    Raises:
        NoTurn: if the call would wait for more than `wait` seconds.
        ZoneUnavailable: if the ledger does not answer, so that nobody knows whether it is the call's turn.
    """
    try:
        turns.take(demand, wait)
    except (LedgerUnavailable, Outdated) as error:
        raise ZoneUnavailable(f"the pace of the calls to Route 53 is not known: {error}") from error
    throttled, repeats = False, 0

    def answered(answer: _Answer) -> _Answer:
        nonlocal throttled, repeats
        throttled, repeats = _was_throttled(answer), _repeats(answer)
        return answer

    try:
        yield answered
    except ClientError as error:
        throttled, repeats = _was_throttled(error.response), _repeats(error.response)
        raise
    finally:
        turns.answered(throttled=throttled, repeats=repeats)


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


def note_throttling(**received: Any) -> None:  # noqa: ANN401 - as botocore calls its handlers
    """Note in the last answer of a call whether any attempt was throttled: botocore repeats it without a word.

    A handler of botocore's event `response-received`, which each attempt emits with the context of its call.
    """
    answer, context = received["parsed_response"], received["context"]
    if answer is not None:
        context[_THROTTLED] = context.get(_THROTTLED, False) or _was_throttled(answer)
        answer.setdefault("ResponseMetadata", {})[_THROTTLED] = context[_THROTTLED]


def error_meaning(error: ClientError) -> Meaning:
    """What an error of Route 53 means for the call."""
    return _meaning(error.response)


def _was_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether the account's quota was used up. A zone that processes another change says nothing about the quota."""
    code = answer.get("Error", {}).get("Code")
    throttled = bool(code) and code != _BUSY and _meaning(answer) is Meaning.THROTTLED
    return throttled or bool(answer.get("ResponseMetadata", {}).get(_THROTTLED))


def _repeats(answer: Mapping[str, Any]) -> int:
    """How often the SDK repeated the call without a word."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _meaning(answer: Mapping[str, Any]) -> Meaning:
    code = answer.get("Error", {}).get("Code", "Unknown")
    return meaning_of(code, answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
