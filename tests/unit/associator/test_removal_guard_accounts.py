"""The guard over several accounts, over a day, and for accounts that left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from hub.runtime.guard import WINDOW, Cause, Guard
from hub.runtime.model.vpcs import AssociationRecord, VpcRef
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH
from tests.support.memory_vpcs import Killed, MemoryVpcs
from tests.support.use_cases.associator_stage import TAGGED, Stage

YES = (("dns", "yes"),)
LIMITS = Guard(0.3, 2, 0)


def stage_of(payments: int, search: int = 0) -> tuple[Stage, list[VpcRef], list[VpcRef]]:
    """A stage with VPCs of two accounts. The tag decides whether they resolve the zone."""
    stage = Stage(guard=LIMITS, association_policies=(TAGGED,))
    refs = [
        [stage.aws.add(number, account=account.id, tags=YES).ref for number in range(1, count + 1)]
        for account, count in ((PAYMENTS, payments), (SEARCH, search))
    ]
    for of_account in refs:
        if of_account:
            stage.associate(*of_account)
    return stage, refs[0], refs[1]


def retag(stage: Stage, refs: Iterable[VpcRef], tags: tuple[tuple[str, str], ...] = ()) -> None:
    """The accounts tag their VPCs one after the other, and each event is handled."""
    for ref in refs:
        stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=tags)
        stage.associate(ref)


def excluding(stage: Stage, refs: Iterable[VpcRef]) -> None:
    """Change the policy: it does not select these VPCs any more."""
    ids = frozenset(ref.id for ref in refs)
    exceptions = (VpcSelection(Scope(vpcs=ids)),)
    stage.association_policies = (replace(stage.association_policies[0], exceptions=exceptions),)


def inside(stage: Stage, refs: Iterable[VpcRef]) -> list[VpcRef]:
    return [ref for ref in refs if CORP_ZONE in stage.aws.zones_of(ref)]


def pending(stage: Stage) -> set[str]:
    return set(stage.rows.zone_status(CORP_ZONE).pending_vpcs)


def test_vpcs_that_leave_one_after_the_other_add_up() -> None:
    """Two may go. The others await approval, however slowly they leave, until the day is over."""
    stage, refs, _ = stage_of(6)
    for number in range(1, 5):
        excluding(stage, refs[:number])
        stage.associate(refs[number - 1])
    assert inside(stage, refs) == refs[2:]
    assert pending(stage) == {str(ref) for ref in refs[2:4]}
    stage.clock.sleep(WINDOW / 1000)
    stage.associate(*refs[2:4])
    assert inside(stage, refs) == refs[4:]
    assert pending(stage) == set()


def test_own_requests_wait_for_nobody_else() -> None:
    """One account takes its VPCs out of the zone, the policy takes some, and the one of another account leaves."""
    stage, refs, others = stage_of(8, 4)
    retag(stage, refs[:4])
    assert inside(stage, refs) == refs[2:]
    excluding(stage, refs[4:])
    stage.associate(*refs[4:])
    assert inside(stage, refs) == refs[2:]
    retag(stage, others[:2])
    assert inside(stage, others) == others[2:]
    assert pending(stage) == {str(ref) for ref in refs[2:]}


def test_own_requests_do_not_use_up_what_the_policy_may_remove() -> None:
    """Two VPCs left at the request of their account; two more leave because the policy changes."""
    stage, refs, others = stage_of(4, 4)
    retag(stage, refs[:2])
    excluding(stage, others[:2])
    # The ids of the VPCs are the same in both accounts.
    stage.associate(*others[:2])
    assert inside(stage, others) == others[2:]


def test_account_that_alone_exceeds_the_limits_is_held_alone() -> None:
    """The policy excludes most VPCs of one account and one of another, which leaves."""
    stage, refs, others = stage_of(5, 2)
    policy = replace(
        TAGGED,
        exceptions=(
            VpcSelection(Scope(accounts=frozenset({PAYMENTS.id}))),
            VpcSelection(Scope(accounts=frozenset({SEARCH.id}), vpcs=frozenset({others[0].id}))),
        ),
    )
    stage.association_policies = (policy,)
    stage.associate(*refs)
    stage.associate(*others)
    assert inside(stage, refs) == refs
    assert inside(stage, others) == others[1:]


def test_bulk_of_an_account_is_released_by_approval() -> None:
    """The account's own request is approved like any other, and does not count afterwards."""
    stage, refs, _ = stage_of(6)
    for ref in refs:
        stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=())
    stage.associate(*refs[:5])
    held = inside(stage, refs[:5])
    assert len(held) > 2
    assert pending(stage) == set(map(str, held))
    stage.rows.approve(CORP_ZONE)
    stage.associate(*held)
    assert inside(stage, refs[:5]) == []
    status = stage.rows.zones[CORP_ZONE]
    assert (status.pending_vpcs, status.approved_vpcs) == ((), frozenset())
    assert all(record.left_at == 0 for ref in held for record in stage.rows.rows[ref].records.values())


