"""`orgdns report` in a simulated organization."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, Millis
from orgdns.cli.sources.reporting.trend import trend
from sandbox.clock import MovedClock
from sandbox.example import CONFIG, HUB, NETWORK, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import sweep_all

BY_HAND = {"Name": f"printer.{CORP}.", "Type": "A", "TTL": 3600, "ResourceRecords": [{"Value": "10.0.99.9"}]}


@pytest.fixture(scope="module")
def written(made: World, clock: MovedClock, command: Command) -> dict[str, Any]:
    """The data in the file that the command wrote, in an organization with a conflict, a refusal and a VPC left out."""
    sweep_all(made, clock)
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": BY_HAND}]}
    made.client("route53", NETWORK).change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch=change)
    made.launch(PAYMENTS, REGION, "web")
    made.launch(PAYMENTS, REGION, "DB")
    made.launch(SEARCH, "eu-west-1", "printer")
    made.converge()
    said = command("report", "--config", str(CONFIG)).stdout
    assert re.fullmatch(r"Wrote orgdns\.html\. Names: \d+\. Problems: \d+\.\n", said)
    text = (command.folder / "orgdns.html").read_text()
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert block
    document: dict[str, Any] = json.loads(unescape(block[1]))
    return document


def rows(document: dict[str, Any], table: str) -> list[dict[str, Any]]:
    found = document[table]
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def test_names_are_in_it_with_their_state(written: dict[str, Any]) -> None:
    """Published names have their values, and one in conflict says with what."""
    by_name = {row["name"]: row for row in rows(written, "names")}
    assert by_name[f"web.{CORP}"]["state"] == "published"
    assert by_name[f"web.{CORP}"]["values"].startswith("A 10.")
    assert by_name[f"printer.{CORP}"]["state"] == "conflict"
    assert written["names"]["total"] == len(by_name)


def test_refusals_and_conflicts_have_reasons(written: dict[str, Any]) -> None:
    """A reserved name is refused, and a record made by hand stays."""
    found = {row["name"]: row for row in rows(written, "findings")}
    assert found[f"db.{CORP}"]["kind"] == "refused"
    assert "reserved" in found[f"db.{CORP}"]["reason"]
    assert found[f"printer.{CORP}"]["kind"] == "conflict"


def test_accounts_zones_and_vpcs_are_in_it(made: World, written: dict[str, Any]) -> None:
    """Each account and region has a state, each zone its quota, and each VPC the zones that it resolves."""
    assert {spoke["account"] for spoke in rows(written, "spokes")} >= {PAYMENTS, SEARCH}
    assert written["accounts"][PAYMENTS] == "payments"
    corp = next(zone for zone in written["zones"] if zone["zone"] == CORP)
    assert (corp["zone_id"], corp["records_limit"]) == (made.zone_ids[CORP], 10_000)
    assert any(CORP in row["resolves"] for row in rows(written, "vpcs"))


def test_the_header_says_what_status_says(command: Command, written: dict[str, Any]) -> None:
    """The same problems, in the same order."""
    header = written["header"]
    assert (header["installation"], header["region"]) == ("orgdns", REGION)
    assert header["organization"].startswith("o-")
    assert written["trend"]["seconds"] == 60
    problems = command.json("status", code=2)["problems"]
    assert [problem["runbook"] for problem in header["problems"]] == [problem["kind"] for problem in problems]


def test_json_is_the_data_of_the_page(command: Command, written: dict[str, Any]) -> None:
    """It writes no file, and has the same keys. Fewer names than there are leave the troubled ones."""
    document = command.json("report", "--names", "1", "--output", "none.html")
    assert document.keys() == written.keys()
    assert [row["name"] for row in rows(document, "names")] == [f"printer.{CORP}"]
    assert document["names"]["total"] == written["names"]["total"]
    assert not (command.folder / "none.html").exists()


def test_the_file_is_whole(command: Command, written: dict[str, Any]) -> None:
    """Nothing else is left in the folder, and a folder that does not exist is an error."""
    assert written
    assert [each.name for each in command.folder.iterdir() if each.name.startswith(".")] == []
    refused = command("report", "--output", "missing/orgdns.html", code=1)
    assert re.fullmatch(r"orgdns: missing/orgdns\.html cannot be written: [^\n]+\n", refused.stderr)


def test_the_objective_comes_from_cloudwatch(made: World, clock: MovedClock, written: dict[str, Any]) -> None:
    """Names in time are counted by hour, and each zone says how long its names took."""
    assert written
    # CloudWatch has the counts of whole minutes.
    clock.advance(60)
    found = trend(
        made.client("cloudwatch", HUB),
        NAMES,
        {Fqdn(domain): each for domain, each in made.zone_ids.items()},
        Millis(int(clock.now() * 1_000)),
    )
    assert found.fault == ""
    assert sum(hour.in_time for hour in found.hours) > 0
    assert {day.zone for day in found.latency} >= {CORP}
    assert all(0 <= day.half <= day.most for day in found.latency)


def test_unknown_configuration_is_an_error(command: Command, tmp_path: Path) -> None:
    """The message names the file."""
    assert "none.yaml" in command("report", "--config", str(tmp_path / "none.yaml"), code=1).stderr
