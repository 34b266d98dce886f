"""Odd answers and rows that deep runs found: each once broke something else than what it is about."""

from __future__ import annotations

import pytest

from tests.support.fuzz.extras import CASES
from tests.support.fuzz.mutations import Mutation
from tests.support.fuzz.properties import Properties
from tests.support.fuzz.rows import changed, kinds, renamed

EMPTY_TEXT = 2
EMPTY_MAP = 9


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("route53profiles.ListProfileAssociations", "ProfileId"),
        ("route53resolver.ListFirewallRuleGroupAssociations", "FirewallRuleGroupId"),
    ],
)
def test_an_empty_id_changes_nothing_else(properties: Properties, operation: str, member: str) -> None:
    """An association with an empty id makes its VPC unreadable. The SDK refuses a request with such an id."""
    for case in CASES:
        if case.operation == operation:
            for name in case.scenarios:
                assert properties.odd_thing(case, name, [Mutation((member,), 0, EMPTY_TEXT)]) == {}, name


@pytest.mark.parametrize(
    "path",
    [
        ("vpc", "M", "dhcp_options", "S"),
        ("vpc", "M", "profiles", "L", "[]", "S"),
        ("account", "M", "units", "L", "[]"),
        ("account", "M", "label", "S"),
    ],
)
def test_a_row_of_a_vpc_with_other_types_changes_nothing_else(properties: Properties, path: tuple[str, ...]) -> None:
    """A row in which a text is a map cannot be read, even if the map is only needed as a key of a dictionary."""
    change = [Mutation(path, 0, EMPTY_MAP, other_type=True)]
    key, item = kinds(properties.scenarios)["vpcs of a VPC"]
    for name in properties.scenarios.all:
        properties.odd_row(name, key, changed(item, change))
    key, item = renamed(key, item)
    for name in properties.indifferent(key, item):
        assert properties.odd_row(name, key, changed(item, change)) == {}, name
