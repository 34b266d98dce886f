"""How long names take, as those who launch instances feel it: from the event to Route 53's acceptance."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from hub.runtime import contract
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.telemetry import NAMESPACE, metrics

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.aws.ledger.changes import NameChanges
    from hub.runtime.model.names import Millis
    from hub.runtime.publisher.outcome import NameOutcome

# What waits in the backlog, or comes back from it, waits because of its own account.
_WAITING: Final = frozenset({NameResult.RETRY, NameResult.CLOSED})


def report_latency(outcomes: Collection[NameOutcome], changes: NameChanges, now: Millis, objective: float) -> None:
    """Measure how long names took, and how many of those that wait are overdue, by the objective in seconds."""
    _report_seconds(outcomes, changes, objective)
    waiting = {outcome.key for outcome in outcomes if outcome.result in _WAITING} - changes.released.keys()
    if waiting:
        overdue = sum(now - changes.changed_at[key] > objective * 1_000 for key in waiting)
        metrics.add_metric("NamesOverdue", MetricUnit.Count, overdue)


def _report_seconds(outcomes: Collection[NameOutcome], changes: NameChanges, objective: float) -> None:
    """Measure the seconds of each published name that an event asked for, by zone, against the objective in seconds.

    A name that comes back from the backlog waited because of its own account. It is measured from the change of the
    ledger on, and does not count against the objective: otherwise an account could set off the alarm of the others.
    """
    by_zone: defaultdict[str, list[float]] = defaultdict(list)
    late = in_time = 0
    for outcome in outcomes:
        asked = changes.asked_at.get(outcome.key)
        if outcome.result is not NameResult.PUBLISHED or not asked:
            continue
        seconds = max(0.0, (outcome.at - asked) / 1_000)
        by_zone[outcome.key.zone_id].append(seconds)
        if outcome.key not in changes.released:
            late += seconds > objective
            in_time += seconds <= objective
    if late or in_time:
        metrics.add_metric("NamesLate", MetricUnit.Count, late)
        metrics.add_metric("NamesInTime", MetricUnit.Count, in_time)
    for zone_id, of_zone in by_zone.items():
        # Metrics of their own, because those of the function have no zone.
        of_this = EphemeralMetrics(namespace=NAMESPACE, service=contract.SERVICE)
        of_this.add_dimension("zone", zone_id)
        for seconds in of_zone:
            of_this.add_metric("SecondsToRecord", MetricUnit.Seconds, seconds)
        of_this.flush_metrics()
