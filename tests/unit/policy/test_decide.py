from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.contract import GROUP_TAG, NAME_TAG
from hub.runtime.model.names import (
    Account,
    ConflictRule,
    Fqdn,
    Instance,
    InstanceState,
    RecordType,
    Refusal,
    Selection,
    WhenStopped,
)
from hub.runtime.names.templates import Template
from hub.runtime.policy.candidates import MAX_ALIASES
from hub.runtime.policy.compiled import from_json, to_json
from hub.runtime.policy.decide import MAX_ALL_VALUES, MAX_NAMES, MAX_REFUSALS, MAX_TOLD, MAX_VALUES, Decision, Policy
from hub.runtime.policy.rules import SHOWN_PATTERNS, ReverseZone, Rule, Scope, TagCondition
from tests.support.build import (
    CORP,
    PAYMENTS,
    RESEARCH,
    SCIENCE,
    SUBNET,
    VPC,
    WORKLOADS,
    ZONE_IDS,
    example_policy,
    instance,
    interface,
)

REVERSE, REVERSE_ALL = Fqdn("1.10.in-addr.arpa."), Fqdn("10.in-addr.arpa.")
REVERSE_6 = Fqdn("8.b.d.0.1.0.0.2.ip6.arpa.")
IDS = dict(ZONE_IDS) | {REVERSE: "Z0REVERSE", REVERSE_ALL: "Z0REVERSEALL", REVERSE_6: "Z0REVERSE6"}


def rule(*templates: str, name: str = "rule", ttl: int = 60, **more: object) -> Rule:
    parsed = tuple(Template.parse(one, [CORP]) for one in templates or ("{name}.corp.internal",))
    return Rule(name, parsed, ttl, **more)  # type: ignore[arg-type]  # a rule's own arguments


def policy(*rules: Rule, **more: object) -> Policy:
    return Policy(frozenset({"eu-central-1"}), (CORP,), rules, **more)  # type: ignore[arg-type]  # a policy's own


def decide(of: Policy | Rule, subject: Instance | None = None, account: Account = PAYMENTS) -> Decision:
    whole = policy(of) if isinstance(of, Rule) else of
    return whole.decide(subject or instance(account=account.id), account, IDS)


def names(decision: Decision) -> list[str]:
    return [claim.key.fqdn.removesuffix(".corp.internal.") for claim in decision.claims]


def reasons(decision: Decision) -> str:
    return "; ".join(refusal.reason for refusal in decision.refusals)


def test_example_gives_each_instance_its_names() -> None:
    """The committed example means what its comments say."""
    decision = example_policy().decide(instance(name="web"), PAYMENTS, ZONE_IDS)
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.corp.internal.",
        "web.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }
    assert all(claim.values == ((RecordType.A, ("10.0.0.2",)),) for claim in decision.claims)


