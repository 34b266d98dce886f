"""The Lambda entry point of the reporter: each message of its queue is a file of the day."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import contract
from hub.runtime.aws import sessions, settings
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.messages import NotOurs, file_of, parsed
from hub.runtime.model.names import Millis
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.telemetry import logger, metrics
from orgdns.cli.sources.deployed import HubUnknown
from orgdns.cli.sources.reporting.organization import Stated
from orgdns.daily.files import KINDS, Bucket, NotStored, write_file
from orgdns.daily.hub import OwnHub

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from orgdns.daily.files import Written

sessions.check_sdk()


@logger.inject_lambda_context
@metrics.log_metrics
def reporter(event: Mapping[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001 - Lambda passes it
    """Write the files that the messages of a batch ask for; return those that SQS must deliver again."""
    failed: list[dict[str, str]] = []
    for message_id, file in parsed(event["Records"], lambda record: _known(file_of(record["body"]))):
        if isinstance(file, Unreadable):
            metrics.add_metric("TasksDropped", MetricUnit.Count, 1)
            logger.warning("task dropped", extra={"message_id": message_id, "reason": file.reason})
            continue
        try:
            _report_written(file, _written(file))
        except (HubUnknown, LedgerUnavailable, NotStored) as fault:
            metrics.add_metric("TasksRetried", MetricUnit.Count, 1)
            logger.warning("task will be retried", extra={"task": f"write {file}", "reason": str(fault)})
            failed.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failed}


def _known(file: str) -> str:
    if file not in KINDS:
        raise NotOurs(f"there is no file {file!r}")
    return file


def _written(file: str) -> Written:
    hub = OwnHub(settings.names())
    bucket = Bucket(hub.client("s3"), settings.value(contract.ENV_REPORTS_BUCKET), hub.id())
    stated = Stated(
        settings.value(contract.ENV_ORGANIZATION),
        settings.objective_seconds(),
        float(settings.value(contract.ENV_OBJECTIVE_SHARE)),
    )
    return write_file(file, hub, bucket, stated, Millis(int(time.time() * 1_000)))


def _report_written(file: str, written: Written) -> None:
    metrics.add_metric("FilesWritten", MetricUnit.Count, 1)
    fields: dict[str, object] = {"file": file, "key": written.key, "bytes": written.bytes}
    logger.info("file written", extra=fields | {"left_out": written.left_out})
