from __future__ import annotations

import pytest

from hub.runtime.model.names import (
    Account,
    Fqdn,
)
from hub.runtime.policy.candidates import MAX_ALIASES
from hub.runtime.policy.claims import MAX_REASON
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import SHOWN_PATTERNS, Scope, TagCondition
from tests.support.build import (
    CORP,
    PAYMENTS,
    RESEARCH,
    SCIENCE,
    SUBNET,
    VPC,
    WORKLOADS,
    covering,
    instance,
    interface,
)
from tests.support.config.policies import IDS, decide, names, policy, reasons, rule


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "covered"),
        [
            (Scope(), True),
            (Scope(accounts=frozenset({SCIENCE.id})), True),
            (Scope(accounts=frozenset({PAYMENTS.id})), False),
            (Scope(units=frozenset({RESEARCH})), True),
            (Scope(units=frozenset({WORKLOADS})), True),
            (Scope(units=frozenset({"ou-ab12-other"})), False),
            (Scope(accounts=frozenset({PAYMENTS.id}), units=frozenset({RESEARCH})), True),
            (Scope(accounts=frozenset({SCIENCE.id}), regions=frozenset({"us-east-1"})), False),
            (Scope(vpcs=frozenset({VPC})), True),
            (Scope(vpcs=frozenset({"vpc-2"})), False),
            (Scope(subnets=frozenset({SUBNET})), True),
            (Scope(vpcs=frozenset({VPC}), subnets=frozenset({"subnet-2"})), False),
        ],
    )
    def test_rule_covers_instances_by_facts(self, scope: Scope, *, covered: bool) -> None:
        """Accounts, units, regions, VPCs and subnets select instances; a rule that covers none gives no reason."""
        decision = decide(rule(scope=scope), account=SCIENCE)
        assert names(decision) == (["web"] if covered else [])
        assert not decision.refusals

    def test_unit_includes_units_below(self) -> None:
        """A unit includes all accounts below it, at any depth."""
        assert names(decide(rule(scope=Scope(units=frozenset({"r-ab12"}))), account=SCIENCE)) == ["web"]

    @pytest.mark.parametrize("part", ["accounts", "units", "regions", "vpcs", "subnets"])
    def test_scope_that_names_none_covers_none(self, part: str) -> None:
        """An empty set covers nothing, also after the policy was compiled and read back."""
        no_instances = policy(rule(scope=Scope(**{part: frozenset()})))
        for read in (no_instances, from_json(to_json(no_instances))):
            assert not decide(read).claims


class TestTags:
    @pytest.mark.parametrize(
        ("value", "tags", "given"),
        [
            ("yes", {"orgdns": "yes"}, True),
            ("yes", {"orgdns": " YES "}, True),
            ("yes", {"orgdns": "no"}, False),
            ("yes", {}, False),
            (None, {"orgdns": ""}, True),
            (None, {}, False),
        ],
    )
    def test_opt_in_requires_its_tag(self, value: str | None, tags: dict[str, str], *, given: bool) -> None:
        """Without the tag, the instance does not request a name, and the refusal says so."""
        decision = decide(rule(opt_in=TagCondition("orgdns", value)), instance(tags=tags))
        assert names(decision) == (["web"] if given else [])
        assert [refusal.declined for refusal in decision.refusals] == ([] if given else [True])

    def test_reason_names_the_required_tag(self) -> None:
        """The reason names the tag, and its value unless any value will do."""
        assert reasons(decide(rule(opt_in=TagCondition("orgdns")))) == "the rule requires the tag 'orgdns'"
        found = reasons(decide(rule(opt_in=TagCondition("orgdns", "yes"))))
        assert found == "the rule requires the tag 'orgdns' with the value 'yes'"

    def test_opt_out_declines_one_rule(self) -> None:
        """A tag opts out of the rule that reads it, and of no other rule."""
        opted = rule(name="short", opt_out=TagCondition("orgdns", "no"))
        other = rule("{instance_id}.corp.internal", name="by-id")
        decision = decide(policy(opted, other), instance(tags={"orgdns": "no"}))
        assert [claim.rule for claim in decision.claims] == ["by-id"]
        assert [(refusal.rule, refusal.declined) for refusal in decision.refusals] == [("short", True)]

    def test_aliases_are_several_names_each_checked(self) -> None:
        """A tag lists several names; each is given or refused like any other name."""
        aliases = rule("{alias}.corp.internal", aliases="orgdns:aliases", deny=("db*",))
        decision = decide(aliases, instance(tags={"orgdns:aliases": "www, api  db1 \u202e www"}))
        assert names(decision) == ["api", "www"]
        assert "denies 'db*'" in reasons(decision)
        assert "no name may" in reasons(decision)

    def test_aliases_beyond_the_limit_are_left_out_with_a_reason(self) -> None:
        """A tag full of names gives a limited number of them."""
        listed = " ".join(f"a{number}" for number in range(MAX_ALIASES + 5))
        decision = decide(
            rule("{alias}.corp.internal", aliases="orgdns:aliases"), instance(tags={"orgdns:aliases": listed})
        )
        assert len(decision.claims) == MAX_ALIASES
        assert f"lists {MAX_ALIASES + 5} names" in reasons(decision)

    def test_alias_that_is_listed_twice_counts_once(self) -> None:
        """The limit counts each alias once, even if the tag lists it twice."""
        listed = " ".join(f"a{number}" for number in range(MAX_ALIASES))
        decision = decide(
            rule("{alias}.corp.internal", aliases="orgdns:aliases"),
            instance(tags={"orgdns:aliases": f"{listed},{listed}"}),
        )
        assert len(decision.claims) == MAX_ALIASES
        assert not decision.refusals

    def test_missing_alias_tag_is_a_reason(self) -> None:
        """An instance without the tag, or with an empty tag, requests no further names, and the reason says so."""
        aliases = rule("{alias}.corp.internal", aliases="orgdns:aliases")
        for tags in ({}, {"orgdns:aliases": " , "}):
            (refusal,) = decide(aliases, instance(tags=tags)).refusals
            assert "no tag 'orgdns:aliases'" in refusal.reason
            assert refusal.declined

    def test_different_tags_may_give_one_name(self) -> None:
        """`Web 1` and `web_1` give one name, with an ordinary conflict, and the note describes the changes."""
        first = decide(rule(), instance(1, name="Web 1")).claims[0]
        other = decide(rule(), instance(2, name="web_1")).claims[0]
        assert first.key == other.key
        assert "'Web 1' is written 'web-1'" in first.note


