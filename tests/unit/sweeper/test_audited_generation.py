"""What an audit of a ledger that was lost is worth: history takes a complete one for a proof."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime.model.names import Fqdn
from hub.runtime.ports import ZoneRecordSets
from hub.runtime.sweeper.auditor import ANEW
from tests.support.use_cases.auditor_world import World, Zones


@pytest.fixture
def world() -> World:
    return World()


def test_audit_begins_the_generation_of_the_ledger(world: World) -> None:
    """Whoever reads the status later knows that an audit of an emptied ledger says nothing of names before."""
    world.lose_ledger(statuses=True)
    assert not world.statuses.generation()
    world.audit()
    assert world.statuses.generation()


def test_ledger_that_is_lost_during_an_audit(world: World) -> None:
    """What was compared with the rest of a ledger proves nothing: the audit is not complete."""
    world.publish(1, 2)
    (before,) = world.audit()

    class Losing(Zones):
        def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
            yield from super().listing(zone_id)
            world.lose_ledger(statuses=False)

    world.zones = Losing(world.zones.record_sets)
    (status,) = world.audit()
    assert (status.fault, status.audited_at) == (ANEW, before.audited_at)
