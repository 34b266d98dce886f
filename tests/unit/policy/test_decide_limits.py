from __future__ import annotations

from hub.runtime.model.names import (
    RecordType,
    Refusal,
    Selection,
)
from hub.runtime.policy.candidates import MAX_ALIASES
from hub.runtime.policy.claims import MAX_REASON, MAX_VALUES
from hub.runtime.policy.draft import MAX_ALL_VALUES, MAX_NAMES, MAX_REFUSALS
from tests.support.build import (
    instance,
    interface,
)
from tests.support.config.policies import ETH1, decide, names, policy, reasons, rule


def test_limits_come_before_other_reasons() -> None:
    """The refusal about left-out names comes first, however many names are refused."""
    many = tuple(interface(f"10.1.{index}.1", index=index) for index in range(10))
    listed = " ".join(f"{letter}{number}" for number in range(MAX_ALIASES // 2) for letter in "ab")
    aliases = rule("{alias}-{device_index}.corp.internal", interfaces=Selection.ALL, aliases="list", deny=("b*",))
    decision = decide(aliases, instance(tags={"list": listed}, interfaces=many))
    assert len(decision.refusals) == MAX_REFUSALS
    assert "requests 160 names" in decision.refusals[0].reason


def test_values_beyond_a_row_are_left_out_with_a_reason() -> None:
    """All claims of an instance fit into its row, even with many names of many addresses."""
    many = tuple(f"10.1.0.{n}" for n in range(90))
    listed = " ".join(f"a{number}" for number in range(20))
    aliases = rule("{alias}.corp.internal", aliases="list", addresses=Selection.ALL)
    decision = decide(aliases, instance(tags={"list": listed}, interfaces=(interface(*many),)))
    assert sum(len(values) for claim in decision.claims for _, values in claim.values) <= MAX_ALL_VALUES
    assert len(decision.claims) == MAX_ALL_VALUES // 90
    assert f"more than {MAX_ALL_VALUES:,} values" in decision.refusals[0].reason
    assert decision.refusals[0].rule == "*"


def test_values_at_the_limit_of_a_row_are_all_claimed() -> None:
    """An instance with exactly the limit of values claims all of them, without a refusal."""
    many = tuple(f"10.1.0.{n}" for n in range(MAX_VALUES))
    listed = " ".join(f"a{number}" for number in range(MAX_ALL_VALUES // MAX_VALUES))
    aliases = rule("{alias}.corp.internal", aliases="list", addresses=Selection.ALL)
    decision = decide(aliases, instance(tags={"list": listed}, interfaces=(interface(*many),)))
    assert sum(len(values) for claim in decision.claims for _, values in claim.values) == MAX_ALL_VALUES
    assert not decision.refusals


def test_long_note_is_cut() -> None:
    """The note about many changed tags is cut to fit into the row."""
    tags = {f"t{number}": "A" for number in range(40)}
    template = ".".join(f"{{tag:{tag}}}" for tag in tags)
    (claim,) = decide(rule(f"{template}.corp.internal"), instance(tags=tags)).claims
    assert claim.note.startswith("'A' is written 'a': in lower case; 'A' is")
    assert claim.note.endswith("...")
    assert len(claim.note) == MAX_REASON + len("...")


def test_addresses_beyond_the_limit_are_left_out_with_a_reason() -> None:
    """A name has a limited number of an instance's addresses, among them the primary one."""
    many = tuple(f"10.1.{n // 250}.{n % 250}" for n in range(MAX_VALUES + 20, 0, -1))
    decision = decide(rule(addresses=Selection.ALL), instance(interfaces=(interface(*many),)))
    ((_, values),) = decision.claims[0].values
    assert len(values) == MAX_VALUES
    assert many[0] in values
    reason = f"{MAX_VALUES + 20} values of type A; the limit is {MAX_VALUES}"
    assert decision.refusals == (Refusal("rule", reason, "web.corp.internal."),)


def test_names_beyond_the_limit_are_left_out_with_a_reason() -> None:
    """An instance has a limited number of names; those of the first rules come first."""
    many = tuple(f"10.1.{n // 250}.{n % 250}" for n in range(MAX_NAMES + 20))
    rules = (rule(name="first"), rule("ip-{private_ipv4}.corp.internal", name="second", addresses=Selection.ALL))
    decision = decide(policy(*rules), instance(interfaces=(interface(*many),)))
    assert len(decision.claims) == MAX_NAMES
    assert "web" in names(decision)
    reason = f"the instance requests {MAX_NAMES + 21} names; the limit is {MAX_NAMES}"
    assert decision.refusals == (Refusal("*", reason),)


def test_addresses_are_left_out_from_the_end() -> None:
    """Addresses beyond the limit of a name are left out from the end, so never the primary one, with a reason."""
    everything = rule(interfaces=Selection.ALL, addresses=Selection.ALL)
    fitting = ("10.9.9.9", *(f"10.1.0.{number}" for number in range(1, MAX_VALUES)))
    decision = decide(everything, instance(interfaces=(interface(*fitting),)))
    assert decision.claims[0].values == ((RecordType.A, tuple(sorted(fitting))),)
    assert not decision.refusals
    decision = decide(everything, instance(interfaces=(interface(*fitting, "10.0.0.1"),)))
    assert decision.claims[0].values == ((RecordType.A, tuple(sorted(fitting))),)
    assert f"the limit is {MAX_VALUES}" in reasons(decision)


def test_names_at_the_limit_are_all_claimed() -> None:
    """An instance with exactly the limit of names claims all of them, without a refusal."""
    many = tuple(f"10.1.0.{number}" for number in range(1, MAX_NAMES + 1))
    decision = decide(
        rule("ip-{private_ipv4}.corp.internal", addresses=Selection.ALL), instance(interfaces=(interface(*many),))
    )
    assert len(decision.claims) == MAX_NAMES
    assert not decision.refusals


def test_refusals_are_distinct_and_limited() -> None:
    """One reason for all interfaces is one refusal, and a tag full of denied names leaves a limited number."""
    subject = instance(name=None, interfaces=(interface("10.1.0.1"), ETH1))
    assert len(decide(rule("{name}-{device_index}.corp.internal", interfaces=Selection.ALL), subject).refusals) == 1
    listed = " ".join(f"a{number}" for number in range(MAX_ALIASES))
    subject = instance(tags={"list": listed}, interfaces=(interface("10.1.0.1"), ETH1))
    denied = rule("{alias}-{device_index}.corp.internal", interfaces=Selection.ALL, aliases="list", deny=("a*",))
    assert len(decide(denied, subject).refusals) == MAX_REFUSALS
