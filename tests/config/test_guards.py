"""The limits of accounts and zones in the configuration file."""

from __future__ import annotations

import pytest
import yaml

from orgdns.config.load import parse
from tests.support.build import EXAMPLE
from tests.support.config.configuration import faults, line_of


def with_guards(**keys: object) -> str:
    content = yaml.safe_load(EXAMPLE.read_text())
    content["guards"] = keys
    return yaml.safe_dump(content)


def test_defaults() -> None:
    """Without keys, the limits are those of the documentation, and the quotas are Route 53's."""
    limits = parse(with_guards()).guards.limits
    assert (limits.account_names, limits.account_records, limits.account_vpcs) == (1_000, 2_000, 30)
    assert (limits.zone_records, limits.zone_vpcs) == (10_000, 300)


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"account_names": 2_001}, "account_names", "account_names (2,001) exceeds account_records (2,000)"),
        ({"account_records": 10_001}, "account_records", "account_records (10,001) exceeds zone_records (10,000)"),
        ({"zone_records": 1_999}, "zone_records", "account_records (2,000) exceeds zone_records (1,999)"),
        ({"account_vpcs": 301}, "account_vpcs", "account_vpcs (301) exceeds zone_vpcs (300)"),
        ({"account_vpcs": 0}, "account_vpcs", "must be at least 1"),
        ({"zone_records": "many"}, "zone_records", "must be a whole number, not 'many'"),
    ],
)
def test_contradiction(keys: dict[str, object], place: str, message: str) -> None:
    """Each fault names its line, the two limits and the reason."""
    text = with_guards(**keys)
    (fault,) = faults(text)
    assert fault.startswith(f"line {line_of(text, place)}: guards.{place}: ")
    assert message in fault


def test_all_contradictions_at_once() -> None:
    """Every fault is reported."""
    assert (
        len(faults(with_guards(account_names=9, account_records=8, zone_records=7, account_vpcs=6, zone_vpcs=5))) == 3
    )


def test_equal_limits_are_valid() -> None:
    """An organization of one account may give it everything."""
    assert parse(with_guards(account_records=10_000, account_vpcs=300, account_names=10_000)).guards.account_vpcs == 300


@pytest.mark.parametrize("guards", [[], "none"])
def test_guards_of_another_form(guards: object) -> None:
    """Only the form is reported."""
    content = yaml.safe_load(EXAMPLE.read_text())
    content["guards"] = guards
    assert len(faults(yaml.safe_dump(content))) == 1
