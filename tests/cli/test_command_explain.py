"""What the command explains and plans, as an operator runs it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hub.runtime import contract
from sandbox.clock import MovedClock
from sandbox.example import CONFIG, HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from tests.support.build import ROOT
from tests.support.command import CORP, REGION, Command

# As hostile as a tag can be that travels in EC2's XML.
HOSTILE = "[red]x[/]\x9b31m\u202e"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A policy by which another account gets the short names, and one loses them."""
    path = tmp_path / "changed.yaml"
    text = CONFIG.read_text()
    before = f'accounts: ["{PAYMENTS}", "{SEARCH}"]'
    assert before in text
    path.write_text(text.replace(before, f'accounts: ["{PAYMENTS}", "{SCIENCE}"]'))
    return path


def test_a_refused_name_is_explained(made: World, command: Command) -> None:
    """The reserved name is refused with its reason, the other names are there, and what nobody asked for is apart."""
    (instance,) = made.launch(PAYMENTS, REGION, "db")
    made.converge()
    (told,) = command.json("explain", instance)["instances"]
    assert {one["name"] for one in told["claims"]} == {
        f"db.{REGION}.payments.{CORP}.",
        f"{instance}.instances.internal.",
    }
    assert all(one["holds"] and one["published"] and not one["waiting"] for one in told["claims"])
    (refused,) = told["refused"]
    assert (refused["rule"], refused["name"]) == ("short-names", f"db.{CORP}.")
    assert refused["reason"] in " ".join(command("explain", f"{PAYMENTS}/{REGION}/{instance}").stdout.split())
    assert command.json("explain", f"db.{CORP}")["names"][0]["claimants"] == []


def test_a_takeover_is_explained(made: World, clock: MovedClock, command: Command) -> None:
    """The loser is told who holds its name, and after the holder's end that it holds it itself."""
    (old,) = made.launch(PAYMENTS, REGION, "takeover")
    clock.advance(60)
    (new,) = made.launch(SEARCH, "eu-west-1", "Takeover")
    made.converge()
    holder = f"{SEARCH}/eu-west-1/{new}"
    (name,) = command.json("explain", f"TAKEOVER.{CORP}.")["names"]
    assert [(one["instance"], one["account_label"], one["holds"]) for one in name["claimants"]] == [
        (f"{PAYMENTS}/{REGION}/{old}", "payments", False),
        (holder, "search", True),
    ]
    assert name["claimants"][1]["note"] == "'Takeover' is written 'takeover': in lower case"
    assert [one["set_identifier"] for one in name["published"]] == [f"orgdns/{holder}"]
    assert f"no: {holder} holds it, as the newer instance" in " ".join(command("explain", old).stdout.split())

    made.end(SEARCH, "eu-west-1", new)
    made.converge()
    assert "It has ended" in command("explain", holder).stdout
    (name,) = command.json("explain", f"takeover.{CORP}")["names"]
    assert [(one["instance"], one["holds"]) for one in name["claimants"]] == [(f"{PAYMENTS}/{REGION}/{old}", True)]


def test_a_conflict_is_explained(made: World, command: Command) -> None:
    """A record made by hand is told as what is in the way, for the name and for the instance."""
    record = {"Name": f"byhand.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53 = made.client("route53", NETWORK)
    route53.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch=batch)
    (instance,) = made.launch(PAYMENTS, REGION, "byhand")
    made.converge()
    (name,) = command.json("explain", f"byhand.{CORP}")["names"]
    assert name["conflict"] == "a foreign record set is in the way of type A"
    assert (name["published"], [one["action"] for one in name["waiting"]]) == ([], ["CREATE"])
    assert "something in the zone is in the way" in command("explain", instance).stdout


def test_a_hostile_tag_is_shown_safely(made: World, command: Command) -> None:
    """Markup, control characters and a change of direction are shown for what they are, in every form of the answer."""
    (instance,) = made.launch(SCIENCE, REGION, HOSTILE)
    made.converge()
    text = command("explain", instance).stdout
    assert "tag Name   [red]x[/]\\x9b31m\\u202e" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    (told,) = command.json("explain", instance)["instances"]
    assert told["tags"]["Name"] == HOSTILE
    assert [one["rule"] for one in told["refused"]] == ["everybody"]


def test_an_international_name_is_found_as_it_reads(made: World, command: Command) -> None:
    """A person asks for the letters that he sees; the zone has them encoded, and the claim says how."""
    made.launch(PAYMENTS, REGION, "Caf\xe9 7")
    made.converge()
    for subject in (f"caf\xe9-7.{CORP}", f"CAF\xc9-7.{CORP}.", f"xn--caf-7-dsa.{CORP}"):
        (told,) = command.json("explain", subject)["names"]
        assert told["name"] == f"xn--caf-7-dsa.{CORP}."
        (claimant,) = told["claimants"]
        assert "encoded as an international name" in claimant["note"]
    assert "cannot be an international name" in command("explain", f"\u05d0a.{CORP}", code=1).stderr


