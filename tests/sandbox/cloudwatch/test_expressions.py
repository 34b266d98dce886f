"""Metric math: the examples of AWS's documentation, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.rules.expressions import Expression, ExpressionRefused, Series, parsed

NONE = None


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("m1 < m2", (0, 0, 1, 0)),
        ("m1 >= 30", (1, 0, 0, 0)),
        ("m1 > 15 AND m2 > 15", (1, 0, 0, 0)),
        ("m1 > 15 && m2 > 15", (1, 0, 0, 0)),
        ("m1 > 15 OR m2 > 15", (1, 1, 1, 0)),
        ("m1 == 0 || m2 != 20", (0, 0, 1, 1)),
    ],
)
def test_comparisons_and_logic(expression: str, result: Series) -> None:
    """The documented series, in which a missing value counts as 0 beside one that exists."""
    assert parsed(expression).evaluate({"m1": (30, 20, 0, 0), "m2": (20, NONE, 20, NONE)}) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("IF(m1, m2, m3)", (30, 0, 20, NONE, NONE)),
        ("IF(m1, 5, m3)", (5, 5, 20, NONE, NONE)),
        ("IF(m1, m2, 5)", (30, 0, 5, 5, NONE)),
        ("IF(m1, m2)", (30, 0, NONE, NONE, NONE)),
        ("IF(m2 > 15, 1, 0)", (1, NONE, 0, 0, 1)),
    ],
)
def test_if(expression: str, result: Series) -> None:
    """The documented tables: a missing condition drops the data point, a missing value becomes 0."""
    series: dict[str, Series] = {"m1": (1, 1, 0, 0, NONE), "m2": (30, NONE, 0, 0, 30), "m3": (0, 0, 20, NONE, 20)}
    assert parsed(expression).evaluate(series) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("a + b", (3, 1, 2, NONE)),
        ("a - b * 2", (-3, 1, -4, NONE)),
        ("(a - b) * 2", (-2, 2, -4, NONE)),
        ("a / b", (0.5, NONE, 0, NONE)),
        ("100 * a / 4", (25, 25, NONE, NONE)),
        ("-a", (-1, -1, NONE, NONE)),
        ("1.5 - -a", (2.5, 2.5, NONE, NONE)),
        ("FILL(a, 7)", (1, 1, 7, 7)),
        ("FILL(b, REPEAT)", (2, 2, 2, 2)),
        ("FILL(FILL(a, b), REPEAT)", (1, 1, 2, 2)),
        ("SUM([a, b])", (3, 1, 2, NONE)),
        ("AVG([a, b])", (1.5, 0.5, 1, NONE)),
        ("MAX([a, b, 0])", (2, 1, 2, NONE)),
        ("MIN([a, b])", (1, 1, 2, NONE)),
        ("100 - 100 * a / MAX([a, b])", (50, 0, 100, NONE)),
    ],
)
def test_arithmetic(expression: str, result: Series) -> None:
    """Missing values count as 0 beside existing ones, and a division by zero drops the data point."""
    assert parsed(expression).evaluate({"a": (1, 1, NONE, NONE), "b": (2, NONE, 2, NONE)}) == result


def test_repeat_needs_a_value_before() -> None:
    """Nothing is repeated before the first value."""
    assert parsed("FILL(a, REPEAT)").evaluate({"a": (NONE, 1, NONE)}) == (NONE, 1, 1)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "m1 +",
        "m1 m2",
        "M1",
        "m1 ^ 2",
        "(m1",
        "SUM(m1)",
        "SUM([m1]",
        "FILL(m1, LINEAR)",
        "FILL(m1)",
        "IF(m1)",
        "IF(m1, 1, 2, 3)",
        "RATE(m1)",
        "METRICS()",
        "SEARCH('{AWS/SQS}', 'Sum', 60)",
        "__import__('os')",
        "m1.x",
        "1 / 0 + m1 $",
    ],
)
def test_what_is_not_modeled_is_refused(expression: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ExpressionRefused, match=r"not expected, or not modeled|cannot read"):
        Expression(expression)


@pytest.mark.parametrize(
    ("expression", "message"),
    [("1 + 2", "must be a time series"), ("m1 + 1 / 0", "divided by zero"), ("m1 + MAX([1, 2])", "must have a time")],
)
def test_numbers_alone_are_refused(expression: str, message: str) -> None:
    """The result must be a time series, and no part of it may be undefined."""
    with pytest.raises(ExpressionRefused, match=message):
        Expression(expression)


def test_ids_are_those_of_the_metrics() -> None:
    """The ids tell which metrics the expression needs."""
    assert Expression("IF(errors > 0 AND calls_2 > 0, errors, 0)").ids == {"errors", "calls_2"}


@given(st.text(alphabet="m12 +-*/<>=&|(),[]IFSUMAXREPT.", max_size=20))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text raises anything else, or runs forever."""
    try:
        Expression(text)
    except ExpressionRefused:
        return
