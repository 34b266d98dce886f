"""What the functions log: bounded, whatever happened."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.telemetry import SHOWN_NAMES, logger, metrics, report_name
from tests.support.build import claim, key, ref
from tests.support.use_cases.publisher_world import World


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, as Lambda would have it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logger.registered_formatter)
    logger.addHandler(handler)
    yield stream
    logging.getLogger(logger.service).removeHandler(handler)
    metrics.clear_metrics()


def logged(log: io.StringIO, outcomes: list[NameOutcome]) -> int:
    """The characters that the outcomes of a run cost."""
    before = log.tell()
    for number, outcome in enumerate(outcomes):
        report_name(outcome, {str(ref(number))})
    return log.tell() - before


def test_p4_log_of_refused_names_is_as_long_as_that_of_published_names(log: io.StringIO) -> None:
    """1,000 names that one refusal names cost as many lines, and as much, as 1,000 published names."""
    world = World()
    world.claim(*(claim(number, name=f"n{number}") for number in range(1, 1001)))
    published = logged(log, world.publish())
    world.zones.protected |= set(world.ledger.touched)
    world.claim(*(claim(number + 1000, name=f"n{number}") for number in range(1, 1001)))
    outcomes = world.publish()
    assert {outcome.result for outcome in outcomes} == {NameResult.CONFLICT}
    assert logged(log, outcomes) < 2 * published


def test_p4_line_of_a_name_with_many_claimants_is_bounded(log: io.StringIO) -> None:
    """A line shows the first claimants and changes, and says how many more there are."""
    world = World()
    world.claim(claim(1))
    (outcome,) = world.publish()
    report_name(outcome, {str(ref(number)) for number in range(1, 501)})
    line = log.getvalue()
    assert f"and {500 - SHOWN_NAMES} more" in line
    assert len(line) < 1_500
    report_name(NameOutcome(key(), NameResult.RETRY, "x" * 10**6), set())
    assert len(log.getvalue()) < len(line) + 1_200
