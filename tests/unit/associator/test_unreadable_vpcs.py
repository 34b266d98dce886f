"""A VPC that cannot be read, or whose row cannot be read or written, keeps what it has, and affects no other VPC."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import NEVER, Account
from hub.runtime.model.vpcs import AssociationRecord, VpcRef, VpcRow
from tests.support.build import CORP_ZONE, PAYMENTS
from tests.support.running.examples import examples
from tests.support.use_cases.associator_stage import ASSOCIATED, HOME, NO_VPC, TAGGED, Stage
from tests.support.use_cases.discovery_stage import DiscoveryStage as Discovery

MANAGED = {CORP_ZONE: AssociationRecord(managed=True)}
ODD = ("unreadable", "row", "write", "nameless")


def _make_odd(stage: Stage | Discovery, ref: VpcRef, how: str) -> None:
    match how:
        case "unreadable":
            stage.aws.unreadable.add(ref)
        case "nameless":
            stage.aws.nameless.add(ref)
        case "row":
            stage.rows.rows[ref] = VpcRow(ref, row_fault="KeyError: 'managed'")
        case "write":
            stage.rows.refused.add(ref)


def _without_times(row: VpcRow | None) -> VpcRow | None:
    """A row without the times at which associations ended: a VPC without an id is looked for a while longer."""
    if row is None:
        return None
    return replace(row, records={zone: replace(record, left_at=NEVER) for zone, record in row.records.items()})


@pytest.mark.parametrize("how", ODD)
def test_a_vpc_that_cannot_be_read_loses_nothing_in_a_discovery(how: str) -> None:
    """The others are described and enqueued; the odd one is counted with its reason, and keeps its row."""
    stage = Discovery()
    odd, new = stage.aws.add(1).ref, stage.aws.add(2).ref
    stage.aws.associated.add((CORP_ZONE, odd))
    stage.rows.rows[odd] = VpcRow(odd, records=MANAGED)
    before = stage.rows.rows[odd]
    _make_odd(stage, odd, how)
    swept = stage.sweep()
    assert not swept.status.fault
    assert swept.status.vpcs == 2
    assert (swept.status.unreadable, len(swept.unreadable)) == (1, 1)
    assert swept.status.unreadable_first == swept.unreadable
    assert [vpc_id for task in stage.enqueued for vpc_id in task.vpc_ids] == (  # type: ignore[union-attr]  # an Associate
        # A VPC that no answer names is described a second time, by its id.
        [new.id, odd.id] if how == "nameless" else [new.id]
    )
    assert stage.rows.rows[odd] == (VpcRow(odd, row_fault="KeyError: 'managed'") if how == "row" else before)
    assert (CORP_ZONE, odd) in stage.aws.associated


@pytest.mark.parametrize("how", ["unreadable", "row", "nameless"])
@pytest.mark.parametrize("policy", [TAGGED, NO_VPC])
def test_a_vpc_that_cannot_be_read_loses_nothing_by_a_task(how: str, policy: object) -> None:
    """Although policy does not want the VPC, or it seems gone, nothing of it ends, and it is not tried again."""
    stage = Stage(association_policies=(policy,))  # type: ignore[arg-type]  # an AssociationPolicy
    odd, other = stage.aws.add(1).ref, stage.aws.add(2).ref
    for ref in (odd, other):
        stage.aws.associated.add((CORP_ZONE, ref))
        stage.rows.rows[ref] = VpcRow(ref, records=MANAGED)
    _make_odd(stage, odd, how)
    before = stage.rows.rows[odd]
    of_odd, of_other = stage.associate(odd, other)
    assert of_odd.unreadable
    assert (of_odd.steps, of_odd.retry, of_odd.removed) == ((), "", False)
    assert stage.rows.rows[odd] == before
    assert (CORP_ZONE, odd) in stage.aws.associated
    assert (CORP_ZONE, other) not in stage.aws.associated
    assert not of_other.unreadable


def test_a_missing_vpc_is_kept_while_an_answer_names_no_vpc() -> None:
    """Of two VPCs, one is deleted and the other has no readable id: which one is gone is not known."""
    stage = Stage()
    gone, nameless = stage.aws.add(1).ref, stage.aws.add(2).ref
    for ref in (gone, nameless):
        stage.rows.rows[ref] = VpcRow(ref, records=MANAGED)
    del stage.aws.vpcs[gone]
    stage.aws.nameless.add(nameless)
    assert [outcome.unreadable for outcome in stage.associate(gone, nameless)] == ["no VpcId"] * 2
    assert set(stage.rows.rows) == {gone, nameless}
    stage.aws.nameless.clear()
    (of_gone, _) = stage.associate(gone, nameless)
    assert of_gone.removed


def test_a_row_that_dynamodb_refuses_delays_its_own_vpc_only() -> None:
    """The first VPC of a task cannot be recorded; it is tried again, and the others are associated in the same run."""
    stage = Stage()
    refs = [stage.aws.add(number).ref for number in (1, 2, 3)]
    stage.rows.refused.add(refs[0])
    first, *others = stage.associate(*refs)
    assert "Item size" in first.retry
    assert [outcome.steps for outcome in others] == [(ASSOCIATED,)] * 2
    assert not any(outcome.retry for outcome in others)


@pytest.mark.parametrize("abandon", [True, False])
def test_a_row_that_cannot_be_read_is_kept_when_its_account_leaves(*, abandon: bool) -> None:
    """What orgdns made there is not known, so a person decides; the account's other VPCs lose the zones."""
    stage = Stage(association_policies=(NO_VPC,))
    odd, other = stage.aws.add(1).ref, stage.aws.add(2).ref
    stage.aws.associated |= {(CORP_ZONE, odd), (CORP_ZONE, other)}
    stage.rows.rows[other] = VpcRow(other, records=MANAGED)
    _make_odd(stage, odd, "row")
    stage.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, "payments", active=False)
    of_odd, of_other = stage.associate(odd, other, abandon=abandon)
    assert of_odd.unreadable
    assert not of_odd.removed
    assert of_other.removed is abandon
    assert stage.rows.rows[odd].row_fault


