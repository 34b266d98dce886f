"""The published schema of `orgdns status --json` has every field of the document, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.health.path import PathFacts
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.path import PathState, Stall
from hub.runtime.model.status import FailedLook, Pause, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.reports.status.overview import Alarms, Backlog, FiringAlarm, Overview
from orgdns.config.sections.accounts import Guards
from tests.support.build import CORP, CORP_ZONE, ROOT

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke("444444444444", "eu-central-1")
WELL = Overview(
    NOW,
    None,
    ScheduleCursor("p", NOW, at=NOW),
    (SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, policy="p"),),
    (ZoneStatus(CORP_ZONE, tried_at=NOW, audited_at=NOW),),
    {CORP: CORP_ZONE},
    limits=Guards().limits,
    path=PathState(NOW, NOW, NOW, NOW),
)
ILL = replace(
    WELL,
    pause=Pause("the zones move", NOW, "arn:aws:iam::222222222222:user/me"),
    spokes=(
        replace(
            WELL.spokes[0],
            failed_look=FailedLook("AccessDenied", NOW, NOW, 1, ("i-1",)),
            usage={CORP_ZONE: Usage(1_000, 2_000)},
            vpcs={CORP_ZONE: 30},
            swept_at=Millis(1),
            damped=1,
            unreadable=1,
        ),
    ),
    zones=(
        replace(
            WELL.zones[0],
            closed_since=NOW,
            drift=(ZoneDrift("arn:aws:iam::333333333333:user/octodns", NOW, NOW, 9, damped_at=NOW),),
            pending_removals=(Fqdn("web."),),
            differences=(("missing", 1),),
        ),
    ),
    path=PathState(stall=Stall("AccessDenied", NOW, 2), stalled_at=NOW),
    path_facts=PathFacts(3, ("no stream",), "not protected", "denied"),
    backlog=Backlog(1, {"444444444444": 5}),
    alarms=Alarms((FiringAlarm("functions-failing", NOW, "A function fails.", "1 of 1"),)),
)
EMPTY = Overview(NOW, None, ScheduleCursor(), (), (), {})


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "status.schema.json").read_text())
    return found


@pytest.mark.parametrize("overview", [WELL, ILL, EMPTY])
def test_document_is_as_the_schema_says(overview: Overview) -> None:
    """Every field is in the schema, and every field of the schema is there: neither may be forgotten."""
    validator = Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(json.loads(json.dumps(status_document(overview))))


def test_schema_is_one() -> None:
    """The schema itself is valid."""
    Draft202012Validator.check_schema(schema())
