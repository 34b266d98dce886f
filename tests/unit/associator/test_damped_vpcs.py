"""A VPC that keeps changing what policy wants for it: a bounded number of calls, and the truth with the next sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from hub.runtime.associator.associator import Associator
from hub.runtime.associator.plan import Act
from hub.runtime.associator.run import VpcOutcome
from hub.runtime.model.damping import VPC_CHANGES, Damping
from hub.runtime.model.names import NEVER, Millis, Spoke
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationRecord, DescribedVpcs, Vpc, VpcRef
from tests.support.build import CORP_ZONE, SEARCH
from tests.support.memory import AMPLE
from tests.support.memory_vpcs import MemoryVpcs
from tests.support.use_cases.associator_stage import HOME, TAGGED, Stage
from tests.support.use_cases.discovery_stage import DiscoveryStage

ON, OFF = (("dns", "yes"),), ()
MINUTE = 60_000


def flip(stage: Stage, ref: VpcRef, times: int, *, first_on: bool = False) -> list[VpcOutcome]:
    """Change the tag of a VPC, and report it, so many times."""
    outcomes = []
    for number in range(times):
        tags = ON if (number % 2 == 0) is first_on else OFF
        stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=tags)
        outcomes += stage.event(ref)
        stage.clock.sleep(1)
    return outcomes


def tagged() -> tuple[Stage, VpcRef]:
    """A VPC that resolves the zone because of its tag."""
    stage = Stage((TAGGED,))
    ref = stage.aws.add(tags=ON).ref
    stage.event(ref)
    return stage, ref


def test_five_changes_and_then_none() -> None:
    """The row says why, once, and until when. Nothing else in it changes, and the VPC keeps what it has."""
    stage, ref = tagged()
    outcomes = flip(stage, ref, 5)
    assert not any(outcome.damped or outcome.ignored for outcome in outcomes)
    row = stage.rows.rows[ref]
    (outcome,) = flip(stage, ref, 1, first_on=True)
    assert (outcome.damped, outcome.steps) == (VPC_CHANGES.used_up, ())
    damping = stage.rows.rows[ref].damping
    assert stage.rows.rows[ref] == replace(row, damping=damping)
    assert 9 * MINUTE < damping.until - stage.clock.now < 10 * MINUTE
    assert stage.aws.zones_of(ref) == set()


def test_damped_vpc_is_not_described() -> None:
    """No role is assumed for its events, and nothing is written."""
    stage, ref = tagged()
    flip(stage, ref, 6)
    stage.aws.calls.clear()
    outcomes = flip(stage, ref, 20)
    assert all(outcome.ignored for outcome in outcomes)
    assert stage.aws.calls == []


def test_task_of_a_sweep_always_works() -> None:
    """The sweep finds how the VPC is now, and the associator brings it in line, damped or not."""
    stage, ref = tagged()
    flip(stage, ref, 6)
    stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=ON)
    discovery = DiscoveryStage((TAGGED,), stage.aws, stage.organization)
    discovery.rows = stage.rows
    discovery.clock = stage.clock
    assert stage.rows.events == {HOME}
    swept = discovery.sweep()
    assert (swept.damped, swept.work) == (1, 2)
    assert discovery.spokes.spoke_status(HOME).damped_vpcs == 1
    (task,) = discovery.enqueued
    assert isinstance(task, Associate)
    assert not task.by_event
    stage.associator().associate(task, AMPLE)
    assert stage.aws.zones_of(ref) == {CORP_ZONE}
    assert stage.rows.rows[ref].damping.damps(Millis(stage.clock.now))
    stage.clock.sleep(600)
    assert discovery.sweep().damped == 0
    assert stage.rows.rows[ref].damping.until == NEVER


def test_damping_ends_with_time() -> None:
    """After ten minutes the next event changes the associations again."""
    stage, ref = tagged()
    flip(stage, ref, 6)
    stage.clock.sleep(600)
    (outcome,) = flip(stage, ref, 1, first_on=True)
    assert [step.act for step in outcome.steps] == [Act.ASSOCIATE]
    assert stage.rows.rows[ref].damping.until == NEVER
    (outcome,) = flip(stage, ref, 1)
    assert outcome.damped


def test_new_vpcs_and_repeated_events_are_free() -> None:
    """What an event finds first is no change, and neither is what stays."""
    stage, ref = tagged()
    for _ in range(20):
        stage.event(ref)
    assert stage.rows.rows[ref].damping == Damping()


def test_tag_that_changes_nothing_is_free() -> None:
    """Only what policy wants counts."""
    stage, ref = tagged()
    for number in range(20):
        stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=(*ON, ("other", str(number))))
        stage.event(ref)
    assert stage.rows.rows[ref].damping == Damping()


def test_no_authorization_remains_of_a_damped_vpc() -> None:
    """A worker was killed between an authorization and its end: the next event clears it, damped or not."""
    stage, ref = tagged()
    flip(stage, ref, 6)
    assert stage.rows.rows[ref].damping.damps(Millis(stage.clock.now))
    stage.aws.authorized.add((CORP_ZONE, ref))
    stage.rows.rows[ref] = replace(stage.rows.rows[ref], records={CORP_ZONE: AssociationRecord(in_progress=True)})
    flip(stage, ref, 1, first_on=True)
    assert not stage.aws.authorized
    assert not stage.rows.rows[ref].record(CORP_ZONE).in_progress
    assert stage.aws.zones_of(ref) == set()


@dataclass(slots=True)
class _Flipping:
    """VPCs of which one changes its tag before each description."""

    aws: MemoryVpcs
    ref: VpcRef

    def described(
        self,
        spoke: Spoke,
        vpc_ids: Collection[str] | None = None,
        dhcp_options: Mapping[str, tuple[str, ...]] | None = None,
        known: Mapping[str, Vpc] | None = None,
    ) -> DescribedVpcs:
        shown = self.aws.vpcs[self.ref]
        self.aws.vpcs[self.ref] = replace(shown, tags=OFF if shown.tags else ON)
        return self.aws.described(spoke, vpc_ids, dhcp_options, known)


def test_change_between_two_descriptions_of_one_task_counts() -> None:
    """A tag that flips while the associator works on the VPC uses up changes, too."""
    stage, ref = tagged()
    working = replace(stage.associator(), vpcs=_Flipping(stage.aws, ref))
    task = Associate(HOME, (ref.id,), by_event=True)
    outcomes = [outcome for _ in range(4) for outcome in working.associate(task, AMPLE)]
    assert sum(len(outcome.steps) for outcome in outcomes) <= VPC_CHANGES.at_once + 1
    assert any(outcome.damped for outcome in outcomes)


# What a call takes, in seconds: Route 53's wait for their turn, too.
ROUTE53 = {"authorize", "associate", "clear", "disassociate"}
ROUTE53_SECONDS, OTHER_SECONDS = 1.0, 0.2
WORKERS = 2


@dataclass(slots=True)
class Queue:
    """A fair queue, whose two workers take one message at a time: first of the account with the fewest in work."""

    stage: Stage
    associator: Associator
    waiting: list[tuple[float, VpcRef]] = field(default_factory=list)
    busy: list[tuple[float, str]] = field(default_factory=list)

    def run(self, until: float) -> None:
        """Work on the messages until a time in seconds."""
        while True:
            free_at = min((at for at, _ in self.busy), default=0.0) if len(self.busy) == WORKERS else 0.0
            now = max(free_at, min((at for at, _ in self.waiting), default=until))
            if now >= until:
                return
            self.busy = [each for each in self.busy if each[0] > now]
            in_work = Counter(account for _, account in self.busy)
            arrived = [each for each in self.waiting if each[0] <= now]
            message = min(arrived, key=lambda each: (in_work[each[1].account], each[0]))
            self.waiting.remove(message)
            self.busy.append((now + self._work(now, message[1]), message[1].account))

    def _work(self, now: float, ref: VpcRef) -> float:
        self.stage.clock.now = max(self.stage.clock.now, int(now * 1000))
        before = len(self.stage.aws.calls)
        self.associator.associate(Associate(ref.spoke, (ref.id,), by_event=True), AMPLE)
        calls = self.stage.aws.calls[before:]
        return OTHER_SECONDS + sum(ROUTE53_SECONDS if call in ROUTE53 else OTHER_SECONDS for call in calls)


def test_another_accounts_vpc_waits_for_seconds_during_an_attack() -> None:
    """Five VPCs flip a tag every second for an hour; each ten minutes another account makes a VPC."""
    stage = Stage((TAGGED,))
    refs = [stage.aws.add(number, tags=ON).ref for number in range(1, 6)]
    queue = Queue(stage, stage.associator())
    waits: list[tuple[int, VpcRef]] = []
    for second in range(3_600):
        for ref in refs:
            stage.aws.vpcs[ref] = replace(stage.aws.vpcs[ref], tags=ON if second % 2 else OFF)
            queue.waiting.append((float(second), ref))
        if second % 600 == 10:
            new = stage.aws.add(100 + second, account=SEARCH.id, tags=ON).ref
            queue.waiting.append((float(second), new))
            waits.append((second, new))
        queue.run(second + 1)
        for since, new in [each for each in waits if stage.aws.zones_of(each[1])]:
            assert second - since <= 60
            waits.remove((since, new))
    assert waits == []
    # Nothing piles up: at most the first seconds, before the VPCs are damped.
    assert len(queue.waiting) < 5 * 5
    changes = 5 * (VPC_CHANGES.at_once + 3_600_000 // VPC_CHANGES.interval)
    calls = Counter(stage.aws.calls)
    assert calls["associate"] + calls["disassociate"] <= changes + 5 + 6
    assert calls["seen"] <= 5 * changes
