"""docs/cost.md has the price that is computed from what the functions call now."""

from __future__ import annotations

import re

import pytest

from sandbox.bench.price.activities import Activities, counted
from sandbox.bench.price.bill import Organization, bill
from sandbox.bench.price.figures import GOAL
from sandbox.bench.price.tables import BEGIN, END, with_tables
from tests.docs.pages import page

# A change of a few bytes of logs is no reason to write the page again.
SHARE, DOLLARS = 0.1, 0.5
_LINE = re.compile(r"^\| \**([^|*]+?)\** \| \**([0-9.]+)\** \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def activities() -> Activities:
    """What the functions use in the simulated organization."""
    return counted()


def amounts(text: str) -> dict[str, float]:
    """The amounts in the tables, by the first column."""
    tables = text.partition(BEGIN)[2].partition(END)[0]
    return {name: float(dollars) for name, dollars in _LINE.findall(tables)}


def test_the_page_has_the_price_of_today(activities: Activities) -> None:
    """If this fails, run `make cost`."""
    written = page("docs/cost.md")
    before, after = amounts(written), amounts(with_tables(written, activities))
    assert before.keys() == after.keys()
    for name, dollars in after.items():
        assert abs(before[name] - dollars) <= max(DOLLARS, SHARE * dollars), name


def test_the_price_is_below_the_goal(activities: Activities) -> None:
    """Of the default organization; the README promises it."""
    assert bill(Organization(), activities).total < GOAL
    assert f"less than {GOAL} dollars a month" in " ".join(page("README.md").split())