def test_the_same_policy_plans_nothing(made: World, command: Command) -> None:
    """With the deployed configuration there is nothing to change: exit code 0, and no row is written."""
    made.launch(PAYMENTS, REGION, "same")
    made.converge()
    assert "No name would change." in command("plan", "--config", str(CONFIG)).stdout
    table = {"TableName": contract.LEDGER_TABLE, "ConsistentRead": True}
    before = made.client("dynamodb", HUB).scan(**table)["Items"]
    assert command.json("plan", "--config", str(CONFIG))["names"] == []
    assert made.client("dynamodb", HUB).scan(**table)["Items"] == before


def test_a_changed_policy_is_planned(made: World, clock: MovedClock, command: Command, changed: Path) -> None:
    """What goes, comes and is handed over is told by name and by account: exit code 2."""
    (stays,) = made.launch(PAYMENTS, REGION, "plan-shared")
    clock.advance(60)
    made.launch(SEARCH, REGION, "plan-shared")
    made.launch(SEARCH, REGION, "plan-gone")
    made.launch(SCIENCE, REGION, "plan-new")
    made.converge()
    told = command.json("plan", "--config", str(changed), code=2)
    kinds = {one["name"]: one["kind"] for one in told["names"] if one["name"].startswith("plan-")}
    assert kinds == {
        f"plan-shared.{CORP}.": "handed over",
        f"plan-gone.{CORP}.": "deleted",
        f"plan-new.{CORP}.": "created",
    }
    (shared,) = [one for one in told["names"] if one["name"] == f"plan-shared.{CORP}."]
    assert [one["set_identifier"] for one in shared["after"]] == [f"orgdns/{PAYMENTS}/{REGION}/{stays}"]
    accounts = {one["label"]: one for one in told["accounts"]}
    assert accounts["payments"]["handed_to"] == accounts["search"]["handed_from"] == 1
    assert accounts["data-science"]["created"] == 1
    text = command("plan", "--config", str(changed), code=2).stdout
    assert f"handed over plan-shared.{CORP}\n" in text
    assert text.index("data-science") < text.index(f"plan-new.{CORP}")


def test_a_faulty_configuration_is_told(command: Command, tmp_path: Path) -> None:
    """All faults stand on stderr by line, and the exit code is that of an error."""
    faulty = tmp_path / "faulty.yaml"
    text = (
        CONFIG.read_text().replace("region: eu-central-1", "region: moon-1").replace("conflict: newest", "conflict: x")
    )
    faulty.write_text(text)
    end = command("plan", "--config", str(faulty), code=1)
    assert end.stdout == ""
    assert "'moon-1' is not an AWS region" in end.stderr
    assert "conflict" in end.stderr
    assert all(": line " in line for line in end.stderr.splitlines())


def test_errors_say_what_to_do(made: World, command: Command) -> None:
    """Whatever is missing or wrong is told in a line on stderr, never as a plan that has changes."""
    key_id, secret = made.access_key(SEARCH)
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    no_file = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    config = ("plan", "--config", str(CONFIG))
    for end, told in (
        (command(*config, code=1, AWS_REGION="us-east-1"), "no function orgdns-observer in us-east-1"),
        (command(*config, code=1, AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret), "hub account (AWS_PROFILE)"),
        (command(*config, code=1, **nobody, **no_file), "Unable to locate credentials"),
        (command(*config, code=1, **no_file, AWS_REGION=""), "no region is set"),
        (command(*config, code=1, AWS_PROFILE="nobody"), "profile (nobody) could not be found"),
        (command("explain", "web", code=1, AWS_PROFILE="nobody"), "profile (nobody) could not be found"),
        (command(*config, code=1, AWS_ENDPOINT_URL="none"), "AWS_ENDPOINT_URL"),
        (command("plan", code=1), "--config"),
        (command("explain", "i-00000000", code=1), "knows no instance i-00000000"),
        (command("explain", "web.example.com", code=1), "zones: corp.internal, instances.internal"),
    ):
        assert end.stdout == ""
        assert told in end.stderr
        assert len(end.stderr.splitlines()) == 1


def test_the_command_works_through_a_link(command: Command) -> None:
    """It may be linked to from a folder of the operator's path, and says how it is used."""
    link = command.folder / "linked"
    link.symlink_to(ROOT / "bin" / "orgdns")
    end = subprocess.run([link, "--help"], env=command.environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    assert "explain" in end.stdout
    assert "plan" in end.stdout


def test_plan_tells_of_vpcs(made: World, command: Command, tmp_path: Path) -> None:
    """A policy that leaves VPCs out tells which of them lose a zone, and which are left as others associated them."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    path = tmp_path / "narrower.yaml"
    text = CONFIG.read_text()
    assert text.count("vpcs: all") == 2
    path.write_text(text.replace("vpcs: all", f'vpcs: [{{accounts: ["{PAYMENTS}"]}}]'))
    told = command.json("plan", "--config", str(path), code=2)
    corp = next(one for one in told["vpcs"] if one["zone"] == f"{CORP}.")
    assert f"{SEARCH}/{REGION}/{vpc.id}" in corp["lost"]
    assert f"{SEARCH}/{REGION}/{made.vpcs[SEARCH, REGION].id}" in corp["left"]
    assert corp["gained"] == []
    shown = " ".join(command("plan", "--config", str(path), code=2).stdout.split())
    assert f"VPCs that do not resolve {CORP} any more:" in shown
