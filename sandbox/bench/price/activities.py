"""The activities of orgdns that cost money, each done once in the simulated organization, with all caches empty.

Caches save calls where functions have much to do: the price is that of a small organization's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from moto.dynamodb.models import dynamodb_backends

from hub.runtime import contract
from hub.runtime.associator.discovery import DAILY_WINDOW
from hub.runtime.aws.queues.tasks import QueuedTasks
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Spoke
from hub.runtime.model.status import DAY, time_of_day
from hub.runtime.model.tasks import Sweep
from orgdns.config.load import load
from sandbox import example
from sandbox.bench.price.counted import LIVES, Usage, row_bytes, used
from sandbox.clock import moved_clock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world

if TYPE_CHECKING:
    from sandbox.clock import MovedClock
    from sandbox.world import World

# So many instances has the spoke whose sweep is counted.
INSTANCES: Final = 25
_REGION: Final = "eu-west-1"


@dataclass(frozen=True, slots=True)
class Activities:
    """What each activity uses, and the sizes of rows in bytes: a spoke's status, and all rows of an instance.

    `life` is the use of `LIVES` instances, `heartbeats` that of an hour, and `concurrency` how many sweeps run at once.
    """

    life: Usage
    sweep: Usage
    empty_sweep: Usage
    schedule: Usage
    audit: Usage
    heartbeats: Usage
    status_bytes: float
    instance_bytes: float
    concurrency: int

    @property
    def all(self) -> tuple[Usage, ...]:
        """What is used, whatever the activity."""
        return self.life, self.sweep, self.empty_sweep, self.schedule, self.audit, self.heartbeats


def counted() -> Activities:
    """Do each activity once, and count."""
    config = load(example.CONFIG)
    with moved_clock() as clock, world(config, clock) as made:
        made.sweep()
        clock.advance(60)
        made.converge()
        lived = _life(made, clock)
        for vpc in [vpc for (account, region), vpc in made.vpcs.items() if (account, region) == (SEARCH, _REGION)]:
            made.delete_vpc(vpc)
        empty = _sweep(made, clock, Spoke(SEARCH, _REGION), after=0)
        before = _bytes(made, "")
        for number in range(INSTANCES):
            made.launch(PAYMENTS, _REGION, f"n{number}")
        made.converge()
        instance_bytes = (_bytes(made, "") - before) / INSTANCES
        return Activities(
            life=lived,
            sweep=_sweep(made, clock, Spoke(PAYMENTS, _REGION), after=DAILY_WINDOW),
            empty_sweep=empty,
            schedule=_schedule(made, clock),
            audit=_audit(made),
            heartbeats=_heartbeats(made, clock),
            status_bytes=_bytes(made, contract.SPOKES_KEY) / (2 * len(config.spokes.regions)),
            instance_bytes=instance_bytes,
            concurrency=_concurrency(made),
        )


def _concurrency(made: World) -> int:
    hub = made.client("lambda", made.config.hub.account)
    alias = hub.get_alias(FunctionName=NAMES.sweeper_function, Name=contract.LIVE_ALIAS)["AliasArn"]
    (mapping,) = hub.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]
    return int(mapping["ScalingConfig"]["MaximumConcurrency"])


def _life(made: World, clock: MovedClock) -> Usage:
    """From the start of an instance to its end, several times."""
    with used(made) as usage:
        for _ in range(LIVES):
            made.functions.cold_start(NAMES.observer_function)
            (instance,) = made.launch(PAYMENTS, _REGION, "life")
            made.converge()
            made.end(PAYMENTS, _REGION, instance)
            made.converge()
            clock.advance(60)
    return usage


def _sweep(made: World, clock: MovedClock, spoke: Spoke, *, after: int) -> Usage:
    """The sweep of a spoke in which nothing changed since the last one, so long after the spoke's time of day.

    The one at that time, which a quiet spoke has, describes unselected default VPCs completely.
    """
    hub = made.client("sqs", made.config.hub.account)
    queue = hub.get_queue_url(QueueName=NAMES.sweeps_queue)["QueueUrl"]
    for _ in range(2):
        clock.advance((time_of_day(spoke) + after + 60_000 - int(clock.now() * 1_000)) % DAY / 1_000)
        made.converge()
        made.functions.cold_start(NAMES.sweeper_function)
        QueuedTasks(hub, queue).enqueue([(Sweep(spoke), 0)])
        with used(made) as usage:
            made.converge()
    return usage


def _schedule(made: World, clock: MovedClock) -> Usage:
    """A run of the schedule of sweeps, without the sweeps."""
    clock.advance(3_600)
    made.converge()
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    with used(made) as usage:
        made.functions.poll()
    made.converge()
    return usage


def _audit(made: World) -> Usage:
    """An audit of all zones in which nothing differs."""
    with used(made) as usage:
        made.audit()
    return usage


def _heartbeats(made: World, clock: MovedClock) -> Usage:
    """The heartbeats of an hour, with a check of the access to each zone."""
    with used(made) as usage:
        for _ in range(60 // contract.SCHEDULE_MINUTES):
            clock.advance(60 * contract.SCHEDULE_MINUTES)
            made.schedules.fire(contract.HEARTBEAT_SCHEDULE)
            made.converge()
    return usage


def _bytes(made: World, partition: str) -> int:
    """The bytes of all rows, or of those of a partition."""
    table = dynamodb_backends[made.config.hub.account][made.config.hub.region].tables[NAMES.ledger_table]
    rows = [item.to_json()["Attributes"] for item in table.all_items()]
    return sum(row_bytes(row) for row in rows if not partition or row[contract.PARTITION_KEY]["S"] == partition)
