from random import Random

import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from sandbox.aws.resolution.autodefined import NO_RULES, AutodefinedReverse
from sandbox.aws.resolution.forwarding import ResolverRule, forwarded_domain
from sandbox.aws.resolution.resolver import Answer, answer
from sandbox.aws.route53.names import stored_name
from sandbox.aws.route53.rules import Action, Change, ResourceRecordSet, Routing
from sandbox.aws.route53.zone import Zone

SOA = "ns.example. hostmaster.example. 1 7200 900 1209600 86400"


def simple(name: str, type_: str, *values: str, ttl: int = 60) -> ResourceRecordSet:
    return ResourceRecordSet(stored_name(name), type_, ttl, values)


def member(name: str, identifier: str, *values: str) -> ResourceRecordSet:
    return ResourceRecordSet(stored_name(name), "A", 60, values, identifier, Routing.MULTIVALUE)


def zone(domain: str, *record_sets: ResourceRecordSet) -> Zone:
    made = Zone(domain)
    apex = simple(domain, "SOA", SOA, ttl=900)
    made.apply([Change(Action.CREATE, record_set) for record_set in (apex, *record_sets)])
    return made


def ask(zones: list[Zone], name: str, type_: str = "A", seed: int = 1) -> Answer:
    return answer(zones, dns.name.from_text(name), dns.rdatatype.from_text(type_), Random(seed))  # noqa: S311 - not a secret


def values(found: Answer) -> list[str]:
    return [str(record) for rrset in found.answers for record in rrset]


def test_name_has_its_values_and_ttl() -> None:
    """The answer has the name as it was queried, in any case."""
    found = ask([zone("corp.internal.", simple("web.corp.internal", "A", "10.0.0.1"))], "WEB.corp.internal")
    assert found.rcode == dns.rcode.NOERROR
    assert values(found) == ["10.0.0.1"]
    assert found.answers[0].name == dns.name.from_text("web.corp.internal")
    assert found.answers[0].ttl == 60
    assert found.authority == ()


def test_name_without_zone_is_nxdomain() -> None:
    """There is no recursion, and a zone whose name ends in the same letters is not responsible."""
    assert ask([], "web.corp.internal") == Answer(dns.rcode.NXDOMAIN)
    assert ask([zone("corp.internal.")], "web.notcorp.internal") == Answer(dns.rcode.NXDOMAIN)


def test_most_specific_zone_answers_alone() -> None:
    """A name that is missing there does not exist, even if the wider zone has it."""
    wide = zone("internal.", simple("web.corp.internal", "A", "10.0.0.1"), simple("a.internal", "A", "10.0.0.2"))
    narrow = zone("corp.internal.", simple("db.corp.internal", "A", "10.0.0.3"))
    for zones in ([wide, narrow], [narrow, wide]):
        assert ask(zones, "web.corp.internal").rcode == dns.rcode.NXDOMAIN
        assert values(ask(zones, "db.corp.internal")) == ["10.0.0.3"]
        assert values(ask(zones, "a.internal")) == ["10.0.0.2"]


@pytest.mark.parametrize("name", ["nothing.corp.internal", "a.web.corp.internal"])
def test_missing_name_is_nxdomain_with_soa(name: str) -> None:
    """A missing name below an existing one is NXDOMAIN too, cacheable for the SOA's time."""
    found = ask([zone("corp.internal.", simple("web.corp.internal", "A", "10.0.0.1"))], name)
    assert found.rcode == dns.rcode.NXDOMAIN
    assert [str(record) for record in found.authority[0]] == [SOA]
    assert found.authority[0].ttl == 900
    assert found.authority[0].name == dns.name.from_text("corp.internal")


