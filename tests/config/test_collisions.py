"""Rules by which a tag could reach another owner's names."""

from __future__ import annotations

import pytest

from orgdns.config.load import parse
from tests.support.configuration import faults, with_rules, with_templates


@pytest.mark.parametrize(
    ("one", "other"),
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
def test_rules_by_which_a_tag_could_reach_anothers_names_are_a_fault(one: str, other: str) -> None:
    """Two rules by which a tag or an account's name could reach the other's names are told, whichever comes first."""
    for templates in ((one, other), (other, one)):
        (told,) = faults(with_templates(*templates))
        assert "policy.rules[1].template" in told
        assert "to another owner" in told


@pytest.mark.parametrize(
    ("one", "other"),
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
def test_rules_whose_names_cannot_be_chosen_across_are_no_fault(one: str, other: str) -> None:
    """Names set apart by something that nobody chooses, or that are one account's alone, stand side by side."""
    assert len(parse(with_templates(one, other)).policy.rules) == 2


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("{name}.corp.internal", "{asg}.corp.internal"),
        ("{name}.corp.internal", "{tag:x}.corp.internal"),
        ("{tag:app}-{tag:env}.corp.internal", "{name}-{tag:x}.corp.internal"),
    ],
)
@pytest.mark.parametrize("whose", [{}, {"accounts": ["555555555555"]}, {"units": ["ou-ab12-workload"]}])
def test_other_tags_of_other_accounts_give_no_name_of_a_rule(mine: str, theirs: str, whose: dict[str, object]) -> None:
    """Names for one account are not everybody's by another tag, be it the name that he gives his Auto Scaling group."""
    (told,) = faults(with_rules({"accounts": ["444444444444"], "template": mine}, whose | {"template": theirs}))
    assert "to another owner" in told
    same: dict[str, object] = {"accounts": ["444444444444", "555555555555"]}
    turned: dict[str, object] = {"accounts": ["555555555555", "444444444444"]}
    assert len(parse(with_rules(same | {"template": mine}, turned | {"template": theirs})).policy.rules) == 2


def test_way_out_of_a_name_without_variables_is_told() -> None:
    """A literal name beside a tag's can be reserved: the fault says so, and then it is none."""
    rules: list[dict[str, object]] = [
        {"template": "{name}.corp.internal"},
        {"template": "db.corp.internal", "accounts": ["444444444444"]},
    ]
    (told,) = faults(with_rules(*rules))
    assert "add the name without variables to 'reserved'" in told
    assert len(parse(with_rules(*rules, reserved=["db.corp.internal"])).policy.rules) == 2


def test_one_account_alone_may_reach_its_own_names() -> None:
    """Rules that speak for one and the same single account may meet; a unit beside it may hold other accounts."""
    alone: dict[str, object] = {"accounts": ["444444444444"]}
    rule = alone | {"template": "{name}.corp.internal", "fallback": "{instance_id}.corp.internal"}
    other = alone | {"template": "{short_id}.corp.internal"}
    assert len(parse(with_rules(rule, other)).policy.rules) == 2
    beside: dict[str, object] = {"units": ["ou-ab12-workload"]}
    assert len(faults(with_rules(rule, other | beside))) == 1
    assert len(faults(with_rules(rule | beside))) == 1


def test_reserved_name_can_be_given_by_place() -> None:
    """A name without variables stands beside templates that could make it only when it is reserved from them."""
    place: dict[str, object] = {"template": "db.corp.internal", "subnets": ["subnet-12345678"]}
    anybody: dict[str, object] = {"template": "{name}.corp.internal"}
    for rules in ((place, anybody), (anybody, place)):
        assert any("to another owner" in fault for fault in faults(with_rules(*rules)))
        assert len(parse(with_rules(*rules, reserved=["d*.corp.internal"])).policy.rules) == 2
