"""The logs and metrics of the names that wait in the backlog."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from hub.runtime import contract
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.tasks import AUDITS
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.telemetry import NAMESPACE, SHOWN_NAMES, logger, metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.model.tasks import Release


def report_deferred(outcomes: Iterable[NameOutcome]) -> None:
    """Count and log the names that went to the backlog, and the accounts because of which they did.

    The metric has the account as a dimension for those with the most names only: CloudWatch bills each combination of
    dimensions as a metric.
    """
    deferred = Counter(outcome.account or AUDITS for outcome in outcomes if outcome.result is NameResult.DEFERRED)
    if not deferred:
        return
    metrics.add_metric("NamesDeferred", MetricUnit.Count, deferred.total())
    most = dict(deferred.most_common(SHOWN_NAMES))
    for account, number in most.items():
        service = {"service": contract.SERVICE}
        with single_metric(
            "NamesDeferred", MetricUnit.Count, number, namespace=NAMESPACE, default_dimensions=service
        ) as metric:
            metric.add_dimension("account", account)
    logger.info("names deferred", extra={"names": deferred.total(), "accounts": most})


def readable_releases(parsed: Iterable[tuple[str, Release | Unreadable]]) -> Iterator[tuple[str, Release]]:
    """Yield the messages that can be read, by their ids; count and log what cannot be read: it never will be."""
    for message_id, release in parsed:
        fields: dict[str, object] = {"message_id": message_id}
        if isinstance(release, Unreadable):
            metrics.add_metric("ReleasesDropped", MetricUnit.Count, 1)
            logger.warning("message of the backlog dropped", extra=fields | {"reason": release.reason})
            continue
        if release.unreadable:
            metrics.add_metric("ReleasesDropped", MetricUnit.Count, release.unreadable)
            logger.warning("names of the backlog dropped", extra=fields | {"names": release.unreadable})
        yield message_id, release


def report_releases(releases: Mapping[str, Release], failed: Mapping[str, str]) -> None:
    """Count and log the names that came back from the backlog; `failed` are the messages that come again."""
    released = sum(len(release.names) for message_id, release in releases.items() if message_id not in failed)
    metrics.add_metric("NamesReleased", MetricUnit.Count, released)
    logger.info("names released", extra={"messages": len(releases) - len(failed), "names": released})
    if failed:
        metrics.add_metric("ReleasesRetried", MetricUnit.Count, len(failed))
        reason = next(iter(failed.values()))
        logger.warning("message of the backlog will be retried", extra={"messages": len(failed), "reason": reason})


def report_backlog_fault(reason: str) -> None:
    """Count and log that the publisher could not receive, or delete, further messages of the backlog."""
    metrics.add_metric("FurtherMessagesFailed", MetricUnit.Count, 1)
    logger.warning("names will come back from the backlog later or again", extra={"reason": reason})
