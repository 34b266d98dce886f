"""What becomes of an association whose authorization cannot be deleted."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.associator.plan import Act, Step
from hub.runtime.model.tasks import Associate
from hub.runtime.ports import ZoneUnavailable
from tests.support.build import CORP_ZONE
from tests.support.memory import AMPLE
from tests.support.memory_vpcs import closed
from tests.support.use_cases.associator_stage import ASSOCIATED, HOME, NO_VPC, Stage

CLEARED = Step(Act.CLEAR, CORP_ZONE)


def test_authorization_in_a_closed_zone_is_remembered() -> None:
    """If the authorization cannot be deleted, the ledger says that one may be left."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["clear"] = closed(CORP_ZONE)
    (done,) = stage.associate(ref)
    # The association succeeded all the same.
    assert (done.steps, [step for step, _ in done.faults], done.retry) == ((ASSOCIATED,), [CLEARED], "")
    row = stage.rows.rows[ref]
    (zone,) = row.zones
    assert row.record(CORP_ZONE).in_progress
    assert (zone.resolves, zone.blocked, zone.managed) == (True, "", True)
    assert zone.notes == (f"an authorization is left, which each sweep tries to delete: {CORP_ZONE}: NoSuchHostedZone",)
    # A sweep enqueues the VPC again.
    (again,) = stage.associate(ref)
    assert [step for step, _ in again.faults] == [CLEARED]
    assert stage.rows.rows[ref].zones == row.zones
    stage.aws.faults.clear()
    (healed,) = stage.associate(ref)
    assert (healed.steps, stage.rows.rows[ref].zones[0].notes) == ((CLEARED,), ())
    assert stage.settled(ref)


def test_authorization_that_is_left_keeps_nobody_waiting() -> None:
    """If the zones' owner does not answer, the authorization is deleted in the same run. The association is done."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["clear"] = ZoneUnavailable("Throttling")

    def sleep(_seconds: float) -> None:
        stage.aws.faults.clear()

    (done,) = replace(stage.associator(), sleep=sleep).associate(Associate(HOME, (ref.id,)), AMPLE)
    assert (done.steps, done.faults, done.retry) == ((ASSOCIATED, CLEARED), (), "")
    assert stage.settled(ref)


def test_authorization_in_a_closed_zone_is_deleted_with_the_association() -> None:
    """If policy no longer selects the VPC, the authorization goes as well."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["clear"] = closed(CORP_ZONE)
    stage.associate(ref)
    stage.aws.faults.clear()
    stage.association_policies = (NO_VPC,)
    stage.associate(ref)
    assert not stage.aws.authorized
    assert stage.aws.zones_of(ref) == set()
