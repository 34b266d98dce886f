from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.associator.associator import NOT_YET, TRY_AGAIN_AFTER, Associator
from hub.runtime.associator.plan import Act, Step
from hub.runtime.associator.run import VpcOutcome
from hub.runtime.associator.steps import StepRunner
from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import Account, Spoke
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, Vpc, VpcRef
from hub.runtime.policy.rules import TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from hub.runtime.ports import SpokeUnreachable, ZoneClosed, ZoneUnavailable
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, example_policy
from tests.support.memory import AMPLE, MemoryClock, MemoryOrganization
from tests.support.memory_vpcs import NETWORK, Killed, MemoryVpcRows, MemoryVpcs, closed, foreign_zone, vpc_ref

HOME = Spoke(PAYMENTS.id, "eu-central-1")
TAGGED = AssociationPolicy(CORP, selections=(VpcSelection(tag=TagCondition("dns")),))
BY_PROFILE = AssociationPolicy(CORP, AssociationMethod.PROFILE)
NOBODY = AssociationPolicy(CORP, selections=())
ASSOCIATED = Step(Act.ASSOCIATE, CORP_ZONE)


@dataclass(slots=True)
class Stage:
    """An associator over a world in memory."""

    association_policies: tuple[AssociationPolicy, ...] = (AssociationPolicy(CORP),)
    aws: MemoryVpcs = field(default_factory=MemoryVpcs)
    clock: MemoryClock = field(default_factory=MemoryClock)
    organization: MemoryOrganization = field(default_factory=MemoryOrganization)
    guard: Guard = field(default_factory=lambda: Guard(0.3, 10, 0))
    left: float = 900.0
    rows: MemoryVpcRows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = MemoryVpcRows(self.aws)
        network = Account(NETWORK, "network", units=PAYMENTS.units)
        self.organization.accounts = {one.id: one for one in (PAYMENTS, SEARCH, network)}
        # Each zone has the VPC that it was made with.
        first = self.aws.add(999, account=NETWORK)
        self.aws.associated = {(zone_id, first.ref) for zone_id in ZONE_IDS.values()}

    def associator(self) -> Associator:
        steps = StepRunner(
            association_policies=self.association_policies,
            zone_ids=ZONE_IDS,
            zone_owner=NETWORK,
            vpcs=self.aws,
            rows=self.rows,
            approvals=self.rows,
            authorizations=self.aws,
            associations=self.aws,
        )
        return Associator(
            policy=replace(example_policy(), association_policies=self.association_policies),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            vpcs=self.aws,
            rows=self.rows,
            approvals=self.rows,
            guard=self.guard,
            steps=steps,
            sleep=self.clock.sleep,
        )

    def associate(self, *refs: VpcRef, abandon: bool = False) -> list[VpcOutcome]:
        (spoke,) = {ref.spoke for ref in refs}
        return self.associator().associate(
            Associate(spoke, tuple(ref.id for ref in refs), abandon), Deadline(lambda: self.left)
        )

    def settled(self, *refs: VpcRef) -> bool:
        """Whether a VPC resolves what policy says, and nothing is left of how it came to."""
        return (
            all(
                (CORP_ZONE in self.aws.zones_of(ref))
                == self.association_policies[0].wants(self.aws.vpcs[ref], PAYMENTS)
                and not any(record.in_progress for record in self.rows.rows[ref].records.values())
                for ref in refs
            )
            and not self.aws.authorized
        )


def test_a_vpc_of_another_account() -> None:
    """It is authorised, associated, and the authorisation is taken away again; the ledger knows that it is ours."""
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
    seen = stage.rows.rows[ref].vpc
    assert seen is not None
    assert [zone.id for zone in seen.zones] == [CORP_ZONE]


def test_a_vpc_of_the_zones_owner() -> None:
    """The networking account's own VPCs need no authorisation."""
    stage = Stage()
    ref = stage.aws.add(5, account=NETWORK).ref
    stage.associate(ref)
    assert "authorize" not in stage.aws.calls
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


