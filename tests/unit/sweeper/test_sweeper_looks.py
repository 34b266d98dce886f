"""Sweeps, and others that write the same rows, or lose them, meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

import pytest

from hub.runtime.model.names import Instance, InstanceState, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.sweeper.sweeper import Sweeper
from tests.support.build import ZONE_IDS, interface, key, ref
from tests.support.memory import AMPLE, MemoryClock, MemoryOrganization
from tests.support.use_cases.sweeper_world import POLICY, SPOKE, World

HOUR = 3_600_000


@dataclass
class Busy:
    """An organization in which something happens after each listing and after each description."""

    organization: MemoryOrganization
    listed: Callable[[], None] = lambda: None
    described: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self.organization, name)

    def pages(self, spoke: Spoke) -> Iterator[tuple[Instance, ...]]:
        pages = list(self.organization.pages(spoke))
        self.listed()
        yield from pages

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        found = self.organization.describe(spoke, instance_ids)
        self.described()
        return found


class SlowWorker:
    """A worker that has described an instance, and writes what it saw when it is called for the first time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.look = world.recorder.looks([ref(1)])[ref(1)]
        self.instance = world.organization.instances[ref(1)]
        self.written = False

    def __call__(self) -> None:
        if not self.written:
            account = self.world.organization.accounts[self.instance.ref.account]
            decision = POLICY.decide(self.instance, account, ZONE_IDS, {})
            outcome = self.world.recorder.described(self.instance, account, decision, self.look)
            self.written = not outcome.superseded


def sweeper(world: World, **differs: object) -> Sweeper:
    """The sweeper of a world, except for what differs."""
    return replace(world.sweeper(), **differs)  # type: ignore[arg-type]  # the sweeper's own fields


def swept(world: World, **differs: object) -> None:
    outcome = sweeper(world, **differs).sweep(SPOKE, AMPLE, world.reported.append)
    assert outcome.complete


def observe(world: World, number: int, clock: MemoryClock | None = None, state: InstanceState | None = None) -> None:
    clock = clock or world.clock
    organization = world.organization
    recorder = replace(world.recorder, clock=clock)
    observer = Observer(POLICY, ZONE_IDS, organization, organization, organization, recorder, clock, clock.sleep)
    observer.observe([Hint(ref(number), state)], AMPLE)


def test_p8_a_sweep_finds_an_address_that_changed_after_its_row_was_lost(world: World) -> None:
    world.show(1)
    world.sweep()
    for _ in range(3):
        world.show(1, name="other")
        world.sweep()
        world.show(1)
        world.sweep()
    del world.ledger.observations[ref(1)]
    world.show(1, interfaces=(interface("10.0.0.99"),))
    world.sweep()
    (found,) = world.ledger.name(key("n1")).claims
    assert found.values == (("A", ("10.0.0.99",)),)


def test_p9_a_sweep_that_began_before_a_loss_settles_nothing(world: World) -> None:
    """The ledger is lost while the sweep runs: rows that the sweep had read as right are gone."""
    world.show(1, 2)
    world.sweep()

    def lose() -> None:
        world.ledger.generation.lose()
        world.ledger.observations.clear()
        world.ledger.claims.clear()
        world.statuses.spokes.clear()
        world.ledger.generation.begun()

    world.show(3)
    world.ledger.between = lose
    swept(world)
    assert world.statuses.settled([SPOKE])[1] == frozenset()
    world.sweep()
    assert world.statuses.settled([SPOKE])[1] == {SPOKE}
    assert world.names() == {"n1", "n2", "n3"}


def test_p9_a_restored_ledger_is_settled_by_a_sweep_only(world: World) -> None:
    """Its rows say that the spoke was swept, but it lacks what came after the backup, and may lack claims."""
    world.show(1, 2)
    status = world.sweep().status
    assert world.statuses.settled([SPOKE])[1] == {SPOKE}
    world.ledger.generation.restore()
    world.ledger.claims.pop((key("n1"), ref(1)))
    assert world.statuses.settled([SPOKE])[1] == frozenset()
    again = world.sweep()
    assert world.statuses.settled([SPOKE])[1] == {SPOKE}
    assert world.names() == {"n1", "n2"}
    assert {row.generation for row in world.ledger.observations.values()} == {world.ledger.generation.read()}
    # No event should have reported that.
    assert (again.changed, again.missed, status.missed_ever, again.status.missed_ever) == (0, 0, 0, 0)
    versions = {row.version for row in world.ledger.observations.values()}
    world.sweep()
    assert {row.version for row in world.ledger.observations.values()} == versions


