from dataclasses import dataclass, field, replace

from hub.runtime.associator.discovery import DiscoveryOutcome, VpcDiscovery
from hub.runtime.model.names import Account, Spoke
from hub.runtime.model.tasks import Associate, Task
from hub.runtime.model.vpcs import AssociationRecord
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, WORKLOADS, ZONE_IDS, example_policy
from tests.support.memory import MemoryClock, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_vpcs import MemoryVpcRows, MemoryVpcs, foreign_zone, vpc_ref

HOME = Spoke(PAYMENTS.id, "eu-central-1")


@dataclass(slots=True)
class Stage:
    association_policies: tuple[AssociationPolicy, ...] = (AssociationPolicy(CORP),)
    aws: MemoryVpcs = field(default_factory=MemoryVpcs)
    organization: MemoryOrganization = field(
        default_factory=lambda: MemoryOrganization(accounts={PAYMENTS.id: PAYMENTS})
    )
    asked: list[Task] = field(default_factory=list)
    spokes: MemoryStatuses = field(default_factory=lambda: MemoryStatuses(MemoryClock()))
    rows: MemoryVpcRows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = MemoryVpcRows(self.aws)

    def sweep(self, *, departed: bool = False) -> DiscoveryOutcome:
        sweeper = VpcDiscovery(
            policy=replace(example_policy(), association_policies=self.association_policies),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            vpcs=self.aws,
            rows=self.rows,
            spokes=self.spokes,
            tasks=self,
            clock=MemoryClock(),
        )
        return sweeper.sweep(replace(self.spokes.spoke_status(HOME), withdrawn=departed))

    def ask(self, tasks: object) -> None:
        self.asked += [task for task, _ in tasks]  # type: ignore[attr-defined]  # pairs of a task and a delay


def test_what_is_to_be_done_is_asked_for() -> None:
    """The associator is asked to see to the VPCs in which something is to be done, and to no others."""
    stage = Stage()
    new, there = stage.aws.add(1).ref, stage.aws.add(2).ref
    stage.aws.associated.add((CORP_ZONE, there))
    swept = stage.sweep()
    assert stage.asked == [Associate(HOME, (new.id,))]
    assert (swept.status.vpcs, swept.status.blocked, swept.status.fault, swept.enqueued) == (2, 0, "", 1)
    assert {ref: row.vpc is not None for ref, row in stage.rows.rows.items()} == {new: True, there: True}
    assert stage.rows.statuses[HOME] == swept.status


def test_it_changes_nothing_itself() -> None:
    """A sweep makes no call that changes anything but the ledger."""
    stage = Stage()
    stage.aws.add()
    stage.sweep()
    assert set(stage.aws.calls) == {"seen", "write"}


def test_what_is_as_recorded_is_not_written_again() -> None:
    """A second sweep of the same VPCs costs no write of a VPC."""
    stage = Stage()
    stage.aws.add()
    stage.sweep()
    stage.aws.calls.clear()
    stage.sweep()
    assert stage.aws.calls == ["seen"]


def test_a_vpc_that_does_not_show_is_looked_at_again() -> None:
    """What the ledger knows and the listing does not show is for the associator to look at a second time."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    del stage.aws.vpcs[ref]
    stage.sweep()
    assert stage.asked == [Associate(HOME, (ref.id,))]
    assert ref in stage.rows.rows


def test_a_listing_that_fails_asks_for_nothing() -> None:
    """A VPC never loses a zone because a listing failed."""
    stage = Stage(association_policies=(AssociationPolicy(CORP, selections=()),))
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    for spokes in (stage.aws.unreachable, stage.aws.denied):
        spokes.add(HOME)
        swept = stage.sweep(departed=True)
        assert swept.status.fault
        assert stage.asked == []
        spokes.clear()


def test_departed_accounts_are_let_go_after_their_names() -> None:
    """An account that left keeps its zones as long as its names; then what orgdns associated is ended."""
    for gone in ({}, {PAYMENTS.id: Account(PAYMENTS.id, "payments", active=False)}):
        stage = Stage(organization=MemoryOrganization(accounts=dict(gone)))
        stage.rows.put_association(vpc_ref(1), CORP_ZONE, AssociationRecord(managed=True))
        stage.rows.put_association(vpc_ref(2), CORP_ZONE, AssociationRecord(fault="x"))
        assert stage.sweep().status.fault
        assert stage.asked == []
        assert stage.sweep(departed=True).kept == 1
        assert stage.asked == [Associate(HOME, (vpc_ref(1).id,), abandon=True)]


def test_account_that_leaves_later_than_its_unit_is_let_go_then() -> None:
    """While an account that is covered no more is one of ours its VPCs keep what they have, and it is looked at."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.rows.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
    swept = stage.sweep(departed=True)
    assert (swept.kept, stage.asked) == (1, [])
    stage.organization.accounts.clear()
    assert stage.sweep(departed=True).kept == 1
    assert stage.asked == [Associate(HOME, (ref.id,), abandon=True)]
    assert stage.spokes.spoke_status(HOME).kept_vpcs == 1
    stage.rows.forget_vpc(ref)
    assert stage.sweep(departed=True).kept == 0
    assert stage.spokes.spoke_status(HOME).kept_vpcs == 0


def test_number_of_kept_vpcs_is_written_when_it_changes() -> None:
    """The spoke's status counts the VPCs that are left, and is not written again for the same number."""
    stage = Stage(organization=MemoryOrganization())
    assert stage.sweep(departed=True).kept == 0
    assert stage.spokes.spokes == {}
    stage.rows.put_association(vpc_ref(), CORP_ZONE, AssociationRecord(managed=True))
    stage.sweep(departed=True)
    assert stage.spokes.spokes.pop(HOME).kept_vpcs == 1
    stage.sweep()
    assert stage.spokes.spokes == {}


def test_units_that_nobody_tells() -> None:
    """Where policy goes by units, an account without any is not judged."""
    stage = Stage(
        association_policies=(AssociationPolicy(CORP, selections=(VpcSelection(Scope(units=frozenset({WORKLOADS}))),)),)
    )
    stage.organization.accounts[PAYMENTS.id] = replace(PAYMENTS, units=())
    stage.aws.add()
    assert "units" in stage.sweep().status.fault
    assert stage.asked == []


def test_blocked_zones_are_counted() -> None:
    """A zone that something else keeps out of a VPC is counted, and nothing is asked for."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.foreign[ref] = (foreign_zone(),)
    assert stage.sweep().status.blocked == 1
    assert stage.asked == []


def test_many_vpcs_make_many_tasks() -> None:
    """A task of the associator is never longer than a run of it."""
    stage = Stage()
    for number in range(1, 26):
        stage.aws.add(number)
    stage.sweep()
    assert [len(task.vpc_ids) for task in stage.asked if isinstance(task, Associate)] == [10, 10, 5]
