"""What orgdns costs an organization in a month, from what its activities use. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from hub.runtime.history.objects import RAW_DAYS
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.route53.limits import RECORD_SETS_A_PAGE
from sandbox.bench.path.services.parameters import Services
from sandbox.bench.price import list_prices as prices
from sandbox.bench.price.counted import LIVES, READ_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.bench.price.activities import Activities
    from sandbox.bench.price.counted import Usage
    from sandbox.bench.price.list_prices import Price

DAYS: Final = 30.4
HOURS: Final = DAYS * 24
GB: Final = 10**9
# CloudFormation API Reference, ListStackInstances: up to 100 in a page; one SQS batch is ten messages.
STACK_INSTANCES_A_PAGE: Final = 100
MESSAGES_A_BATCH: Final = 10
# A page of DynamoDB's Scan.
SCAN_PAGE: Final = 1_000_000
RECORDS_AN_HOUR: Final = 1_000
# The megabytes of the functions, as the hub's template has them.
MEMORY: Final = {
    NAMES.observer_function: 512,
    NAMES.publisher_function: 1_024,
    NAMES.sweeper_function: 512,
    NAMES.associator_function: 512,
    NAMES.historian_function: 512,
}
_SERVICES: Final = Services()


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, and how it uses AWS.

    `used` is the number of account-regions with instances or associated VPCs: they are swept every hour. All others are
    swept once a day. Each zone holds an equal part of the records, at most 10,000, which its price includes. `queues`,
    `alarms`, `dashboards` and `log_days` are those of the hub's stack, and `shards` about those of the ledger's stream.
    """

    accounts: int = 400
    regions: int = 17
    used: int = 600
    instances: int = 20_000
    launches_a_day: int = 5_000
    empty_sweeps_a_day: int = 1
    zones: int = 6
    names: int = 3
    queues: int = 4
    shards: int = 4
    alarms: int = 32
    dashboards: int = 1
    log_days: int = 90

    @property
    def spokes(self) -> int:
        """The account-regions with a stack."""
        return self.accounts * self.regions

    @property
    def sweeps(self) -> float:
        """The sweeps of a month with something to compare."""
        return self.used * HOURS

    @property
    def empty_sweeps(self) -> float:
        """The sweeps of a month of spokes without anything."""
        return (self.spokes - self.used) * DAYS * self.empty_sweeps_a_day

    @property
    def audits(self) -> float:
        """The audits of a month: every day, and some hours after the last one, one for each thousand records."""
        records = self.instances * self.names / self.zones
        return DAYS * max(1.0, 24 / (1 + records // RECORDS_AN_HOUR))


@dataclass(frozen=True, slots=True)
class Bill:
    """The dollars of a month by service, and those of a second trail, which are not among them."""

    services: dict[str, float]
    second_trail: float

    @property
    def total(self) -> float:
        """The dollars of all services."""
        return sum(self.services.values())


def bill(organization: Organization, activities: Activities) -> Bill:
    """The bill of a month."""
    dollars: defaultdict[str, float] = defaultdict(float)
    for price, number in _used(organization, activities):
        dollars[price.service] += price.dollars * number
    trailed = dollars[prices.GUARDED.service] / prices.GUARDED.dollars * prices.TRAILED.dollars
    return Bill(dict(dollars), trailed)


def launches(organization: Organization, activities: Activities, number: int) -> float:
    """The dollars of so many launches and their ends."""
    usage = [(number / LIVES, activities.life)]
    return sum(price.dollars * units for price, units in _of_activities(organization, usage))


def seconds(usage: Usage) -> dict[str, float]:
    """How long each function runs, one call after another."""
    found = dict.fromkeys(MEMORY, 0.0)
    for (function, service, _), number in usage.calls.items():
        found[function] += number * (prices.LATENCY[service] + _SERVICES.cpu(_SERVICES.call_cpu, MEMORY[function]))
    return found


def _used(organization: Organization, activities: Activities) -> Iterator[tuple[Price, float]]:
    """Yield what is used in a month, by price."""
    runs = HOURS * 12
    yield from _of_activities(
        organization,
        (
            (organization.launches_a_day * DAYS / LIVES, activities.life),
            (organization.sweeps, activities.sweep),
            (organization.empty_sweeps, activities.empty_sweep),
            (runs, activities.schedule),
            (organization.audits, activities.audit),
            (HOURS, activities.heartbeats),
        ),
    )
    yield from _with_size(organization, activities, runs)
    yield from _of_history(organization)
    # What is there all the time.
    yield prices.METRIC, len({metric for usage in activities.all for metric in usage.metrics})
    yield prices.METRIC, organization.zones * len({metric for usage in activities.all for metric in usage.zone_metrics})
    yield prices.ALARM, organization.alarms
    yield prices.DASHBOARD, organization.dashboards
    yield prices.ZONE, organization.zones
    # Sweeps and heartbeats every five minutes, audits every day.
    yield prices.SCHEDULED, 2 * runs + DAYS
    yield prices.SQS_REQUEST, organization.queues * _SERVICES.pollers * HOURS * 3_600 / prices.POLL_SECONDS
    stored = organization.instances * activities.instance_bytes + organization.spokes * activities.status_bytes
    yield prices.STORED_GB, stored / GB
    cold = prices.COLD_STARTS_AN_HOUR * HOURS * prices.COLD_START
    yield prices.LAMBDA_SECOND, _gb_seconds(dict.fromkeys(MEMORY, cold))


def _with_size(organization: Organization, activities: Activities, runs: float) -> Iterator[tuple[Price, float]]:
    """Yield what a run of the schedule and an audit use beside what was counted, because there is more to read."""
    # The statuses of all spokes are one query, and their list has many pages.
    pages = ceil(organization.spokes / STACK_INSTANCES_A_PAGE) - 1
    yield prices.READ_UNIT, runs * organization.spokes * activities.status_bytes / READ_UNIT
    yield prices.GUARDED, runs * pages
    tasks = organization.sweeps + organization.empty_sweeps
    yield prices.SQS_REQUEST, tasks / MESSAGES_A_BATCH
    listing = pages * prices.LATENCY["cloudformation"]
    # An audit reads the whole ledger, and all records of its zones.
    ledger = organization.instances * activities.instance_bytes
    records = organization.instances * organization.names / RECORD_SETS_A_PAGE
    yield prices.READ_UNIT, organization.audits * ledger / READ_UNIT
    yield prices.GUARDED, organization.audits * records
    # Each page takes some time to parse, too.
    reading = records * prices.LATENCY["route53"] + ledger / SCAN_PAGE * 10 * prices.LATENCY["dynamodb"]
    running = runs * listing + organization.audits * reading
    yield prices.LAMBDA_SECOND, _gb_seconds({NAMES.sweeper_function: running})


def _of_history(organization: Organization) -> Iterator[tuple[Price, float]]:
    """Yield what history uses at most: the historian's runs are as many with any number of changes."""
    runs = organization.shards * HOURS * 12
    # After a cold start, it asks of each day whether it was compacted.
    listings = prices.COLD_STARTS_AN_HOUR * HOURS * RAW_DAYS
    # Compaction reads each object, and two workers may begin with a day at the same time.
    reads = 2 * runs
    yield prices.S3_WRITE, runs + listings
    yield prices.S3_READ, reads
    running = (runs + listings + reads) * prices.LATENCY["s3"]
    yield prices.LAMBDA_SECOND, _gb_seconds({NAMES.historian_function: running})


def _gb_seconds(running: Mapping[str, float]) -> float:
    """The gigabytes of functions, times the seconds that they run."""
    return sum(number * MEMORY[function] / 1_024 for function, number in running.items())


def _of_activities(organization: Organization, usage: Iterable[tuple[float, Usage]]) -> Iterator[tuple[Price, float]]:
    for number, each in usage:
        yield prices.LAMBDA_SECOND, number * _gb_seconds(seconds(each))
        invocations = each.invocations.total()
        yield prices.LAMBDA_REQUEST, number * invocations
        # A message is sent, received and deleted; the publisher reads a stream, which costs nothing.
        yield prices.SQS_REQUEST, number * (each.events + 2 * invocations)
        yield prices.FAIR_REQUEST, number * (each.events + 2 * invocations)
        yield prices.READ_UNIT, number * each.read_units
        yield prices.WRITE_UNIT, number * each.write_units
        written = number * each.log_bytes / GB
        yield prices.LOGGED_GB, written
        yield prices.KEPT_GB, written * organization.log_days / DAYS
        yield prices.EVENT, number * each.events
        yield prices.GUARDED, number * each.management_events