def test_again_costs_a_look() -> None:
    """What is as it should be is not touched."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.aws.calls.clear()
    (done,) = stage.associate(ref)
    assert done == VpcOutcome(ref)
    assert stage.aws.calls == ["seen"]


def test_refused_association_leaves_no_authorisation() -> None:
    """A refusal is told, in the ledger too, and the authorisation goes."""
    stage = Stage(aws=MemoryVpcs(quota=1))
    ref = stage.aws.add().ref
    (done,) = stage.associate(ref)
    assert done.faults == ((ASSOCIATED, "LimitsExceeded"),)
    assert done.full
    assert not done.retry
    assert not stage.aws.authorized
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(fault="LimitsExceeded")}
    assert stage.rows.rows[ref].zones[0].blocked == "LimitsExceeded"
    # When there is room, it is associated with the next look.
    stage.aws.quota = 300
    stage.associate(ref)
    assert stage.settled(ref)
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


def test_another_zone_of_the_name() -> None:
    """A VPC that has one keeps it, and nothing is authorised."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.foreign[ref] = (foreign_zone(),)
    (done,) = stage.associate(ref)
    assert done == VpcOutcome(ref)
    assert "authorize" not in stage.aws.calls


def test_another_zone_of_the_name_that_comes_meanwhile() -> None:
    """Where the zone of others was not there at the look, the refusal is told and nothing is left."""
    stage = Stage()
    ref = stage.aws.add().ref
    real = stage.aws.associate

    def late(zone_id: str, of: VpcRef) -> None:
        stage.aws.foreign[ref] = (foreign_zone(),)
        real(zone_id, of)

    working = stage.associator()
    working = replace(working, steps=replace(working.steps, associations=_Late(stage.aws, late)))
    (done,) = working.associate(Associate(HOME, (ref.id,)), AMPLE)
    assert done.faults == ((ASSOCIATED, "ConflictingDomainExists"),)
    assert not stage.aws.authorized
    assert not stage.rows.rows[ref].record(CORP_ZONE).managed


@dataclass(slots=True)
class _Late:
    """The VPCs' accounts, where something comes in between an association's look and its call."""

    aws: MemoryVpcs
    associate: Callable[[str, VpcRef], None]

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        self.aws.associate_profile(profile_id, ref)

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        self.aws.disassociate_profile(profile_id, ref)

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        self.aws.disable_autodefined_rules(ref)


@pytest.mark.parametrize("call", ["authorize", "associate", "clear"])
def test_answer_that_never_comes(call: str) -> None:
    """A call that succeeded without an answer is found to have succeeded, and the association is ours."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.lost_answers = {call}
    (done,) = stage.associate(ref)
    # That it is associated shows at the next look; the other two calls leave no trace, and are made again.
    assert bool(done.retry) == (call != "associate")
    stage.aws.lost_answers = set()
    stage.associate(ref)
    assert stage.settled(ref)
    assert stage.rows.rows[ref].records == {CORP_ZONE: AssociationRecord(managed=True)}


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
def test_killed_at_every_call(when: str) -> None:
    """Killed before or after any call, and delivered again, the end is the same and no authorisation is left."""
    counted = Stage(association_policies=(TAGGED,))
    _life(counted, lambda: None)
    total = len(counted.aws.calls)
    assert total > 25
    ended = (counted.aws.associated, counted.rows.rows)
    for number in range(1, total + 1):
        stage = Stage(association_policies=(TAGGED,))
        setattr(stage.aws, when, number)
        killed: list[int] = []
        _life(stage, partial(killed.append, number))
        assert len(killed) <= 1
        assert (stage.aws.associated, stage.rows.rows) == ended, number
        assert not stage.aws.authorized


def _life(stage: Stage, killed: object) -> None:
    """Two VPCs are associated, one loses its tag, the other is deleted; each message is delivered until it is done."""
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
    """A listing that fails takes nothing from a VPC, whatever policy says."""
    stage = Stage(association_policies=(TAGGED,))
    ref = stage.aws.add(tags=(("dns", "yes"),)).ref
    stage.associate(ref)
    stage.association_policies = (NOBODY,)
    for spokes in (stage.aws.unreachable, stage.aws.denied):
        spokes.add(HOME)
        (done,) = stage.associate(ref)
        assert not done.steps
        assert CORP_ZONE in stage.aws.zones_of(ref)
        spokes.clear()


def test_unreachable_is_tried_again_and_denied_is_not() -> None:
    """What may pass is delivered again; a role that denies us waits for the next sweep."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.unreachable.add(HOME)
    assert stage.associate(ref)[0].retry
    stage.aws.unreachable.clear()
    stage.aws.denied.add(HOME)
    (done,) = stage.associate(ref)
    assert not done.retry
    assert done.faults[0][1].endswith("AccessDenied")


