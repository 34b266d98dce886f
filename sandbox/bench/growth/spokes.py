"""A run of the schedule and `orgdns status`, by the number of spokes."""

from __future__ import annotations

import gc
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.aws.ledger.status_rows import spoke_key, spoke_status_of
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.sweeper.schedule.scheduler import SweepScheduler
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.reports.status.overview import Overview

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hub.runtime.model.tasks import Task

ZONE_ID, DOMAIN = "Z0CORPINTERNAL0EXAMPL", Fqdn("corp.internal.")
REGIONS: Final = 17
NOW = Millis(10**12)
TIMES: Final = 5


@dataclass(slots=True)
class Organization:
    """So many spokes, each swept lately, as the ledger and StackSets have them."""

    number: int
    rows: list[Mapping[str, object]] = field(init=False)
    spokes: frozenset[Spoke] = field(init=False)
    enqueued: int = 0

    def __post_init__(self) -> None:
        spokes = [Spoke(f"{each // REGIONS:012}", f"region-{each % REGIONS}") for each in range(self.number)]
        row = {"tried_at": NOW - 60_000, "swept_at": NOW - 60_000, "policy": "p", "instances": 3, "names": 3}
        self.spokes = frozenset(spokes)
        self.rows = [written(spoke_key(spoke) | row | {f"names#{ZONE_ID}": 3}) for spoke in spokes]

    def listed(self) -> frozenset[Spoke]:
        return self.spokes

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        return tuple(spoke_status_of(read(row)) for row in self.rows)

    def register_spoke(self, spoke: Spoke) -> None:
        raise AssertionError(f"{spoke} has a status")

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        return (ZoneStatus(ZONE_ID, tried_at=NOW, audited_at=NOW),)

    def generation(self) -> str:
        return ""

    def cursor(self) -> ScheduleCursor:
        return ScheduleCursor("p", Millis(NOW - 10**7), at=Millis(NOW - contract.SCHEDULE_MINUTES * 60_000))

    def put_cursor(self, last: ScheduleCursor) -> None:
        if last.at != NOW:
            raise AssertionError(last)

    def audits_requested(self) -> bool:
        return False

    def enqueue(self, tasks: Collection[tuple[Task, int]]) -> None:
        self.enqueued += len(tasks)


def schedule_seconds(organization: Organization) -> float:
    """The processor time of a run of the schedule, with reading the statuses."""
    scheduler = SweepScheduler(organization, organization, organization, organization, [ZONE_ID], "p", lambda: NOW)  # type: ignore[arg-type]  # stands for all its ports
    seconds = _least(scheduler.schedule_sweeps)
    if not organization.enqueued:
        raise AssertionError("nothing was due")
    return seconds


def status_seconds(organization: Organization) -> float:
    """The processor time of `orgdns status --json`, with reading the statuses."""

    def report() -> None:
        cursor, zones = organization.cursor(), organization.zone_statuses()
        overview = Overview(NOW, None, cursor, organization.spoke_statuses(), zones, {DOMAIN: ZONE_ID})
        json.dumps(status_document(overview))

    return _least(report)


def _least(run: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        gc.collect()
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)
