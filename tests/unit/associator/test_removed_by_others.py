"""Associations that orgdns made and someone else ended: each removal counts once, and what orgdns ends never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.guard import Guard
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.vpcs import (
    REMOVED_WINDOW,
    AssociationMethod,
    AssociationRecord,
    VpcRef,
    VpcRow,
    ZoneInVpc,
)
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import CORP, CORP_ZONE
from tests.support.memory_vpcs import NETWORK, foreign_zone
from tests.support.plans import associated, vpc
from tests.support.use_cases.associator_stage import ASSOCIATED, BY_PROFILE, NO_VPC, Stage

PROFILE = "rp-1"
DIRECT, VIA_PROFILE = AssociationMethod.ASSOCIATION, AssociationMethod.PROFILE
BEFORE = ZoneInVpc(CORP_ZONE, CORP, DIRECT, DIRECT, managed=True)
MANAGED = AssociationRecord(managed=True)


def removed(stage: Stage, ref: VpcRef, target: str = CORP_ZONE) -> None:
    """Someone else ends the association."""
    stage.aws.associated.discard((target, ref))
    stage.aws.profiled.discard((target, ref))


def counted(stage: Stage, ref: VpcRef, target: str = CORP_ZONE) -> int:
    return stage.rows.rows[ref].record(target).removed_by_others


def test_o1_each_removal_counts_once() -> None:
    """The outcome and the record say how often. A task that finds the association in place counts nothing."""
    stage = Stage()
    ref = stage.aws.add().ref
    assert stage.associate(ref)[0].removed_by_others == ()
    for times in (1, 2, 3):
        removed(stage, ref)
        (outcome,) = stage.associate(ref)
        assert (outcome.steps, outcome.removed_by_others) == ((ASSOCIATED,), ((CORP_ZONE, times),))
        assert stage.associate(ref)[0].removed_by_others == ()
        assert stage.settled(ref)
    record = stage.rows.rows[ref].record(CORP_ZONE)
    assert record == AssociationRecord(managed=True, removed_by_others=3, removed_at=record.removed_at)
    assert NEVER < record.removed_at < stage.clock()
    assert not stage.rows.rows[ref].zones[0].removed_by_others


def test_o1_association_with_a_profile() -> None:
    """The owner of a VPC can end its association with the Profile: it counts once, for the Profile."""
    stage = Stage(association_policies=(BY_PROFILE,))
    stage.aws.profiles = {"eu-central-1": PROFILE}
    ref = stage.aws.add().ref
    stage.associate(ref)
    removed(stage, ref, PROFILE)
    (outcome,) = stage.associate(ref)
    assert outcome.removed_by_others == ((PROFILE, 1),)
    assert counted(stage, ref, PROFILE) == 1
    assert stage.rows.rows[ref].record(PROFILE).managed


@pytest.mark.parametrize("owner", ["444444444444", NETWORK])
@pytest.mark.parametrize("fault", ["associate", "authorize", "clear"])
def test_o1_attempts_that_fail_count_once(fault: str, owner: str) -> None:
    """However often the association is tried again, one removal is one."""
    stage = Stage()
    ref = stage.aws.add(account=owner).ref
    stage.associate(ref)
    removed(stage, ref)
    stage.aws.faults = {fault: SpokeUnreachable("Throttling")}
    for _ in range(3):
        stage.associate(ref)
    stage.aws.faults = {}
    stage.associate(ref)
    assert counted(stage, ref) == 1
    assert CORP_ZONE in stage.aws.zones_of(ref)


def test_o1_killed_worker_counts_at_most_once() -> None:
    """A worker that is killed at any call, and its repeat, count a removal once, or not at all."""
    for number in range(1, 20):
        stage = Stage()
        ref = stage.aws.add().ref
        stage.associate(ref)
        removed(stage, ref)
        stage.aws.calls.clear()
        stage.aws.kill_after = number
        try:
            stage.associate(ref)
        except BaseException as killed:  # noqa: BLE001 - Killed is none of Exception's
            assert type(killed).__name__ == "Killed"  # noqa: PT017 - most runs of the loop raise it
        stage.aws.kill_after = None
        stage.associate(ref)
        assert counted(stage, ref) <= 1
        assert stage.settled(ref)


def test_o1_what_policy_or_a_person_ends_does_not_count() -> None:
    """An association that policy ended, by itself or after an approval, starts again from nothing."""
    for guard in (Guard(0.3, 10, 0), Guard(0.0, 0, 0)):
        stage = Stage(guard=guard)
        ref = stage.aws.add().ref
        stage.associate(ref)
        wanted, stage.association_policies = stage.association_policies, (NO_VPC,)
        stage.associate(ref)
        stage.rows.approve(CORP_ZONE)
        stage.associate(ref)
        assert CORP_ZONE not in stage.aws.zones_of(ref)
        stage.association_policies = wanted
        assert stage.associate(ref)[0].removed_by_others == ()
        assert counted(stage, ref) == 0


def test_o1_association_of_others_does_not_count() -> None:
    """Who made an association by hand may end it. orgdns then makes one of its own."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.associated.add((CORP_ZONE, ref))
    stage.associate(ref)
    removed(stage, ref)
    assert stage.associate(ref)[0].removed_by_others == ()
    assert stage.settled(ref)