def test_vpc_that_is_gone() -> None:
    """Its association is ended by the zones' owner, and the ledger forgets it."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    del stage.aws.vpcs[ref]
    (done,) = stage.associate(ref)
    assert done.gone
    assert done.steps == (Step(Act.DISASSOCIATE, CORP_ZONE),)
    assert stage.aws.zones_of(ref) == set()
    assert ref not in stage.rows.rows


def test_vpc_that_does_not_show_for_a_moment() -> None:
    """A new VPC that is not there at the first look is looked at again."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.hidden.add(ref)
    working = replace(stage.associator(), sleep=lambda _seconds: stage.aws.hidden.clear())
    (done,) = working.associate(Associate(HOME, (ref.id,)), AMPLE)
    assert done.steps == (ASSOCIATED,)


def test_vpc_that_nobody_knows() -> None:
    """An event about a VPC that is not there, and never was, does nothing."""
    stage = Stage()
    (done,) = stage.associate(vpc_ref(77))
    assert done == VpcOutcome(vpc_ref(77))
    assert stage.rows.rows == {}


def test_account_that_is_none_of_ours() -> None:
    """Its VPCs lose the zones only when they are to be let go; by an event alone nothing happens."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    del stage.organization.accounts[PAYMENTS.id]
    (done,) = stage.associate(ref)
    assert not done.steps
    assert CORP_ZONE in stage.aws.zones_of(ref)
    (done,) = stage.associate(ref, abandon=True)
    assert done.gone
    assert stage.aws.zones_of(ref) == set()


def test_active_accounts_are_not_let_go() -> None:
    """An account that is back is seen to as any other, whatever the message says."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref, abandon=True)
    assert CORP_ZONE in stage.aws.zones_of(ref)


def test_the_last_vpc_of_a_zone() -> None:
    """It keeps the zone, and the reason is told."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.aws.associated = {(CORP_ZONE, ref)}
    stage.association_policies = (NOBODY,)
    (done,) = stage.associate(ref)
    assert "LastVPCAssociation" in done.faults[0][1]
    assert CORP_ZONE in stage.aws.zones_of(ref)
    assert stage.rows.rows[ref].record(CORP_ZONE).managed


def test_closed_zone_keeps_its_authorisation_in_mind() -> None:
    """When the authorisation cannot be taken away, the ledger says that one may be left."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["clear"] = closed(CORP_ZONE)
    (done,) = stage.associate(ref)
    assert done.faults
    assert stage.rows.rows[ref].record(CORP_ZONE).in_progress
    stage.aws.faults.clear()
    stage.association_policies = (NOBODY,)
    stage.associate(ref)
    assert not stage.aws.authorized
    assert stage.aws.zones_of(ref) == set()


