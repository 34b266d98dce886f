"""`orgdns status` and `orgdns explain` name who else changes records of orgdns."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from hub.runtime.model.drift import MOST_REPAIRS, ZoneDrift
from hub.runtime.model.names import Fqdn, Millis
from hub.runtime.model.path import PathState
from hub.runtime.model.status import ScheduleCursor, ZoneStatus
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.render.status import show_status
from orgdns.cli.reports.status.overview import Overview
from orgdns.cli.reports.status.problems import problems
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS
from sandbox.world import World
from tests.support.build import CORP_ZONE
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import by_hand, described_record_set, names

NOW = Millis(1_800_000_000_000)
TOOL = "arn:aws:iam::333333333333:user/octodns"
DRIFT = ZoneDrift(TOOL, since=Millis(NOW - 600_000), at=NOW, changes=2)
ZONE = ZoneStatus(CORP_ZONE, tried_at=NOW, audited_at=NOW, drift=(DRIFT,))


def shown(zone: ZoneStatus, now: Millis = NOW) -> tuple[bool, str]:
    path, cursor = PathState(now, now, now, now), ScheduleCursor("p", NOW, at=now)
    overview = Overview(now, None, cursor, (), (zone,), {Fqdn(f"{CORP}."): CORP_ZONE}, path=path)
    file = io.StringIO()
    show_status(Console(file=file, width=200, highlight=False, markup=False, emoji=False), overview, everything=False)
    document = status_document(overview)["zones"][0]
    assert document["changed_by_others"][0]["by"] == TOOL
    assert bool(document["audit_requested_at"]) is (zone.audit_requested_at > zone.tried_at)
    return not problems(overview), " ".join(file.getvalue().split())


def test_o4_status_names_who_changed_repaired_records() -> None:
    """A repaired change needs no person, but status says who made it, for a day."""
    well, text = shown(ZONE)
    assert well
    assert f"that orgdns repaired corp.internal ({CORP_ZONE}): {TOOL} changed names 2 times since" in text
    assert TOOL not in shown(ZONE, Millis(NOW + 86_400_000))[1]
    for requested in (-1, 1):
        assert shown(replace(ZONE, audit_requested_at=Millis(NOW + requested)))[0]


def test_o4_status_says_that_repairs_wait() -> None:
    """A caller that keeps changing records needs a person; the page says what to do."""
    well, text = shown(replace(ZONE, drift=(replace(DRIFT, damped_at=NOW),)))
    assert not well
    assert "Others keep changing records: 1" in text
    assert "repairs wait for audits; see docs/beside.md" in text
    assert "that orgdns repaired" not in text


def test_o4_commands_tell_who_keeps_deleting(made: World, clock: MovedClock, command: Command) -> None:
    """After too many repairs, explain says that the name waits, and status exits with 2 and names the caller."""
    person = f"arn:aws:iam::{NETWORK}:root"
    made.launch(PAYMENTS, REGION, "contested")
    made.converge()
    by_hand(made, "DELETE", described_record_set(made, "contested"))
    made.converge()
    (name,) = command.json("explain", f"contested.{CORP}")["names"]
    assert name["changed_by_others"]["by"] == person
    assert not name["changed_by_others"]["repair_waits_for_audit"]
    assert "orgdns repaired it" in command("explain", f"contested.{CORP}").stdout
    for _ in range(MOST_REPAIRS):
        clock.advance(60)
        by_hand(made, "DELETE", described_record_set(made, "contested"))
        made.converge()
    assert "contested" not in names(made)
    text = " ".join(command("explain", f"contested.{CORP}").stdout.split())
    assert f"{person} at" in text
    assert "the repair waits for the next audit of the zone" in text
    document = command.json("status", code=2)
    assert document["contested_zones"] == [made.zone_ids[CORP]]
    assert document["zones"][0]["changed_by_others"][0]["changes"] == MOST_REPAIRS + 1


def test_o4_explain_does_not_call_a_conflict_repaired(made: World, command: Command) -> None:
    """Who replaces a record by one of their own leaves a conflict, which only they can end."""
    made.launch(PAYMENTS, REGION, "replaced")
    made.converge()
    foreign = {"Name": f"replaced.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    by_hand(made, "DELETE", described_record_set(made, "replaced"))
    by_hand(made, "CREATE", foreign)
    made.converge()
    text = " ".join(command("explain", f"replaced.{CORP}").stdout.split())
    assert f"changed by arn:aws:iam::{NETWORK}:root at" in text
    assert "the conflict is why orgdns has not repaired it" in text
    assert "orgdns repaired it" not in text
    by_hand(made, "DELETE", foreign)
    made.converge()
    assert "orgdns repaired it" in command("explain", f"replaced.{CORP}").stdout
