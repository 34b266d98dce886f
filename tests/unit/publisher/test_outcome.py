"""How long a closed zone is retried."""

from __future__ import annotations

import pytest

from hub.runtime.model.names import Millis
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameOutcome, NameResult, patient
from tests.support.build import key


@pytest.mark.parametrize(
    ("age", "result"), [(0, NameResult.RETRY), (PATIENCE_MILLIS - 1, NameResult.RETRY), (120_000, NameResult.CLOSED)]
)
def test_closed_zone_is_retried_for_two_minutes(age: int, result: NameResult) -> None:
    """New permissions get two minutes to take effect; the reason stays the same."""
    closed = NameOutcome(key(), NameResult.CLOSED, "AccessDenied")
    assert patient(closed, Millis(5), Millis(5 + age)) == NameOutcome(key(), result, "AccessDenied")


@pytest.mark.parametrize("result", [result for result in NameResult if result is not NameResult.CLOSED])
def test_other_outcomes_are_final(result: NameResult) -> None:
    """Only the names of closed zones are retried for a time."""
    outcome = NameOutcome(key(), result)
    assert patient(outcome, Millis(5), Millis(5)) == outcome
