"""Each stage of the path is broken: status names it, an alarm fires, nothing is lost, and it recovers by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE
from sandbox.world import World
from tests.support.path.broken import (
    denied,
    mapping_disabled,
    minutes_until,
    queue_closed,
    rule_disabled,
    schedule_disabled,
    throttled,
)
from tests.support.path.health import REGION, firing, told

CORP = "corp.internal"
Broken = Callable[[World], AbstractContextManager[None]]
INTERRUPTED = "path-interrupted"
OBSERVER, PUBLISHER = NAMES.observer_function, NAMES.publisher_function
# What is broken; the stage that status names, and the kind of the problem; the alarm. The minutes are documented in
# docs/runbook: three heartbeats for status, and five to seven more for the alarm.
STAGES: dict[str, tuple[Broken, str, str, str]] = {
    "heartbeats": (
        partial(schedule_disabled, name=contract.HEARTBEAT_SCHEDULE),
        "event bus and queue",
        INTERRUPTED,
        INTERRUPTED,
    ),
    "rule": (rule_disabled, "event bus and queue", INTERRUPTED, INTERRUPTED),
    "queue": (queue_closed, "event bus and queue", INTERRUPTED, INTERRUPTED),
    "observer": (partial(throttled, function=OBSERVER), "observer", INTERRUPTED, "functions-throttled"),
    "observers-mapping": (partial(mapping_disabled, function=OBSERVER), "observer", INTERRUPTED, INTERRUPTED),
    "stream": (partial(mapping_disabled, function=PUBLISHER), "ledger's stream", INTERRUPTED, INTERRUPTED),
    "publisher": (partial(throttled, function=PUBLISHER), "publisher", INTERRUPTED, "functions-throttled"),
    "zones": (
        lambda made: denied(made, NETWORK, NAMES.writer_role, "route53:ChangeResourceRecordSets"),
        "zones",
        "zones-closed",
        "zones-closed",
    ),
    "writer": (
        lambda made: denied(made, HUB, NAMES.publisher_role, "sts:AssumeRole"),
        "publisher",
        "names-overdue",
        "names-overdue",
    ),
}
# The alarms that this module makes fire.
TRIED = frozenset(alarm for *_, alarm in STAGES.values())


@pytest.mark.parametrize("stage", STAGES)
def test_broken_stage_is_told_and_recovers(made: World, stage: str) -> None:
    """Within a quarter of an hour status names the stage, and within twenty minutes its alarm fires."""
    broken, expected, kind, alarm = STAGES[stage]
    with broken(made):
        if stage == "writer":
            # Its last session is valid for an hour.
            made.functions.cold_start(PUBLISHER)
        (instance,) = made.launch(PAYMENTS, REGION, f"broken-{stage}")
        made.converge()
        assert minutes_until(made, lambda: (kind, expected) in told(made), 17) <= 16
        assert minutes_until(made, lambda: alarm in firing(made), 22) <= 21
    # The sweep of the hour finds an event that EventBridge dropped.
    recovered = minutes_until(
        made, lambda: bool(made.resolve(f"broken-{stage}.{CORP}", made.vpcs[SCIENCE, REGION])), 65
    )
    assert recovered <= (65 if expected == "event bus and queue" else 15)
    minutes_until(made, lambda: not (told(made) or firing(made)), 65)
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert not made.resolve(f"broken-{stage}.{CORP}", made.vpcs[SCIENCE, REGION])
