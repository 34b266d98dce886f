"""Which instance a name leads to, as people who run instances expect it, on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.dynamodb.models import dynamodb_backends

from hub.runtime import contract
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import lose_events, sweep_all

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def all_events(made: World) -> Iterator[None]:
    """Deliver events again after each test."""
    yield
    made.router.tamper = lambda event: (event,)


def reasons(made: World, name: str) -> dict[str, str]:
    """Why each claimant of a name does not hold it, as `orgdns explain` says."""
    hub = HubLedger.of(deployed(made.client("lambda", HUB)), made.client("dynamodb", HUB))
    (report,) = Lookup(hub, lambda _rows: None).names(name)
    return {status.claim.instance.id: status.reason for status in report.claim_statuses}


def test_n2_a_running_claimant_goes_before_a_stopped_one(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """A warm pool's instance starts with the group's tags and stops: the running instance of before has the name again.

    While the pool's instance runs it is the newest, and holds the name. It gets the name back with its next start, and
    a stopped instance that is alone keeps its name.
    """
    name = f"warm.{CORP}"
    (serving,) = made.launch(PAYMENTS, REGION, "warm")
    made.converge()
    clock.advance(60)
    (pooled,) = made.launch(SEARCH, REGION, "warm")
    made.converge()
    serves, waits = {made.address(PAYMENTS, REGION, serving)}, {made.address(SEARCH, REGION, pooled)}
    assert made.resolve(name, remote_vpc) == waits
    made.stop(SEARCH, REGION, pooled)
    made.converge()
    assert made.resolve(name, remote_vpc) == serves
    holder = f"{PAYMENTS}/{REGION}/{serving}"
    assert reasons(made, name)[pooled] == f"{holder} holds it, because it runs, and this instance is stopped"
    assert made.resolve(f"warm.{REGION}.search.{CORP}", remote_vpc) == waits
    made.start(SEARCH, REGION, pooled)
    made.converge()
    assert made.resolve(name, remote_vpc) == waits
    made.stop(SEARCH, REGION, pooled)
    made.end(PAYMENTS, REGION, serving)
    made.converge()
    assert made.resolve(name, remote_vpc) == waits
    made.end(SEARCH, REGION, pooled)
    made.converge()


def test_n2_a_sweep_finds_a_stop_that_no_event_reported(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The name moves to the running instance with the next sweep if the events of the stop are lost."""
    name = f"unheard.{CORP}"
    (serving,) = made.launch(PAYMENTS, REGION, "unheard")
    clock.advance(60)
    (pooled,) = made.launch(SEARCH, REGION, "unheard")
    made.converge()
    lose_events(made)
    made.stop(SEARCH, REGION, pooled)
    sweep_all(made, clock)
    assert made.resolve(name, remote_vpc) == {made.address(PAYMENTS, REGION, serving)}
    made.end(PAYMENTS, REGION, serving)
    made.end(SEARCH, REGION, pooled)


def test_n2_a_stop_and_a_start_write_few_rows(made: World) -> None:
    """A stop or start of an instance with three names writes its row twice, each claim once, and the event's time."""
    (instance,) = made.launch(PAYMENTS, REGION, "counted")
    made.converge()
    table = dynamodb_backends[HUB][REGION].tables[contract.LEDGER_TABLE]
    batches = len(made.route53.batches)
    for act in (made.stop, made.start):
        before = len(table.stream_shard.items)
        act(PAYMENTS, REGION, instance)
        made.converge()
        assert len(table.stream_shard.items) - before <= 6
    assert len(made.route53.batches) == batches
    made.end(PAYMENTS, REGION, instance)


def test_n1_a_tag_that_is_the_whole_name_means_that_name(made: World, remote_vpc: Vpc) -> None:
    """`Name=whole.corp.internal` resolves as `whole.corp.internal`, and no reserved name is reached in this way."""
    whole, db = (made.launch(PAYMENTS, REGION, f"{name}.{CORP}.")[0] for name in ("Whole", "db"))
    made.converge()
    assert made.resolve(f"whole.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, whole)}
    assert not made.resolve(f"db.{CORP}", remote_vpc)
    assert not made.resolve(f"whole-corp-internal.{CORP}", remote_vpc)
    made.end(PAYMENTS, REGION, whole, db)


def test_n4_an_empty_name_is_declined_and_not_counted(made: World) -> None:
    """An instance with an empty Name tag has only the names that need no tag, and nothing is logged as refused."""
    (instance,) = made.launch(PAYMENTS, REGION, " ")
    made.converge()
    refused = made.logged(contract.OBSERVER_FUNCTION, "name refused")
    assert not [line for line in refused if line["instance"].endswith(instance)]
    assert [owner[0] for owner in made.owners("instances.internal") if instance in owner[0]]
    made.end(PAYMENTS, REGION, instance)
