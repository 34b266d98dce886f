"""What AWS says of one thing that cannot be read: everything else comes to the same as without that thing."""

from __future__ import annotations

import pytest

from tests.support.fuzz import checks
from tests.support.fuzz.extras import CASES, Case
from tests.support.fuzz.properties import Properties


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_ordinary_thing_changes_nothing_else(properties: Properties, case: Case) -> None:
    """The property holds of a thing that can be read: otherwise it would say nothing."""
    for name in case.scenarios:
        assert properties.odd_thing(case, name, []) == {}, name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_odd_thing_changes_nothing_else(properties: Properties, case: Case) -> None:
    """With an odd instance, VPC, record set, account or stack instance, all others end as without it."""
    checks.concerns_itself(properties, case)
