"""During a pause the associator changes nothing in AWS, and the work is not lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.associator.plan import Act
from hub.runtime.guard import Guard
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import LedgerUnavailable
from tests.support.build import CORP_ZONE
from tests.support.memory_vpcs import closed
from tests.support.running.examples import examples
from tests.support.use_cases.associator_stage import ASSOCIATED, BY_PROFILE, HOME, NO_VPC, TAGGED, Stage

PROFILE = "rp-1"
REASON = "publishing is paused: the zones move"
# The calls that change something in AWS.
CHANGES = {
    "authorize",
    "associate",
    "clear",
    "disassociate",
    "associate_profile",
    "disassociate_profile",
    "disable_autodefined_rules",
}
UNREADABLE = LedgerUnavailable("ProvisionedThroughputExceeded")


def new(stage: Stage) -> VpcRef:
    return stage.aws.add().ref


def leaving(stage: Stage) -> VpcRef:
    ref = new(stage)
    stage.associate(ref)
    stage.association_policies = (NO_VPC,)
    return ref


def removed_by_others(stage: Stage) -> VpcRef:
    ref = new(stage)
    stage.associate(ref)
    stage.aws.associated.discard((CORP_ZONE, ref))
    return ref


def deleted(stage: Stage) -> VpcRef:
    ref = new(stage)
    stage.associate(ref)
    del stage.aws.vpcs[ref]
    return ref


def authorized(stage: Stage) -> VpcRef:
    """A VPC whose authorization is left."""
    ref = new(stage)
    stage.aws.faults["clear"] = closed(CORP_ZONE)
    stage.associate(ref)
    stage.aws.faults.clear()
    return ref


def with_profile(stage: Stage) -> VpcRef:
    stage.association_policies = (BY_PROFILE,)
    stage.aws.profiles["eu-central-1"] = PROFILE
    return new(stage)


def without_profile(stage: Stage) -> VpcRef:
    ref = with_profile(stage)
    stage.associate(ref)
    stage.association_policies = (replace(BY_PROFILE, selections=()),)
    return ref


STORIES = [new, leaving, removed_by_others, deleted, authorized, with_profile, without_profile]


@pytest.mark.parametrize("paused", ["the zones move", UNREADABLE], ids=["paused", "not known"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_nothing_is_changed_until_the_pause_ends(
    story: Callable[[Stage], VpcRef], paused: str | LedgerUnavailable
) -> None:
    """Whatever is to be done waits, is told, counts for nothing, and is done after the pause. The same if unknown."""
    stage = Stage(guard=Guard(1.0, 100, 0))
    ref = story(stage)
    before, calls = stage.rows.rows.get(ref), len(stage.aws.calls)
    stage.paused = paused
    for _ in range(2):
        (outcome,) = stage.associate(ref)
        assert (outcome.steps, outcome.faults, outcome.removed, outcome.removed_by_others) == ((), (), False, ())
        assert (outcome.paused, outcome.retry) == (("", str(UNREADABLE)) if paused is UNREADABLE else (REASON, ""))
    assert CHANGES.isdisjoint(stage.aws.calls[calls:])
    # What the guard and the counts of removals go by is as before.
    assert stage.rows.rows[ref].records == (before.records if before else {})
    assert stage.rows.work == ({} if paused is UNREADABLE else {HOME: 1})
    stage.paused = None
    (done,) = stage.associate(ref)
    assert (bool(done.steps), done.paused, done.retry) == (True, "", "")
    assert not stage.aws.authorized


def test_pause_takes_effect_between_two_steps() -> None:
    """A step that has begun ends. The next one waits."""
    stage = Stage()
    first, second = stage.aws.add(1).ref, stage.aws.add(2).ref
    associate = stage.aws.associate

    def pausing(zone_id: str, ref: VpcRef) -> None:
        associate(zone_id, ref)
        stage.paused = "the zones move"

    runner = replace(stage.associator().steps, associations=_Associations(pausing))
    stage_associator = replace(stage.associator(), steps=runner)
    outcomes = stage_associator.associate(stage.task(first, second), stage.deadline)
    assert [(done.steps, done.paused) for done in outcomes] == [((ASSOCIATED,), ""), ((), REASON)]
    assert not stage.aws.authorized


class _Associations:
    """The calls of a VPC's account, of which one is replaced."""

    def __init__(self, associate: Callable[[str, VpcRef], None]) -> None:
        self.associate = associate

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        raise AssertionError((profile_id, ref))

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        raise AssertionError((profile_id, ref))

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        raise AssertionError(ref)


