"""An odd answer of AWS comes out of the functions as an answer of theirs, whatever the operation."""

from __future__ import annotations

import pytest

from tests.support.fuzz import checks
from tests.support.fuzz.checks import OPERATIONS
from tests.support.fuzz.properties import Properties


def test_every_operation_has_odd_answers(properties: Properties) -> None:
    """Each operation of the runtime is called in a scenario; a new one needs one, too."""
    assert set(properties.scenarios.recorded.calling) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_odd_answer_never_raises(properties: Properties, operation: str) -> None:
    """A member that is missing, of a later API, at the edge of its type or of another type makes no function fail."""
    checks.never_raises(properties, operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_incomplete_answer_removes_nothing(properties: Properties, operation: str) -> None:
    """An answer without one of its members, such as a listing, is unknown and not empty."""
    checks.removes_nothing(properties, operation)
