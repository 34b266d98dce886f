"""The hub's region is lost: a second installation with the same owner takes over in another region.

The first hub is gone: its functions run no longer, its ledger cannot be read, and its bus takes no events.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.dynamodb.models import dynamodb_backends

from sandbox.aws.route53.rules import ResourceRecordSet
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World, world
from sandbox.world.beside import installed_beside
from tests.support.installations import CORP, REGION, changes, document, names, owned, parsed, production
from tests.support.path.health import operator

ELSEWHERE = "eu-west-1"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    """Production, until its region is lost."""
    with world(production(), clock, shards=1) as organization:
        yield organization


@pytest.fixture(scope="module")
def launched(made: World, clock: MovedClock) -> dict[str, str]:
    """The ids of instances, by name: of the two that claim the short name `shared`, the newer one holds it."""
    found: dict[str, str] = {}
    for account, name in ((PAYMENTS, "web"), (SCIENCE, "lab"), (PAYMENTS, "shared"), (SEARCH, "shared")):
        (found[name],) = made.launch(account, REGION, name)
        clock.advance(60)
    made.converge()
    made.sweep()
    made.audit()
    return found


def everything(made: World) -> dict[str, frozenset[ResourceRecordSet]]:
    """All record sets of all zones."""
    return {domain: frozenset(made.route53.record_sets(zone_id)) for domain, zone_id in made.zone_ids.items()}


@pytest.fixture(scope="module")
def before(made: World, launched: dict[str, str]) -> tuple[dict[str, frozenset[ResourceRecordSet]], int]:
    """The zones, and how many batches they took, when the region was lost."""
    assert launched
    assert {"web", "shared", f"lab.{REGION}.data-science"} <= names(made)
    found = everything(made), len(made.route53.batches)
    made.functions.lose(HUB, REGION)
    for table in dynamodb_backends[HUB][REGION].tables.values():
        table.items.clear()
    return found


@pytest.fixture(scope="module")
def successor(made: World, before: object) -> World:
    """The installation that takes over. Zones that the lost installation created exist: it names them by their ids."""
    del before
    content = document() | {"installation": "orgdns-dr", "owner": "orgdns"}
    content["hub"]["region"] = ELSEWHERE
    ids = made.zone_ids
    for zone in content["zones"]:
        zone.pop("create", None)
        zone["id"] = ids[zone["domain"]]
    return installed_beside(made, parsed(content, "successor.yaml"))


def test_no_record_changes(
    made: World, successor: World, before: tuple[dict[str, frozenset[ResourceRecordSet]], int], clock: MovedClock
) -> None:
    """Not one, at any moment: while nothing is swept, during the first sweeps and audits, and for two hours after."""
    zones, batches = before
    assert owned(successor) == owned(made)
    # Audits come first, while the ledger knows nothing of the records.
    successor.audit()
    assert (everything(made), changes(made, batches)) == (zones, 0)
    successor.sweep()
    assert (everything(made), changes(made, batches)) == (zones, 0)
    successor.audit()
    for _ in range(24):
        clock.advance(300)
        successor.schedules.fire_due()
        successor.converge()
        assert (everything(made), changes(made, batches)) == (zones, 0)


def test_events_work_afterwards(made: World, successor: World, launched: dict[str, str]) -> None:
    """New names are published, and names of instances that end go, also those that the lost installation published."""
    (instance,) = made.launch(PAYMENTS, REGION, "after")
    made.converge()
    assert made.resolve(f"after.{CORP}", made.vpcs[SCIENCE, REGION]) == {made.address(PAYMENTS, REGION, instance)}
    made.end(PAYMENTS, REGION, launched["web"])
    made.converge()
    assert "web" not in names(successor)


def test_holder_of_a_contested_name_is_the_same(successor: World, launched: dict[str, str]) -> None:
    """The claimants decide, whatever the order in which the new ledger learned of them."""
    found = [each.set_identifier for each in owned(successor) if each.name == f"shared.{CORP}."]
    assert found == [f"orgdns/{SEARCH}/{REGION}/{launched['shared']}"]


def test_no_call_was_denied(made: World, successor: World) -> None:
    """The roles of the installation in another region have what they need."""
    del successor
    assert not made.guard.denied


def test_status_is_well(made: World, successor: World) -> None:
    """Nothing waits for a person."""
    made.pass_time(60)
    ledger = operator(successor).ledger()
    assert not [status for status in ledger.statuses.spoke_statuses() if status.pending_removals]
    assert not [status for status in ledger.statuses.zone_statuses() if status.pending_removals]
