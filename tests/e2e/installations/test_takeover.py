"""The hub's region is lost: a second installation with the same owner takes over in another region.

The first hub is gone: its functions run no longer. When its region comes back, it has its old ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.tasks import Sweep
from sandbox.aws.route53.rules import ResourceRecordSet
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World, world
from sandbox.world.beside import back, installed_beside, lost
from tests.support.build import ROOT
from tests.support.config.installations import CORP, REGION, changes, document, names, owned, parsed, production
from tests.support.history.deployed import found as found_in_history
from tests.support.history.deployed import instances, kept, millis
from tests.support.path.health import operator

ELSEWHERE = "eu-west-1"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    """Production, until its region is lost. Another account calls itself Payments, too, and has no label."""
    with world(production(), clock, shards=1) as organization:
        yield organization


@pytest.fixture(scope="module")
def launched(made: World, clock: MovedClock) -> dict[str, str]:
    """The ids of instances, by name: of the two that claim the short name `shared`, the newer one holds it."""
    made.organization.backend.get_account_by_id(HUB).name = "Payments"
    # No function knows its former name any longer.
    clock.advance(3600)
    found: dict[str, str] = {}
    for account, name in ((PAYMENTS, "web"), (SCIENCE, "lab"), (PAYMENTS, "shared"), (SEARCH, "shared")):
        (found[name],) = made.launch(account, REGION, name)
        clock.advance(60)
    made.converge()
    made.launch(HUB, REGION, "impostor")
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
    assert {"web", f"web.{REGION}.payments", "shared", f"lab.{REGION}.data-science"} <= names(made)
    assert f"impostor.{REGION}.payments" not in names(made)
    found = everything(made), len(made.route53.batches)
    lost(made)
    return found


def rows(made: World, partition: str) -> list[dict[str, Any]]:
    """The rows of a partition of an installation's ledger."""
    found: list[dict[str, Any]] = made.client("dynamodb", HUB).query(
        TableName=made.config.names.ledger_table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": partition}},
    )["Items"]
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
    other = installed_beside(made, parsed(content, "successor.yaml"))
    # As docs/disaster.md says, before anything is swept.
    for row in rows(made, contract.LABELS_KEY):
        made.client("dynamodb", HUB, ELSEWHERE).put_item(TableName=other.config.names.ledger_table, Item=row)
    return other


def test_no_record_changes(
    made: World, successor: World, before: tuple[dict[str, frozenset[ResourceRecordSet]], int], clock: MovedClock
) -> None:
    """Not one, at any moment: while nothing is swept, during the first sweeps and audits, and for two hours after."""
    zones, batches = before
    assert owned(successor) == owned(made)
    # The impostor's account first, so that the new ledger sees it before the account that has the label.
    operator(successor).tasks().enqueue([(Sweep(Spoke(HUB, REGION)), 0)])
    successor.converge()
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


def test_history_of_the_successor_begins_with_it(
    made: World, successor: World, launched: dict[str, str], clock: MovedClock
) -> None:
    """It does not claim to know who had a name before it was there, although it has the records since."""
    kept(successor)
    found = found_in_history(successor, f"shared.{CORP}")
    (now,) = found.at(millis(clock))
    assert instances(now.uses) == [launched["shared"]]
    (then,) = found.at(Millis(millis(clock) - 12 * 3_600_000))
    assert then.unknown
    assert made.config.names.history_bucket(HUB, REGION) != successor.config.names.history_bucket(HUB, ELSEWHERE)


def test_no_call_was_denied(made: World, successor: World) -> None:
    """The roles of the installation in another region have what they need."""
    del successor
    assert not made.guard.denied


@pytest.mark.usefixtures("successor")
def test_lost_installation_comes_back(made: World, clock: MovedClock) -> None:
    """It is fenced, so that it writes nothing, although its ledger has the records of instances that ended since."""
    zones, batches = everything(made), len(made.route53.batches)
    # The policy that the documentation shows.
    _, _, text = (ROOT / "docs/disaster.md").read_text().partition("```json\n")
    fence = text.partition("```")[0]
    for role in (made.config.names.writer_role, made.config.names.authorizer_role):
        made.client("iam", NETWORK).put_role_policy(RoleName=role, PolicyName="fenced", PolicyDocument=fence)
    back(made)
    for _ in range(12):
        clock.advance(300)
        made.schedules.fire_due()
        made.converge()
        assert (everything(made), changes(made, batches)) == (zones, 0)
    assert {each.role_arn.rpartition("/")[2] for each in made.guard.denied} <= {"orgdns-writer", "orgdns-authorizer"}
    made.guard.denied.clear()
    lost(made)


def test_status_is_well(made: World, successor: World) -> None:
    """Nothing waits for a person."""
    made.pass_time(60)
    ledger = operator(successor).ledger()
    assert not [status for status in ledger.statuses.spoke_statuses() if status.pending_removals]
    assert not [status for status in ledger.statuses.zone_statuses() if status.pending_removals]
