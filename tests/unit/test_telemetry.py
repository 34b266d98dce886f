"""What the functions log: bounded, whatever happened."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hub.runtime.associator.plan import Act, Step
from hub.runtime.associator.run import VpcOutcome
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.telemetry import SHOWN_NAMES, logger, metrics, report_name
from hub.runtime.telemetry.vpcs import report_vpc
from tests.support.build import CORP_ZONE, claim, key, ref
from tests.support.memory_vpcs import vpc_ref
from tests.support.use_cases.publisher_world import World

VPC = vpc_ref()


def refused(act: Act, target: str = CORP_ZONE) -> tuple[tuple[Step, str], ...]:
    return ((Step(act, target), "Route 53 says no"),)


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


@pytest.mark.parametrize(
    ("outcome", "message", "metric"),
    [
        (VpcOutcome(VPC, denied="AccessDenied"), "VPC cannot be described", "VpcsDenied"),
        (VpcOutcome(VPC, faults=refused(Act.ASSOCIATE)), "association refused", "AssociationsRefused"),
        (VpcOutcome(VPC, faults=refused(Act.ASSOCIATE_PROFILE)), "association refused", "AssociationsRefused"),
        (VpcOutcome(VPC, faults=refused(Act.DISASSOCIATE)), "end of an association refused", "AssociationEndsRefused"),
        (VpcOutcome(VPC, faults=refused(Act.CLEAR)), "an authorization is left", "AuthorizationsLeft"),
        (
            VpcOutcome(VPC, faults=refused(Act.DISABLE_AUTODEFINED_RULES, "")),
            "autodefined rules not disabled",
            "AutodefinedRulesLeft",
        ),
        (VpcOutcome(VPC, paused="publishing is paused: x"), "VPC not changed", "VpcsNotChangedWhilePaused"),
        (VpcOutcome(VPC, not_covered="suspended"), "VPC not covered", "VpcsNotCovered"),
        (VpcOutcome(VPC, unreadable="no CidrBlock"), "VPC cannot be read", "VpcsUnreadable"),
    ],
)
def test_each_trouble_of_a_vpc_has_its_own_words(
    log: io.StringIO, outcome: VpcOutcome, message: str, metric: str
) -> None:
    """What could not be done in a VPC is told apart in the log and in the metrics, each with the reason."""
    report_vpc(outcome)
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["message"], line["vpc"], bool(line["reason"])) == (message, str(VPC), True)
    assert set(metrics.provider.metric_set) == {metric}
    assert line.get("step", "x").strip()
