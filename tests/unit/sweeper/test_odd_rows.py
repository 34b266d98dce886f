"""Sweeps of a spoke with a row of an instance that cannot be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import pytest

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.health.attention import health
from hub.runtime.model.names import InstanceRef, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import ScheduleCursor
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import ref
from tests.support.memory import AMPLE, MemoryLedger
from tests.support.use_cases.sweeper_world import SPOKE, World


@dataclass
class Garbled:
    """A ledger in which the row of an instance cannot be read."""

    ledger: MemoryLedger
    garbled: InstanceRef

    def observations_of(self, spoke: Spoke) -> Iterator[Observation | Unreadable]:
        for row in self.ledger.observations_of(spoke):
            yield Unreadable(row.ref.id, "garbled") if row.ref == self.garbled else row

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation | Unreadable]:
        rows: dict[InstanceRef, Observation | Unreadable] = {}
        rows |= self.ledger.known_observations(refs)
        return rows | ({self.garbled: Unreadable(self.garbled.id, "garbled")} if self.garbled in rows else {})


@pytest.mark.parametrize("listed", [True, False])
def test_p2_a_withdrawn_spoke_is_swept_while_a_row_cannot_be_read(world: World, *, listed: bool) -> None:
    """The instance keeps its names, which a person has to see, until its row can be read or is deleted."""
    world.show(1, 2)
    world.sweep()
    world.organization.denied = {SPOKE}
    world.sweep()
    world.clock.sleep(7 * 86_400)
    sweeper = replace(world.sweeper(), rows=Garbled(world.ledger, ref(1)))
    status = sweeper.sweep(SPOKE, AMPLE, world.reported.append).status
    assert world.names() == {"n1"}
    assert (status.withdrawn, status.over) == (True, False)
    assert (status.unreadable, status.unreadable_first) == (1, (ref(1).id,))
    assert (world.reported[-2].ref, world.reported[-2].result) == (ref(1), InstanceResult.UNREADABLE)
    assert health([status], (), {SPOKE} if listed else (), ScheduleCursor("p1"), world.clock()).unreadable == {SPOKE}
    status = world.sweep().status
    assert world.names() == set()
    assert (status.withdrawn, status.over, status.unreadable) == (True, True, 0)
    assert health([status], (), (), ScheduleCursor("p1"), world.clock()).unreadable == frozenset()