def test_zone_that_does_not_answer_is_tried_again() -> None:
    """What may pass at the zones' owner is delivered again."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["authorize"] = ZoneUnavailable("Throttling")
    assert stage.associate(ref)[0].retry == "Throttling"
    stage.aws.faults = {"associate": SpokeUnreachable("Throttling")}
    assert stage.associate(ref)[0].retry == "Throttling"
    assert not stage.aws.authorized


def test_what_passes_soon_is_tried_again_in_the_same_run() -> None:
    """A call that was throttled goes through a few seconds later, not with the next delivery of the message."""
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


def test_from_association_to_profile_without_a_gap() -> None:
    """The Profile is associated first, and the association ended then, in one run."""
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


def test_profile_that_aws_is_not_done_with_ends_nothing() -> None:
    """What the Profile takes the place of stays until AWS says that the Profile is there, and the rest comes again."""
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


def test_profile_stays_where_what_takes_its_place_is_refused() -> None:
    """A zone at its quota of VPCs takes no more: the VPC keeps resolving it by the Profile."""
    stage = Stage(aws=MemoryVpcs(profiles={"eu-central-1": "rp-1"}), association_policies=(BY_PROFILE,))
    ref = stage.aws.add().ref
    stage.associate(ref)
    stage.association_policies, stage.aws.quota = (AssociationPolicy(CORP),), 0
    (done,) = stage.associate(ref)
    assert (done.steps, done.full) == ((), True)
    assert stage.aws.profiled == {("rp-1", ref)}


def test_what_others_associated_while_we_could_not_is_theirs() -> None:
    """Where the zones' owner gives no authorisation, a team that helps itself keeps what it made."""
    stage = Stage()
    ref = stage.aws.add().ref
    stage.aws.faults["authorize"] = ZoneClosed("AccessDenied")
    stage.associate(ref)
    stage.aws.faults.clear()
    stage.aws.associated.add((CORP_ZONE, ref))
    stage.association_policies = (NOBODY,)
    stage.associate(ref)
    assert stage.aws.zones_of(ref) == {CORP_ZONE}