def test_a_withdrawn_spoke_with_a_row_that_cannot_be_read_is_still_swept() -> None:
    """The spoke keeps its row in the schedule, so that a person sees it, and the row is tried again."""
    stage = Discovery()
    odd = stage.aws.add(1).ref
    _make_odd(stage, odd, "row")
    stage.organization.accounts.clear()
    assert stage.sweep(departed=True).kept == 1


@settings(max_examples=examples(40))
@given(
    odd=st.integers(0, 4),
    how=st.sampled_from(ODD),
    tagged=st.lists(st.booleans(), min_size=5, max_size=5),
    managed=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_all_others_end_as_without_the_odd_one(odd: int, how: str, tagged: list[bool], managed: list[bool]) -> None:
    """Discovery and tasks do to every other VPC what they do if the odd one does not exist."""
    ends = []
    for with_odd in (True, False):
        found, stage = Discovery(association_policies=(TAGGED,)), Stage(association_policies=(TAGGED,))
        for number in range(5):
            if number == odd and not with_odd:
                continue
            for world in (found, stage):
                tags = (("dns", "yes"),) if tagged[number] else ()
                ref = world.aws.add(number + 1, tags=tags).ref
                if managed[number]:
                    world.aws.associated.add((CORP_ZONE, ref))
                    world.rows.rows[ref] = VpcRow(ref, records=MANAGED)
                if number == odd:
                    _make_odd(world, ref, how)
        refs = [ref for ref in sorted(stage.aws.vpcs) if ref.spoke == HOME]
        swept = found.sweep()
        outcomes = {outcome.ref: outcome for outcome in stage.associate(*refs)}
        others = [ref for number, ref in enumerate(refs) if not with_odd or number != odd]
        enqueued = {vpc_id for task in found.enqueued for vpc_id in task.vpc_ids}  # type: ignore[union-attr]  # as above
        ends.append(
            (
                [outcomes[ref] for ref in others],
                [_without_times(stage.rows.rows.get(ref)) for ref in others],
                [stage.aws.zones_of(ref) for ref in others],
                [found.rows.rows.get(ref) for ref in others],
                [ref.id in enqueued for ref in others],
                replace(swept.status, vpcs=0, unreadable=0, unreadable_first=(), blocked=0),
            )
        )
    assert ends[0] == ends[1]


def test_the_status_names_the_first_of_many() -> None:
    """The list of VPCs that cannot be read is bounded; the number is not."""
    stage = Discovery()
    stage.aws.unreadable |= {stage.aws.add(number).ref for number in range(1, 60)}
    status = stage.sweep().status
    assert (status.unreadable, len(status.unreadable_first)) == (59, 20)
    assert status.unreadable_first[0] == Unreadable("vpc-00000000000000001", "no CidrBlock")
