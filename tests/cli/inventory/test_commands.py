"""`orgdns list`, `export` and `whois` as an operator runs them."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command

Row = dict[str, Any]


@pytest.fixture(scope="module")
def ids(made: World, clock: MovedClock) -> dict[str, str]:
    """Published names, a takeover, a name that is blocked, one that was refused, and an instance that ended."""
    record = {"Name": f"byhand.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch: Any = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    made.client("route53", NETWORK).change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch=batch)
    (web,) = made.launch(PAYMENTS, REGION, "web")
    (byhand,) = made.launch(PAYMENTS, REGION, "byhand")
    (db,) = made.launch(PAYMENTS, REGION, "db")
    (gone,) = made.launch(PAYMENTS, REGION, "gone")
    made.converge()
    clock.advance(60)
    (newer,) = made.launch(SEARCH, "eu-west-1", "Web")
    (lab,) = made.launch(SCIENCE, REGION, "=lab()")
    made.end(PAYMENTS, REGION, gone)
    made.converge()
    return {"web": web, "byhand": byhand, "db": db, "newer": newer, "lab": lab, "gone": gone}


def rows(command: Command, *arguments: str) -> list[Row]:
    return [json.loads(line) for line in command("list", *arguments, "--json").stdout.splitlines()]


def test_list_shows_every_name_with_its_instance(command: Command, ids: dict[str, str]) -> None:
    """Published names, those that another instance holds, and those that are blocked, with the reason."""
    found = rows(command)
    by_place = {(row["name"], row["instance"]): row for row in found}
    assert list(by_place) == sorted(by_place, key=lambda place: place[0])
    web = by_place[f"web.{CORP}", ids["newer"]]
    assert (web["status"], web["reason"], web["account"], web["label"]) == ("published", None, SEARCH, "search")
    assert (web["region"], web["state"], web["tags"]["Name"], web["holders"]) == ("eu-west-1", "running", "Web", 1)
    lost = by_place[f"web.{CORP}", ids["web"]]
    assert (lost["status"], lost["reason"].endswith("as the newer instance")) == ("not held", True)
    blocked = by_place[f"byhand.{CORP}", ids["byhand"]]
    assert (blocked["status"], blocked["reason"]) == ("conflict", "a foreign record set is in the way of type A")
    assert not [row for row in found if row["instance"] == ids["gone"]]
    assert {row["name"] for row in rows(command, "--refused", "--account", "payments")} == {f"db.{CORP}"}


def test_list_in_a_pipe_has_tabs(command: Command, ids: dict[str, str]) -> None:
    """The columns that were asked for, sorted backwards, and no more rows than the limit."""
    said = command(
        *("list", f"*.{CORP}", "--columns", "instance,tag:Name", "--sort", "-name", "--limit", "2"),
        *("--region", "eu-west-1", "--state", "running"),
    ).stdout
    assert said == f"instance\ttag:Name\n{ids['newer']}\tWeb\n{ids['newer']}\tWeb\n"
    assert command("list", "nothing.*").stdout == ""


def test_wrong_options_are_reported_together(command: Command) -> None:
    """With what was probably meant."""
    said = command("list", "--zone", "crop.internal", "--sort", "nam", "--limit", "0", code=1).stderr.splitlines()
    assert [line.partition(":")[0] for line in said] == ["--sort", "--limit", "--zone"]
    assert f"(did you mean {CORP}?)" in said[2]
    said = command("export", "--format", "bind", "--port", "9", code=1).stderr.splitlines()
    assert [line.partition(":")[0] for line in said] == ["--format", "--port"]


def test_export_replaces_a_file(command: Command, ids: dict[str, str], tmp_path: Path) -> None:
    """As a whole, or not at all. A formula in a tag is text."""
    file = tmp_path / "names.csv"
    file.write_text("before")
    assert command("export", "--format", "csv", "--output", str(file)).stdout == ""
    read = list(csv.DictReader(StringIO(file.read_text(), newline="")))
    assert {row["instance"] for row in read} == set(ids.values()) - {ids["gone"]}
    before = file.read_text()
    command("export", "--format", "csv", "--output", str(file), "--zone", "x", code=1)
    assert file.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert "--output" in command("export", "--format", "csv", "--output", "/nowhere/x", code=1).stderr


@pytest.mark.usefixtures("ids")
def test_zone_of_the_organization_is_a_zone_file(command: Command, tmp_path: Path) -> None:
    """With the names that the zone holds, and no others."""
    said = command("export", "--format", "bind", "--zone", CORP).stdout
    owners = {line.split()[0] for line in said.splitlines() if " IN A " in line}
    published = {f"{row['name']}." for row in rows(command, "--zone", CORP) if row["status"] == "published"}
    assert owners == published
    if checker := shutil.which("named-checkzone"):
        zone = tmp_path / "zone"
        zone.write_text(said)
        subprocess.run([checker, "-q", CORP, zone], check=True)  # noqa: S603 - a tool with our own file


def test_whois_shows_account_network_and_names(command: Command, ids: dict[str, str]) -> None:
    """For an address, a name and an instance; after its end, who had the address."""
    (web,) = rows(command, f"web.{CORP}", "--account", "search")
    (owner,) = command.json("whois", web["values"][0])["owners"]
    assert (owner["instance"], owner["current"]) == (f"{SEARCH}/eu-west-1/{ids['newer']}", True)
    assert (owner["account"], owner["label"], owner["region"]) == (SEARCH, "search", "eu-west-1")
    assert owner["vpcs"] == web["vpcs"]
    assert f"web.{CORP}." in owner["names"]
    assert command.json("whois", web["values"][0], "--account", "search")["owners"] == [owner]
    holder, loser = command.json("whois", f"web.{CORP}")["owners"]
    assert (holder["instance"], holder["current"]) == (owner["instance"], True)
    assert (loser["instance"], loser["current"]) == (f"{PAYMENTS}/{REGION}/{ids['web']}", False)
    (ended,) = command.json("whois", ids["gone"])["owners"]
    assert (ended["ended"], ended["current"]) == (True, False)
    assert "10.99.0.1" in command("whois", "10.99.0.1", code=1).stderr


def test_whois_of_an_address_that_was_used(command: Command, ids: dict[str, str]) -> None:
    """A line for each instance in a pipe; the one that ended says so."""
    (gone,) = command.json("explain", ids["gone"])["instances"]
    assert gone["ended"]
    said = command("whois", ids["gone"]).stdout
    assert f"{PAYMENTS}/{REGION}/{ids['gone']} had it until it ended" in said
