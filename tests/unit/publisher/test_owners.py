"""What is taken from the owners of a name: the rows of the instances decide, whatever the claims say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import NEVER, Claim, ConflictRule, InstanceRef, RecordSet
from hub.runtime.model.observation import Observation
from hub.runtime.names.dry_run import owners_of
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.publisher.owners import Standing, settlement, standing
from tests.support.build import claim, key, record_set, ref

RULES = tuple(ConflictRule)


def share(number: int) -> Claim:
    return claim(number, conflict=ConflictRule.SHARE)


def test_row_that_cannot_be_read_keeps_its_record_sets() -> None:
    """Nothing that belongs to it is removed, even if its spoke is settled."""
    unreadable = standing(Unreadable(str(ref(1)), "KeyError"), "now", settled=True)
    settled = settlement(key(), [], [record_set(1)], {ref(1): unreadable})
    assert settled.desired == (record_set(1),)
    assert settled.reason


def test_member_without_a_row_stays_when_another_member_stops() -> None:
    """A stopped member gives way only to members whose rows say that they run, and those keep what they have."""
    lost, stopped = share(1), replace(share(2), running=False)
    row = Observation(ref(2), NEVER, (stopped,), version=2, generation="now")
    standings = {ref(1): Standing(None, certain=True), ref(2): standing(row, "now", settled=True)}
    current = (record_set(1), record_set(2))
    settled = settlement(key(), [lost, stopped], current, standings)
    assert settled.desired == current
    assert str(ref(1)) in settled.reason


NUMBERS = (1, 2, 3, 4)
VERSION = 3
STATES = ("ended", "claims", "left", "old claims", "old left", "missing", "unreadable")
INSTANCES = st.fixed_dictionaries(
    {
        number: st.tuples(st.sampled_from(STATES), st.booleans(), st.booleans(), st.booleans(), st.booleans())
        for number in NUMBERS
    }
)


def row_of(state: str, wanted: Claim) -> Observation | Unreadable | None:
    generation = "before" if state.startswith("old") else "now"
    match state:
        case "missing":
            return None
        case "unreadable":
            return Unreadable(str(wanted.instance), "KeyError")
        case "ended":
            return Observation(wanted.instance, NEVER, ended=True, version=VERSION, generation="before")
    claims = (wanted,) if state.endswith("claims") else ()
    return Observation(wanted.instance, NEVER, claims, version=VERSION, generation=generation)


@given(INSTANCES, st.sampled_from(RULES))
def test_what_is_taken_follows_from_rows(
    instances: Mapping[int, tuple[str, bool, bool, bool, bool]], rule: ConflictRule
) -> None:
    """Whatever claims, rows and zone say: who is unknown loses nothing, and only rows take names from rows."""
    wanted = {number: claim(number, conflict=rule) for number in NUMBERS}
    claims, current = list[Claim](), list[RecordSet]()
    standings: dict[InstanceRef, Standing] = {}
    for number, (state, claimed, holds, swept, running) in instances.items():
        wanted[number] = replace(wanted[number], running=running)
        claims += [wanted[number]] if claimed else []
        current += [record_set(number)] if holds else []
        standings[ref(number)] = standing(row_of(state, wanted[number]), "now", settled=swept)
    known: dict[InstanceRef, Standing] = {}
    while asked := (settled := settlement(key(), claims, current, known)).asked:
        assert not asked & known.keys()
        known |= {each: standings[each] for each in asked}
    desired = set(settled.desired)
    assert desired <= {record_set(number) for number in NUMBERS}
    lost, claiming = owners_of(set(current) - desired), {each.instance for each in claims}
    assert all(standings[each].certain for each in lost)
    wanting = {each for each, known_row in standings.items() if known_row.by_row and wants(known_row)}
    if lost & wanting:
        assert owners_of(desired) & wanting
    if current and not desired:
        # The ledger knows of nobody who claims the name.
        assert not wanting & known.keys()
        assert claiming <= known.keys()
    if all(each.by_row for each in standings.values()) and {*claiming, *wanting} <= known.keys():
        assert settled.desired == desired_record_sets([wanted[number] for number in NUMBERS if ref(number) in wanting])
        assert not settled.reason
    for missing, version in settled.missing:
        assert missing.instance in wanting - claiming
        assert version == VERSION


def wants(known: Standing) -> bool:
    return known.row is not None and known.row.wants(key()) is not None


def test_stopped_member_does_not_join_an_unknown_one() -> None:
    """The unknown member may run, and a stopped one does not answer."""
    stopped = replace(share(2), running=False)
    standings = {ref(1): standing(None, "now", settled=False)}
    settled = settlement(key(), [stopped], [record_set(1)], standings, {ref(2)})
    assert settled.desired == (record_set(1),)
