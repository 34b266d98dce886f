"""How VPCs start and stop resolving zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hub.runtime.associator.associator import NOT_YET
from hub.runtime.associator.plan import Act, Step
from hub.runtime.associator.run import VpcOutcome
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationRecord, VpcRef
from hub.runtime.policy.vpc_selection import AssociationPolicy
from hub.runtime.ports import ZoneClosed
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory import AMPLE
from tests.support.memory_vpcs import NETWORK, MemoryVpcs, foreign_zone, vpc_ref
from tests.support.use_cases.associator_stage import ASSOCIATED, BY_PROFILE, HOME, NO_VPC, Stage


def test_vpc_of_another_account() -> None:
    """The VPC is authorized and associated, and the authorization is deleted; the association is managed."""
    stage = Stage()
    ref = stage.aws.add().ref
    (done,) = stage.associate(ref)
    assert done.steps == (ASSOCIATED,)
    assert [call for call in stage.aws.calls if call in {"authorize", "associate", "clear"}] == [
        "authorize",
        "associate",
        "clear",
    ]
    assert stage.settled(ref)
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}
    described = stage.rows.rows[ref].vpc
    assert described is not None
    assert [zone.id for zone in described.zones] == [CORP_ZONE]


def test_vpc_of_the_zones_owner() -> None:
    """The networking account's own VPCs need no authorization."""
    stage = Stage()
    ref = stage.aws.add(5, account=NETWORK).ref
    stage.associate(ref)
    assert "authorize" not in stage.aws.calls
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


def test_vpc_in_line_with_policy_is_only_described() -> None:
    """A VPC in line with policy is described, and not changed."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.aws.calls.clear()
    (done,) = stage.associate(ref)
    assert done == VpcOutcome(ref)
    assert stage.aws.calls == ["seen"]


def test_refused_association_leaves_no_authorization() -> None:
    """The refusal is reported and stored in the ledger, and the authorization is deleted."""
    stage = Stage(aws=MemoryVpcs(quota=1))
    ref = stage.aws.add().ref
    (done,) = stage.associate(ref)
    assert done.faults == ((ASSOCIATED, "LimitsExceeded"),)
    assert done.full
    assert not done.retry
    assert not stage.aws.authorized
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(fault="LimitsExceeded")}
    assert stage.rows.rows[ref].zones[0].blocked == "LimitsExceeded"
    # When there is room, the next run associates it.
    stage.aws.quota = 300
    stage.associate(ref)
    assert stage.settled(ref)
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


def test_another_zone_of_the_name() -> None:
    """A VPC with another zone of the name keeps it, and nothing is authorized."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.foreign[ref] = (foreign_zone(),)
    (done,) = stage.associate(ref)
    assert done == VpcOutcome(ref)
    assert "authorize" not in stage.aws.calls


def test_another_zone_of_the_name_that_appears_meanwhile() -> None:
    """If the other zone appears after the description, the refusal is reported and no authorization is left."""
    stage = Stage()
    ref = stage.aws.add().ref
    real = stage.aws.associate

    def late(zone_id: str, target: VpcRef) -> None:
        stage.aws.foreign[ref] = (foreign_zone(),)
        real(zone_id, target)

    working = stage.associator()
    working = replace(working, steps=replace(working.steps, associations=_Late(stage.aws, late)))
    (done,) = working.associate(Associate(HOME, (ref.id,)), AMPLE)
    assert done.faults == ((ASSOCIATED, "ConflictingDomainExists"),)
    assert not stage.aws.authorized
    assert not stage.rows.rows[ref].record(CORP_ZONE).managed


@dataclass(slots=True)
class _Late:
    """The VPCs' accounts, where something happens between a description and the association."""

    aws: MemoryVpcs
    associate: Callable[[str, VpcRef], None]

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        self.aws.associate_profile(profile_id, ref)

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        self.aws.disassociate_profile(profile_id, ref)

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        self.aws.disable_autodefined_rules(ref)