@pytest.mark.parametrize(("name", "type_"), [("a.web.corp.internal", "AAAA"), ("web.corp.internal", "A")])
def test_existing_name_without_the_type_is_not_nxdomain(name: str, type_: str) -> None:
    """The answer is empty if the name has another type, or if only a name below it exists."""
    found = ask([zone("corp.internal.", simple("a.web.corp.internal", "A", "10.0.0.1"))], name, type_)
    assert found.rcode == dns.rcode.NOERROR
    assert found.answers == ()
    assert found.authority[0].rdtype == dns.rdatatype.SOA


def test_up_to_eight_members_answer() -> None:
    """Each member's values are in one answer."""
    zones = [zone("corp.internal.", *(member("web.corp.internal", str(n), f"10.0.0.{n}") for n in range(8)))]
    assert sorted(values(ask(zones, "web.corp.internal"))) == [f"10.0.0.{n}" for n in range(8)]


def test_eight_random_members_answer() -> None:
    """Every member is chosen at times, and the same random seed gives the same answer."""
    zones = [zone("corp.internal.", *(member("web.corp.internal", str(n), f"10.0.0.{n}") for n in range(20)))]
    answers = [frozenset(values(ask(zones, "web.corp.internal", seed=seed))) for seed in range(50)]
    assert {len(found) for found in answers} == {8}
    assert len(frozenset().union(*answers)) == 20
    assert values(ask(zones, "web.corp.internal", seed=7)) == values(ask(zones, "web.corp.internal", seed=7))


def test_simple_record_set_has_all_its_values() -> None:
    """The limit of eight applies to multivalue answers only."""
    zones = [zone("corp.internal.", simple("web.corp.internal", "A", *(f"10.0.0.{n}" for n in range(20))))]
    assert len(values(ask(zones, "web.corp.internal"))) == 20


def test_wildcard_answers_for_missing_names() -> None:
    """A wildcard answers at any depth, but not for or below an existing name."""
    zones = [
        zone(
            "corp.internal.",
            simple("*.corp.internal", "A", "10.0.0.9"),
            simple("web.corp.internal", "TXT", '"here"'),
        ),
    ]
    assert values(ask(zones, "a.corp.internal")) == ["10.0.0.9"]
    assert values(ask(zones, "b.a.corp.internal")) == ["10.0.0.9"]
    assert ask(zones, "b.a.corp.internal").answers[0].name == dns.name.from_text("b.a.corp.internal")
    assert ask(zones, "web.corp.internal").answers == ()
    assert ask(zones, "web.corp.internal").rcode == dns.rcode.NOERROR
    assert ask(zones, "a.web.corp.internal").rcode == dns.rcode.NXDOMAIN
    assert ask(zones, "a.corp.internal", "TXT").rcode == dns.rcode.NOERROR
    assert ask(zones, "corp.internal").answers == ()


def test_wildcard_is_the_leftmost_label_only() -> None:
    """Elsewhere the asterisk is an ordinary character."""
    zones = [zone("corp.internal.", simple("a*.corp.internal", "A", "10.0.0.9"))]
    assert ask(zones, "ab.corp.internal").rcode == dns.rcode.NXDOMAIN
    assert values(ask(zones, "a*.corp.internal")) == ["10.0.0.9"]


def test_cname_is_followed_through_the_zones() -> None:
    """The target's zone decides the result; outside all zones the CNAME alone is the answer."""
    zones = [
        zone(
            "corp.internal.",
            simple("www.corp.internal", "CNAME", "web.other.internal"),
            simple("gone.corp.internal", "CNAME", "gone.other.internal."),
            simple("out.corp.internal", "CNAME", "example.com."),
        ),
        zone("other.internal.", simple("web.other.internal", "A", "10.0.0.1")),
    ]
    assert values(ask(zones, "www.corp.internal")) == ["web.other.internal.", "10.0.0.1"]
    assert values(ask(zones, "www.corp.internal", "CNAME")) == ["web.other.internal."]
    dangling = ask(zones, "gone.corp.internal")
    assert dangling.rcode == dns.rcode.NXDOMAIN
    assert values(dangling) == ["gone.other.internal."]
    assert dangling.authority[0].name == dns.name.from_text("other.internal")
    out = ask(zones, "out.corp.internal")
    assert (out.rcode, values(out)) == (dns.rcode.NOERROR, ["example.com."])


