"""What environments count of the accounts' names: how often they read and write, and how far a limit is exceeded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.runtime.model.names import Claim, InstanceRef, NameKey, RecordType, Spoke
from hub.runtime.model.usage import Limits, Usage, UsageByZone, difference, usage_of
from hub.runtime.observer.usage import REFUSE_BY, AccountUsage, Unlimited, step
from hub.runtime.policy.draft import Decision
from hub.runtime.ports import LedgerUnavailable
from tests.support.build import CORP_ZONE, PAYMENTS, ZONE_IDS, claim, key, ref
from tests.support.memory import MemoryClock
from tests.support.memory_statuses import MemoryStatuses

LIMITS = Limits(account_names=400, account_records=800, account_vpcs=9, zone_records=999, zone_vpcs=99)
STEP = 4
FIRST = ref()
HOME, AWAY = Spoke(PAYMENTS.id, "eu-central-1"), Spoke(PAYMENTS.id, "eu-west-1")


def claims(number: int, of: InstanceRef = FIRST) -> tuple[Claim, ...]:
    """A number of names of an instance."""
    return tuple(
        replace(claim(name=f"n{each:03}"), instance=of, values=((RecordType.A, ("10.0.0.1",)),))
        for each in range(number)
    )


@dataclass(slots=True)
class Counted(MemoryStatuses):
    """A ledger that counts what is read and written."""

    reads: int = 0
    writes: int = 0
    away: bool = False

    def usage_of_account(self, account_id: str) -> UsageByZone:
        self.reads += 1
        if self.away:
            raise LedgerUnavailable("away")
        return super(Counted, self).usage_of_account(account_id)

    def add_usage(self, spoke: Spoke, change: UsageByZone) -> None:
        self.writes += 1
        super(Counted, self).add_usage(spoke, change)


@dataclass(slots=True)
class World:
    """A ledger, and one environment at first."""

    limits: Limits = LIMITS
    clock: MemoryClock = field(default_factory=MemoryClock)
    ledger: Counted = field(init=False)
    usage: AccountUsage = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Counted(self.clock)
        self.usage = self.environment()

    def environment(self) -> AccountUsage:
        return AccountUsage(self.ledger, self.limits, ZONE_IDS, self.clock)

    def admit(self, number: int, before: int = 0, *, instance: int = 1, usage: AccountUsage | None = None) -> int:
        """Admit this many names of an instance in place of those before; how many it gets."""
        of = ref(instance)
        decision = (usage or self.usage).admit(of, claims(before, of), Decision(claims(number, of)))
        return len(decision.claims)

    def counted(self, spoke: Spoke = HOME) -> int:
        return dict(self.ledger.spoke_status(spoke).usage).get(CORP_ZONE, Usage()).names


def test_step_is_a_part_of_the_limit() -> None:
    """A hundredth, and at least one."""
    assert [step(limit) for limit in (1, 100, 199, 200, 1_000)] == [1, 1, 1, 2, 10]
    assert step(LIMITS.account_names) == STEP


def test_one_read_for_the_first_names() -> None:
    """The first name costs one read. Further names within a step, ends and unchanged instances cost nothing."""
    world = World()
    assert world.admit(0) == 0
    assert (world.ledger.reads, world.ledger.writes) == (0, 0)
    assert world.admit(1) == 1
    assert (world.ledger.reads, world.ledger.writes) == (1, 0)
    world.clock.sleep(86_400)
    assert world.admit(2, instance=2) == 2
    assert world.admit(2, before=2, instance=2) == 2
    assert world.admit(0, before=2, instance=2) == 0
    assert (world.ledger.reads, world.ledger.writes) == (1, 0)


def test_growth_by_a_step_is_written_and_read() -> None:
    """The counts in the ledger are then exact."""
    world = World()
    world.admit(STEP - 1)
    assert (world.ledger.reads, world.ledger.writes) == (1, 0)
    world.admit(1, instance=2)
    assert (world.ledger.reads, world.ledger.writes, world.counted()) == (2, 1, STEP)
    world.admit(STEP - 1, instance=3)
    assert (world.ledger.reads, world.ledger.writes) == (2, 1)


def test_names_that_come_and_go_do_not_hide_growth() -> None:
    """An environment that saw names end does not use their room again for long without a look: others may have."""
    world = World()
    world.admit(200)
    reads = world.ledger.reads
    world.admit(0, before=200)
    other = world.environment()
    assert sum(world.admit(40, instance=number, usage=other) for number in range(2, 12)) == 400
    assert world.admit(200, instance=99) == 0
    assert world.ledger.reads > reads


def test_ends_are_written_by_the_step() -> None:
    """So that a sweep, which does not count them any more, is not followed by writing many of them."""
    world = World()
    world.admit(50)
    before = world.ledger.writes
    world.admit(47, before=50)
    assert world.ledger.writes == before
    world.admit(46, before=47)
    assert (world.ledger.writes, world.counted()) == (before + 1, 46)


def test_taken_changes() -> None:
    """The handler writes the changes of a spoke with the time of its event, once."""
    world = World()
    world.admit(2)
    assert world.usage.take(AWAY) == {}
    assert world.usage.take(HOME) == {CORP_ZONE: Usage(2, 2)}
    assert world.usage.take(HOME) == {}
    assert world.environment().take(HOME) == {}


def test_undone_admission() -> None:
    """A name that was not written does not count."""
    world = World()
    decision = world.usage.admit(ref(), (), Decision(claims(3)))
    world.usage.undo(ref(), (), decision)
    assert not any(world.usage.take(HOME).values())


def test_refused_by_recent_counts() -> None:
    """Counts older than a minute refuse nothing: they are read again first, once a minute."""
    world = World()
    world.admit(400)
    world.ledger.spokes.clear()
    assert world.admit(1, instance=2) == 0
    reads = world.ledger.reads
    assert world.admit(1, instance=2) == 0
    assert world.ledger.reads == reads
    world.clock.now += REFUSE_BY
    assert world.admit(1, instance=2) == 1


def test_fitting_counts_nothing() -> None:
    """A sweep asks what fits before it writes a row."""
    world = World()
    decision = Decision(claims(3))
    assert world.usage.fitting(ref(), (), decision) is decision
    assert world.usage.take(HOME) == {}
    assert len(world.usage.fitting(ref(), (), Decision(claims(401))).claims) == 400


def test_recounted_spoke() -> None:
    """After a sweep stored exact counts, the environment's own changes of the spoke are in them."""
    world = World()
    world.admit(2)
    world.usage.recounted(HOME)
    world.environment().recounted(HOME)
    assert world.usage.take(HOME) == {}
    reads = world.ledger.reads
    world.admit(1, instance=2)
    assert world.ledger.reads == reads + 1


