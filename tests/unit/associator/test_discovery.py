from dataclasses import replace

import pytest

from hub.runtime.associator.discovery import DAILY_WINDOW
from hub.runtime.model.names import Account, Millis
from hub.runtime.model.status import DAY, time_of_day
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, WORKLOADS
from tests.support.memory import MemoryClock, MemoryOrganization
from tests.support.memory_vpcs import foreign_zone, vpc_ref
from tests.support.use_cases.associator_stage import HOME
from tests.support.use_cases.discovery_stage import DiscoveryStage as Stage

ANY = VpcSelection()


def test_vpcs_that_need_a_change_are_enqueued() -> None:
    """Only the VPCs that need a change are enqueued for the associator."""
    stage = Stage()
    new, associated = stage.aws.add(1).ref, stage.aws.add(2).ref
    stage.aws.associated.add((CORP_ZONE, associated))
    swept = stage.sweep()
    assert stage.enqueued == [Associate(HOME, (new.id,))]
    assert (swept.status.vpcs, swept.status.blocked, swept.status.fault, swept.enqueued) == (2, 0, "", 1)
    assert {ref: row.vpc is not None for ref, row in stage.rows.rows.items()} == {new: True, associated: True}
    assert stage.rows.statuses[HOME] == swept.status


def test_c1_vpcs_of_a_zone_and_of_the_profile_are_counted() -> None:
    """A VPC counts where it is associated or will be, also for the Profile, but not where the attempt was refused."""
    stage = Stage(association_policies=(AssociationPolicy(CORP, AssociationMethod.PROFILE),))
    stage.aws.profiles = {HOME.region: "rp-1"}
    refs = [stage.aws.add(number).ref for number in range(1, 4)]
    stage.aws.profiled.add(("rp-1", refs[0]))
    stage.aws.associated.add((CORP_ZONE, refs[0]))
    stage.rows.put_association(refs[1], "rp-1", AssociationRecord(fault="refused"))
    assert stage.sweep().associated == {"rp-1": 2, CORP_ZONE: 1}
    stage = Stage()
    refs = [stage.aws.add(number).ref for number in range(1, 3)]
    stage.rows.put_association(refs[1], CORP_ZONE, AssociationRecord(fault="refused"))
    assert stage.sweep().associated == {CORP_ZONE: 1}


def test_discovery_changes_only_the_ledger() -> None:
    """A discovery changes nothing but the ledger."""
    stage = Stage()
    stage.aws.add()
    stage.sweep()
    assert set(stage.aws.calls) == {"seen", "write"}


def test_unchanged_vpcs_are_not_written_again() -> None:
    """A second discovery of unchanged VPCs writes no row."""
    stage = Stage()
    stage.aws.add()
    stage.sweep()
    stage.aws.calls.clear()
    stage.sweep()
    assert stage.aws.calls == ["seen"]


def test_missing_vpc_is_enqueued() -> None:
    """A VPC that the ledger has and the listing does not show is enqueued, so that it is described a second time."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    del stage.aws.vpcs[ref]
    stage.sweep()
    assert stage.enqueued == [Associate(HOME, (ref.id,))]
    assert ref in stage.rows.rows


def test_listing_that_fails_enqueues_nothing() -> None:
    """A listing that fails enqueues nothing."""
    stage = Stage(association_policies=(AssociationPolicy(CORP, selections=()),))
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    for spokes in (stage.aws.unreachable, stage.aws.denied):
        spokes.add(HOME)
        swept = stage.sweep(departed=True)
        assert swept.status.fault
        assert stage.enqueued == []
        spokes.clear()


def test_vpcs_of_departed_accounts_are_abandoned_after_their_names() -> None:
    """The VPCs of an account that left keep their zones as long as its instances keep their names."""
    for accounts in ({}, {PAYMENTS.id: Account(PAYMENTS.id, "payments", active=False)}):
        stage = Stage(organization=MemoryOrganization(accounts=dict(accounts)))
        stage.rows.put_association(vpc_ref(1), CORP_ZONE, AssociationRecord(managed=True))
        stage.rows.put_association(vpc_ref(2), CORP_ZONE, AssociationRecord(fault="x"))
        assert stage.sweep().status.fault
        assert stage.enqueued == []
        assert stage.sweep(departed=True).kept == 1
        assert stage.enqueued == [Associate(HOME, (vpc_ref(1).id,), abandon=True)]


def test_vpcs_of_an_account_that_leaves_late_are_abandoned_then() -> None:
    """The VPCs of a withdrawn spoke keep their associations until the account leaves; the spoke is swept until then."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    swept = stage.sweep(departed=True)
    assert (swept.kept, stage.enqueued) == (1, [])
    stage.organization.accounts.clear()
    assert stage.sweep(departed=True).kept == 1
    assert stage.enqueued == [Associate(HOME, (ref.id,), abandon=True)]
    assert stage.spokes.spoke_status(HOME).kept_vpcs == 1
    stage.rows.forget_vpc(ref)
    assert stage.sweep(departed=True).kept == 0
    assert stage.spokes.spoke_status(HOME).kept_vpcs == 0