def test_account_without_the_short_name_rule_gets_none() -> None:
    """A rule for named accounts gives nothing to another, whatever its instances are called."""
    decision = example_policy().decide(instance(account=SCIENCE.id, name="web"), SCIENCE, ZONE_IDS)
    assert {claim.key.fqdn for claim in decision.claims} == {
        "web.eu-central-1.data-science.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


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
    def test_rule_speaks_for_instances_by_facts(self, scope: Scope, *, covered: bool) -> None:
        """Accounts and units say whose, regions, VPCs and subnets where; a rule that does not speak says nothing."""
        decision = decide(rule(scope=scope), account=SCIENCE)
        assert names(decision) == (["web"] if covered else [])
        assert not decision.refusals

    def test_unit_is_also_one_that_lies_deeper(self) -> None:
        """A unit stands for all accounts below it, however deep."""
        assert names(decide(rule(scope=Scope(units=frozenset({"r-ab12"}))), account=SCIENCE)) == ["web"]

    @pytest.mark.parametrize("part", ["accounts", "units", "regions", "vpcs", "subnets"])
    def test_scope_that_names_none_covers_none(self, part: str) -> None:
        """Nobody named is nobody, and never everybody: also in what travels in the package."""
        nobody = policy(rule(scope=Scope(**{part: frozenset()})))
        for read in (nobody, from_json(to_json(nobody))):
            assert not decide(read).claims


class TestTags:
    @pytest.mark.parametrize(
        ("value", "there", "given"),
        [
            ("yes", {"orgdns": "yes"}, True),
            ("yes", {"orgdns": " YES "}, True),
            ("yes", {"orgdns": "no"}, False),
            ("yes", {}, False),
            (None, {"orgdns": ""}, True),
            (None, {}, False),
        ],
    )
    def test_opt_in_waits_for_its_tag(self, value: str | None, there: dict[str, str], *, given: bool) -> None:
        """Without the tag nobody asked for a name, and the reason is kept as such."""
        decision = decide(rule(opt_in=TagCondition("orgdns", value)), instance(tags=there))
        assert names(decision) == (["web"] if given else [])
        assert [refusal.declined for refusal in decision.refusals] == ([] if given else [True])

    def test_reason_tells_the_tag_that_a_rule_waits_for(self) -> None:
        """The reason names the tag, and its value where not any will do."""
        assert reasons(decide(rule(opt_in=TagCondition("orgdns")))) == "the rule waits for the tag 'orgdns'"
        told = reasons(decide(rule(opt_in=TagCondition("orgdns", "yes"))))
        assert told == "the rule waits for the tag 'orgdns' with the value 'yes'"

    def test_opt_out_declines_one_rule(self) -> None:
        """A tag declines the rule that asks for it, and no other."""
        opted = rule(name="short", opt_out=TagCondition("orgdns", "no"))
        other = rule("{instance_id}.corp.internal", name="by-id")
        decision = decide(policy(opted, other), instance(tags={"orgdns": "no"}))
        assert [claim.rule for claim in decision.claims] == ["by-id"]
        assert [(refusal.rule, refusal.declined) for refusal in decision.refusals] == [("short", True)]

    def test_aliases_are_several_names_each_checked(self) -> None:
        """A tag lists further names; each is given or refused like any other."""
        aliases = rule("{alias}.corp.internal", aliases="orgdns:aliases", deny=("db*",))
        decision = decide(aliases, instance(tags={"orgdns:aliases": "www, api  db1 \u202e www"}))
        assert names(decision) == ["api", "www"]
        assert "denies 'db*'" in reasons(decision)
        assert "no name may" in reasons(decision)

    def test_more_aliases_than_a_person_asks_for_are_cut_and_told(self) -> None:
        """A tag full of names costs no more than so many."""
        listed = " ".join(f"a{number}" for number in range(MAX_ALIASES + 5))
        decision = decide(
            rule("{alias}.corp.internal", aliases="orgdns:aliases"), instance(tags={"orgdns:aliases": listed})
        )
        assert len(decision.claims) == MAX_ALIASES
        assert f"lists {MAX_ALIASES + 5} names" in reasons(decision)

    def test_alias_that_is_listed_twice_counts_once(self) -> None:
        """As many names as may be, each of them twice, are not too many."""
        listed = " ".join(f"a{number}" for number in range(MAX_ALIASES))
        decision = decide(
            rule("{alias}.corp.internal", aliases="orgdns:aliases"),
            instance(tags={"orgdns:aliases": f"{listed},{listed}"}),
        )
        assert len(decision.claims) == MAX_ALIASES
        assert not decision.refusals

    def test_missing_alias_tag_is_told(self) -> None:
        """An instance without the tag, or with none in it, asked for no further names, and the reason says so."""
        aliases = rule("{alias}.corp.internal", aliases="orgdns:aliases")
        for tags in ({}, {"orgdns:aliases": " , "}):
            (refusal,) = decide(aliases, instance(tags=tags)).refusals
            assert "no tag 'orgdns:aliases'" in refusal.reason
            assert refusal.declined

    def test_different_tags_that_end_as_one_label_are_one_name(self) -> None:
        """`Web 1` and `web_1` ask for the same name, as a conflict like any other, and the note says what was done."""
        one = decide(rule(), instance(1, name="Web 1")).claims[0]
        other = decide(rule(), instance(2, name="web_1")).claims[0]
        assert one.key == other.key
        assert "'Web 1' is written 'web-1'" in one.note


class TestPatterns:
    def test_denied_name_is_refused_with_its_reason(self) -> None:
        """What the rule denies is refused, by name."""
        (refusal,) = decide(rule(deny=("db*",)), instance(name="DB 1")).refusals
        assert (refusal.name, refusal.reason) == ("db-1.corp.internal.", "db-1.corp.internal: the rule denies 'db*'")

    def test_name_that_is_not_allowed_is_refused(self) -> None:
        """Where a rule says what it allows, nothing else is given."""
        limited = rule(allow=("web*", "api"))
        assert names(decide(limited, instance(name="web-7"))) == ["web-7"]
        told = reasons(decide(limited, instance(name="db")))
        assert told == "db.corp.internal: the rule allows only 'web*', 'api'"

    def test_what_is_denied_is_denied_among_what_is_allowed(self) -> None:
        """A rule may allow many names, and deny a few of them."""
        both = rule(allow=("web*",), deny=("web-admin",))
        assert names(decide(both, instance(name="web-7"))) == ["web-7"]
        assert "denies 'web-admin'" in reasons(decide(both, instance(name="web-admin")))

    def test_reserved_name_is_nobodys_by_an_address(self) -> None:
        """Who launches an instance may choose its address within the subnet, and so no reserved name by it."""
        whole = policy(rule("ip-{private_ipv4}.corp.internal"), reserved=("ip-10-1-0-53.corp.internal",))
        decision = decide(whole, instance(interfaces=(interface("10.1.0.53"),)))
        assert not decision.claims
        assert "reserved" in reasons(decision)

    def test_rule_that_allows_nothing_gives_nothing(self) -> None:
        """An empty list of what is allowed is not the same as none: also in what travels in the package."""
        nothing = policy(rule(allow=()))
        for read in (nothing, from_json(to_json(nothing))):
            assert not decide(read).claims

    def test_long_list_of_what_is_allowed_is_cut_in_the_reason(self) -> None:
        """A reason stays short, as a row of the ledger holds many of them."""
        patterns = tuple(f"service-{number}" for number in range(1000))
        (refusal,) = decide(rule(allow=patterns)).refusals
        assert "'service-0', 'service-1'" in refusal.reason
        assert refusal.reason.endswith("and 995 others")
        (refusal,) = decide(rule(allow=patterns[:SHOWN_PATTERNS])).refusals
        assert refusal.reason.endswith(repr(patterns[SHOWN_PATTERNS - 1]))

    def test_long_reason_is_cut(self) -> None:
        """A reason is no longer than what a row has room for, whatever patterns it tells."""
        (refusal,) = decide(rule(allow=tuple(f"{number}{'a' * 200}" for number in range(SHOWN_PATTERNS)))).refusals
        assert refusal.reason.startswith(f"web.corp.internal: the rule allows only '0{'a' * 200}', '1")
        assert refusal.reason.endswith("a...")
        assert len(refusal.reason) == MAX_TOLD + len("...")

    def test_reserved_name_is_nobodys_by_tag(self) -> None:
        """Nobody chooses a reserved name; a rule that names it itself gives it."""
        reserved = {"reserved": ("db.corp.internal",)}
        assert "reserved" in reasons(decide(policy(rule(), **reserved), instance(name="DB")))
        assert "reserved" in reasons(
            decide(policy(rule("{account_name}.corp.internal"), **reserved), account=Account(PAYMENTS.id, "db"))
        )
        assert names(decide(policy(rule("db.corp.internal"), **reserved))) == ["db"]

    def test_name_that_lies_in_an_inner_zone_is_refused(self) -> None:
        """Of nested zones the inner one alone is asked: a name that a tag puts there would never be found."""
        inner = Fqdn("prod.corp.internal.")
        whole = Policy(frozenset(), (CORP, inner), (rule(), rule("{name}.{tag:env}.corp.internal")))
        for name, tags in (("prod", {}), ("web", {"env": "prod"})):
            decision = whole.decide(instance(name=name, tags=tags), PAYMENTS, IDS | {inner: "Z0INNER"})
            assert "prod" not in names(decision)
            assert "web.prod" not in names(decision)
            assert "it lies in the zone 'prod.corp.internal'" in reasons(decision)

    def test_refused_name_has_no_fallback(self) -> None:
        """A fallback is for what is missing, not for what is refused."""
        decision = decide(
            rule("{name}.corp.internal", "{instance_id}.corp.internal", deny=("db",)), instance(name="db")
        )
        assert not decision.claims


class TestVariables:
    @pytest.mark.parametrize(
        ("template", "name"),
        [
            ("{name}", "web"),
            ("{instance_id}", "i-00000000000000001"),
            ("{name}-{short_id}", "web-00000001"),
            ("{account_id}", "444444444444"),
            ("{account_name}", "payments"),
            ("{ou}", "flows"),
            ("{region}", "eu-central-1"),
            ("{az}", "eu-central-1a"),
            ("{vpc_id}", VPC),
            ("{subnet_id}", SUBNET),
            ("{asg}", "web-fleet"),
            ("ip-{private_ipv4}", "ip-10-0-0-2"),
            ("{name}-{device_index}", "web-0"),
            ("{tag:team.name}", "core"),
        ],
    )
    def test_variable_stands_for_its_value(self, template: str, name: str) -> None:
        """Each variable stands for what the reference says."""
        subject = instance(tags={GROUP_TAG: "Web Fleet", "team.name": "Core"})
        whole = policy(rule(f"{template}.corp.internal"), unit_labels=((WORKLOADS, "flows"),))
        assert names(decide(whole, subject)) == [name]

    @pytest.mark.parametrize(
        ("template", "reason"),
        [
            ("{name}", f"no tag {NAME_TAG!r}"),
            ("{asg}", f"no tag {GROUP_TAG!r}"),
            ("{tag:team}", "no tag 'team'"),
            ("{account_name}", "was another's first"),
            ("{ou}", "no unit of the account has a label"),
            ("{az}", "no availability zone"),
            ("{vpc_id}", "no VPC"),
            ("{subnet_id}", "no subnet"),
            ("{private_ipv4}", "no private IPv4"),
        ],
    )
    def test_missing_value_is_a_refusal_or_the_fallback(self, template: str, reason: str) -> None:
        """Without a value there is no name, and the reason is told; a fallback stands in where there is one."""
        account = Account(PAYMENTS.id, None, "was another's first")
        bare = interface(ipv6=("2001:db8::1",), vpc_id="", subnet_id="")
        subject = replace(instance(name=None, interfaces=(bare,)), az="")
        text = f"{template}.corp.internal"
        (refusal,) = decide(rule(text), subject, account).refusals
        assert reason in refusal.reason
        # Without a tag nobody asked; what else is missing is nobody's choice.
        assert refusal.declined == ("tag" in reason)
        decision = decide(rule(text, "{instance_id}.x.corp.internal"), subject, account)
        assert names(decision) == ["i-00000000000000001.x"]
        assert not decision.refusals

    def test_nearest_labelled_unit_counts(self) -> None:
        """`{ou}` is the label of the unit that lies nearest to the account."""
        labels = ((WORKLOADS, "flows"), (RESEARCH, "lab"))
        whole = policy(rule("{name}.{ou}.corp.internal"), unit_labels=labels)
        assert names(decide(whole, account=SCIENCE)) == ["web.lab"]
        assert names(decide(whole, account=PAYMENTS)) == ["web.flows"]

    def test_both_templates_missing_tells_both_reasons(self) -> None:
        """Where the fallback has no value either, both reasons are told."""
        decision = decide(rule("{name}.corp.internal", "{asg}.corp.internal"), instance(name=None))
        assert NAME_TAG in reasons(decision)
        assert GROUP_TAG in reasons(decision)


ETH1 = interface("10.1.2.1", "10.1.2.2", index=1, subnet_id="subnet-2")


class TestAddresses:
    def test_instance_without_address_claims_nothing(self) -> None:
        """A name without an address would answer nothing."""
        decision = decide(example_policy(), instance(address=None))
        assert not decision.claims
        assert decision.refusals == (Refusal("*", "the instance has no private address"),)

    def test_ipv6_is_published_beside_ipv4(self) -> None:
        """An instance with IPv6 has AAAA record sets of its name; one with IPv6 alone has only these."""
        both = instance(interfaces=(interface("10.1.0.1", ipv6=("2001:db8::2", "2001:db8::1")),))
        (claim,) = decide(rule(), both).claims
        assert claim.values == ((RecordType.A, ("10.1.0.1",)), (RecordType.AAAA, ("2001:db8::1", "2001:db8::2")))
        alone = instance(interfaces=(interface(ipv6=("2001:db8::1",)),))
        assert decide(rule(), alone).claims[0].values == ((RecordType.AAAA, ("2001:db8::1",)),)

    @pytest.mark.parametrize(
        ("interfaces", "addresses", "values"),
        [
            (Selection.PRIMARY, Selection.PRIMARY, ("10.1.0.1",)),
            (Selection.PRIMARY, Selection.ALL, ("10.1.0.1", "10.1.0.2")),
            (Selection.PRIMARY, Selection.FURTHER, ("10.1.0.2",)),
            (Selection.FURTHER, Selection.PRIMARY, ("10.1.2.1",)),
            (Selection.ALL, Selection.ALL, ("10.1.0.1", "10.1.0.2", "10.1.2.1", "10.1.2.2")),
        ],
    )
    def test_several_addresses_under_one_name_are_one_claim(
        self, interfaces: Selection, addresses: Selection, values: tuple[str, ...]
    ) -> None:
        """What a rule asks of interfaces and addresses comes under its one name."""
        subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2"), ETH1))
        (claim,) = decide(rule(interfaces=interfaces, addresses=addresses), subject).claims
        assert claim.values == ((RecordType.A, values),)

    def test_interface_in_another_subnet_is_not_the_rules(self) -> None:
        """A rule for a subnet speaks of the addresses there, and of no others of the same instance."""
        only = rule(interfaces=Selection.ALL, scope=Scope(subnets=frozenset({"subnet-2"})))
        (claim,) = decide(only, instance(interfaces=(interface("10.1.0.1"), ETH1))).claims
        assert claim.values == ((RecordType.A, ("10.1.2.1",)),)

    def test_each_interface_has_its_name_by_its_index(self) -> None:
        """`{device_index}` gives each interface a name; two of one index, on two network cards, share theirs."""
        subject = instance(interfaces=(interface("10.1.0.1"), ETH1, interface("10.1.3.1", index=1)))
        decision = decide(rule("{name}-eth{device_index}.corp.internal", interfaces=Selection.ALL), subject)
        assert {claim.key.fqdn: claim.values for claim in decision.claims} == {
            "web-eth0.corp.internal.": ((RecordType.A, ("10.1.0.1",)),),
            "web-eth1.corp.internal.": ((RecordType.A, ("10.1.2.1", "10.1.3.1")),),
        }

    def test_each_address_has_its_name(self) -> None:
        """`{private_ipv4}` gives each address a name that answers with it alone."""
        subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
        decision = decide(rule("ip-{private_ipv4}.corp.internal", addresses=Selection.ALL), subject)
        assert {claim.key.fqdn: claim.values for claim in decision.claims} == {
            f"ip-10-1-0-{n}.corp.internal.": ((RecordType.A, (f"10.1.0.{n}",)),) for n in (1, 2)
        }
        assert {claim.note for claim in decision.claims} == {""}

    def test_each_address_is_told_with_the_index_of_its_interface(self) -> None:
        """`{private_ipv4}` and `{device_index}` in one name are those of one interface."""
        subject = instance(interfaces=(interface("10.1.0.1"), ETH1))
        both = rule("{private_ipv4}.eth{device_index}.corp.internal", interfaces=Selection.ALL, addresses=Selection.ALL)
        assert names(decide(both, subject)) == ["10-1-0-1.eth0", "10-1-2-1.eth1", "10-1-2-2.eth1"]

    def test_index_is_known_where_there_is_no_ipv4(self) -> None:
        """Of an instance with IPv6 alone each interface still has its index, also for a fallback."""
        subject = instance(interfaces=(interface(ipv6=("2001:db8::1",)), interface(index=1, ipv6=("2001:db8::2",))))
        fallback = rule("{private_ipv4}.corp.internal", "eth{device_index}.corp.internal", interfaces=Selection.ALL)
        assert {claim.key.fqdn: claim.values for claim in decide(fallback, subject).claims} == {
            "eth0.corp.internal.": ((RecordType.AAAA, ("2001:db8::1",)),),
            "eth1.corp.internal.": ((RecordType.AAAA, ("2001:db8::2",)),),
        }
        assert "no private IPv4" in reasons(decide(rule("{private_ipv4}-{device_index}.corp.internal"), subject))

    def test_what_was_cut_is_told_before_all_other_reasons(self) -> None:
        """However many names are refused, that others were cut is told."""
        many = tuple(interface(f"10.1.{index}.1", index=index) for index in range(10))
        listed = " ".join(f"{letter}{number}" for number in range(MAX_ALIASES // 2) for letter in "ab")
        aliases = rule("{alias}-{device_index}.corp.internal", interfaces=Selection.ALL, aliases="list", deny=("b*",))
        decision = decide(aliases, instance(tags={"list": listed}, interfaces=many))
        assert len(decision.refusals) == MAX_REFUSALS
        assert "asks for 160 names" in decision.refusals[0].reason

    def test_more_values_than_a_row_holds_are_cut_and_told(self) -> None:
        """All that an instance claims fits into its row, also with many names of many addresses."""
        many = tuple(f"10.1.0.{n}" for n in range(90))
        listed = " ".join(f"a{number}" for number in range(20))
        aliases = rule("{alias}.corp.internal", aliases="list", addresses=Selection.ALL)
        decision = decide(aliases, instance(tags={"list": listed}, interfaces=(interface(*many),)))
        assert sum(len(values) for claim in decision.claims for _, values in claim.values) <= MAX_ALL_VALUES
        assert len(decision.claims) == MAX_ALL_VALUES // 90
        assert f"more than {MAX_ALL_VALUES:,} values" in decision.refusals[0].reason
        assert decision.refusals[0].rule == "*"

    def test_as_many_values_as_a_row_holds_are_not_too_many(self) -> None:
        """An instance with exactly as many values as count gets them all, and nothing is told."""
        many = tuple(f"10.1.0.{n}" for n in range(MAX_VALUES))
        listed = " ".join(f"a{number}" for number in range(MAX_ALL_VALUES // MAX_VALUES))
        aliases = rule("{alias}.corp.internal", aliases="list", addresses=Selection.ALL)
        decision = decide(aliases, instance(tags={"list": listed}, interfaces=(interface(*many),)))
        assert sum(len(values) for claim in decision.claims for _, values in claim.values) == MAX_ALL_VALUES
        assert not decision.refusals

    def test_long_note_is_cut(self) -> None:
        """What was done to many tags of one name is told as far as a row has room for it."""
        tags = {f"t{number}": "A" for number in range(40)}
        template = ".".join(f"{{tag:{tag}}}" for tag in tags)
        (claim,) = decide(rule(f"{template}.corp.internal"), instance(tags=tags)).claims
        assert claim.note.startswith("'A' is written 'a': in lower case; 'A' is")
        assert claim.note.endswith("...")
        assert len(claim.note) == MAX_TOLD + len("...")

    def test_more_addresses_than_fit_are_cut_and_told(self) -> None:
        """A name takes so many addresses of an instance, the primary one among them."""
        many = tuple(f"10.1.{n // 250}.{n % 250}" for n in range(MAX_VALUES + 20, 0, -1))
        decision = decide(rule(addresses=Selection.ALL), instance(interfaces=(interface(*many),)))
        ((_, values),) = decision.claims[0].values
        assert len(values) == MAX_VALUES
        assert many[0] in values
        told = f"{MAX_VALUES + 20} values of type A; the first {MAX_VALUES} count"
        assert decision.refusals == (Refusal("rule", told, "web.corp.internal."),)

    def test_more_names_than_an_instance_may_have_are_cut_and_told(self) -> None:
        """An instance holds so many names, those of the first rules first."""
        many = tuple(f"10.1.{n // 250}.{n % 250}" for n in range(MAX_NAMES + 20))
        rules = (rule(name="first"), rule("ip-{private_ipv4}.corp.internal", name="second", addresses=Selection.ALL))
        decision = decide(policy(*rules), instance(interfaces=(interface(*many),)))
        assert len(decision.claims) == MAX_NAMES
        assert "web" in names(decision)
        told = f"the instance asks for {MAX_NAMES + 21} names; the first {MAX_NAMES} count"
        assert decision.refusals == (Refusal("*", told),)

    def test_name_may_have_as_many_values_as_fit(self) -> None:
        """Addresses past the limit of a name are cut from the end, the primary one never, and this is told."""
        everything = rule(interfaces=Selection.ALL, addresses=Selection.ALL)
        fitting = ("10.9.9.9", *(f"10.1.0.{number}" for number in range(1, MAX_VALUES)))
        decision = decide(everything, instance(interfaces=(interface(*fitting),)))
        assert decision.claims[0].values == ((RecordType.A, tuple(sorted(fitting))),)
        assert not decision.refusals
        decision = decide(everything, instance(interfaces=(interface(*fitting, "10.0.0.1"),)))
        assert decision.claims[0].values == ((RecordType.A, tuple(sorted(fitting))),)
        assert f"the first {MAX_VALUES} count" in reasons(decision)

    def test_as_many_names_as_may_be_are_not_too_many(self) -> None:
        """An instance with exactly as many names as count gets them all, and nothing is told."""
        many = tuple(f"10.1.0.{number}" for number in range(1, MAX_NAMES + 1))
        decision = decide(
            rule("ip-{private_ipv4}.corp.internal", addresses=Selection.ALL), instance(interfaces=(interface(*many),))
        )
        assert len(decision.claims) == MAX_NAMES
        assert not decision.refusals

    def test_reasons_are_told_once_and_are_no_more_than_a_row_holds(self) -> None:
        """One reason for all interfaces is one refusal; a tag full of names that are denied leaves so many."""
        subject = instance(name=None, interfaces=(interface("10.1.0.1"), ETH1))
        assert len(decide(rule("{name}-{device_index}.corp.internal", interfaces=Selection.ALL), subject).refusals) == 1
        listed = " ".join(f"a{number}" for number in range(MAX_ALIASES))
        subject = instance(tags={"list": listed}, interfaces=(interface("10.1.0.1"), ETH1))
        denied = rule("{alias}-{device_index}.corp.internal", interfaces=Selection.ALL, aliases="list", deny=("a*",))
        assert len(decide(denied, subject).refusals) == MAX_REFUSALS

    def test_further_addresses_are_ipv4_alone(self) -> None:
        """A rule for further addresses says nothing of an instance that has none; IPv6 goes with the primary one."""
        further = rule(addresses=Selection.FURTHER)
        both = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
        assert decide(further, both).claims[0].values == ((RecordType.A, ("10.1.0.2",)),)
        assert decide(further, instance(interfaces=(interface("10.1.0.1", ipv6=("2001:db8::1",)),))) == Decision()


class TestStates:
    @pytest.mark.parametrize("state", [InstanceState.STOPPING, InstanceState.STOPPED])
    def test_stopped_instance_keeps_or_withdraws_by_rule(self, state: InstanceState) -> None:
        """The address survives a stop and so does the name, unless the rule withdraws it then."""
        assert names(decide(rule(), instance(state=state))) == ["web"]
        withdrawn = decide(rule(stopped=WhenStopped.WITHDRAW), instance(state=state))
        assert not withdrawn.claims
        assert "is stopped" in reasons(withdrawn)

    @pytest.mark.parametrize("state", [InstanceState.PENDING, InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED])
    def test_instance_that_is_not_there_claims_nothing(self, state: InstanceState) -> None:
        """What does not run yet, or never will again, has no name."""
        assert decide(rule(), instance(state=state)) == Decision()


class TestMeetingRules:
    def test_rules_that_meet_at_one_name_make_one_claim(self) -> None:
        """Two rules that give one name make one claim: the lower TTL, the stricter way, all addresses."""
        subject = instance(interfaces=(interface("10.1.0.1", "10.1.0.2", ipv6=("2001:db8::1",)),))
        one = rule(name="one", ttl=60, conflict=ConflictRule.SHARE)
        two = rule(name="two", ttl=30, conflict=ConflictRule.OLDEST, addresses=Selection.FURTHER)
        for rules in ((one, two), (two, one)):
            (claim,) = decide(policy(*rules), subject).claims
            assert (claim.rule, claim.ttl, claim.conflict) == (rules[0].name, 30, ConflictRule.OLDEST)
            # One of them gives IPv4 alone.
            values = ((RecordType.A, ("10.1.0.1", "10.1.0.2")), (RecordType.AAAA, ("2001:db8::1",)))
            assert claim.values == values

    def test_what_policy_reads_is_known(self) -> None:
        """The tags that decide anything, and whether units and stops do, are read off the rules."""
        rules = (
            rule("{name}.{tag:team}.corp.internal", opt_in=TagCondition("in")),
            rule("{alias}.{ou}.corp.internal", aliases="list", opt_out=TagCondition("out", "x")),
            rule("{asg}.corp.internal"),
        )
        assert policy(*rules).tags_read == {"Name", "team", "in", "list", "out", GROUP_TAG}
        assert policy(*rules).reads_units
        assert not policy(rule()).reads_units
        assert policy(rule(scope=Scope(units=frozenset({RESEARCH})))).reads_units
        assert not policy(*rules).withdraws_when_stopped
        assert policy(rule(stopped=WhenStopped.WITHDRAW)).withdraws_when_stopped


def pointers(decision: Decision) -> dict[str, tuple[str, ...]]:
    return {
        f"{claim.key.zone_id} {claim.key.fqdn}": values
        for claim in decision.claims
        for record_type, values in claim.values
        if record_type is RecordType.PTR
    }


class TestReverse:
    @pytest.fixture
    def zones(self) -> dict[str, object]:
        return {"reverse_zones": (ReverseZone(REVERSE), ReverseZone(REVERSE_ALL), ReverseZone(REVERSE_6))}

    def test_each_address_leads_to_the_canonical_name(self, zones: dict[str, object]) -> None:
        """The first rule that says so names an address, in the most specific zone; IPv6 addresses, too."""
        first = rule("{instance_id}.corp.internal", name="first", ttl=300, reverse=ConflictRule.OLDEST)
        second = rule(name="second", reverse=ConflictRule.NEWEST, addresses=Selection.ALL)
        subject = instance(interfaces=(interface("10.1.0.1", "10.2.0.1", ipv6=("2001:db8::1",)),))
        decision = decide(policy(first, second, **zones), subject)
        by_id = ("i-00000000000000001.corp.internal.",)
        assert pointers(decision) == {
            "Z0REVERSE 1.0.1.10.in-addr.arpa.": by_id,
            "Z0REVERSEALL 1.0.2.10.in-addr.arpa.": ("web.corp.internal.",),
            f"Z0REVERSE6 1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa.": by_id,
        }
        terms = {claim.key.zone_id: (claim.ttl, claim.conflict, claim.rule) for claim in decision.claims}
        assert terms["Z0REVERSE"] == (300, ConflictRule.OLDEST, "first")
        assert terms["Z0REVERSEALL"] == (60, ConflictRule.NEWEST, "second")
        # By the age of instances conflicts are settled, about PTR records, too.
        assert {claim.launched_at for claim in decision.claims} == {subject.launched_at}

    def test_rule_without_reverse_names_no_address(self, zones: dict[str, object]) -> None:
        """PTR records are for rules that ask for them, and for addresses of configured zones."""
        subject = instance(interfaces=(interface("10.1.0.1"),))
        assert not pointers(decide(policy(rule(), **zones), subject))
        assert not pointers(decide(policy(rule(reverse=ConflictRule.OLDEST)), subject))

    def test_most_specific_zone_has_the_address_whatever_its_place(self) -> None:
        """Neither the order of the zones nor a zone whose name only ends alike decides where a PTR record lies."""
        for zones in (
            (ReverseZone(REVERSE_ALL), ReverseZone(REVERSE)),
            (ReverseZone(REVERSE), ReverseZone(REVERSE_ALL)),
        ):
            whole = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=zones)
            for address, zone in (("10.1.0.1", "Z0REVERSE "), ("10.11.0.1", "Z0REVERSEALL ")):
                (place,) = pointers(decide(whole, instance(interfaces=(interface(address),))))
                assert place.startswith(zone)

    def test_address_of_two_networks_leads_to_the_first_interface(self) -> None:
        """An instance with one address in two VPCs has one PTR record, to the name of the interface before."""
        whole = policy(
            rule("eth{device_index}.corp.internal", interfaces=Selection.ALL, reverse=ConflictRule.OLDEST),
            reverse_zones=(ReverseZone(REVERSE),),
        )
        twice = (interface("10.1.0.1"), interface("10.1.0.1", index=1, vpc_id="vpc-2"))
        assert list(pointers(decide(whole, instance(interfaces=twice))).values()) == [("eth0.corp.internal.",)]

    def test_zone_for_no_vpc_holds_nothing(self) -> None:
        """A reverse zone whose VPCs are none is for none of them: also in what travels in the package."""
        none = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=(ReverseZone(REVERSE, frozenset()),))
        for read in (none, from_json(to_json(none))):
            assert not pointers(decide(read, instance(interfaces=(interface("10.1.0.1"),))))

    def test_zone_for_some_vpcs_keeps_others_out(self) -> None:
        """Whoever makes a VPC with a network of the same addresses gets no PTR record in a zone for other VPCs."""
        zone = ReverseZone(REVERSE, frozenset({VPC}))
        whole = policy(rule(reverse=ConflictRule.OLDEST), reverse_zones=(zone,))
        inside = instance(interfaces=(interface("10.1.0.1"),))
        outside = instance(interfaces=(interface("10.1.0.1", vpc_id="vpc-2"),))
        assert pointers(decide(whole, inside))
        assert not pointers(decide(whole, outside))
        assert names(decide(whole, outside)) == ["web"]
