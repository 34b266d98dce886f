"""The logs and metrics of heartbeats, stalls, closed zones and calls to Route 53."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime.aws.pace.spent import CALLS
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from hub.runtime.model.names import Millis
    from hub.runtime.model.path import Stall
    from hub.runtime.publisher.health.reporter import ZoneCheck

_Answer = TypeVar("_Answer")


def measured(
    handler: Callable[[Mapping[str, Any], LambdaContext], _Answer],
) -> Callable[[Mapping[str, Any], Any], _Answer]:
    """Return an entry point that writes its metrics, with what a run took of Route 53's quotas, also if it fails."""

    @wraps(handler)
    def run(event: Mapping[str, Any], context: LambdaContext) -> _Answer:
        try:
            return handler(event, context)
        finally:
            _count_calls()

    # The library's own decorator has no types.
    written: Callable[[Mapping[str, Any], Any], _Answer] = metrics.log_metrics(run)
    return written


def _count_calls() -> None:
    """Count the requests and changes of a run."""
    requests, changes = CALLS.taken()
    if requests:
        metrics.add_metric("Route53Requests", MetricUnit.Count, requests)
    if changes:
        metrics.add_metric("Route53Changes", MetricUnit.Count, changes)


def report_heartbeat(sent_at: Millis, now: Millis) -> None:
    """Count a heartbeat that took the whole path, and measure how long it took."""
    seconds = max(0.0, (now - sent_at) / 1_000)
    metrics.add_metric("Heartbeats", MetricUnit.Count, 1)
    metrics.add_metric("SecondsToHeartbeat", MetricUnit.Seconds, seconds)
    logger.info("heartbeat answered", extra={"seconds": seconds})


@contextmanager
def recorded(what: str) -> Iterator[None]:
    """Count and log it if something cannot be written to the ledger for those who ask. The work goes on without it."""
    try:
        yield
    except LedgerUnavailable as fault:
        metrics.add_metric("HealthNotRecorded", MetricUnit.Count, 1)
        logger.warning("health not recorded", extra={"what": what, "reason": str(fault)})


def report_stall(stall: Stall, now: Millis) -> None:
    """Log why the publisher repeats a batch."""
    waiting = {"names": stall.names, "seconds": max(0.0, (now - stall.since) / 1_000)}
    logger.error("publisher waits", extra=waiting | {"reason": stall.reason})


def report_zone_checks(checks: Collection[ZoneCheck]) -> bool:
    """Log the zones that are closed or open again, and count those of which that is unknown; return if none is."""
    for check in checks:
        fields: dict[str, object] = {"zone": check.zone_id}
        if check.closed:
            logger.error("zone closed", extra=fields | {"reason": check.closed})
        elif check.unknown:
            metrics.add_metric("ZonesNotChecked", MetricUnit.Count, 1)
            logger.warning("zone not checked", extra=fields | {"reason": check.unknown})
        elif check.reopened:
            logger.info("zone open again", extra=fields)
        else:
            logger.debug("zone open", extra=fields)
    return not any(check.unknown for check in checks)
