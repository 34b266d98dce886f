"""What DNS Firewall does with a query: the first rule that matches decides, and what is not known stays a doubt."""

from __future__ import annotations

import pytest

from hub.runtime.model.names import Fqdn
from hub.runtime.model.resolver import FirewallAction, FirewallRule
from hub.runtime.names.firewall import FirewallVerdict, concerns, covers, names_below, verdict
from hub.runtime.names.labels import absolute
from tests.support.build import CORP

NAME = Fqdn(f"web.{CORP}")
BLOCK = FirewallRule("block", FirewallAction.BLOCK, (f"*.{CORP}",))
ALLOW = FirewallRule("allow", FirewallAction.ALLOW, (NAME,))
ALERT = FirewallRule("alert", FirewallAction.ALERT, (NAME,))
MANAGED = FirewallRule("managed", FirewallAction.BLOCK, complete=False)
TRUSTED = FirewallRule("trusted", FirewallAction.ALLOW, complete=False)


@pytest.mark.parametrize(
    ("entry", "name", "covered"),
    [
        ("corp.internal", "corp.internal.", True),
        ("Corp.Internal.", "corp.internal.", True),
        ("corp.internal", "web.corp.internal.", False),
        ("*.corp.internal", "corp.internal.", False),
        ("*.corp.internal", "web.corp.internal.", True),
        ("*.corp.internal", "a.b.corp.internal.", True),
        ("*.corp.internal", "webcorp.internal.", False),
        ("*", "web.corp.internal.", True),
    ],
)
def test_entry_covers_a_name(entry: str, name: str, *, covered: bool) -> None:
    """An entry covers itself; with an asterisk, all names below it, and not itself."""
    assert covers(absolute(entry), Fqdn(name)) is covered


@pytest.mark.parametrize(
    ("entry", "concerned"),
    [
        ("*", True),
        ("*.internal", True),
        ("internal", False),
        ("corp.internal", True),
        ("web.corp.internal", True),
        ("*.eu.corp.internal", True),
        ("*.example.com", False),
        ("xcorp.internal", False),
    ],
)
def test_entry_concerns_a_zone(entry: str, *, concerned: bool) -> None:
    """Of a long list, only the entries that cover the zone or a name below it are kept."""
    assert concerns(absolute(entry), [CORP]) is concerned


def test_name_below_stands_for_names_without_an_entry() -> None:
    """A wildcard covers it; no entry of one name does."""
    assert covers(f"*.{CORP}", names_below(CORP))
    assert not covers(NAME, names_below(CORP))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), FirewallVerdict()),
        ((BLOCK,), FirewallVerdict(BLOCK)),
        ((ALLOW, BLOCK), FirewallVerdict()),
        ((ALERT, BLOCK), FirewallVerdict()),
        ((BLOCK, ALLOW), FirewallVerdict(BLOCK)),
        ((MANAGED,), FirewallVerdict(doubts=(MANAGED,))),
        ((ALLOW, MANAGED), FirewallVerdict()),
        ((MANAGED, ALLOW), FirewallVerdict(doubts=(MANAGED,))),
        ((MANAGED, BLOCK), FirewallVerdict(BLOCK)),
        ((TRUSTED,), FirewallVerdict()),
        ((TRUSTED, BLOCK), FirewallVerdict(BLOCK, (TRUSTED,))),
    ],
)
def test_o3_first_rule_that_matches_decides(rules: tuple[FirewallRule, ...], expected: FirewallVerdict) -> None:
    """A rule whose list cannot be read leaves a doubt, if and only if what it does could change the outcome."""
    assert verdict(rules, NAME, "A") == expected


def test_rule_for_another_query_type_is_skipped() -> None:
    """A rule may inspect the queries of one type only."""
    of_aaaa = FirewallRule("aaaa", FirewallAction.BLOCK, (NAME,), query_type="AAAA")
    assert verdict([of_aaaa], NAME, "A") == FirewallVerdict()
    assert verdict([of_aaaa], NAME, "AAAA") == FirewallVerdict(of_aaaa)


def test_own_rules_and_those_of_a_profile_must_agree() -> None:
    """AWS documents no order between the two: if they disagree, the outcome is not known."""
    by_profile = FirewallRule("p", FirewallAction.BLOCK, (NAME,), profile="rp-1")
    assert verdict([by_profile], NAME, "A") == FirewallVerdict(by_profile)
    assert verdict([ALLOW, by_profile], NAME, "A") == FirewallVerdict(doubts=(ALLOW, by_profile))
    assert verdict([BLOCK, by_profile], NAME, "A") == FirewallVerdict(BLOCK)


def test_entries_outside_the_zones_are_not_kept() -> None:
    """For a name outside the zones of orgdns, every blocking list is a doubt."""
    other = Fqdn("example.com.")
    assert verdict([BLOCK], other, "A", listed=False) == FirewallVerdict(doubts=(BLOCK,))
    assert verdict([ALLOW], other, "A", listed=False) == FirewallVerdict()
