"""What the guard judges the end of an association by."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.removals import Removals, removals, without, zones_lost
from hub.runtime.guard import Cause, Removal
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, AssociationRecord, Vpc, VpcRow, ZoneInVpc
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
    *rows: VpcRow, policies: tuple[AssociationPolicy, ...] = (TAGGED,), zone_id: str = CORP_ZONE
) -> tuple[int, set[str]]:
    """How many VPCs have the zone, and the ids of those that would lose it."""
    found = removals(rows, policies, ZONE_IDS, NEVER).get(zone_id, Removals())
    return found.present.total(), {vpc.rpartition("/")[2] for vpc in found.leaving}


def left(*rows: VpcRow, policies: tuple[AssociationPolicy, ...] = (TAGGED,), since: int = 0) -> dict[str, Removal]:
    """The VPCs that left the zone, by the last digit of their id."""
    found = removals(rows, policies, ZONE_IDS, Millis(since)).get(CORP_ZONE, Removals())
    return {vpc[-1]: removal for vpc, removal in found.left.items()}


def ids(*numbers: int) -> set[str]:
    return {vpc_ref(number).id for number in numbers}


def test_other_rows_and_zones_do_not_hide_a_loss() -> None:
    """A row without a description comes first here, and so does a zone that someone else associated."""
    rows = (VpcRow(vpc_ref(1)), row(2, CORP_ZONE, OTHER_ZONE, profiled=True, managed=(OTHER_ZONE, PROFILE)))
    policies = (replace(TAGGED, method=AssociationMethod.PROFILE), AssociationPolicy(OTHER, selections=()))
    assert counted(*rows, policies=policies) == (1, ids(2))
    assert counted(*rows, policies=policies, zone_id=OTHER_ZONE) == (1, ids(2))


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
        assert counted(*rows, policies=policies, zone_id=zone_id) == (1, ids(1))
    assert counted(*rows) == (0, set())


def test_policy_does_not_own_foreign_profiles() -> None:
    """A policy that owns all associations of a zone does not own the Profile."""
    owning = replace(TAGGED, method=AssociationMethod.PROFILE, owns_all=True)
    assert counted(row(1, profiled=True), policies=(owning,)) == (0, set())


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
    whole, first, rest = (removals(part, policies, ZONE_IDS, NEVER) for part in (rows, rows[:cut], rows[cut:]))
    for zone_id in (CORP_ZONE, OTHER_ZONE):
        none = Removals()
        assert whole.get(zone_id, none) == first.get(zone_id, none) | rest.get(zone_id, none)


def test_vpc_counts_once() -> None:
    """A VPC that has a zone by an association and by the Profile is one VPC."""
    by_profile = replace(TAGGED, method=AssociationMethod.PROFILE)
    both = row(1, CORP_ZONE, profiled=True, managed=(CORP_ZONE, PROFILE))
    assert counted(both, policies=(by_profile,)) == (1, ids(1))


def test_vpcs_count_for_their_accounts() -> None:
    """Each VPC counts for its own account, and a request is one of this account."""
    removal = removals([requested(row(1, CORP_ZONE, managed=(CORP_ZONE,)))], (TAGGED,), ZONE_IDS, NEVER)[CORP_ZONE]
    assert removal.present == {PAYMENTS.id: 1}
    assert list(removal.leaving.values()) == [Removal(PAYMENTS.id, requested=True)]
    removal = removals([row(1, CORP_ZONE, managed=(CORP_ZONE,))], (TAGGED,), ZONE_IDS, NEVER)[CORP_ZONE]
    assert list(removal.leaving.values()) == [Removal(PAYMENTS.id)]


def requested(described: VpcRow, cause: Cause = Cause.OWNER, zone_id: str = CORP_ZONE) -> VpcRow:
    return replace(described, zones=(ZoneInVpc(zone_id, CORP, leaving=cause),))


def test_vpcs_of_uncovered_accounts_leave_though_policy_wants_them() -> None:
    """The ledger says that the account is not covered any more. Of such an account only orgdns's own work counts."""
    owning = replace(TAGGED, owns_all=True)
    gone = requested(row(1, CORP_ZONE, tagged=True, managed=(CORP_ZONE,)), Cause.COVERAGE)
    assert counted(gone) == (1, ids(1))
    assert counted(requested(gone, Cause.COVERAGE, OTHER_ZONE)) == (1, set())
    assert counted(requested(gone)) == (1, set())
    by_others = requested(row(2, CORP_ZONE, tagged=True), Cause.COVERAGE)
    assert counted(by_others, policies=(owning,)) == (0, set())
    assert counted(requested(by_others), policies=(owning,)) == (1, set())