class TestGuard:
    def stage(self, vpcs: int) -> tuple[Stage, list[VpcRef]]:
        stage = Stage(guard=Guard(0.3, 2, 0))
        refs = [stage.aws.add(number).ref for number in range(1, vpcs + 1)]
        stage.associate(*refs)
        return stage, refs

    def test_many_at_once_wait_for_a_person(self) -> None:
        """A policy that takes a zone from many VPCs at once takes it from none, until a person approves."""
        stage, refs = self.stage(4)
        stage.association_policies = (NOBODY,)
        outcomes = stage.associate(*refs)
        assert all(done.awaiting_approval == (CORP_ZONE,) and not done.steps for done in outcomes)
        assert all(CORP_ZONE in stage.aws.zones_of(ref) for ref in refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == tuple(map(str, refs))
        assert stage.rows.rows[refs[0]].record(CORP_ZONE).awaiting_approval
        stage.rows.approve(CORP_ZONE)
        for ref in refs:
            # One task after the other: what was approved stays approved until the last is done.
            stage.associate(ref)
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == ()
        assert stage.rows.zones[CORP_ZONE].approved_vpcs == frozenset()

    def test_rows_of_all_vpcs_are_read_once_a_task(self) -> None:
        """A task that ends associations of several zones in several VPCs reads all rows once, others never."""
        both = tuple(AssociationPolicy(domain) for domain in ZONE_IDS)
        stage = Stage(guard=Guard(1.0, 100, 0), association_policies=both)
        refs = [stage.aws.add(number).ref for number in range(1, 5)]
        stage.associate(*refs)
        assert stage.rows.full_reads == 0
        stage.association_policies = tuple(replace(policy, selections=()) for policy in both)
        outcomes = stage.associate(*refs[:3])
        assert [len(done.steps) for done in outcomes] == [len(ZONE_IDS)] * 3
        assert stage.rows.full_reads == 1
        stage.associate(refs[3])
        assert stage.rows.full_reads == 2

    @pytest.mark.parametrize("together", [True, False])
    def test_what_a_task_has_ended_counts_for_its_next_vpc(self, together: bool) -> None:  # noqa: FBT001 - drawn
        """Whether VPCs come in one task or each in its own, the guard stops at the same one."""
        stage, refs = self.stage(11)
        for ref in refs[5:]:
            stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=(("dns", "yes"),))
        stage.associate(*refs)
        stage.association_policies = (TAGGED,)
        # Two are approved. Three more are few of eleven VPCs, and of ten; of the nine that are left then they are many.
        stage.rows.zones[CORP_ZONE] = ZoneStatus(CORP_ZONE, approved_vpcs=frozenset(map(str, refs[:2])))
        for part in [refs] if together else [[ref] for ref in refs]:
            stage.associate(*part)
        assert [ref for ref in refs if not stage.aws.zones_of(ref)] == refs[:2]
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == tuple(map(str, refs[2:5]))

    def test_few_do_not_wait(self) -> None:
        """Few VPCs lose the zone at once."""
        stage, refs = self.stage(2)
        stage.association_policies = (NOBODY,)
        stage.associate(*refs)
        assert all(stage.aws.zones_of(ref) == set() for ref in refs)

    def test_a_policy_that_is_taken_back(self) -> None:
        """When policy wants the VPCs again, nothing waits any more."""
        stage, refs = self.stage(4)
        stage.association_policies = (NOBODY,)
        stage.associate(*refs)
        stage.association_policies = (AssociationPolicy(CORP),)
        stage.associate(*refs)
        assert stage.rows.zones[CORP_ZONE].pending_vpcs == ()
        assert stage.rows.rows[refs[0]].records == {CORP_ZONE: AssociationRecord(managed=True)}

    def test_associations_of_others_wait_too(self) -> None:
        """Policy that owns all associations does not end many of them at once, either."""
        stage = Stage(guard=Guard(0.3, 2, 0), association_policies=(replace(NOBODY, owns_all=True),))
        refs = [stage.aws.add(number).ref for number in range(1, 5)]
        for ref in refs:
            stage.aws.associated.add((CORP_ZONE, ref))
            stage.rows.put_vpc(stage.aws.seen(HOME, [ref.id])[0], PAYMENTS, ())
        stage.associate(*refs)
        assert all(CORP_ZONE in stage.aws.zones_of(ref) for ref in refs)


def test_no_time_left() -> None:
    """A run without time begins nothing, and hands everything back."""
    stage = Stage(left=50.0)
    ref = stage.aws.add().ref
    (done,) = stage.associate(ref)
    assert done.retry == "no time is left in this run"
    assert "authorize" not in stage.aws.calls


_REFS = [vpc_ref(number) for number in (1, 2, 3)]


@dataclass(slots=True)
class _Machine:
    """A world in which anything may happen; `by_hand` are the VPCs that others associated."""

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
                # What orgdns is at, or was until now, it takes for its own when it finds it there.
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
def test_whatever_happens(happenings: list[tuple[Callable[[_Machine, VpcRef, int], None], VpcRef, int]]) -> None:
    """At rest each VPC resolves what policy says, no authorisation is left, and no association of others has ended."""
    machine = _Machine()
    aws = machine.stage.aws
    for happening, ref, number in happenings:
        happening(machine, ref, number)
        assert all((CORP_ZONE, one) in aws.associated for one in machine.by_hand)
    aws.denied, aws.kill_before, aws.kill_after = set(), None, None
    for _ in range(2):
        machine.run(_REFS[0], 0)
    assert not aws.authorized
    for ref in _REFS:
        wanted = ref in aws.vpcs and TAGGED.wants(aws.vpcs[ref], PAYMENTS)
        assert ((CORP_ZONE, ref) in aws.associated) == (wanted or ref in machine.by_hand)
    assert not any(record.in_progress for row in machine.stage.rows.rows.values() for record in row.records.values())