def test_ledger_that_is_away() -> None:
    """Without the counts no name is given: the event waits."""
    world = World()
    world.ledger.away = True
    with pytest.raises(LedgerUnavailable):
        world.admit(1)
    assert world.admit(0, before=1) == 0


def test_records_reach_a_step_first() -> None:
    """Record sets are counted like names."""
    world = World(replace(LIMITS, account_records=50))
    world.admit(1)
    assert (world.ledger.reads, world.ledger.writes) == (1, 1)


def test_without_limits() -> None:
    """Where nothing is limited, every decision stays as it is."""
    decision, unlimited = Decision(claims(3)), Unlimited()
    assert unlimited.fitting(ref(), (), decision) is unlimited.admit(ref(), (), decision) is decision
    unlimited.undo(ref(), (), decision)
    unlimited.recounted(HOME)


class Interleaved(RuleBasedStateMachine):
    """Environments that work for one account in any order, are killed, and meet sweeps."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.environments = [self.world.environment() for _ in range(3)]
        self.ever = len(self.environments)
        # What the ledger holds of each instance.
        self.rows: dict[InstanceRef, tuple[Claim, ...]] = {}

    instances = st.tuples(st.integers(1, 9), st.sampled_from((HOME, AWAY)))
    environment = st.integers(0, 2)

    @rule(instance=instances, which=environment, number=st.integers(0, 100))
    def describe(self, instance: tuple[int, Spoke], which: int, number: int) -> None:
        of = ref(instance[0], region=instance[1].region)
        wanted = Decision(claims(number, of))
        self.rows[of] = self.environments[which].admit(of, self.rows.get(of, ()), wanted).claims

    @rule(which=environment, spoke=st.sampled_from((HOME, AWAY)))
    def note_event(self, which: int, spoke: Spoke) -> None:
        self.world.ledger.add_usage(spoke, self.environments[which].take(spoke))

    @rule(which=environment)
    def kill(self, which: int) -> None:
        self.environments[which] = self.world.environment()
        self.ever += 1

    @rule(seconds=st.sampled_from((1, 100)))
    def wait(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

    @rule(which=environment, spoke=st.sampled_from((HOME, AWAY)))
    def sweep(self, which: int, spoke: Spoke) -> None:
        rows = [each for of, of_row in self.rows.items() if of.spoke == spoke for each in of_row]
        status = self.world.ledger.spoke_status(spoke)
        self.world.ledger.spokes[spoke] = replace(status, usage=usage_of(rows))
        self.environments[which].recounted(spoke)

    @invariant()
    def limit_is_kept(self) -> None:
        """Beyond the limit are only names that environments have not told each other, for as long as sweeps take.

        Each environment may have a step that it has not written, and one that a sweep counted before it wrote it.
        """
        held = sum(map(len, self.rows.values()))
        assert held <= LIMITS.account_names + self.ever * 2 * (STEP - 1)

    @precondition(lambda self: self.rows)
    @rule()
    def sweep_all(self) -> None:
        """At rest the counts are exact."""
        for spoke in (HOME, AWAY):
            for which in range(3):
                self.environments[which].take(spoke)
            self.sweep(0, spoke)
        total = self.world.ledger.usage_of_account(PAYMENTS.id).get(CORP_ZONE, Usage()).names
        assert total == sum(map(len, self.rows.values()))


TestInterleaved = Interleaved.TestCase
TestInterleaved.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_zones_are_counted_separately() -> None:
    """A name in another zone does not bring an account nearer to its limit in the first."""
    world = World()
    other = tuple(replace(each, key=NameKey("Z2", key(f"n{n}").fqdn)) for n, each in enumerate(claims(400)))
    assert len(world.usage.admit(ref(1), (), Decision(other)).claims) == 400
    assert world.admit(400, instance=2) == 400
    assert difference(world.ledger.usage_of_account(PAYMENTS.id), {}).keys() == {CORP_ZONE, "Z2"}
