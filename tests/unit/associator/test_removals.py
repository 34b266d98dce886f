"""What the guard judges the end of an association by."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.removals import removals, zones_lost
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, AssociationRecord, Vpc, VpcRow
from hub.runtime.policy.rules import TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, ZONE_IDS
from tests.support.memory_vpcs import NETWORK, vpc_ref

OTHER, OTHER_ZONE = next(pair for pair in ZONE_IDS.items() if pair[1] != CORP_ZONE)
PROFILE = "rp-1"
MANAGED = AssociationRecord(managed=True)
TAGGED = AssociationPolicy(CORP, selections=(VpcSelection(tag=TagCondition("dns")),))


def row(
    number: int = 1, *zones: str, profiled: bool = False, tagged: bool = False, managed: tuple[str, ...] = ()
) -> VpcRow:
    domains = {zone_id: domain for domain, zone_id in ZONE_IDS.items()}
    vpc = Vpc(
        vpc_ref(number),
        tags=(("dns", "yes"),) if tagged else (),
        zones=tuple(AssociatedZone(zone_id, domains[zone_id], NETWORK) for zone_id in zones),
        profiles=(PROFILE,) if profiled else (),
    )
    return VpcRow(vpc.ref, vpc=vpc, account=PAYMENTS, records=dict.fromkeys(managed, MANAGED))


def counted(
    *rows: VpcRow, policies: tuple[AssociationPolicy, ...] = (TAGGED,), loss: tuple[str, str] = (CORP_ZONE, CORP_ZONE)
) -> tuple[int, set[str]]:
    """How many VPCs have the association, and the ids of those that would lose it."""
    present, losing = removals(rows, policies, ZONE_IDS).vpcs(loss)
    return present, {vpc.rpartition("/")[2] for vpc in losing}


def ids(*numbers: int) -> set[str]:
    return {vpc_ref(number).id for number in numbers}


def test_other_rows_and_zones_do_not_hide_a_loss() -> None:
    """A row without a description comes first here, and so does a zone that someone else associated."""
    rows = (VpcRow(vpc_ref(1)), row(2, CORP_ZONE, OTHER_ZONE, profiled=True, managed=(OTHER_ZONE, PROFILE)))
    policies = (replace(TAGGED, method=AssociationMethod.PROFILE), AssociationPolicy(OTHER, selections=()))
    assert counted(*rows, policies=policies) == (0, set())
    assert counted(*rows, policies=policies, loss=(CORP_ZONE, PROFILE)) == (1, ids(2))
    assert counted(*rows, policies=policies, loss=(OTHER_ZONE, OTHER_ZONE)) == (1, ids(2))


def test_only_what_policy_does_not_want_is_lost() -> None:
    """Of two VPCs that orgdns associated, policy still wants one."""
    both = (row(1, CORP_ZONE, managed=(CORP_ZONE,)), row(2, CORP_ZONE, tagged=True, managed=(CORP_ZONE,)))
    assert counted(*both) == (2, ids(1))


@pytest.mark.parametrize(("owns_all", "expected"), [(False, (0, set())), (True, (1, ids(1)))])
def test_associations_of_others_count_where_policy_owns_all(
    owns_all: bool,  # noqa: FBT001 - drawn
    expected: tuple[int, set[str]],
) -> None:
    """An association that someone else made does not count, unless policy owns all."""
    assert counted(row(1, CORP_ZONE), policies=(replace(TAGGED, owns_all=owns_all),)) == expected


def test_what_is_not_associated_does_not_count() -> None:
    """The ledger may remember an association that no longer exists, or a VPC that was never described."""
    assert counted(row(1, managed=(CORP_ZONE,))) == (0, set())
    assert counted(VpcRow(vpc_ref(1), records={CORP_ZONE: MANAGED})) == (0, set())
    described = row(1, CORP_ZONE, managed=(CORP_ZONE,))
    assert counted(replace(described, account=None)) == (0, set())


def test_profile_counts_for_each_zone_that_comes_by_it() -> None:
    """A VPC loses all zones that come by the Profile with it, and no zone that is associated directly."""
    by_profile = replace(TAGGED, method=AssociationMethod.PROFILE)
    rows = (row(1, profiled=True, managed=(PROFILE,)), row(2, profiled=True))
    policies = (by_profile, replace(by_profile, domain=OTHER))
    for zone_id in (CORP_ZONE, OTHER_ZONE):
        assert counted(*rows, policies=policies, loss=(zone_id, PROFILE)) == (1, ids(1))
        assert counted(*rows, policies=policies, loss=(zone_id, zone_id)) == (0, set())
    assert counted(*rows, loss=(CORP_ZONE, PROFILE)) == (0, set())


def test_policy_does_not_own_foreign_profiles() -> None:
    """A policy that owns all associations of a zone does not own the Profile."""
    owning = replace(TAGGED, method=AssociationMethod.PROFILE, owns_all=True)
    assert counted(row(1, profiled=True), policies=(owning,), loss=(CORP_ZONE, PROFILE)) == (0, set())


def test_direct_association_counts_though_the_profile_is_wanted() -> None:
    """While policy moves a VPC to the Profile, its direct association may end."""
    by_profile = replace(TAGGED, method=AssociationMethod.PROFILE)
    assert counted(row(1, CORP_ZONE, managed=(CORP_ZONE,)), policies=(by_profile,)) == (1, ids(1))


ROWS = st.builds(
    row,
    st.integers(1, 5),
    st.sampled_from([CORP_ZONE, OTHER_ZONE]),
    profiled=st.booleans(),
    tagged=st.booleans(),
    managed=st.sampled_from([(), (CORP_ZONE,), (PROFILE,), (CORP_ZONE, OTHER_ZONE, PROFILE)]),
)


@given(st.lists(ROWS, max_size=6), st.integers(0, 6), st.sampled_from(AssociationMethod))
def test_rows_may_be_counted_in_parts(rows: list[VpcRow], cut: int, method: AssociationMethod) -> None:
    """The rows of a task and those of all other VPCs add up to the rows of all."""
    rows = list({row.ref: row for row in rows}.values())
    policies = (replace(TAGGED, method=method), AssociationPolicy(OTHER, selections=()))
    whole, first, rest = (removals(part, policies, ZONE_IDS) for part in (rows, rows[:cut], rows[cut:]))
    for loss in ((CORP_ZONE, CORP_ZONE), (OTHER_ZONE, OTHER_ZONE), (CORP_ZONE, PROFILE)):
        assert whole.vpcs(loss) == (first.vpcs(loss)[0] + rest.vpcs(loss)[0], first.vpcs(loss)[1] | rest.vpcs(loss)[1])


def test_zone_is_lost_alone_and_a_profile_with_its_zones() -> None:
    """A VPC loses with the Profile only the zones that policy brings by it."""
    policies = (TAGGED, AssociationPolicy(OTHER, AssociationMethod.PROFILE))
    assert zones_lost(CORP_ZONE, policies, ZONE_IDS) == {CORP_ZONE}
    assert zones_lost(PROFILE, policies, ZONE_IDS) == {OTHER_ZONE}
    assert zones_lost(PROFILE, (TAGGED,), ZONE_IDS) == frozenset()
