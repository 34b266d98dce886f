"""Calls that fail, answers that never come, workers that are killed: a repeat ends the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.associator import TRY_AGAIN_AFTER
from hub.runtime.guard import Cause, Guard
from hub.runtime.model.names import Millis
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationRecord, Vpc, VpcRef, VpcRow
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from hub.runtime.ports import SpokeUnreachable, ZoneUnavailable
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, WORKLOADS
from tests.support.memory import AMPLE
from tests.support.memory_vpcs import Killed, vpc_ref
from tests.support.use_cases.associator_stage import ASSOCIATED, HOME, NO_VPC, TAGGED, Stage


@pytest.mark.parametrize("call", ["authorize", "associate", "clear"])
def test_answer_that_never_comes(call: str) -> None:
    """A call that succeeded without an answer is recognized, and the association is managed."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.lost_answers = {call}
    (done,) = stage.associate(ref)
    # The next description shows the association; the other two calls leave no trace, and are repeated.
    assert bool(done.retry) == (call != "associate")
    stage.aws.lost_answers = set()
    stage.associate(ref)
    assert stage.settled(ref)
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
def test_killed_at_every_call(when: str) -> None:
    """After a worker is killed before or after any call, the repeat ends the same and leaves no authorization."""
    counted = Stage(association_policies=(TAGGED,))
    _life(counted, lambda: None)
    total = len(counted.aws.calls)
    assert total > 25
    ended = (counted.aws.associated, _without_times(counted))
    assert [record.left_for for row in counted.rows.rows.values() for record in row.records.values()] == [Cause.OWNER]
    for number in range(1, total + 1):
        stage = Stage(association_policies=(TAGGED,))
        setattr(stage.aws, when, number)
        killed: list[int] = []
        _life(stage, partial(killed.append, number))
        assert len(killed) <= 1
        assert (stage.aws.associated, _without_times(stage)) == ended, number
        assert not stage.aws.authorized


def _without_times(stage: Stage) -> dict[VpcRef, VpcRow]:
    """The rows, with 1 for each time at which a VPC left a zone."""
    return {
        ref: replace(
            row,
            records={
                zone_id: replace(record, left_at=Millis(min(record.left_at, 1)))
                for zone_id, record in row.records.items()
            },
        )
        for ref, row in stage.rows.rows.items()
    }


def _life(stage: Stage, killed: object) -> None:
    """Two VPCs are associated, one loses its tag, the other is deleted; each task is delivered until it succeeds."""
    first, second = (stage.aws.add(number, tags=(("dns", "yes"),)).ref for number in (1, 2))
    _delivered(stage, killed, first, second)
    stage.aws.vpcs[first] = replace(stage.aws.vpcs[first], tags=())
    _delivered(stage, killed, first)
    del stage.aws.vpcs[second]
    _delivered(stage, killed, second)


def _delivered(stage: Stage, killed: object, *refs: VpcRef) -> None:
    for _ in range(3):
        try:
            outcomes = stage.associate(*refs)
        except Killed:
            assert callable(killed)
            killed()
            continue
        if not any(done.retry for done in outcomes):
            return
    raise AssertionError("it never ended")


def test_spoke_that_cannot_be_read_loses_nothing() -> None:
    """A listing that fails takes no zone from a VPC, whatever policy says."""
    stage = Stage(association_policies=(TAGGED,))
    ref = stage.aws.add(tags=(("dns", "yes"),)).ref
    stage.associate(ref)
    stage.association_policies = (NO_VPC,)
    for spokes in (stage.aws.unreachable, stage.aws.denied):
        spokes.add(HOME)
        (done,) = stage.associate(ref)
        assert not done.steps
        assert CORP_ZONE in stage.aws.zones_of(ref)
        spokes.clear()


def test_unreachable_spoke_is_retried_and_denied_one_is_not() -> None:
    """Tasks of an unreachable spoke are retried; those of a spoke that denies access wait for the next sweep."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.unreachable.add(HOME)
    assert stage.associate(ref)[0].retry
    stage.aws.unreachable.clear()
    stage.aws.denied.add(HOME)
    (done,) = stage.associate(ref)
    assert (done.retry, done.faults) == ("", ())
    assert done.denied.endswith("AccessDenied")


def test_zone_that_does_not_answer_is_retried() -> None:
    """Temporary errors of the zones' owner are retried."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["authorize"] = ZoneUnavailable("Throttling")
    assert stage.associate(ref)[0].retry == "Throttling"
    stage.aws.faults = {"associate": SpokeUnreachable("Throttling")}
    assert stage.associate(ref)[0].retry == "Throttling"
    assert not stage.aws.authorized