def test_vpc_that_is_gone() -> None:
    """The zones' owner ends the association of a deleted VPC, and its row is deleted."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    del stage.aws.vpcs[ref]
    (done,) = stage.associate(ref)
    assert done.removed
    assert done.steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)
    assert stage.aws.zones_of(ref) == set()
    assert ref not in stage.rows.rows


def test_vpc_that_does_not_show_for_a_moment() -> None:
    """A new VPC that EC2 does not show at first is described again."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.hidden.add(ref)
    working = replace(stage.associator(), sleep=lambda _seconds: stage.aws.hidden.clear())
    (done,) = working.associate(Associate(HOME, (ref.id,)), AMPLE)
    assert done.steps == (ASSOCIATED,)


def test_unknown_vpc() -> None:
    """An event about a VPC that does not exist changes nothing."""
    stage = Stage()
    (done,) = stage.associate(vpc_ref(77))
    assert done == VpcOutcome(vpc_ref(77))
    assert stage.rows.rows == {}


def test_account_that_left() -> None:
    """The VPCs of an account that left lose the zones only by a task that abandons them, not by an event."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    del stage.organization.accounts[PAYMENTS.id]
    (done,) = stage.associate(ref)
    assert not done.steps
    assert CORP_ZONE in stage.aws.zones_of(ref)
    (done,) = stage.associate(ref, abandon=True)
    assert done.removed
    assert stage.aws.zones_of(ref) == set()


def test_active_accounts_are_not_abandoned() -> None:
    """A task that abandons VPCs does not remove the zones of an active account's VPCs."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref, abandon=True)
    assert CORP_ZONE in stage.aws.zones_of(ref)


def test_last_vpc_of_a_zone() -> None:
    """The last VPC of a zone keeps it, and the reason is reported."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.aws.associated = {(CORP_ZONE, ref)}
    stage.association_policies = (NO_VPC,)
    (done,) = stage.associate(ref)
    assert "LastVPCAssociation" in done.faults[0][1]
    assert CORP_ZONE in stage.aws.zones_of(ref)
    assert stage.rows.rows[ref].record(CORP_ZONE).managed


def test_from_association_to_profile_without_a_gap() -> None:
    """The Profile is associated before the direct association ends, in one run, and the other way round."""
    stage = Stage(aws=MemoryVpcs(profiles={"eu-central-1": "rp-1"}))
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.association_policies = (BY_PROFILE,)
    (done,) = stage.associate(ref)
    assert done.steps == (Step(Act.ASSOCIATE_PROFILE, "rp-1"), Step(Act.DISASSOCIATE, CORP_ZONE))
    assert stage.aws.profiled == {("rp-1", ref)}
    assert stage.aws.zones_of(ref) == set()
    stage.association_policies = (AssociationPolicy(CORP),)
    (done,) = stage.associate(ref)
    assert done.steps == (ASSOCIATED, Step(Act.DISASSOCIATE_PROFILE, "rp-1"))
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


def test_profile_in_progress_ends_nothing() -> None:
    """A direct association stays until AWS has associated the Profile; the task is retried."""
    stage = Stage(aws=MemoryVpcs(profiles={"eu-central-1": "rp-1"}))
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.association_policies = (BY_PROFILE,)
    stage.aws.coming = {ref}
    (done,) = stage.associate(ref)
    assert (done.steps, done.retry) == ((Step(Act.ASSOCIATE_PROFILE, "rp-1"),), NOT_YET)
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
    stage.aws.coming = set()
    (done,) = stage.associate(ref)
    assert (done.steps, done.retry) == ((Step(Act.DISASSOCIATE, CORP_ZONE),), "")


def test_profile_stays_if_its_replacement_is_refused() -> None:
    """If a zone is at its quota of VPCs, the VPC keeps resolving it by the Profile."""
    stage = Stage(aws=MemoryVpcs(profiles={"eu-central-1": "rp-1"}), association_policies=(BY_PROFILE,))
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.association_policies, stage.aws.quota = (AssociationPolicy(CORP),), 0
    (done,) = stage.associate(ref)
    assert (done.steps, done.full) == ((), True)
    assert stage.aws.profiled == {("rp-1", ref)}


def test_association_made_without_authorization_is_not_managed() -> None:
    """If the zones' owner refuses the authorization, an association that a team makes itself is not orgdns's."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["authorize"] = ZoneClosed("AccessDenied")
    stage.associate(ref)
    stage.aws.faults.clear()
    stage.aws.associated.add((CORP_ZONE, ref))
    stage.association_policies = (NO_VPC,)
    stage.associate(ref)
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
