"""Associations in dry run: decided and stored, and nothing is changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.associator.plan import association_plan
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, VpcRow
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, ZONE_IDS
from tests.support.use_cases.associator_stage import ASSOCIATED, BY_PROFILE, NO_VPC, Stage
from tests.support.use_cases.discovery_stage import DiscoveryStage

DRY = AssociationPolicy(CORP, associate=False)
OTHER = next(domain for domain in ZONE_IDS if domain != CORP)


@pytest.fixture
def stage() -> Stage:
    return Stage(association_policies=(DRY,))


def writes(stage: Stage) -> tuple[object, ...]:
    return set(stage.aws.associated), set(stage.aws.authorized)


def test_nothing_is_associated_and_the_row_says_so(stage: Stage) -> None:
    """The state of the zone is stored: wanted, and not in place."""
    ref = stage.aws.add(1).ref
    before = writes(stage)
    (outcome,) = stage.associate(ref)
    assert (outcome.steps, outcome.retry, outcome.faults) == ((), "", ())
    assert writes(stage) == before
    (zone,) = stage.rows.rows[ref].zones
    assert (zone.wanted, zone.method, zone.withheld) == (AssociationMethod.ASSOCIATION, None, True)
    assert zone.blocked == ""


def test_plan_has_the_step_that_is_kept_back(stage: Stage) -> None:
    """It is not among the steps, so no sweep enqueues the VPC, and the VPC does not count as blocked."""
    vpc = stage.aws.add(1)
    plan = association_plan(vpc, PAYMENTS, VpcRow(vpc.ref), (DRY,), ZONE_IDS)
    assert (plan.steps, plan.withheld, plan.blocked) == ((), (ASSOCIATED,), 0)


@pytest.mark.parametrize("policy", [NO_VPC, replace(BY_PROFILE, selections=())])
def test_association_that_policy_no_longer_wants_stays(stage: Stage, policy: AssociationPolicy) -> None:
    """Until it is turned on: then it ends."""
    ref = stage.aws.add(1).ref
    stage.association_policies = (AssociationPolicy(CORP),)
    stage.associate(ref)
    stage.association_policies = (replace(policy, associate=False),)
    stage.associate(ref)
    assert CORP_ZONE in stage.aws.zones_of(ref)
    stage.association_policies = (policy,)
    stage.associate(ref)
    assert CORP_ZONE not in stage.aws.zones_of(ref)


def test_turned_on_it_is_associated(stage: Stage) -> None:
    """As if it had never been in dry run."""
    ref = stage.aws.add(1).ref
    stage.associate(ref)
    stage.association_policies = (AssociationPolicy(CORP),)
    stage.associate(ref)
    assert stage.settled(ref)


def test_deleted_vpc_is_remembered_until_its_association_can_end(stage: Stage) -> None:
    """The row is the only thing that knows of it."""
    ref = stage.aws.add(1).ref
    stage.association_policies = (AssociationPolicy(CORP),)
    stage.associate(ref)
    del stage.aws.vpcs[ref]
    stage.association_policies = (DRY,)
    (outcome,) = stage.associate(ref)
    assert not outcome.removed
    assert ref in stage.rows.rows
    stage.association_policies = (AssociationPolicy(CORP),)
    (outcome,) = stage.associate(ref)
    assert outcome.removed
    assert (CORP_ZONE, ref) not in stage.aws.associated


def test_authorization_of_a_zone_without_a_policy_is_left() -> None:
    """If nothing is associated anywhere, not even what an interrupted attempt left is deleted; turned on, it is."""
    stage = Stage(association_policies=(replace(DRY, domain=OTHER),), may_associate=False)
    ref = stage.aws.add(1).ref
    stage.rows.rows[ref] = VpcRow(ref, records={CORP_ZONE: AssociationRecord(in_progress=True)})
    stage.aws.authorized.add((CORP_ZONE, ref))
    (outcome,) = stage.associate(ref)
    assert (outcome.steps, outcome.faults) == ((), ())
    assert (CORP_ZONE, ref) in stage.aws.authorized
    stage.may_associate = True
    stage.associate(ref)
    assert (CORP_ZONE, ref) not in stage.aws.authorized


@pytest.mark.parametrize("may_associate", [True, False])
def test_sweep_enqueues_no_vpc_for_what_is_kept_back(*, may_associate: bool) -> None:
    """The associator would find nothing to do, after each sweep again."""
    found = DiscoveryStage(association_policies=(replace(DRY, domain=OTHER),), may_associate=may_associate)
    ref = found.aws.add(1).ref
    found.rows.rows[ref] = VpcRow(ref, records={CORP_ZONE: AssociationRecord(in_progress=True)})
    found.sweep()
    assert bool(found.enqueued) is may_associate
