"""Names and findings of the report, from rows of the ledger that come one by one."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import (
    Account,
    Claim,
    ConflictRule,
    Fqdn,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    RecordType,
    Refusal,
    Withheld,
)
from hub.runtime.model.observation import Observation
from orgdns.cli.reports.reporting.bounded import Bounded
from orgdns.cli.reports.reporting.names import NamesTally
from orgdns.report.model import Finding, Name

ZONE, ACCOUNT, REGION = "Z1", "444444444444", "eu-central-1"


def ref(number: int = 1) -> InstanceRef:
    return InstanceRef(ACCOUNT, REGION, f"i-{number:017x}")


def record_set(number: int = 1, label: str = "web") -> RecordSet:
    return RecordSet(Fqdn(f"{label}.corp.internal."), RecordType.A, 60, (f"10.0.0.{number}",), str(ref(number)))


def claim(number: int = 1, label: str = "web") -> Claim:
    return Claim(
        key=NameKey(ZONE, Fqdn(f"{label}.corp.internal.")),
        instance=ref(number),
        values=((RecordType.A, (f"10.0.0.{number}",)),),
        ttl=60,
        conflict=ConflictRule.NEWEST,
        rule="short-names",
        launched_at=Millis(number),
    )


def state(*claims: Claim, label: str = "web", published: Published | None = None) -> NameState:
    return NameState(NameKey(ZONE, Fqdn(f"{label}.corp.internal.")), claims, published or Published())


def held(label: str) -> NameState:
    """A published name."""
    return state(claim(1, label), label=label, published=Published((record_set(1, label),)))


def tallied(*contents: NameState | Observation | Unreadable, most: int = 10) -> NamesTally:
    tally = NamesTally({ZONE: "corp.internal"}, most)
    list(tally.instances(contents))
    return tally


def names(*contents: NameState) -> tuple[Name, ...]:
    return tallied(*contents).names().rows


def findings(*contents: NameState | Observation | Unreadable) -> tuple[Finding, ...]:
    return tallied(*contents).findings().rows


def test_a_published_name_has_its_values_and_its_holder() -> None:
    """The name is without its trailing dot, and says which instance and rule gave it."""
    (name,) = names(state(claim(), published=Published((record_set(),))))
    assert (name.name, name.zone, name.values, name.ttl) == ("web.corp.internal", "corp.internal", "A 10.0.0.1", 60)
    assert (name.account, name.region, name.instance, name.rule) == (ACCOUNT, REGION, ref().id, "short-names")
    assert (name.state, name.reason, name.claimants) == ("published", "", 1)


def test_a_change_that_is_not_published_waits() -> None:
    """Records differ from the claims, or the outcome of a change is not known, or the last claim ended."""
    assert [name.state for name in names(state(claim()))] == ["waiting"]
    assert [name.state for name in names(state(claim(), published=Published((record_set(),), pending=True)))] == [
        "waiting"
    ]
    assert [name.state for name in names(state(published=Published((record_set(),))))] == ["waiting"]


def test_a_name_in_dry_run_shows_what_it_would_have() -> None:
    """What is kept back is no change that waits."""
    kept = replace(claim(), publish=False)
    (name,) = names(state(kept, published=Published(withheld=Withheld((record_set(),), "a foreign record"))))
    assert (name.state, name.values, name.reason) == ("dry run", "A 10.0.0.1", "a foreign record")


def test_what_ended_is_no_name() -> None:
    """A name of which only tombstones are left is not in the report."""
    tally = tallied(state())
    assert tally.names().total == 0
    assert tally.findings().total == 0


def test_a_conflict_is_a_finding_too() -> None:
    """The name and the finding have the reason that the publisher recorded."""
    blocked = state(claim(), published=Published(conflict="a foreign A record is in the way"))
    assert [(name.state, name.reason) for name in names(blocked)] == [("conflict", "a foreign A record is in the way")]
    (found,) = findings(blocked)
    assert (found.kind, found.name, found.instance) == ("conflict", "web.corp.internal", ref().id)


def test_who_waits_for_another_is_a_finding() -> None:
    """An instance whose claim does not hold the name is told who does."""
    (found,) = findings(state(claim(1), claim(2), published=Published((record_set(2),))))
    assert (found.kind, found.instance) == ("not held", ref(1).id)
    assert str(ref(2)) in found.reason


def test_refusals_of_instances_are_findings_and_what_they_declined_is_not() -> None:
    """An instance that opted out has nothing to complain about."""
    account = Account(ACCOUNT, "payments")
    refusals = (
        Refusal("short-names", "reserved", "db.corp.internal."),
        Refusal("short-names", "opted out", declined=True),
    )
    tally = tallied(Observation(ref(), Millis(1), refusals=refusals, account=account))
    (found,) = tally.findings().rows
    assert (found.kind, found.name, found.reason) == ("refused", "db.corp.internal", "reserved")
    assert tally.accounts == {ACCOUNT: "payments"}


def test_rows_that_cannot_be_read_are_findings() -> None:
    """Of an instance, as well as of a name, and nothing else stops."""
    fault = Unreadable("i-1", "no state")
    spoiled = replace(state(claim()), unreadable=(Unreadable("claim#x", "no values"),))
    tally = tallied(fault, spoiled, state(claim(2, "api"), label="api", published=Published((record_set(2, "api"),))))
    assert [found.kind for found in tally.findings().rows] == ["unreadable", "unreadable"]
    assert tally.names().kinds == {"published": 1, "unreadable": 1}


def test_instances_go_on_to_who_needs_them() -> None:
    """One reading of the ledger serves the names and the VPCs. A row that cannot be read is None."""
    row = Observation(ref(), Millis(1))
    assert list(NamesTally({}).instances([state(claim()), row, Unreadable("i-1", "x")])) == [row, None]


def test_what_needs_attention_is_kept_first() -> None:
    """With more names than fit, the troubled ones stay, all are counted, and the rows are in order."""
    calm = [
        state(claim(1, f"n{each}"), label=f"n{each}", published=Published((record_set(1, f"n{each}"),)))
        for each in range(9)
    ]
    blocked = state(claim(1, "z"), label="z", published=Published(conflict="foreign"))
    kept = tallied(*calm, blocked, most=3).names()
    assert (kept.total, kept.kinds) == (10, {"conflict": 1, "published": 9})
    assert [name.name.partition(".")[0] for name in kept.rows] == ["n0", "n1", "z"]


@given(st.lists(st.integers(0, 20), max_size=60), st.integers(1, 8))
def test_what_is_kept_does_not_depend_on_the_order(numbers: list[int], most: int) -> None:
    """The first rows of all are kept, whatever order they come in."""

    def kept(rows: list[int]) -> tuple[int, ...]:
        bounded = Bounded[int](most, lambda row: (row,))
        for row in rows:
            bounded.add(row)
        return bounded.listing().rows

    assert kept(numbers) == kept(numbers[::-1]) == tuple(sorted(numbers)[:most])


def test_memory_does_not_grow_with_the_ledger() -> None:
    """A report of many more names than it has takes as much memory as one of a few more."""

    def peak(number: int) -> int:
        tracemalloc.start()
        contents = (held(f"n{each}") for each in range(number))
        tally = NamesTally({ZONE: "corp.internal"}, 200)
        for _ in tally.instances(contents):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # What is made once, such as caches of patterns, is in the first.
    _, few, many = peak(400), peak(800), peak(4_000)
    assert many < 1.3 * few
