"""A rule of every account with the template of a restricted rule is a warning (case c10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgdns.config.load import load, parse
from tests.support.build import DOCUMENTS, EXAMPLE
from tests.support.config.configuration import with_rules

PAYMENTS, SEARCH = "444444444444", "555555555555"


def sharing(*rules: dict[str, object]) -> list[str]:
    return [warning for warning in parse(with_rules(*rules)).warnings() if "can take the names of" in warning]


def test_c10_a_warning_says_who_shares_names_with_whom() -> None:
    """The open rule is named with its line's place, and the accounts of the restricted one."""
    assert sharing(
        {"template": "{name}.corp.internal", "accounts": [PAYMENTS, SEARCH]}, {"template": "{name}.corp.internal"}
    ) == [
        (
            "policy.rules[1].template: every covered account can take the names of the rule 'rule-0', which applies to "
            "accounts 444444444444, 555555555555 only: both have the template '{name}.corp.internal'. Add 'accounts' "
            "or 'units' to the rule 'rule-1', or give it another template"
        )
    ]


@pytest.mark.parametrize(
    ("restriction", "whose"),
    [
        ({"units": ["ou-ab12-workload"]}, "unit ou-ab12-workload"),
        ({"vpcs": ["vpc-12345678"]}, "VPC vpc-12345678"),
        ({"subnets": ["subnet-12345678"]}, "subnet subnet-12345678"),
        (
            {"accounts": [f"{number:012}" for number in range(5)], "units": ["ou-ab12-workload"]},
            "accounts 000000000000, 000000000001, 000000000002 and 2 more and unit ou-ab12-workload",
        ),
    ],
)
def test_c10_every_restriction_counts(restriction: dict[str, object], whose: str) -> None:
    """A rule can be restricted in several ways, and can come before or after the open one."""
    restricted = {"template": "{name}.corp.internal"} | restriction
    for rules in (
        (restricted, {"template": "{name}.corp.internal"}),
        ({"template": "{name}.corp.internal"}, restricted),
    ):
        (warning,) = sharing(*rules)
        assert f"which applies to {whose} only" in warning


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"template": "web.{region}.corp.internal"}, {"template": "web.{region}.corp.internal"}),
        (
            {"template": "{asg}.{account_id}.corp.internal", "fallback": "{name}.corp.internal"},
            {"template": "{name}.corp.internal"},
        ),
    ],
)
def test_c10_templates_that_give_the_same_names(mine: dict[str, object], theirs: dict[str, object]) -> None:
    """Also by a fallback, and without a tag."""
    assert len(sharing(theirs | {"accounts": [PAYMENTS]}, mine)) == 1


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("{name}.{account_id}.corp.internal", "{name}.{account_id}.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{name}.{account_name}.corp.internal"),
        ("{instance_id}.corp.internal", "{instance_id}.corp.internal"),
        ("{name}.corp.internal", "{name}.instances.internal"),
    ],
)
def test_c10_no_warning_where_no_name_is_shared(mine: str, theirs: str) -> None:
    """Each name has one owner, or the rules have different names."""
    assert sharing({"template": theirs, "accounts": [PAYMENTS]}, {"template": mine}) == []


def test_c10_no_warning_for_rules_that_are_both_open_or_both_restricted() -> None:
    """The author of both says who shares the names."""
    template: dict[str, object] = {"template": "{name}.corp.internal"}
    assert sharing(template, template | {"ttl": 30}) == []
    assert sharing(template | {"accounts": [PAYMENTS]}, template | {"accounts": [SEARCH]}) == []


@pytest.mark.parametrize("path", [EXAMPLE, DOCUMENTS / "every-feature.yaml"])
def test_c10_the_examples_have_no_such_rules(path: Path) -> None:
    """The committed configurations do not warn of themselves."""
    assert not [warning for warning in load(path).warnings() if "can take the names of" in warning]