@pytest.mark.parametrize("deleted", [True, False])
def test_vpcs_that_returned_or_were_deleted_do_not_count(*, deleted: bool) -> None:
    """Only what left and stays away counts."""
    stage, refs, _ = stage_of(6)
    retag(stage, refs[:2])
    if deleted:
        for ref in refs[:2]:
            del stage.aws.vpcs[ref]
            stage.associate(ref)
            assert ref not in stage.rows.rows
    else:
        retag(stage, refs[:2], YES)
        assert stage.rows.rows[refs[0]].records == {CORP_ZONE: AssociationRecord(managed=True)}
    retag(stage, refs[2:4])
    assert inside(stage, refs[2:]) == refs[4:]


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
@pytest.mark.parametrize("number", range(1, 12))
def test_killed_worker_hides_no_removal(when: str, number: int) -> None:
    """Wherever a worker stops, the VPC that it took from the zone counts."""
    stage, refs, _ = stage_of(6)
    stage.aws.vpcs[refs[0]] = replace(stage.aws.vpcs[refs[0]], tags=())
    setattr(stage.aws, when, len(stage.aws.calls) + number)
    for _ in range(2):
        try:
            stage.associate(refs[0])
        except Killed:
            setattr(stage.aws, when, None)
    stage.aws.kill_before = stage.aws.kill_after = None
    stage.associate(refs[0])
    retag(stage, refs[1:4])
    assert inside(stage, refs) == refs[2:]


def test_two_tasks_at_a_time_see_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another task takes a VPC from the zone while this one is about to: both count for the next."""
    stage, refs, _ = stage_of(6)
    disassociate = MemoryVpcs.disassociate

    def overlapping(aws: MemoryVpcs, zone_id: str, ref: VpcRef) -> None:
        if ref == refs[0]:
            retag(stage, [refs[1]])
        disassociate(aws, zone_id, ref)

    monkeypatch.setattr(MemoryVpcs, "disassociate", overlapping)
    retag(stage, refs[:1])
    assert inside(stage, refs) == refs[2:]
    retag(stage, refs[2:3])
    assert inside(stage, refs) == refs[2:]


def test_vpcs_of_an_account_that_left_await_approval() -> None:
    """Many VPCs of an account that is not covered any more keep the zone until a person approves."""
    stage, refs, others = stage_of(5, 2)
    del stage.organization.accounts[PAYMENTS.id]
    stage.associate(*refs)
    assert inside(stage, refs) == refs
    assert pending(stage) == set()
    (first, *_) = stage.associate(*refs[:3], abandon=True)
    assert first.awaiting_approval == (CORP_ZONE,)
    stage.associate(*refs[3:], abandon=True)
    assert inside(stage, refs) == refs
    assert pending(stage) == set(map(str, refs))
    assert {zone.leaving for ref in refs for zone in stage.rows.rows[ref].zones} == {Cause.COVERAGE}
    # Its VPCs do not keep those of other accounts.
    excluding(stage, others[:1])
    stage.associate(others[0])
    assert inside(stage, others) == others[1:]
    stage.rows.approve(CORP_ZONE)
    # The task of the schedule for what a person approved does not say that the grace period is over: the ledger does.
    stage.associate(*refs)
    assert inside(stage, refs) == []
    assert not any(ref in stage.rows.rows for ref in refs)


def test_accounts_that_leave_one_after_the_other_add_up() -> None:
    """What an account lost counts for the next one, although its VPCs are forgotten."""
    stage, refs, others = stage_of(2, 2)
    for account in (PAYMENTS.id, SEARCH.id):
        del stage.organization.accounts[account]
    stage.associate(*refs, abandon=True)
    assert inside(stage, refs) == []
    assert [stage.rows.rows[ref].records[CORP_ZONE].left_for for ref in refs] == [Cause.COVERAGE] * 2
    stage.associate(*others, abandon=True)
    assert inside(stage, others) == others


def test_account_that_returns_keeps_its_vpcs() -> None:
    """A VPC that awaited approval because its account had left is wanted again."""
    stage, refs, _ = stage_of(4)
    account = stage.organization.accounts.pop(PAYMENTS.id)
    stage.associate(*refs, abandon=True)
    assert pending(stage)
    stage.organization.accounts[PAYMENTS.id] = account
    stage.associate(*refs)
    assert inside(stage, refs) == refs
    assert pending(stage) == set()
    assert {zone.leaving for ref in refs for zone in stage.rows.rows[ref].zones} == {None}


def test_foreign_association_of_a_deleted_vpc_is_released() -> None:
    """A VPC that awaited approval and was deleted does not await it for ever, even if someone else associated it."""
    stage, refs, _ = stage_of(0, 0)
    stage.association_policies = (AssociationPolicy(CORP, selections=(), owns_all=True),)
    refs = [stage.aws.add(number).ref for number in range(1, 5)]
    stage.aws.associated |= {(CORP_ZONE, ref) for ref in refs}
    stage.associate(*refs)
    assert pending(stage) == set(map(str, refs[2:]))
    del stage.aws.vpcs[refs[2]]
    stage.associate(refs[2])
    assert pending(stage) == {str(refs[3])}
