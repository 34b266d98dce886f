"""Rows of the ledger that another version wrote: a later one's are left as they are, an earlier one's still work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from hub.runtime import contract
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cli.render.documents.explain import instances_document, names_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.render.text import show_instance, show_name
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger, overview
from orgdns.cli.sources.lookup import Lookup
from orgdns.cli.sources.snapshot import snapshot
from orgdns.config.load import parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World, world
from tests.support.path.odd import REGION
from tests.support.path.sweeps import CORP, forget_ended, lose_events, names, spoke_status, sweep

Item = dict[str, Any]
SPOKE = f"{PAYMENTS}/{REGION}"
LATER = {"schema": {"N": str(SCHEMA + 1)}, "novel": {"M": {"numbers": {"NS": ["1", "2"]}, "bytes": {"B": b"\x00"}}}}


def of_instance(item: Item) -> bool:
    return str(item["sk"]["S"]).startswith(contract.INSTANCE_PREFIX)


def of_claim(item: Item) -> bool:
    return bool(item["sk"]["S"].startswith(contract.CLAIM_PREFIX) and item["live"]["BOOL"])


def of_tombstone(item: Item) -> bool:
    return bool(item["sk"]["S"].startswith(contract.CLAIM_PREFIX) and not item["live"]["BOOL"])


def in_partition(partition: str, *parts: str) -> Callable[[Item], bool]:
    return lambda item: item["pk"]["S"] == partition and any(part in item["sk"]["S"] for part in parts)


def sort_key(key: str) -> Callable[[Item], bool]:
    return lambda item: item["sk"]["S"] == key


# Which rows a later version wrote, and what else it wrote in them. The kinds of a name are for each of its names.
KINDS: dict[str, tuple[Callable[[Item], bool], Item]] = {
    "instances": (of_instance, {"ended": {"S": "perhaps"}}),
    "claims": (of_claim, {"conflict": {"S": "lottery"}, "values": {"M": {"HTTPS": {"L": []}}}}),
    "tombstones": (of_tombstone, {"live": {"BOOL": False}}),
    "what is published": (sort_key(contract.PUBLISHED_KEY), {"record_sets": {"M": {}}}),
    "marks": (sort_key(contract.MARK_KEY), {"reason": {"L": []}}),
    "spokes": (in_partition(contract.SPOKES_KEY, SPOKE), {"fault": {"M": {}}, "swept_at": {"S": "never"}}),
    "zones": (in_partition(contract.ZONES_KEY, "Z"), {"differences": {"L": []}}),
    "schedule": (sort_key(contract.CURSOR_KEY), {"after": {"L": []}}),
    "pause": (sort_key(contract.PAUSE_KEY), {"paused": {"S": "partly"}}),
    "generation": (in_partition(contract.CONTROL_KEY, contract.GENERATION_PREFIX), {"id": {"N": "3"}}),
    "VPCs": (in_partition(contract.VPCS_KEY, f"{SPOKE}/vpc-"), {"zones": {"M": {}}}),
    "discovery": (lambda item: in_partition(contract.VPCS_KEY, SPOKE)(item) and "vpc-" not in item["sk"]["S"], {}),
    "labels": (in_partition(contract.LABELS_KEY, "label#"), {"reserved": {"S": "twice"}}),
}
# What a row of this kind stops, by its meaning.
STOPPED = {"pause"}


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int) -> Iterator[World]:
    """One region: after each test the ledger is empty, so that the schedule sweeps every spoke of the next one."""
    text = example.CONFIG.read_text(encoding="utf-8")
    config = parse(text.replace("[eu-central-1, eu-west-1, us-east-1]", f"[{REGION}]"))
    assert [*config.spokes.regions] == [REGION]
    with world(config, clock, shards=shards) as organization:
        yield organization


@pytest.fixture(autouse=True)
def restored(made: World, clock: MovedClock) -> Iterator[None]:
    """After each test, deliver events again, end its instances, and begin with an empty ledger."""
    yield
    made.router.tamper = lambda event: (event,)
    made.empty_ledger()
    ec2 = made.client("ec2", PAYMENTS, REGION)
    for reservation in ec2.describe_instances()["Reservations"]:
        made.end(PAYMENTS, REGION, *(instance["InstanceId"] for instance in reservation["Instances"]))
    made.converge()
    sweep(made, clock)
    made.audit()
    assert names(made) == set()


def rows(made: World) -> dict[tuple[str, str], Item]:
    """All rows of the ledger, as DynamoDB has them."""
    pages = made.client("dynamodb", HUB).get_paginator("scan").paginate(TableName=NAMES.ledger_table)
    return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}


def put(made: World, item: Item) -> None:
    made.client("dynamodb", HUB).put_item(TableName=NAMES.ledger_table, Item=item)


def dead_letters(made: World) -> int:
    queues = (
        NAMES.events_dead_letter_queue,
        NAMES.publisher_dead_letter_queue,
        NAMES.sweeps_dead_letter_queue,
        NAMES.associations_dead_letter_queue,
    )
    return sum(made.waiting(queue) for queue in queues)


def shown(made: World, instance: str, *of_names: str) -> Item:
    """What `status` shows, as JSON, after `explain` was asked about an instance and names."""
    hub = HubLedger.of(deployed(made.client("lambda", HUB), NAMES), made.client("dynamodb", HUB))
    console = Console(file=StringIO())
    lookup = Lookup(hub, lambda _rows: None)
    for report in lookup.instances(instance):
        show_instance(console, report)
    to_json(instances_document(lookup.instances(instance)))
    for name in of_names:
        for of_name in lookup.names(name):
            show_name(console, of_name)
        to_json(names_document(lookup.names(name)))
    snapshot(hub.table, lambda _rows: None)
    state = overview(hub)
    show_status(console, state, everything=True)
    document = status_document(state)
    to_json(document)
    return document


def prepared(made: World, clock: MovedClock) -> str:
    """Make rows of every kind; return an instance with a name and with a tombstone."""
    old, _ = made.launch(PAYMENTS, REGION, "before")[0], made.launch(PAYMENTS, REGION, "beside")[0]
    made.converge()
    made.tag(PAYMENTS, REGION, old, Name="held")
    made.converge()
    sweep(made, clock)
    made.sweep()
    made.audit()
    now = str(int(clock.now() * 1000))
    put(made, {"pk": {"S": "control"}, "sk": {"S": "pause"}, "paused": {"BOOL": False}, "reason": {"S": ""}})
    pk = f"name#{made.zone_ids[CORP]}#held.{CORP}."
    put(made, {"pk": {"S": pk}, "sk": {"S": "marked"}, "reason": {"S": "a test"}, "at": {"N": now}})
    made.converge()
    return old


@pytest.mark.some(one_in=4)
@pytest.mark.parametrize("kind", KINDS)
def test_p2_rows_of_a_later_version_stay(made: World, clock: MovedClock, kind: str) -> None:
    """Whatever runs, they are not written over; what does not need them goes on, and status and explain work."""
    held = prepared(made, clock)
    # Rows of names that earlier tests used would be of the later version, too.
    number = list(KINDS).index(kind)
    fresh, missed = f"fresh-{number}", f"missed-{number}"
    chosen, novel = KINDS[kind]
    for item in [item for item in rows(made).values() if chosen(item)]:
        put(made, item | LATER | novel)
    later = {key: item for key, item in rows(made).items() if "novel" in item}
    assert later
    made.tag(PAYMENTS, REGION, held, Name="held-anew")
    made.launch(PAYMENTS, REGION, fresh)
    made.converge()
    assert (fresh in names(made)) is (kind not in STOPPED)
    lose_events(made)
    made.launch(PAYMENTS, REGION, missed)
    clock.advance(400)
    sweep(made, clock)
    made.audit()
    for _ in range(2):
        made.sweep()
        clock.advance(300)
        made.converge()
    assert (missed in names(made)) is (kind not in STOPPED)
    document = shown(made, f"{SPOKE}/{held}", f"held.{CORP}", f"{fresh}.{CORP}")
    now = rows(made)
    assert {key: now.get(key) for key in later} == later
    assert dead_letters(made) == 0
    assert not made.waiting(NAMES.events_queue)
    assert not made.waiting(NAMES.sweeps_queue)
    if kind in {"instances", "spokes"}:
        assert SPOKE in document["unreadable"]
    if kind in {"claims", "what is published", "zones"}:
        assert document["unreadable"]


GARBLED: dict[str, tuple[Callable[[Item], bool], Item]] = {
    "instances": (of_instance, {"claims": {"S": "none"}}),
    "instances without a version": (of_instance, {"version": {"NULL": True}}),
    "instances with a text for a version": (of_instance, {"version": {"S": "3"}}),
    "claims": (of_claim, {"ttl": {"S": "soon"}}),
    "what is published": (sort_key(contract.PUBLISHED_KEY), {"record_sets": {"NULL": True}}),
    "spokes": (in_partition(contract.SPOKES_KEY, SPOKE), {"tried_at": {"S": "?"}}),
    "zones": (in_partition(contract.ZONES_KEY, "Z"), {"audited_at": {"L": []}}),
    "schedule": (sort_key(contract.CURSOR_KEY), {"at": {"S": "?"}}),
    "generation": (in_partition(contract.CONTROL_KEY, contract.GENERATION_PREFIX), {"id": {"N": "7"}}),
    "usage": (in_partition(contract.SPOKES_KEY, SPOKE), {"names#Z": {"S": "many"}, "call_sweep_at": {"S": "5"}}),
    "a schema": (of_instance, {"schema": {"S": "second"}}),
}


@pytest.mark.some(one_in=4)
@pytest.mark.parametrize("kind", GARBLED)
def test_p2_garbled_rows_affect_only_themselves(made: World, clock: MovedClock, kind: str) -> None:
    """Nothing that belongs to them is removed, and everything else goes on."""
    held = prepared(made, clock)
    number = list(GARBLED).index(kind)
    fresh, missed = f"fresh-{number}-g", f"missed-{number}-g"
    chosen, broken = GARBLED[kind]
    for item in [item for item in rows(made).values() if chosen(item)]:
        put(made, item | broken)
    made.launch(PAYMENTS, REGION, fresh)
    made.converge()
    lose_events(made)
    made.end(PAYMENTS, REGION, held)
    forget_ended(PAYMENTS, REGION)
    made.launch(PAYMENTS, REGION, missed)
    clock.advance(400)
    sweep(made, clock)
    made.audit()
    made.sweep()
    assert names(made) >= {"beside", fresh, missed}
    # A garbled claim is written again, or withdrawn, as the row of its instance says.
    assert ("held" in names(made)) is kind.startswith(("instances", "what", "a schema"))
    assert dead_letters(made) == 0


def test_p2_tombstone_of_nobody(made: World, clock: MovedClock) -> None:
    """The name stays as it is, the audit reports it, and other names go on."""
    prepared(made, clock)
    pk = f"name#{made.zone_ids[CORP]}#held.{CORP}."
    put(made, {"pk": {"S": pk}, "sk": {"S": "claim#nobody"}, "live": {"BOOL": False}, "version": {"N": "1"}})
    made.launch(PAYMENTS, REGION, "fresh")
    made.converge()
    made.audit()
    assert names(made) == {"held", "beside", "fresh"}
    assert made.logged(NAMES.publisher_function, "name unreadable")[-1]["dns_name"] == f"held.{CORP}."


def test_p2_rows_of_an_earlier_version_work(made: World, clock: MovedClock) -> None:
    """Rows without a generation, a schema or whatever else came later are read, and renewed by events and sweeps."""
    held = prepared(made, clock)
    added = {"generation", "schema", "withdrawing", "fault", "unreadable", "unreadable_first"}
    for key, item in rows(made).items():
        if not key[1].startswith(contract.GENERATION_PREFIX):
            put(made, {name: value for name, value in item.items() if name not in added})
    made.converge()
    assert names(made) == {"held", "beside"}
    made.tag(PAYMENTS, REGION, held, Name="held-anew")
    made.converge()
    sweep(made, clock)
    assert names(made) == {"held-anew", "beside"}
    assert spoke_status(made, clock).generation