def test_vpc_with_nothing_to_do_is_not_paused() -> None:
    """Nothing waits for the end of the pause."""
    stage = Stage()
    ref = new(stage)
    stage.associate(ref)
    stage.paused = "the zones move"
    (outcome,) = stage.associate(ref)
    assert (outcome.paused, outcome.steps, stage.rows.work) == ("", (), {})


def test_work_that_cannot_be_noted_comes_again() -> None:
    """If the ledger does not accept that a VPC waits, the task is tried again: otherwise nothing would lead to it."""
    stage = Stage()
    ref = new(stage)
    stage.paused, stage.rows.refused_spokes = "the zones move", {HOME}
    (outcome,) = stage.associate(ref)
    assert (outcome.paused, bool(outcome.retry)) == (REASON, True)


def test_damped_vpc_waits_too() -> None:
    """A VPC that keeps changing is damped during a pause as at any time. Its authorization is deleted afterwards."""
    stage = Stage(association_policies=(TAGGED,))
    ref = authorized_and_tagged(stage)
    stage.paused, calls = "the zones move", len(stage.aws.calls)
    for number in range(12):
        stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=(("dns", "yes"),) if number % 2 else ())
        stage.event(ref)
    assert stage.rows.rows[ref].damping.until
    assert CHANGES.isdisjoint(stage.aws.calls[calls:])
    stage.paused = None
    stage.associate(ref)
    assert not stage.aws.authorized


def authorized_and_tagged(stage: Stage) -> VpcRef:
    ref = stage.aws.add(tags=(("dns", "yes"),)).ref
    stage.aws.faults["clear"] = closed(CORP_ZONE)
    stage.associate(ref)
    stage.aws.faults.clear()
    return ref


@settings(max_examples=examples(40))
@given(
    st.lists(st.tuples(st.sampled_from(["tag", "untag", "delete", "create", "run", "pause", "resume"]), st.booleans()))
)
def test_no_story_changes_anything_during_a_pause(happenings: list[tuple[str, bool]]) -> None:
    """Whatever happens, associations change outside of pauses only, and all VPCs are as policy says in the end."""
    stage = Stage(association_policies=(TAGGED,), guard=Guard(1.0, 100, 0))
    refs = [stage.aws.add(number, tags=(("dns", "yes"),)).ref for number in (1, 2)]
    shown = dict(stage.aws.vpcs)
    for happening, first in happenings:
        ref = refs[0 if first else 1]
        match happening:
            case "tag" | "untag" if ref in stage.aws.vpcs:
                tags = (("dns", "yes"),) if happening == "tag" else ()
                stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=tags)
            case "delete":
                stage.aws.vpcs.pop(ref, None)
            case "create":
                stage.aws.vpcs.setdefault(ref, shown[ref])
            case "pause":
                stage.paused = "the zones move"
            case "resume":
                stage.paused = None
            case _:
                before = set(stage.aws.associated)
                stage.associate(*refs)
                assert not stage.paused or stage.aws.associated == before
    stage.paused = None
    for _ in range(2):
        stage.associate(*refs)
    for ref in refs:
        wanted = ref in stage.aws.vpcs and bool(stage.aws.vpcs[ref].tags)
        assert ((CORP_ZONE, ref) in stage.aws.associated) == wanted
    assert not stage.aws.authorized


def test_every_act_is_known_to_these_tests() -> None:
    """Each act that calls AWS is among the changes that must not happen."""
    ledger_only = {Act.RELEASE, Act.FORGET}
    assert {act.value.replace(" ", "_") for act in Act if act not in ledger_only} | {"authorize"} == CHANGES