def test_throttled_call_is_repeated_in_the_same_run() -> None:
    """A throttled call is repeated a few seconds later, not only with the next delivery of the task."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["associate"] = SpokeUnreachable("PriorRequestNotComplete")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        stage.aws.faults.clear()

    (done,) = replace(stage.associator(), sleep=sleep).associate(Associate(HOME, (ref.id,)), AMPLE)
    assert (done.steps, done.retry, slept) == ((ASSOCIATED,), "", [TRY_AGAIN_AFTER])
    assert stage.settled(ref)


def test_run_without_time_begins_no_step() -> None:
    """A run without time begins no step, and the task is retried."""
    stage = Stage(seconds_left=50.0)
    ref = stage.aws.add().ref
    (done,) = stage.associate(ref)
    assert done.retry == "no time is left in this run"
    assert "authorize" not in stage.aws.calls


_REFS = [vpc_ref(number) for number in (1, 2, 3)]


@dataclass(slots=True)
class _Machine:
    """A world in which anything may happen; `by_hand` are the VPCs that someone else associated."""

    stage: Stage = field(default_factory=lambda: Stage(association_policies=(TAGGED,), guard=Guard(1.0, 100, 0)))
    by_hand: set[VpcRef] = field(default_factory=set)

    def create(self, ref: VpcRef, _call: int) -> None:
        self.stage.aws.vpcs.setdefault(ref, Vpc(ref, tags=(("dns", "yes"),)))

    def delete(self, ref: VpcRef, _call: int) -> None:
        self.stage.aws.vpcs.pop(ref, None)

    def tag(self, ref: VpcRef, call: int) -> None:
        if ref in self.stage.aws.vpcs:
            tags = (("dns", "yes"),) if call % 2 else ()
            self.stage.aws.vpcs[ref] = replace(self.stage.aws.vpcs[ref], tags=tags)

    def associate_by_hand(self, ref: VpcRef, _call: int) -> None:
        aws = self.stage.aws
        if ref in aws.vpcs and (CORP_ZONE, ref) not in aws.associated:
            row = self.stage.rows.rows.get(ref)
            if row is None or not row.record(CORP_ZONE).managed:
                # Unless the ledger has the association as managed: then orgdns takes it for its own.
                self.by_hand.add(ref)
            aws.associated.add((CORP_ZONE, ref))

    def disassociate_by_hand(self, ref: VpcRef, _call: int) -> None:
        self.stage.aws.associated.discard((CORP_ZONE, ref))
        self.by_hand.discard(ref)

    def deny(self, _ref: VpcRef, call: int) -> None:
        self.stage.aws.denied = {HOME} if call % 2 else set()

    def kill(self, _ref: VpcRef, call: int) -> None:
        aws = self.stage.aws
        aws.kill_before, aws.kill_after = (len(aws.calls) + call, None) if call % 2 else (None, len(aws.calls) + call)

    def run(self, _ref: VpcRef, _call: int) -> None:
        try:
            self.stage.associate(*_REFS)
        except Killed:
            self.stage.aws.kill_before = self.stage.aws.kill_after = None


_HAPPENINGS = st.sampled_from(
    [
        _Machine.create,
        _Machine.delete,
        _Machine.tag,
        _Machine.associate_by_hand,
        _Machine.disassociate_by_hand,
        _Machine.deny,
        _Machine.kill,
        _Machine.run,
    ]
)


@given(st.lists(st.tuples(_HAPPENINGS, st.sampled_from(_REFS), st.integers(1, 12)), max_size=40))
def test_vpcs_converge_after_any_story(
    happenings: list[tuple[Callable[[_Machine, VpcRef, int], None], VpcRef, int]],
) -> None:
    """In the end each VPC resolves what policy says, no authorization is left, and no foreign association has ended."""
    machine = _Machine()
    aws = machine.stage.aws
    for happening, ref, number in happenings:
        happening(machine, ref, number)
        assert all((CORP_ZONE, ref) in aws.associated for ref in machine.by_hand)
    aws.denied, aws.kill_before, aws.kill_after = set(), None, None
    for _ in range(2):
        machine.run(_REFS[0], 0)
    assert not aws.authorized
    for ref in _REFS:
        wanted = ref in aws.vpcs and TAGGED.wants(aws.vpcs[ref], PAYMENTS)
        assert ((CORP_ZONE, ref) in aws.associated) == (wanted or ref in machine.by_hand)
    assert not any(record.in_progress for row in machine.stage.rows.rows.values() for record in row.records.values())


def test_denied_account_loses_what_policy_does_not_select_by_its_last_description() -> None:
    """The zones' owner ends the association; under the guard; what policy wants, and what others made, stays."""
    by_unit = AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=frozenset({WORKLOADS}))),))
    stage = Stage((by_unit,))
    ref, by_hand = stage.aws.add(1).ref, stage.aws.add(2).ref
    stage.aws.associated.add((CORP_ZONE, by_hand))
    stage.associate(ref, by_hand)
    stage.aws.denied.add(HOME)
    stage.associate(ref, by_hand, abandon=True)
    assert {CORP_ZONE} == stage.aws.zones_of(ref) == stage.aws.zones_of(by_hand)
    stage.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=("r-ab12", "ou-ab12-infra001"))
    stage.guard = Guard(0.0, 0, 0)
    (outcome, _) = stage.associate(ref, by_hand, abandon=True)
    assert outcome.awaiting_approval == (CORP_ZONE,)
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
    stage.rows.approve(CORP_ZONE)
    stage.associate(ref, by_hand, abandon=True)
    assert stage.aws.zones_of(ref) == set()
    assert stage.aws.zones_of(by_hand) == {CORP_ZONE}
