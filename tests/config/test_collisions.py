"""Rules by which one owner could take a name of another owner."""

from __future__ import annotations

import pytest

from orgdns.config.load import parse
from tests.support.config.configuration import faults, with_rules, with_templates


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{name}.corp.internal", "{instance_id}.corp.internal"),
        ("{name}.corp.internal", "{account_name}.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{name}.{region}.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{name}.prod.corp.internal"),
        ("{name}.{account_name}.corp.internal", "{instance_id}.prod.corp.internal"),
        ("{name}-{region}.corp.internal", "{name}.corp.internal"),
        ("{name}.{region}.corp.internal", "{name}.eu-west-1.corp.internal"),
        ("{name}.{account_id}.corp.internal", "{name}.444444444444.corp.internal"),
        (
            "{name}.{tag:a}-{account_id}-{tag:b}.corp.internal",
            "{instance_id}.{tag:a}-{account_id}-{tag:b}.corp.internal",
        ),
    ],
)
def test_rules_with_reachable_names_are_a_fault(first: str, second: str) -> None:
    """A tag or an account's name can reach the other rule's names, in either order of the rules."""
    for templates in ((first, second), (second, first)):
        (fault,) = faults(with_templates(*templates))
        assert "policy.rules[1].template" in fault
        assert "to another owner" in fault


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{name}.{account_name}.corp.internal", "{name}.corp.internal"),
        ("{instance_id}.{region}.{account_name}.corp.internal", "{name}.{region}.{account_name}.corp.internal"),
        ("{name}-{region}.{account_id}.corp.internal", "{name}.{account_id}.corp.internal"),
        ("{name}.{region}.corp.internal", "{name}.short.corp.internal"),
        ("{instance_id}.{region}.corp.internal", "{instance_id}.eu-west-1.corp.internal"),
        ("{instance_id}.{region}.corp.internal", "{instance_id}.{account_id}.corp.internal"),
        ("{name}.corp.internal", "{name}.corp.internal"),
        ("{name}.corp.internal", "{name}.instances.internal"),
        ("{name}.corp.internal", "{tag:app}.corp.internal"),
        ("{name}.acct-{account_id}.corp.internal", "{instance_id}.acct-{account_id}.corp.internal"),
        ("{name}.{az}.x.corp.internal", "{instance_id}.{region}.x.corp.internal"),
    ],
)
def test_rules_with_separate_names_are_valid(first: str, second: str) -> None:
    """Names that differ in a part that no owner chooses, or that belong to one account, do not collide."""
    assert len(parse(with_templates(first, second)).policy.rules) == 2


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("{name}.corp.internal", "{asg}.corp.internal"),
        ("{name}.corp.internal", "{tag:x}.corp.internal"),
        ("{tag:app}-{tag:env}.corp.internal", "{name}-{tag:x}.corp.internal"),
    ],
)
@pytest.mark.parametrize("whose", [{}, {"accounts": ["555555555555"]}, {"units": ["ou-ab12-workload"]}])
def test_different_tags_of_different_accounts_collide(mine: str, theirs: str, whose: dict[str, object]) -> None:
    """Other accounts cannot take an account's names with another tag or the name of an Auto Scaling group."""
    (fault,) = faults(with_rules({"accounts": ["444444444444"], "template": mine}, whose | {"template": theirs}))
    assert "to another owner" in fault
    same: dict[str, object] = {"accounts": ["444444444444", "555555555555"]}
    turned: dict[str, object] = {"accounts": ["555555555555", "444444444444"]}
    assert len(parse(with_rules(same | {"template": mine}, turned | {"template": theirs})).policy.rules) == 2


def test_fault_suggests_reserving_a_fixed_name() -> None:
    """A name without variables can be reserved. The fault says so, and following it removes the fault."""
    rules: list[dict[str, object]] = [
        {"template": "{name}.corp.internal"},
        {"template": "db.corp.internal", "accounts": ["444444444444"]},
    ]
    (fault,) = faults(with_rules(*rules))
    assert "add the name without variables to 'reserved'" in fault
    assert len(parse(with_rules(*rules, reserved=["db.corp.internal"])).policy.rules) == 2


def test_rules_of_one_account_may_share_names() -> None:
    """Rules that apply to the same single account may collide; a unit may contain other accounts."""
    alone: dict[str, object] = {"accounts": ["444444444444"]}
    rule = alone | {"template": "{name}.corp.internal", "fallback": "{instance_id}.corp.internal"}
    other = alone | {"template": "{short_id}.corp.internal"}
    assert len(parse(with_rules(rule, other)).policy.rules) == 2
    beside: dict[str, object] = {"units": ["ou-ab12-workload"]}
    assert len(faults(with_rules(rule, other | beside))) == 1
    assert len(faults(with_rules(rule | beside))) == 1


def test_reserved_name_can_be_given_by_subnet() -> None:
    """A fixed name can stand beside templates that could give it only if it is reserved."""
    place: dict[str, object] = {"template": "db.corp.internal", "subnets": ["subnet-12345678"]}
    anybody: dict[str, object] = {"template": "{name}.corp.internal"}
    for rules in ((place, anybody), (anybody, place)):
        assert any("to another owner" in fault for fault in faults(with_rules(*rules)))
        assert len(parse(with_rules(*rules, reserved=["d*.corp.internal"])).policy.rules) == 2


@pytest.mark.parametrize("name", ["wpad.corp.internal", "eu-west-1.corp.internal"])
def test_built_in_reservation_counts(name: str) -> None:
    """A fixed name that no tag can give needs no `reserved`. It needs it again where the name is unreserved."""
    fixed: dict[str, object] = {"template": name, "accounts": ["444444444444"]}
    text = with_rules(fixed, {"template": "{name}.corp.internal"})
    assert len(parse(text).policy.rules) == 2
    if name.startswith("wpad"):
        (fault,) = faults(text.replace("policy:\n", "policy:\n  unreserved: [wpad]\n"))
        assert "to another owner" in fault
