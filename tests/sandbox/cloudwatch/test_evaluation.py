"""The state of an alarm by its data points: the tables of AWS's documentation, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.rules.evaluation import COMPARISONS, Missing, Rule, State, decision

# A state that no row gives, so that it shows that the state was kept.
KEPT = State.INSUFFICIENT_DATA
ORDER = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
OK, ALARM, NO_DATA = State.OK, State.ALARM, State.INSUFFICIENT_DATA


def rule(datapoints: int, missing: Missing, periods: int = 3) -> Rule:
    return Rule("GreaterThanThreshold", 0, periods, datapoints, missing)


def values(row: str) -> list[float | None]:
    return [{"0": 0.0, "X": 1.0, "-": None}[sign] for sign in row.split()]


@pytest.mark.parametrize(
    ("datapoints", "row", "states"),
    [
        (3, "0 - X - X", (OK, OK, OK, OK)),
        (3, "0 - - - -", (OK, OK, OK, OK)),
        (3, "- - - - -", (NO_DATA, KEPT, ALARM, OK)),
        (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "- - X - -", (ALARM, KEPT, ALARM, OK)),
        (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 - X - -", (OK, OK, ALARM, OK)),
        (2, "- - - - 0", (OK, OK, ALARM, OK)),
        (2, "- - - X -", (ALARM, KEPT, ALARM, OK)),
    ],
)
def test_tables_of_missing_data(datapoints: int, row: str, states: tuple[State, ...]) -> None:
    """Each row of the two tables, for each way to treat missing data."""
    found = tuple(decision(rule(datapoints, missing), values(row), KEPT).state for missing in ORDER)
    assert found == states


@pytest.mark.parametrize("row", ["- - - - X", "- - - X -"])
def test_new_breach_waits_for_more_data(row: str) -> None:
    """The alarm does not fire at once if older data is missing: the next data point may be within the threshold."""
    assert decision(rule(3, Missing.MISSING), values(row), OK).state is OK


def test_last_data_point_counts_while_it_is_in_the_evaluation_range() -> None:
    """A metric that stopped is evaluated by its last data point, and only later by how missing data is treated."""
    one = rule(1, Missing.NOT_BREACHING, periods=1)
    assert one.range == 3
    assert [decision(one, values(row), OK).state for row in ("- - X", "- X -", "X - -", "- - -")] == [ALARM] * 3 + [OK]


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [6.0]),
        ("GreaterThanOrEqualToThreshold", [5.0, 6.0]),
        ("LessThanThreshold", [4.0]),
        ("LessThanOrEqualToThreshold", [4.0, 5.0]),
    ],
)
def test_comparisons(comparison: str, breaching: list[float]) -> None:
    """A value is the first operand, and the threshold the second."""
    assert [value for value in (4.0, 5.0, 6.0) if COMPARISONS[comparison](value, 5.0)] == breaching


def test_reason_names_what_decided() -> None:
    """A person can follow the decision."""
    reason = decision(rule(2, Missing.BREACHING), values("- - - - 0"), OK).reason
    assert reason == (
        "0 of the last 1 datapoints [0.0] are GreaterThanThreshold (0); 2 of 3 make an alarm; 2 missing and treated as "
        "breaching"
    )


@given(
    st.lists(st.sampled_from([0.0, 1.0, None]), min_size=5, max_size=5),
    st.integers(1, 3),
    st.sampled_from(Missing),
    st.sampled_from(State),
)
def test_missing_data_matters_only_where_it_is_needed(
    points: list[float | None], datapoints: int, missing: Missing, present: State
) -> None:
    """With enough data points, neither the treatment of missing ones nor the present state matters."""
    real = [value for value in points if value is not None][-3:]
    found = decision(rule(datapoints, missing), points, present).state
    if len(real) == 3:
        assert found is (ALARM if sum(real) >= datapoints else OK)
    elif missing is Missing.BREACHING:
        assert found is (ALARM if sum(real) + 3 - len(real) >= datapoints else OK)
    elif missing is Missing.NOT_BREACHING:
        assert found is (ALARM if sum(real) >= datapoints else OK)