def test_cname_loop_is_servfail() -> None:
    """A loop is a fault of the zone."""
    zones = [
        zone(
            "corp.internal.",
            simple("a.corp.internal", "CNAME", "b.corp.internal."),
            simple("b.corp.internal", "CNAME", "a.corp.internal."),
        ),
    ]
    assert ask(zones, "a.corp.internal").rcode == dns.rcode.SERVFAIL


def test_reverse_name_answers() -> None:
    """A PTR record is found by the reversed address."""
    zones = [zone("10.10.in-addr.arpa.", simple("3.2.10.10.in-addr.arpa", "PTR", "web.corp.internal"))]
    assert values(ask(zones, "3.2.10.10.in-addr.arpa", "PTR")) == ["web.corp.internal."]


def test_alias_record_set_is_an_error() -> None:
    """The resolver does not follow aliases, and says so."""
    alias = ResourceRecordSet("a.corp.internal.", "A", None, (), alias_target=(("DNSName", "b."),))
    with pytest.raises(NotImplementedError, match="alias"):
        ask([zone("corp.internal.", alias)], "a.corp.internal")


RULES = AutodefinedReverse("eu-west-1", ("10.1.0.0/16",))


def ask_reverse(zones: list[Zone], name: str, type_: str = "PTR") -> Answer:
    question = dns.name.from_text(f"{name}.in-addr.arpa")
    return answer(zones, question, dns.rdatatype.from_text(type_), Random(1), RULES)  # noqa: S311 - not a secret


def reverse_zone(domain: str, *names: str) -> Zone:
    return zone(f"{domain}.in-addr.arpa.", *(simple(f"{n}.in-addr.arpa", "PTR", "web.corp.internal") for n in names))


def test_wider_reverse_zone_is_shadowed() -> None:
    """EC2 answers in the VPC's own range; a zone with the rule's name answers elsewhere."""
    zones = [reverse_zone("10", "4.0.1.10", "4.0.2.10")]
    assert values(ask_reverse(zones, "4.0.1.10")) == ["ip-10-1-0-4.eu-west-1.compute.internal."]
    assert values(ask_reverse(zones, "4.0.2.10")) == ["web.corp.internal."]
    assert ask_reverse(zones, "5.0.2.10").authority[0].name == dns.name.from_text("10.in-addr.arpa")


@pytest.mark.parametrize("domain", ["1.10", "0.1.10"])
def test_reverse_zone_at_or_below_the_rule_answers(domain: str) -> None:
    """EC2 does not answer for names that the zone does not have."""
    zones = [reverse_zone("10"), reverse_zone(domain, "4.0.1.10")]
    assert values(ask_reverse(zones, "4.0.1.10")) == ["web.corp.internal."]
    assert ask_reverse(zones, "5.0.1.10").rcode == dns.rcode.NXDOMAIN


def test_ec2_answers_without_reverse_zones() -> None:
    """EC2 answers PTR queries for the VPC's own addresses; no other private address has a name."""
    assert values(ask_reverse([], "4.0.1.10")) == ["ip-10-1-0-4.eu-west-1.compute.internal."]
    assert ask_reverse([], "4.0.1.10", "TXT") == Answer(dns.rcode.NOERROR)
    assert ask_reverse([], "4.0.2.10") == Answer(dns.rcode.NXDOMAIN)


def test_cname_into_a_shadowed_name_gets_ec2s_answer() -> None:
    """The autodefined rules apply to each step of a chain of CNAMEs."""
    alias = simple("www.corp.internal", "CNAME", "4.0.1.10.in-addr.arpa.")
    question = dns.name.from_text("www.corp.internal")
    found = answer([zone("corp.internal.", alias)], question, dns.rdatatype.PTR, Random(1), RULES)  # noqa: S311 - not a secret
    assert values(found) == ["4.0.1.10.in-addr.arpa.", "ip-10-1-0-4.eu-west-1.compute.internal."]


