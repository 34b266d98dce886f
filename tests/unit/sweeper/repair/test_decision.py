"""How the row of an instance and the rows of its claims are brought together again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import NEVER, Claim, Millis, NameKey
from hub.runtime.model.observation import Observation, StoredClaim
from hub.runtime.sweeper.repair.decision import Repair, repair_of
from tests.support.build import PAYMENTS, claim, instance, key, ref

WEB, API = claim(name="web"), claim(name="api")
OLD = replace(WEB, ttl=5)


def row(*claims: Claim, version: int = 5, **facts: object) -> Observation:
    whole = Observation(ref(), Millis(7), claims, version=version, generation="g")
    return replace(whole, **({"instance": instance(), "account": PAYMENTS} | facts))  # type: ignore[arg-type]


def repaired(observation: Observation | None, **stored: StoredClaim | None) -> Repair:
    return repair_of(ref(), observation, {key(name): found for name, found in stored.items()}, "g")


def unsettled(observation: Observation, *claims: Claim, version: int) -> Observation:
    return replace(observation, claims=claims, settled=False, generation="", version=version)


def test_p8_a_wanted_claim_is_put_back() -> None:
    """The row wants it, and it is missing, is a tombstone, or says something else."""
    for stored in (None, StoredClaim(5, None), StoredClaim(3, OLD)):
        assert repaired(row(WEB), web=stored) == Repair(claims=(WEB,))
    assert repaired(row(WEB, API), web=None, api=None) == Repair(claims=(API, WEB))


def test_what_is_in_order_stays() -> None:
    """A wanted claim, a withdrawn one, and one that never was, need no repair."""
    assert repaired(row(WEB), web=StoredClaim(5, WEB)) == Repair()
    assert repaired(row(), web=StoredClaim(5, None)) == Repair()
    assert repaired(row(), web=None) == Repair()
    assert repaired(None, web=StoredClaim(9, None)) == Repair()
    assert repaired(None, web=None) == Repair()


def test_p8_a_claim_without_a_row_makes_one() -> None:
    """The new row is later than every claim, so that what the next look writes is never fenced off."""
    made = Observation(ref(), NEVER, (API, WEB), settled=False, version=21)
    found = repaired(None, web=StoredClaim(3, WEB), api=StoredClaim(9, API), gone=StoredClaim(20, None))
    assert found == Repair(row=made, because_of=(key("api"), key("web")))


def test_p8_a_claim_that_the_row_does_not_want_comes_into_the_row() -> None:
    """Its other claims, facts and refusals stay."""
    before = row(WEB)
    expected = Repair(row=unsettled(before, WEB, API, version=6), because_of=(key("api"),))
    assert repaired(before, api=StoredClaim(5, API)) == expected


def test_p8_a_claim_of_an_ended_instance_comes_into_the_row() -> None:
    """The instance stays ended, and wants nothing: the next sweep finishes the end."""
    before = row(ended=True, instance=None, account=None)
    found = repaired(before, web=StoredClaim(4, WEB))
    assert found == Repair(row=unsettled(before, WEB, version=6), because_of=(key(),))
    assert found.row
    assert found.row.wants(key()) is None
    assert repaired(found.row, web=StoredClaim(4, WEB)) == Repair()


def test_p8_a_row_that_is_older_than_its_claim_is_no_longer_believed() -> None:
    """An older version of the row was restored: nothing is put back, and what is later comes into the row."""
    before = row(OLD, API)
    assert repaired(before, web=StoredClaim(8, WEB)).row == unsettled(before, API, WEB, version=9)
    # Withdrawn since: whether the instance claims the name is not known.
    assert repaired(before, web=StoredClaim(8, None)).row == unsettled(before, OLD, API, version=9)
    assert repaired(before, web=StoredClaim(8, None), api=None).claims == ()


def test_what_a_worker_has_begun_is_left_to_it() -> None:
    """An unsettled row withdraws the claim, or an audit made the row: the next look decides."""
    begun = row(WEB, settled=False, withdrawing=frozenset({key()}))
    assert repaired(begun, web=StoredClaim(4, WEB)) == Repair()
    assert repaired(begun, web=None) == Repair()
    made = row(WEB, settled=False, generation="")
    assert repaired(made, web=StoredClaim(4, None)) == Repair()
    # A worker that stopped: writing its claim for its version is what its successor does, too.
    assert repaired(row(WEB, settled=False), web=None) == Repair(claims=(WEB,))


@pytest.mark.parametrize("generation", ["", "before"])
def test_m4_rows_of_another_generation_put_no_claim_back(generation: str) -> None:
    """They may be restored rows of instances that are gone. The next sweep writes the claims of the others again."""
    assert repaired(row(WEB, generation=generation), web=None) == Repair()


CLAIMS = st.sampled_from([OLD, WEB])
STORED = st.none() | st.builds(StoredClaim, st.integers(1, 9), st.none() | CLAIMS)
ROWS = st.none() | st.builds(
    lambda claims, version, ended, settled, withdrawing, generation: row(
        *claims, version=version, ended=ended, settled=settled, withdrawing=withdrawing, generation=generation
    ),
    st.sampled_from([(), (WEB,), (OLD,), (API,), (WEB, API)]),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.frozensets(st.sampled_from([key("web"), key("api")])),
    st.sampled_from(["", "g"]),
)


@given(ROWS, STORED, STORED)
def test_p8_a_repair_removes_nothing_and_is_made_once(
    observation: Observation | None, web: StoredClaim | None, api: StoredClaim | None
) -> None:
    """No claim leaves the row or its own row, versions only grow, and after the repairs nothing is left to repair."""
    claims = {key("web"): web, key("api"): api and replace(api, claim=api.claim and API)}
    for _ in range(2):
        repair = repair_of(ref(), observation, claims, "g")
        if repair.row:
            before = observation or Observation(ref(), NEVER)
            assert repair.row.version > max(before.version, *(found.version for found in claims.values() if found), 0)
            assert keys_of(repair.row) >= keys_of(before)
            assert repair.row.ended == before.ended
            assert repair.claims == ()
            observation = repair.row
        for put in repair.claims:
            assert observation
            found = claims[put.key]
            assert found is None or found.version <= observation.version
            claims[put.key] = StoredClaim(observation.version, put)
    assert repair_of(ref(), observation, claims, "g") == Repair()


def keys_of(observation: Observation) -> set[NameKey]:
    return {claimed.key for claimed in observation.claims}
