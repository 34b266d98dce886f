"""The logs and metrics of heartbeats, stalls and zone checks."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from hub.runtime.model.names import Millis
from hub.runtime.model.path import Stall
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.publisher.health.reporter import ZoneCheck
from hub.runtime.telemetry import logger, metrics
from hub.runtime.telemetry.path import recorded, report_heartbeat, report_stall, report_zone_checks

NOW = Millis(1_800_000_000_000)


class Written:
    """What a function wrote: log lines, and metrics."""

    def __init__(self, log: io.StringIO) -> None:
        self._log = log

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]

    @property
    def counted(self) -> dict[str, float]:
        return {name: sum(found["Value"]) for name, found in metrics.provider.metric_set.items()}


@pytest.fixture
def written() -> Iterator[Written]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logger.registered_formatter)
    logger.addHandler(handler)
    metrics.clear_metrics()
    yield Written(stream)
    logging.getLogger(logger.service).removeHandler(handler)
    metrics.clear_metrics()


@pytest.mark.parametrize(("millis", "seconds"), [(2_500, 2.5), (-900, 0.0)])
def test_heartbeat_is_counted_and_measured(written: Written, millis: int, seconds: float) -> None:
    """The alarm watches the count. EventBridge's clock may be ahead, and no time is negative."""
    report_heartbeat(Millis(NOW - millis), NOW)
    assert written.counted == {"Heartbeats": 1, "SecondsToHeartbeat": seconds}
    assert [(line["level"], line["message"]) for line in written.lines] == [("INFO", "heartbeat answered")]


def test_stall_is_an_error_with_the_reason(written: Written) -> None:
    """How many names wait, for how long, and why."""
    report_stall(Stall("Z1: Throttling", Millis(NOW - 150_000), 1_234), NOW)
    (line,) = written.lines
    assert (line["level"], line["message"], line["reason"]) == ("ERROR", "publisher waits", "Z1: Throttling")
    assert (line["names"], line["seconds"]) == (1_234, 150.0)


@pytest.mark.parametrize(
    ("check", "level", "message", "counted"),
    [
        (ZoneCheck("Z1", closed="AccessDenied"), "ERROR", "zone closed", {}),
        (ZoneCheck("Z1", unknown="Throttling"), "WARNING", "zone not checked", {"ZonesNotChecked": 1}),
        (ZoneCheck("Z1", reopened=True), "INFO", "zone open again", {}),
        (ZoneCheck("Z1"), "", "", {}),
    ],
)
def test_zone_check(written: Written, check: ZoneCheck, level: str, message: str, counted: dict[str, int]) -> None:
    """An open zone is the rule, and has no line. Only what is not known keeps a heartbeat from being answered."""
    assert report_zone_checks([check]) == (not check.unknown)
    assert [(line["level"], line["message"], line["zone"]) for line in written.lines] == (
        [(level, message, "Z1")] if message else []
    )
    assert [line.get("reason") for line in written.lines if check.closed or check.unknown] == (
        [check.closed or check.unknown] if check.closed or check.unknown else []
    )
    assert written.counted == counted


def test_one_unknown_zone_among_others(written: Written) -> None:
    """All zones are reported."""
    assert not report_zone_checks([ZoneCheck("Z1", unknown="x"), ZoneCheck("Z2", closed="y"), ZoneCheck("Z3")])
    assert [line["zone"] for line in written.lines] == ["Z1", "Z2"]
    assert report_zone_checks([])


def unanswered() -> None:
    raise LedgerUnavailable("ThrottlingException")


def test_ledger_that_is_down_stops_no_work(written: Written) -> None:
    """What could not be recorded is counted, and whoever reads the log learns what it was."""
    with recorded("the last heartbeat"):
        unanswered()
    (line,) = written.lines
    assert (line["message"], line["what"], line["reason"]) == (
        "health not recorded",
        "the last heartbeat",
        "ThrottlingException",
    )
    assert written.counted == {"HealthNotRecorded": 1}


def test_bug_is_not_hidden(written: Written) -> None:
    """Only the ledger may be down."""
    with pytest.raises(KeyError), recorded("x"):
        raise KeyError("bug")
    assert written.lines == []
