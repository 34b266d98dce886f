"""The entry point of the historian: it keeps what the ledger's stream says of names, and compacts the days before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import bootstrap
from hub.runtime.aws import sessions
from hub.runtime.aws.answers import text_in
from hub.runtime.aws.compose.keeping import keeper
from hub.runtime.aws.ledger.history.images import first_number, kept_of, numbered
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.deadline import Deadline
from hub.runtime.history.entry import Entry, Mark
from hub.runtime.history.keeper import HistoryUnavailable
from hub.runtime.telemetry import logger, metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from hub.runtime.model.names import Millis

sessions.check_sdk()


@logger.inject_lambda_context
@metrics.log_metrics
def historian(event: Mapping[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Keep a batch of the ledger's changes; if that fails, return its first one, from which Lambda delivers again."""
    records, now = event["Records"], bootstrap.now()
    # A record without a number is malformed in other ways, too, and is reported below.
    found_numbers = (readable(numbered, record, text_in(record, "eventID")) for record in records)
    numbers = [number for number in found_numbers if isinstance(number, str)] or ["0"]
    kept: list[Entry | Mark] = []
    for record in records:
        found = kept_of(record)
        if isinstance(found, Entry | Mark):
            kept.append(found)
        elif isinstance(found, Unreadable):
            metrics.add_metric("ChangesNotKept", MetricUnit.Count, 1)
            logger.warning("change not kept", extra={"event_id": found.what, "reason": found.reason})
    try:
        keeper().keep(kept, min(numbers, key=int), max(numbers, key=int), now)
    except HistoryUnavailable as fault:
        metrics.add_metric("HistoryRetried", MetricUnit.Count, len(records))
        logger.warning("changes will be kept later", extra={"reason": str(fault)})
        return {"batchItemFailures": [{"itemIdentifier": first_number(records)}]}
    entries = sum(isinstance(each, Entry) for each in kept)
    metrics.add_metric("ChangesKept", MetricUnit.Count, entries)
    logger.info("changes kept", extra={"changes": entries, "marks": len(kept) - entries})
    _compact(now, context)
    return {"batchItemFailures": []}


def _compact(now: Millis, context: LambdaContext) -> None:
    """Compact the days that are over. What fails is tried again with the next batch, which comes within minutes."""
    try:
        days = keeper().compact(now, Deadline(lambda: context.get_remaining_time_in_millis() / 1000))
    except HistoryUnavailable as fault:
        metrics.add_metric("CompactionsFailed", MetricUnit.Count, 1)
        logger.warning("history not compacted", extra={"reason": str(fault)})
        return
    for day in days:
        logger.info("history compacted", extra={"day": str(day)})