def ask_with(
    zones: list[Zone], rules: list[ResolverRule], name: str, type_: str = "A", reverse: AutodefinedReverse = NO_RULES
) -> Answer:
    question = dns.name.from_text(name)
    return answer(zones, question, dns.rdatatype.from_text(type_), Random(1), reverse, rules)  # noqa: S311 - not a secret


CORP = zone(
    "corp.internal.", simple("web.corp.internal", "A", "10.0.0.1"), simple("a.b.corp.internal", "A", "10.0.0.2")
)
FORWARDED = Answer(dns.rcode.REFUSED)


@pytest.mark.parametrize("domain", ["corp.internal.", "web.corp.internal."])
def test_rule_at_or_below_the_zone_forwards(domain: str) -> None:
    """The rule forwards its own names; the zone answers all others."""
    rules = [ResolverRule(domain)]
    assert ask_with([CORP], rules, "web.corp.internal") == FORWARDED
    assert (ask_with([CORP], rules, "a.b.corp.internal") == FORWARDED) is (domain == CORP.domain)


@pytest.mark.parametrize("domain", ["internal.", ".", "other.internal.", "eb.corp.internal.", "a.web.corp.internal."])
def test_zone_wins_over_wider_rule(domain: str) -> None:
    """The most specific domain wins, and a domain that ends in the same letters does not match."""
    assert values(ask_with([CORP], [ResolverRule(domain)], "web.corp.internal")) == ["10.0.0.1"]


def test_root_rule_forwards_names_without_zone() -> None:
    """A rule for the root forwards every name that no zone is responsible for."""
    assert ask_with([CORP], [ResolverRule(".")], "web.other.internal") == FORWARDED
    assert ask_with([CORP], [], "web.other.internal") == Answer(dns.rcode.NXDOMAIN)


def test_most_specific_rule_decides() -> None:
    """The order does not matter; a SYSTEM rule exempts a name, and a more specific rule forwards it again."""
    rules = [
        ResolverRule("corp.internal."),
        ResolverRule("b.corp.internal.", forwards=False),
        ResolverRule("a.b.corp.internal."),
    ]
    for ordered in (rules, rules[::-1]):
        assert forwarded_domain(ordered, "web.corp.internal.") == "corp.internal."
        assert forwarded_domain(ordered, "c.b.corp.internal.") is None
        assert forwarded_domain(ordered, "a.b.corp.internal.") == "a.b.corp.internal."
        assert forwarded_domain(ordered, "other.internal.") is None
    assert values(ask_with([CORP], rules[:2], "a.b.corp.internal")) == ["10.0.0.2"]


@pytest.mark.parametrize(
    ("domain", "forwarded"),
    [("1.10.in-addr.arpa.", True), ("0.1.10.in-addr.arpa.", True), ("10.in-addr.arpa.", False), (".", False)],
)
def test_rule_wins_over_autodefined_rule_of_the_same_name(*, domain: str, forwarded: bool) -> None:
    """A more specific autodefined rule wins over the rule."""
    found = ask_with([], [ResolverRule(domain)], "4.0.1.10.in-addr.arpa", "PTR", RULES)
    assert (found == FORWARDED) is forwarded
    assert forwarded or values(found) == ["ip-10-1-0-4.eu-west-1.compute.internal."]


def test_cname_into_a_forwarded_domain_is_refused() -> None:
    """The CNAME is left out, because what the rule's target would answer is not simulated."""
    alias = zone("other.internal.", simple("www.other.internal", "CNAME", "web.corp.internal."))
    assert ask_with([alias, CORP], [ResolverRule("corp.internal.")], "www.other.internal") == FORWARDED
