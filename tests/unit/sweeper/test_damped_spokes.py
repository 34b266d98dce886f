"""An account that flips tags for an hour, and sweeps of instances that are damped."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hub.runtime.model.damping import INSTANCE_CHANGES
from hub.runtime.model.names import Claim, InstanceRef, InstanceState, NameKey
from hub.runtime.model.observation import Observation
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceResult, Recorder
from tests.support.build import ZONE_IDS
from tests.support.config.policies import policy, rule
from tests.support.memory import AMPLE, MemoryLedger
from tests.support.use_cases.sweeper_world import World

HOUR, QUARTER = 3_600, 900
# The deliveries of an event before it becomes a dead letter.
RECEIVES = 5
ALIASES = 32
BY_ALIAS = policy(rule("{alias}.corp.internal", aliases="names"))


@dataclass(slots=True)
class CountingLedger(MemoryLedger):
    """Counts the rows that are written."""

    rows_written: int = 0
    claims_written: int = 0

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        self.rows_written += 1
        MemoryLedger.put_observation(self, observation, over)

    def _put(self, place: tuple[NameKey, InstanceRef], version: int, claim: Claim | None) -> int:
        self.claims_written += 1
        return MemoryLedger._put(self, place, version, claim)  # noqa: SLF001 - of the class it extends


@dataclass
class Attacked(World):
    """An account that flips tags, and an observer that hears of it at once."""

    ledger: CountingLedger = field(default_factory=CountingLedger)
    waiting: list[Hint] = field(default_factory=list)

    def observe(self, *hints: Hint) -> list[InstanceResult]:
        accounts = self.organization
        recorder = Recorder(self.ledger, self.clock)
        observer = Observer(self.policy, ZONE_IDS, accounts, accounts, accounts, recorder, self.clock, self.clock.sleep)
        outcomes = observer.observe(hints, AMPLE)
        again = {outcome.ref for outcome in outcomes if outcome.result is InstanceResult.RETRY}
        self.waiting = [replace(hint, attempt=hint.attempt + 1) for hint in hints if hint.ref in again]
        self.waiting = [hint for hint in self.waiting if hint.attempt <= RECEIVES]
        return [outcome.result for outcome in outcomes]

    def flip(self, instances: int, second: int, tag: str, *values: str) -> None:
        """Give all instances the next of the values."""
        tags = {tag: values[second % len(values)]}
        refs = self.show(*range(1, instances + 1), name=None, tags=tags)
        self.observe(*self.waiting, *(Hint(ref, expected_tags=frozenset({tuple(tags.items())})) for ref in refs))

    def attack(self, instances: int, tag: str, *values: str, seconds: int = HOUR) -> None:
        """Flip a tag of all instances every second, for an hour."""
        refs = self.show(*range(1, instances + 1), name=None, tags={tag: values[0]})
        self.observe(*(Hint(ref, InstanceState.RUNNING) for ref in refs))
        self.ledger.rows_written = self.ledger.claims_written = 0
        self.organization.descriptions.clear()
        began = self.clock.now
        for second in range(seconds):
            self.clock.now = max(self.clock.now, began + second * 1000)
            self.flip(instances, second + 1, tag, *values)


def changes_in(seconds: int) -> int:
    return INSTANCE_CHANGES.at_once + seconds * 1000 // INSTANCE_CHANGES.interval


def test_a_tag_that_flips_every_second_for_an_hour() -> None:
    """Each instance costs 76 writes in the hour, whatever the number of flips, and is described 16 times.

    For 500 instances these are 38,000 writes, instead of 10,800,000.
    """
    world, instances = Attacked(), 20
    world.attack(instances, "Name", "a", "b")
    changes = changes_in(HOUR)
    # For each change the row twice, and the two names that go and the two that come; once more the row when damped.
    damped = changes - INSTANCE_CHANGES.at_once + 1
    assert world.ledger.rows_written <= instances * (2 * changes + damped)
    assert world.ledger.claims_written <= instances * 4 * changes
    assert sum(len(ids) for _, ids in world.organization.descriptions) <= instances * (changes + damped)
    world.sweep()
    wanted = {row.instance.tags for row in world.ledger.observations.values() if row.instance}
    assert wanted == {shown.tags for shown in world.organization.instances.values()}


def test_many_aliases_that_flip_every_second() -> None:
    """16 instances with 32 aliases, all of which change each second, and another account."""
    instances = 16
    one, two = (" ".join(f"{letter}{number}" for number in range(ALIASES)) for letter in "ab")
    world = Attacked(policy=BY_ALIAS)
    world.attack(instances, "names", one, two, seconds=QUARTER)
    assert world.ledger.claims_written <= instances * 2 * ALIASES * changes_in(QUARTER)
    # One alias of the 32: one claim goes, and one comes.
    world = Attacked(policy=BY_ALIAS)
    world.attack(instances, "names", one, one.replace("a0 ", "b0 "), seconds=QUARTER)
    assert world.ledger.claims_written <= instances * 2 * changes_in(QUARTER)
    world.sweep()
    (tag,) = {shown.tag("names") for shown in world.organization.instances.values()}
    (row, *_) = world.ledger.observations.values()
    assert {claim.key.fqdn.split(".")[0] for claim in row.claims} == set((tag or "").split())


def flipped(world: Attacked) -> InstanceRef:
    """An instance that is damped, and whose name is not what its tag says."""
    world.attack(1, "Name", "a", "b", "c", seconds=20)
    (subject,) = world.show(1, name="last")
    world.observe(Hint(subject))
    assert "last" not in world.names()
    return subject


def test_scheduled_sweep_applies_the_truth_and_counts_the_damped() -> None:
    """It takes no change from the instance, is no missed event, and leaves the damping until its time is over."""
    world = Attacked()
    world.sweep()
    subject = flipped(world)
    before = world.ledger.observations[subject].damping
    world.clock.sleep(660)
    outcome = world.sweep()
    assert "last" in world.names()
    assert (outcome.changed, outcome.missed, outcome.status.damped) == (1, 0, 1)
    assert world.ledger.observations[subject].damping == before
    world.clock.sleep(600)
    outcome = world.sweep()
    assert (outcome.changed, outcome.status.damped) == (0, 0)
    assert not world.ledger.observations[subject].damping.reason


def test_sweep_after_a_call_respects_damping() -> None:
    """It describes the damped instance with the page, and writes nothing about it; others it records."""
    world = Attacked()
    world.sweep()
    subject = flipped(world)
    (other,) = world.show(2, name="other")
    before = world.ledger.observations[subject]
    world.organization.descriptions.clear()
    assert world.sweep(after_call=True).changed == 1
    assert world.ledger.observations[subject] == before
    assert "other" in world.names()
    assert world.organization.descriptions == []
    world.end(subject)
    world.sweep(after_call=True)
    assert subject not in world.claimants()
    assert other in world.claimants()


def test_calls_use_changes_like_events() -> None:
    """An address that moves to and fro, as calls report it."""
    world = Attacked()
    world.sweep()
    (subject,) = world.show(1)
    world.sweep()
    for number in range(20):
        world.show(1, name=f"moved{number}")
        world.sweep(after_call=True)
    assert "moved9" in world.names()
    assert world.ledger.observations[subject].damping.damps(world.clock())
    assert sum(outcome.result is InstanceResult.DAMPED for outcome in world.reported) == 1
