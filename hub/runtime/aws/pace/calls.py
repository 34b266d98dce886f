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
_CHANGE: Final = "ChangeResourceRecordSets"
# A zone is busy for a part of a second, and the turns of its changes are a fifth of a second apart.
BUSY_ATTEMPTS: Final = 10
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


def until_changed(turns: Turns, demand: Demand, change: Callable[[], _Answer], wait: float | None = None) -> _Answer:
    """Change a zone when the call's turn has come; return the answer.

    While the zone is busy with another change, take a further turn.

    Raises:
        NoTurn: if that would take more than `wait` seconds.
        ZoneUnavailable: if the ledger does not answer.
        ClientError: if Route 53 refuses the change.
    """
    began = turns.now()
    for attempt in range(BUSY_ATTEMPTS):
        left = None if wait is None else max(0.0, wait - (turns.now() - began) / 1_000)
        try:
            with turn(turns, demand, left) as answered:
                return answered(change())
        except ClientError as error:
            if not _is_busy(error.response) or attempt + 1 == BUSY_ATTEMPTS:
                raise
            demand = demand.again()
    raise AssertionError("the last attempt returns or raises")


def watch_attempts(event_name: str, **received: Any) -> None:  # noqa: ANN401 - as botocore calls its handlers
    """Note in the last answer of a call whether any attempt was throttled: botocore repeats it without a word.

    It must not repeat a change that Route 53 refuses because the zone is busy: that would be a request without a turn.
    A handler of botocore's event `response-received`, which each attempt emits with the context of its call.

    Raises:
        ClientError: for such a change, in place of another attempt.
    """
    answer, context = received["parsed_response"], received["context"]
    if answer is None:
        return
    context[_THROTTLED] = context.get(_THROTTLED, False) or _was_throttled(answer)
    answer.setdefault("ResponseMetadata", {})[_THROTTLED] = context[_THROTTLED]
    operation = event_name.rpartition(".")[2]
    if operation == _CHANGE and _is_busy(answer):
        raise ClientError(answer, operation)


def error_meaning(error: ClientError) -> Meaning:
    """What an error of Route 53 means for the call."""
    return _meaning(error.response)


def _was_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether the account's quota was used up. A zone that processes another change says nothing about the quota."""
    throttled = bool(answer.get("Error")) and not _is_busy(answer) and _meaning(answer) is Meaning.THROTTLED
    return throttled or bool(answer.get("ResponseMetadata", {}).get(_THROTTLED))


def _is_busy(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("Error", {}).get("Code") == _BUSY)


def _repeats(answer: Mapping[str, Any]) -> int:
    """How often the SDK repeated the call without a word."""
    return int(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def _meaning(answer: Mapping[str, Any]) -> Meaning:
    code = answer.get("Error", {}).get("Code", "Unknown")
    return meaning_of(code, answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
