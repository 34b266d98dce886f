"""Which accounts and zones are near a limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.health.near_limit import Kind, NearLimit, accounts_near_limit, near_limit, zones_near_limit
from hub.runtime.model.names import Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Limits, Tally, Usage, difference, summed, usage_of
from tests.support.build import CORP_ZONE, claim

LIMITS = Limits(account_names=100, account_records=200, account_vpcs=10, zone_records=1_000, zone_vpcs=20)
PAYMENTS = [SpokeStatus(Spoke("444444444444", region)) for region in ("eu-central-1", "eu-west-1")]
SEARCH = SpokeStatus(Spoke("555555555555", "eu-central-1"))


@pytest.mark.parametrize(("used", "limit", "near"), [(79, 100, False), (80, 100, True), (0, 1, False), (1, 1, True)])
def test_four_fifths(used: int, limit: int, near: bool) -> None:  # noqa: FBT001 - a case
    """An account or a zone is near a limit from 80 percent on."""
    assert near_limit(used, limit) == near


def test_account_in_all_regions() -> None:
    """The regions of an account count together, and accounts do not."""
    home, away = (replace(status, usage={"Z1": Usage(40, 80), "Z2": Usage(1, 1)}) for status in PAYMENTS)
    other = replace(SEARCH, usage={"Z1": Usage(79, 79)})
    assert accounts_near_limit([home, other, away], LIMITS) == (
        NearLimit("Z1", "444444444444", Kind.NAMES, 80, 100),
        NearLimit("Z1", "444444444444", Kind.RECORDS, 160, 200),
    )
    assert accounts_near_limit([home, other], LIMITS) == ()


def test_vpcs() -> None:
    """VPCs count for the account and for the zone."""
    home, away = (replace(status, vpcs={"Z1": 4, "Z2": 1}) for status in PAYMENTS)
    other = replace(SEARCH, vpcs={"Z1": 7})
    assert accounts_near_limit([home, away, other], LIMITS) == (NearLimit("Z1", "444444444444", Kind.VPCS, 8, 10),)
    assert zones_near_limit([home, away, other], [], LIMITS) == ()
    full = replace(other, vpcs={"Z1": 8})
    assert zones_near_limit([home, away, full], [], LIMITS) == (NearLimit("Z1", "", Kind.VPCS, 16, 20),)


def test_c1_vpcs_of_a_profile() -> None:
    """VPCs that use a Profile count against the Profile's quota, and against the account's limit there."""
    limits = replace(LIMITS, profile_vpcs=30)
    home = replace(PAYMENTS[0], vpcs={"rp-1": 9})
    other = replace(SEARCH, vpcs={"rp-1": 15, "rp-2": 1})
    of_account = (NearLimit("rp-1", PAYMENTS[0].spoke.account, Kind.VPCS, 9, 10),)
    assert accounts_near_limit([home], limits) == of_account
    assert zones_near_limit([home, other], [], limits) == (NearLimit("rp-1", "", Kind.VPCS, 24, 30),)
    assert zones_near_limit([other], [], limits) == ()
    assert Limits(1, 1, 1, 1, 1).profile_vpcs == 1_000


@pytest.mark.parametrize(
    ("record_sets", "claimed", "now", "used"),
    [(0, 0, 800, 800), (800, 100, 100, 800), (700, 100, 200, 800), (800, 300, 100, 800), (799, 0, 0, None)],
)
def test_records_of_a_zone(record_sets: int, claimed: int, now: int, used: int | None) -> None:
    """All record sets of the last audit count, and what is claimed since; ends since then do not."""
    zone = ZoneStatus("Z1", record_sets=record_sets, claimed=claimed)
    found = zones_near_limit([replace(SEARCH, usage={"Z1": Usage(0, now)})], [zone], LIMITS)
    assert found == ((NearLimit("Z1", "", Kind.RECORDS, used, 1_000),) if used else ())


def test_zone_without_an_audit() -> None:
    """A zone that was not audited yet counts by what is claimed, and an audited zone without claims by its records."""
    claimed = [replace(SEARCH, usage={"Z1": Usage(0, 900)})]
    assert zones_near_limit(claimed, [], LIMITS) == (NearLimit("Z1", "", Kind.RECORDS, 900, 1_000),)
    audited = ZoneStatus("Z2", record_sets=800)
    assert zones_near_limit([], [audited], LIMITS) == (NearLimit("Z2", "", Kind.RECORDS, 800, 1_000),)


USAGES = st.dictionaries(st.sampled_from("ab"), st.builds(Usage, st.integers(-5, 5), st.integers(-5, 5)))


@given(USAGES, USAGES)
def test_sum_and_difference(first: dict[str, Usage], second: dict[str, Usage]) -> None:
    """What is added can be taken away."""
    total = summed([first, second])
    assert difference(total, second) == {zone_id: usage for zone_id, usage in first.items() if usage}
    assert total.keys() == first.keys() | second.keys()


def test_tally() -> None:
    """A tally counts as `usage_of` does, and has nothing for a zone that is not used any more."""
    tally, claims = Tally(), (claim(1), claim(2), claim(3))
    tally.add(claims)
    tally.remove(claims[:1])
    assert tally.in_place_of({}) == usage_of(claims[1:]) == {CORP_ZONE: Usage(2, 2)}
    assert tally.in_place_of({"Z2": Usage(1, 1)}) == {CORP_ZONE: Usage(2, 2), "Z2": Usage()}
