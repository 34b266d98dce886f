"""What starts, lives and sweeps of instances cost on the whole path, from an event to a record."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.client import BaseClient
from moto.dynamodb.models import dynamodb_backends

from hub.runtime import contract
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.queues.further import MOST_MESSAGES
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Millis
from hub.runtime.model.status import ScheduleCursor
from orgdns.config.load import load
from sandbox import example
from sandbox.aws.bridge import replaced
from sandbox.aws.functions.streams import SHARDS
from sandbox.clock import moved_clock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.clock import MovedClock
    from sandbox.world import World
from sandbox.bench.figures import Figure

STARTS: Final = 50
BURST_EVENTS: Final = 1_000
# What the observer handles in a run at most: a batch of Lambda's, and the further messages that it receives itself.
EVENTS_A_RUN: Final = contract.EVENTS_A_BATCH + MOST_MESSAGES
LISTING: Final = "ListResourceRecordSets"


def figures() -> Iterator[Figure]:
    """All figures of one simulated organization."""
    config = load(example.CONFIG)
    with moved_clock() as clock, world(config, clock) as made:
        yield from starts(made)
        yield from life(made)
        yield from sweeps(made, clock)
        yield from event_burst(made)


def starts(made: World) -> Iterator[Figure]:
    """Calls and change tokens when many instances start at once in six account-regions."""
    account = made.route53.account(made.config.network.account)
    records, calls, tokens = _records(made), len(made.route53.batches), account.changes.tokens
    reads = made.route53.calls[LISTING]
    spokes = [(account_id, region) for account_id in (PAYMENTS, SEARCH) for region in made.config.spokes.regions]
    for number in range(STARTS):
        made.launch(*spokes[number % len(spokes)], f"n{number}")
    made.converge()
    created = _records(made) - records
    yield Figure(
        f"route53_calls_per_{STARTS}_starts",
        len(made.route53.batches) - calls,
        "calls",
        # Each zone and shard: prompt names, and those that come back.
        limit=2 * len(made.zone_ids) * SHARDS,
        naive=created,
    )
    yield Figure(f"route53_reads_per_{STARTS}_starts", made.route53.calls[LISTING] - reads, "calls")
    # An UPSERT for each record takes two tokens.
    yield Figure(
        "change_tokens_per_record_on_the_whole_path", (tokens - account.changes.tokens) / created, "tokens", limit=1
    )


def life(made: World) -> Iterator[Figure]:
    """Events, ledger writes and calls for one instance with three names in two zones, from its start to its end."""
    written, calls = _ledger_writes(made), len(made.route53.batches)
    events: list[dict[str, object]] = []

    def count(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        events.append(event)
        return (event,)

    made.router.tamper = count
    region = made.config.hub.region
    (instance,) = made.launch(PAYMENTS, region, "life")
    made.converge()
    made.end(PAYMENTS, region, instance)
    made.converge()
    yield Figure("events_per_instance_life", len(events), "events")
    yield Figure("ledger_writes_per_instance_life", _ledger_writes(made) - written, "rows")
    yield Figure("route53_calls_per_instance_life", len(made.route53.batches) - calls, "calls")
    (stopped,) = made.launch(PAYMENTS, region, "stopped")
    made.converge()
    written = _ledger_writes(made)
    for act in (made.stop, made.start):
        act(PAYMENTS, region, stopped)
        made.converge()
    yield Figure("ledger_writes_per_stop_and_start", _ledger_writes(made) - written, "rows")


def sweeps(made: World, clock: MovedClock) -> Iterator[Figure]:
    """How many AWS calls a sweep makes for a spoke in which nothing has changed."""
    for _ in range(2):
        # The first sweep also assumes roles and writes what is new; only the second one counts.
        counted: Counter[str] = Counter()
        with _calls_counted(made, counted):
            _statuses(made, clock).put_cursor(ScheduleCursor())
            made.sweep()
            clock.advance(60)
            made.converge()
        spokes = {status.spoke for status in _statuses(made, clock).spoke_statuses()}
    yield Figure("sweep_calls_per_spoke", counted.total() / len(spokes), "calls", limit=20)


def event_burst(made: World) -> Iterator[Figure]:
    """Descriptions and runs of the observer for a burst of events of one account-region."""
    region, queue = made.config.hub.region, NAMES.events_queue
    began = made.waiting(queue)
    while made.waiting(queue) - began < BURST_EVENTS:
        made.launch(PAYMENTS, region, "burst", count=50)
    events, runs = made.waiting(queue) - began, 0

    def count(function: str, moment: str) -> None:
        nonlocal runs
        runs += (function, moment) == (NAMES.observer_function, "before")

    counted: Counter[str] = Counter()
    made.functions.interrupt = count
    with _calls_counted(made, counted):
        made.converge()
    in_thousands = events / 1_000
    yield Figure(
        "describe_calls_per_1000_events",
        counted["DescribeInstances"] / in_thousands,
        "calls",
        limit=1_000 / EVENTS_A_RUN,
        naive=1_000 / contract.EVENTS_A_BATCH,
    )
    yield Figure("events_per_observer_run", events / runs, "events", naive=contract.EVENTS_A_BATCH)


def _statuses(made: World, clock: MovedClock) -> DynamoStatuses:
    client = made.client("dynamodb", made.config.hub.account)
    return DynamoStatuses(Table(client, NAMES.ledger_table, lambda: Millis(int(clock.now() * 1000)), clock.advance))


@contextmanager
def _calls_counted(made: World, counted: Counter[str]) -> Iterator[None]:
    """Count the AWS calls that the functions make, by operation."""
    client: Any = BaseClient
    call = client._make_api_call

    def counting(self: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own
        if made.guard._guarded_role(self) is not None:
            counted[operation] += 1
        return call(self, operation, parameters)

    with replaced(BaseClient, _make_api_call=counting):
        yield


def _records(made: World) -> int:
    return sum(len(made.owners(domain)) for domain in made.zone_ids)


def _ledger_writes(made: World) -> int:
    """How many rows were written so far: the table's stream has one record for each write."""
    table = dynamodb_backends[made.config.hub.account][made.config.hub.region].tables[NAMES.ledger_table]
    return len(table.stream_shard.items)