@pytest.mark.parametrize("answers", [True, False])
def test_p9_rows_without_names_are_decided_anew(world: World, *, answers: bool) -> None:
    """A restored row says that an instance has no names, but it may have got some after the backup, and ended."""
    world.show(1, name="db", tags={"orgdns:skip": "true"})
    world.sweep()
    row = world.ledger.observations[ref(1)]
    world.ledger.observations[ref(1)] = replace(row, claims=(), refusals=())
    world.ledger.claims.clear()
    world.end(ref(1))
    world.ledger.generation.restore()
    if not answers:
        world.organization.denied = {SPOKE}
        world.sweep()
        world.clock.sleep(7 * 86_400)
    world.sweep()
    row = world.ledger.observations[ref(1)]
    assert (row.generation, row.claims) == (world.ledger.generation.read(), ())
    assert world.statuses.spokes[SPOKE].pending_removals == ()
    assert world.statuses.settled([SPOKE])[1] == {SPOKE}


def test_p10_a_listing_that_is_older_than_a_row_decides_nothing(world: World) -> None:
    """The instance is renamed, and its event recorded, after the listing and before the sweep reads the row."""
    world.show(1)
    world.sweep()

    def renamed() -> None:
        world.show(1, name="renamed")
        observe(world, 1)

    swept(world, instances=Busy(world.organization, listed=renamed))
    assert world.names() == {"renamed"}


@pytest.mark.parametrize("ahead", [-5 * HOUR, 5 * HOUR])
@pytest.mark.parametrize("who", ["sweeper", "observer"])
def test_p10_clocks_of_functions_that_differ_keep_no_name_of_an_ended_instance(
    world: World, who: str, ahead: int
) -> None:
    """Whoever is ahead or behind: one sweep after a lost event gives the right names."""
    clock = MemoryClock(world.clock.now + ahead)
    world.show(1, 2)
    if who == "observer":
        observe(world, 1, clock)
        observe(world, 2, clock)
        swept(world)
    else:
        swept(world, clock=clock, recorder=replace(world.recorder, clock=clock))
    assert world.names() == {"n1", "n2"}
    world.end(ref(1))
    world.show(2, name="renamed")
    if who == "observer":
        swept(world)
    else:
        swept(world, clock=clock, recorder=replace(world.recorder, clock=clock))
    assert world.names() == {"renamed"}
    world.show(2)
    observe(world, 2, clock if who == "observer" else None)
    assert world.names() == {"n2"}


def test_p10_a_sweep_that_is_superseded_looks_again(world: World) -> None:
    """A slow worker with an old description writes the row while the sweep describes: the sweep still decides."""
    world.show(1)
    world.sweep()
    world.show(1, name="slow")
    late = SlowWorker(world)
    world.show(1, name="now")
    swept(world, instances=Busy(world.organization, described=late))
    assert late.written
    assert world.names() == {"now"}


def test_p10_a_removal_that_is_superseded_is_looked_at_again(world: World) -> None:
    """The same for an instance that is gone, and whose end no event reported."""
    world.show(1)
    world.sweep()
    late = SlowWorker(world)
    world.end(ref(1))
    swept(world, instances=Busy(world.organization, described=late))
    assert late.written
    assert world.names() == set()
    assert world.statuses.spokes[SPOKE].names == 0


def test_an_interrupted_end_is_completed_by_a_sweep(world: World) -> None:
    """The worker stopped after it had written that the instance ended; its event is lost, and so is the instance."""
    world.show(1)
    world.sweep()
    row = world.ledger.observations[ref(1)]
    world.ledger.observations[ref(1)] = replace(row, ended=True, settled=False, version=row.version + 1)
    world.end(ref(1))
    world.sweep()
    assert world.claimants() == set()
    row = world.ledger.observations[ref(1)]
    assert (row.ended, row.settled, row.claims) == (True, True, ())
