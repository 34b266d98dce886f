"""Which names of an instance fit into the limits of its account."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Claim, Fqdn, NameKey, RecordType, Refusal
from hub.runtime.model.usage import NOTHING, Limits, Usage, summed, usage_of
from hub.runtime.observer.quota import POINTS_NOWHERE, fitting
from hub.runtime.policy.draft import MAX_REFUSALS, Decision
from tests.support.build import CORP_ZONE, claim, key

LIMITS = Limits(account_names=3, account_records=4, account_vpcs=1, zone_records=9, zone_vpcs=9)
DOMAINS = {CORP_ZONE: "corp.internal"}
V4, V6 = (RecordType.A, ("10.0.0.1",)), (RecordType.AAAA, ("fd00::1",))


def named(*names: str, both: bool = False) -> tuple[Claim, ...]:
    values = (V4, V6) if both else (V4,)
    return tuple(replace(claim(name=name), values=values) for name in names)


def decided(claims: tuple[Claim, ...], before: tuple[Claim, ...] = (), others: Usage = NOTHING) -> Decision:
    used = summed([{CORP_ZONE: others}, usage_of(before)])
    return fitting(Decision(claims), before, used, LIMITS, DOMAINS)


def names(decision: Decision) -> list[str]:
    return [claim.key.fqdn.split(".")[0] for claim in decision.claims]


def test_everything_fits() -> None:
    """Up to the limit, the decision stays as it is."""
    decision = Decision(named("a", "b", "c"), (Refusal("r", "another reason"),))
    assert fitting(decision, (), {}, LIMITS, DOMAINS) is decision


def test_names_above_the_limit() -> None:
    """The first names fit, and the others are refused with the limit and the zone. Other refusals stay."""
    found = fitting(Decision(named("a", "b", "c"), (Refusal("r", "x"),)), (), {CORP_ZONE: Usage(2, 2)}, LIMITS, DOMAINS)
    assert names(found) == ["a"]
    reason = "the account has reached its limit of 3 names (guards.account_names) in the zone corp.internal"
    assert found.refusals == (
        Refusal("short-names", reason, key("b").fqdn, limited=True),
        Refusal("short-names", reason, key("c").fqdn, limited=True),
        Refusal("r", "x"),
    )


def test_records_above_the_limit() -> None:
    """A name with two types takes two records."""
    found = decided(named("a", "b", both=True), others=Usage(1, 1))
    assert names(found) == ["a"]
    (refusal,) = found.refusals
    assert "4 records (guards.account_records)" in refusal.reason


def test_instance_keeps_its_names() -> None:
    """An account above its limit keeps every name, and may change addresses."""
    before = named("a", "b", "c")
    after = tuple(replace(each, values=((RecordType.A, ("10.0.0.2",)),)) for each in before)
    assert decided(after, before, Usage(9, 9)).claims == after


def test_instance_exchanges_names() -> None:
    """An instance of an account above its limit may have as many names as before, and a name of another type."""
    assert names(decided(named("x", "y"), named("a", "b"), Usage(9, 9))) == ["x", "y"]
    assert names(decided(named("a", "x", "y"), named("a", "b"), Usage(9, 9))) == ["a", "x"]
    ipv6 = tuple(replace(each, values=(V6,)) for each in named("a"))
    assert decided(ipv6, named("a"), Usage(9, 9)).claims == ipv6


def test_further_type_of_a_name() -> None:
    """A name that gains a type beyond the limit keeps the types that it has."""
    found = decided(named("a", both=True), named("a"), Usage(2, 3))
    assert found.claims == named("a")
    assert len(found.refusals) == 1
    assert decided(named("a", both=True), named("a"), Usage(2, 2)).claims == named("a", both=True)
    only_v6 = replace(named("a")[0], values=(V6,))
    assert decided(named("a", both=True), (only_v6,), Usage(2, 3)).claims == (only_v6,)


def test_pointer_to_a_refused_name() -> None:
    """No new PTR record points to a refused name; one that exists stays, and so does one to a name that is given."""
    a, b = named("a", "b")
    pointers = [
        replace(a, key=NameKey("Z2", Fqdn(f"{number}.arpa.")), values=((RecordType.PTR, (each.key.fqdn,)),))
        for number, each in enumerate((a, b))
    ]
    decision = Decision((a, b, *pointers))
    found = fitting(decision, (), {CORP_ZONE: Usage(2, 2)}, LIMITS, DOMAINS)
    assert found.claims == (a, pointers[0])
    assert found.refusals[1:] == (Refusal(b.rule, POINTS_NOWHERE, pointers[1].key.fqdn, limited=True),)
    assert found.refusals[0].name == b.key.fqdn
    kept = fitting(decision, (pointers[1],), {CORP_ZONE: Usage(2, 2)}, LIMITS, DOMAINS)
    assert kept.claims == (a, *pointers)


def test_zones_are_counted_separately() -> None:
    """A full zone takes no name of another zone away. A zone without a known domain shows its id."""
    other = replace(claim(name="z"), key=NameKey("Z2", key("z").fqdn))
    found = fitting(Decision((*named("a"), other)), (), {"Z2": Usage(3, 3)}, LIMITS, DOMAINS)
    assert found.claims == named("a")
    assert found.refusals[0].reason.endswith("in the zone Z2")


def test_refusals_are_limited() -> None:
    """The ledger's row of an instance has room for a limited number of refusals."""
    many = named(*(f"n{number:03}" for number in range(MAX_REFUSALS + 9)))
    assert len(decided(many).refusals) == MAX_REFUSALS


CLAIMS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([(V4,), (V6,), (V4, V6)])).map(
    lambda values: tuple(replace(claim(name=name), values=values[name]) for name in sorted(values))
)


@given(CLAIMS, CLAIMS, st.integers(-3, 6), st.integers(-3, 6))
def test_any_decision(wanted: tuple[Claim, ...], before: tuple[Claim, ...], names: int, records: int) -> None:
    """What is given was wanted, never adds beyond a limit, keeps what the instance has, and is as much as fits."""
    others = Usage(names, records)
    found = decided(wanted, before, others)
    by_key = {each.key: each for each in wanted}
    assert all(set(each.values) <= set(by_key[each.key].values) for each in found.claims)
    held = {each.key for each in before}
    assert {each.key for each in wanted} & held <= {each.key for each in found.claims}
    now, then = (usage_of(claims).get(CORP_ZONE, Usage()) for claims in (before, found.claims))
    assert then.names <= max(now.names, LIMITS.account_names - others.names)
    assert then.records <= max(now.records, LIMITS.account_records - others.records)
    assert bool(found.refusals) == (found.claims != wanted)
    # A sweep that decides again changes no claim: at most a reason, once, where both limits are reached.
    assert decided(wanted, found.claims, others).claims == found.claims