def test_o1_replaced_by_a_zone_of_the_same_name() -> None:
    """A VPC that has its account's own zone instead is blocked. A later association starts from nothing."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    removed(stage, ref)
    stage.aws.foreign[ref] = (foreign_zone(),)
    assert stage.associate(ref)[0].removed_by_others == ()
    assert "of the same name" in stage.rows.rows[ref].zones[0].blocked
    del stage.aws.foreign[ref]
    assert stage.associate(ref)[0].removed_by_others == ()
    assert stage.settled(ref)


@pytest.mark.parametrize(
    ("before", "record", "lost"),
    [
        (BEFORE, MANAGED, True),
        (replace(BEFORE, method=None, removed_by_others=True), MANAGED, True),
        (replace(BEFORE, wanted=None), MANAGED, False),
        (replace(BEFORE, wanted=VIA_PROFILE), MANAGED, False),
        (replace(BEFORE, method=None), MANAGED, False),
        (replace(BEFORE, method=VIA_PROFILE), MANAGED, False),
        (BEFORE, replace(MANAGED, in_progress=True), False),
        (BEFORE, AssociationRecord(), False),
        (replace(BEFORE, zone_id="Z0OTHER"), MANAGED, False),
    ],
)
def test_o1_evidence(before: ZoneInVpc, record: AssociationRecord, lost: bool) -> None:  # noqa: FBT001 - a table's column
    """It counts if orgdns made the association, saw it in place as policy wanted it, and began nothing since."""
    row = VpcRow(vpc().ref, zones=(before,), records={CORP_ZONE: record})
    assert row.lost(vpc(), CORP_ZONE, DIRECT) is lost
    assert not row.lost(vpc(zones=associated()), CORP_ZONE, DIRECT)


def test_o1_evidence_for_a_profile() -> None:
    """Without a Profile in the region, nothing is known about its associations."""
    before = replace(BEFORE, wanted=VIA_PROFILE, method=VIA_PROFILE)
    row = VpcRow(vpc().ref, zones=(before,), records={PROFILE: MANAGED})
    assert row.lost(vpc(profile=PROFILE), CORP_ZONE, VIA_PROFILE)
    assert not row.lost(vpc(profile=PROFILE, profiles=(PROFILE,)), CORP_ZONE, VIA_PROFILE)
    assert not row.lost(vpc(), CORP_ZONE, VIA_PROFILE)


@given(st.lists(st.integers(1, 2 * REMOVED_WINDOW), min_size=1, max_size=6))
def test_o1_removals_count_for_a_week(pauses: list[int]) -> None:
    """A report shows those that followed each other within a week, until a week after the last one."""
    record, now, expected = AssociationRecord(managed=True), 1_800_000_000_000, 0
    for pause in pauses:
        now += pause
        expected = expected + 1 if pause < REMOVED_WINDOW else 1
        record = record.found_removed(Millis(now))
        assert record.removals_by_others(Millis(now)) == expected
    assert record.managed
    assert record.removals_by_others(Millis(now + REMOVED_WINDOW - 1)) == expected
    assert record.removals_by_others(Millis(now + REMOVED_WINDOW)) == 0
    assert (record.ended.removed_by_others, record.ended.removed_at) == (0, NEVER)
    assert record.started(managed=True) == record