class TestPatterns:
    def test_denied_name_is_refused_with_its_reason(self) -> None:
        """A denied name is refused, and the refusal names it."""
        (refusal,) = decide(rule(deny=("db*",)), instance(name="DB 1")).refusals
        assert (refusal.name, refusal.reason) == ("db-1.corp.internal.", "db-1.corp.internal: the rule denies 'db*'")

    def test_name_that_is_not_allowed_is_refused(self) -> None:
        """A rule with allowed patterns gives no other names."""
        limited = rule(allow=("web*", "api"))
        assert names(decide(limited, instance(name="web-7"))) == ["web-7"]
        found = reasons(decide(limited, instance(name="db")))
        assert found == "db.corp.internal: the rule allows only 'web*', 'api'"

    def test_deny_applies_to_allowed_names(self) -> None:
        """A rule may allow many names and deny a few of them."""
        both = rule(allow=("web*",), deny=("web-admin",))
        assert names(decide(both, instance(name="web-7"))) == ["web-7"]
        assert "denies 'web-admin'" in reasons(decide(both, instance(name="web-admin")))

    def test_address_does_not_give_a_reserved_name(self) -> None:
        """An owner may choose an address within the subnet, but no reserved name by it."""
        whole = policy(rule("ip-{private_ipv4}.corp.internal"), reserved=("ip-10-1-0-53.corp.internal",))
        decision = decide(whole, instance(interfaces=(interface("10.1.0.53"),)))
        assert not decision.claims
        assert "reserved" in reasons(decision)

    def test_rule_that_allows_nothing_gives_nothing(self) -> None:
        """An empty list of allowed patterns differs from none, also after the policy was compiled and read back."""
        nothing = policy(rule(allow=()))
        for read in (nothing, from_json(to_json(nothing))):
            assert not decide(read).claims

    def test_reason_shows_only_the_first_allowed_patterns(self) -> None:
        """A reason stays short, because a row of the ledger stores many of them."""
        patterns = tuple(f"service-{number}" for number in range(1000))
        (refusal,) = decide(rule(allow=patterns)).refusals
        assert "'service-0', 'service-1'" in refusal.reason
        assert refusal.reason.endswith("and 995 others")
        (refusal,) = decide(rule(allow=patterns[:SHOWN_PATTERNS])).refusals
        assert refusal.reason.endswith(repr(patterns[SHOWN_PATTERNS - 1]))

    def test_long_reason_is_cut(self) -> None:
        """A reason is cut to fit into the row, whatever patterns it names."""
        (refusal,) = decide(rule(allow=tuple(f"{number}{'a' * 200}" for number in range(SHOWN_PATTERNS)))).refusals
        assert refusal.reason.startswith(f"web.corp.internal: the rule allows only '0{'a' * 200}', '1")
        assert refusal.reason.endswith("a...")
        assert len(refusal.reason) == MAX_REASON + len("...")

    def test_tag_does_not_give_a_reserved_name(self) -> None:
        """No owner can choose a reserved name; a rule that spells it out gives it."""
        reserved = {"reserved": ("db.corp.internal",)}
        assert "reserved" in reasons(decide(policy(rule(), **reserved), instance(name="DB")))
        assert "reserved" in reasons(
            decide(policy(rule("{account_name}.corp.internal"), **reserved), account=Account(PAYMENTS.id, "db"))
        )
        assert names(decide(policy(rule("db.corp.internal"), **reserved))) == ["db"]

    def test_name_that_lies_in_an_inner_zone_is_refused(self) -> None:
        """Of nested zones, only the inner one answers, so a name that a tag puts there would not resolve."""
        inner = Fqdn("prod.corp.internal.")
        whole = Policy(covering(), (CORP, inner), (rule(), rule("{name}.{tag:env}.corp.internal")))
        for name, tags in (("prod", {}), ("web", {"env": "prod"})):
            decision = whole.decide(instance(name=name, tags=tags), PAYMENTS, IDS | {inner: "Z0INNER"}, {})
            assert "prod" not in names(decision)
            assert "web.prod" not in names(decision)
            assert "it lies in the zone 'prod.corp.internal'" in reasons(decision)

    def test_refused_name_has_no_fallback(self) -> None:
        """A fallback replaces a missing value, not a refused name."""
        decision = decide(
            rule("{name}.corp.internal", "{instance_id}.corp.internal", deny=("db",)), instance(name="db")
        )
        assert not decision.claims