def test_number_of_kept_vpcs_is_written_when_it_changes() -> None:
    """The number of VPCs with associations left is stored when it changes."""
    stage = Stage(organization=MemoryOrganization())
    assert stage.sweep(departed=True).kept == 0
    assert stage.spokes.spokes == {}
    stage.rows.put_association(vpc_ref(), CORP_ZONE, AssociationRecord(managed=True))
    stage.sweep(departed=True)
    assert stage.spokes.spokes.pop(HOME).kept_vpcs == 1
    stage.sweep()
    assert stage.spokes.spokes[HOME].kept_vpcs == 0


def test_what_there_is_to_do_is_counted() -> None:
    """A spoke without instances is swept every hour as long as its VPCs need it."""
    stage = Stage()
    ref = stage.aws.add().ref
    assert (stage.sweep().work, stage.spokes.spoke_status(HOME).vpc_work) == (1, 1)
    stage.aws.associated.add((CORP_ZONE, ref))
    assert (stage.sweep().work, stage.spokes.spoke_status(HOME).vpc_work) == (0, 0)
    stage.aws.unreachable.add(HOME)
    assert (stage.sweep().work, stage.spokes.spoke_status(HOME).vpc_work) == (1, 1)


def test_unknown_units() -> None:
    """If policy reads units and they are unknown, nothing is enqueued."""
    stage = Stage(
        association_policies=(AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=frozenset({WORKLOADS}))),)),)
    )
    stage.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=())
    stage.aws.add()
    assert "units" in stage.sweep().status.fault
    assert stage.enqueued == []


def test_blocked_zones_are_counted() -> None:
    """A zone that something else blocks in a VPC is counted, and nothing is enqueued."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.foreign[ref] = (foreign_zone(),)
    assert stage.sweep().status.blocked == 1
    assert stage.enqueued == []


def test_many_vpcs_make_many_tasks() -> None:
    """A task has at most ten VPCs, so that a run can finish it."""
    stage = Stage()
    for number in range(1, 26):
        stage.aws.add(number)
    stage.sweep()
    assert [len(task.vpc_ids) for task in stage.enqueued if isinstance(task, Associate)] == [10, 10, 5]


def test_associated_vpcs_are_counted() -> None:
    """The spoke's status counts VPCs that a zone has or will have, and is written only if the number changed."""
    stage = Stage()
    refs = [stage.aws.add(number).ref for number in (1, 2, 3)]
    stage.aws.associated.add((CORP_ZONE, refs[0]))
    stage.rows.put_association(refs[1], CORP_ZONE, AssociationRecord(fault="the account has reached its limit"))
    stage.sweep()
    assert stage.spokes.spoke_status(HOME).vpcs == {CORP_ZONE: 2}
    before = stage.spokes.spokes[HOME]
    stage.sweep()
    assert stage.spokes.spokes[HOME] is before
    stage.aws.unreachable.add(HOME)
    stage.sweep()
    assert stage.spokes.spoke_status(HOME).vpcs == {CORP_ZONE: 2}


def test_account_that_denies_access_keeps_no_zone_that_policy_does_not_select() -> None:
    """After the grace period, the last description of a VPC decides, with the account's unit of today."""
    by_unit = AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=frozenset({WORKLOADS}))),))
    stage = Stage((by_unit,))
    kept, elsewhere = stage.aws.add(1).ref, stage.aws.add(2).ref
    for ref in (kept, elsewhere):
        stage.aws.associated.add((CORP_ZONE, ref))
        stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=ref == kept))
    stage.sweep()
    assert (stage.sweep(departed=True).kept, stage.enqueued) == (1, [])
    stage.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=("r-ab12", "ou-ab12-infra001"))
    assert stage.sweep().enqueued == 1
    stage.enqueued.clear()
    assert stage.sweep(departed=True).kept == 1
    assert stage.enqueued == [Associate(HOME, (kept.id,), abandon=True)]


def test_default_vpcs_that_policy_does_not_want_are_read_completely_once_a_day() -> None:
    """Every region of every account has one, so three calls for each of them in each hour would be many."""
    stage = Stage()
    unused, used, wanted = stage.aws.add(1, default=True).ref, stage.aws.add(2, default=True).ref, stage.aws.add(3).ref
    stage.rows.put_association(used, CORP_ZONE, AssociationRecord(managed=True))
    stage.clock = MemoryClock(now=Millis(time_of_day(HOME) + DAILY_WINDOW))
    stage.sweep()
    assert stage.aws.known == frozenset()
    stage.sweep()
    assert stage.aws.known == {unused.id}
    assert wanted.id not in stage.aws.known
    stage.clock = MemoryClock(now=Millis(time_of_day(HOME) + DAILY_WINDOW - 60_000))
    stage.sweep()
    assert stage.aws.known == frozenset()
    stage.clock = MemoryClock(now=Millis(time_of_day(HOME) + DAY - 1))
    stage.aws.associated.add((CORP_ZONE, unused))
    stage.sweep()
    stage.sweep()
    assert stage.aws.known == frozenset()


@pytest.mark.parametrize("policy", [AssociationPolicy(CORP, owns_all=True), AssociationPolicy(CORP, selections=(ANY,))])
def test_default_vpcs_that_policy_may_change_are_read_completely(policy: AssociationPolicy) -> None:
    """Policy wants them, or ends what others associate with its zones."""
    stage = Stage(association_policies=(policy,), clock=MemoryClock(now=Millis(time_of_day(HOME) + DAY - 1)))
    stage.aws.add(default=True)
    stage.sweep()
    stage.sweep()
    assert stage.aws.known == frozenset()