def has_left(described: VpcRow, cause: Cause = Cause.POLICY, at: int = 5, associated: str = CORP_ZONE) -> VpcRow:
    return replace(described, records={associated: AssociationRecord(left_at=Millis(at), left_for=cause)})


def test_vpcs_that_left_count_for_a_while() -> None:
    """What left before the window does not count, nor does a VPC that policy wants again."""
    assert left(has_left(row(1)), has_left(row(2), Cause.OWNER)) == {
        "1": Removal(PAYMENTS.id),
        "2": Removal(PAYMENTS.id, requested=True),
    }
    assert left(has_left(row(1)), since=5) == {}
    assert left(has_left(row(1)), since=4) == {"1": Removal(PAYMENTS.id)}
    assert left(has_left(row(1, tagged=True))) == {}
    assert left(row(1)) == {}


def test_vpcs_that_left_may_be_counted_in_parts() -> None:
    """Those of a task and those of all other VPCs add up."""
    first, second = (removals([has_left(row(number))], (TAGGED,), ZONE_IDS, NEVER)[CORP_ZONE] for number in (1, 2))
    assert {vpc[-1] for vpc in (first | second).left} == {"1", "2"}


def test_vpc_that_is_back_has_not_left() -> None:
    """A VPC with the association counts as present, whatever its record says."""
    back = row(1, CORP_ZONE)
    record = AssociationRecord(managed=True, left_at=Millis(5), left_for=Cause.POLICY)
    back = replace(back, records={CORP_ZONE: record})
    assert left(back) == {}
    assert counted(back) == (1, ids(1))


def test_what_remains_of_an_uncovered_vpc_counts() -> None:
    """Its row has no description any more."""
    remains = VpcRow(vpc_ref(1), records={CORP_ZONE: AssociationRecord(left_at=Millis(5), left_for=Cause.COVERAGE)})
    assert left(remains) == {"1": Removal(PAYMENTS.id)}
    assert left(VpcRow(vpc_ref(1), records={OTHER_ZONE: remains.record(CORP_ZONE)})) == {}


def test_vpc_that_left_the_profile_left_its_zones() -> None:
    """A zone that does not come by the Profile has not lost the VPC."""
    by_profile = replace(TAGGED, method=AssociationMethod.PROFILE)
    gone = has_left(row(1), associated=PROFILE)
    assert left(gone, policies=(by_profile,)) == {"1": Removal(PAYMENTS.id)}
    assert left(gone) == {}
    assert left(has_left(row(1), associated=OTHER_ZONE), policies=(by_profile,)) == {}


def test_vpc_without_an_association() -> None:
    """Only the named association is missing then."""
    described = row(1, CORP_ZONE, OTHER_ZONE, profiled=True).vpc
    assert described is not None
    assert [zone.id for zone in without(described, CORP_ZONE).zones] == [OTHER_ZONE]
    assert without(described, CORP_ZONE).profiles == (PROFILE,)
    assert without(described, PROFILE) == replace(described, profiles=())


def test_zone_is_lost_alone_and_a_profile_with_its_zones() -> None:
    """A VPC loses with the Profile only the zones that policy brings by it."""
    policies = (TAGGED, AssociationPolicy(OTHER, AssociationMethod.PROFILE))
    assert zones_lost(CORP_ZONE, policies, ZONE_IDS) == {CORP_ZONE}
    assert zones_lost(PROFILE, policies, ZONE_IDS) == {OTHER_ZONE}
    assert zones_lost(PROFILE, (TAGGED,), ZONE_IDS) == frozenset()
