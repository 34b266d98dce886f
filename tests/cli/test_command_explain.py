"""`orgdns explain` and `orgdns plan` as an operator runs them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from hub.runtime import contract
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import CONFIG, HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from tests.support.build import ROOT
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import sweep_all
from tests.support.path.vpcs import default_vpcs

# As hostile as a tag can be that travels in EC2's XML.
HOSTILE = "[red]x[/]\x9b31m\u202e"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A policy that gives the short names to another account, and takes them from one."""
    path = tmp_path / "changed.yaml"
    text = CONFIG.read_text()
    before = f'accounts: ["{PAYMENTS}", "{SEARCH}"]'
    assert before in text
    path.write_text(text.replace(before, f'accounts: ["{PAYMENTS}", "{SCIENCE}"]'))
    return path


def test_refused_name_is_explained(made: World, command: Command) -> None:
    """A reserved name is refused with the reason; the instance holds its other names."""
    (instance,) = made.launch(PAYMENTS, REGION, "db")
    made.converge()
    (document,) = command.json("explain", instance)["instances"]
    assert {claim["name"] for claim in document["claims"]} == {
        f"db.{REGION}.payments.{CORP}.",
        f"{instance}.instances.internal.",
    }
    assert all(claim["holds"] and claim["published"] and not claim["waiting"] for claim in document["claims"])
    (refused,) = document["refused"]
    assert (refused["rule"], refused["name"]) == ("short-names", f"db.{CORP}.")
    assert refused["reason"] in " ".join(command("explain", f"{PAYMENTS}/{REGION}/{instance}").stdout.split())
    assert command.json("explain", f"db.{CORP}")["names"][0]["claimants"] == []


def test_takeover_is_explained(made: World, clock: MovedClock, command: Command) -> None:
    """The loser's report names the holder. When the holder ends, the loser holds the name."""
    (old,) = made.launch(PAYMENTS, REGION, "takeover")
    clock.advance(60)
    (new,) = made.launch(SEARCH, "eu-west-1", "Takeover")
    made.converge()
    holder = f"{SEARCH}/eu-west-1/{new}"
    (name,) = command.json("explain", f"TAKEOVER.{CORP}.")["names"]
    assert [(claimant["instance"], claimant["account_label"], claimant["holds"]) for claimant in name["claimants"]] == [
        (f"{PAYMENTS}/{REGION}/{old}", "payments", False),
        (holder, "search", True),
    ]
    assert name["claimants"][1]["note"] == "'Takeover' is written 'takeover': in lower case"
    assert [record_set["instance"] for record_set in name["published"]] == [holder]
    assert f"no: {holder} holds it, as the newer instance" in " ".join(command("explain", old).stdout.split())

    made.end(SEARCH, "eu-west-1", new)
    made.converge()
    assert "It has ended" in command("explain", holder).stdout
    (name,) = command.json("explain", f"takeover.{CORP}")["names"]
    assert [(claimant["instance"], claimant["holds"]) for claimant in name["claimants"]] == [
        (f"{PAYMENTS}/{REGION}/{old}", True)
    ]


def test_conflict_is_explained(made: World, command: Command) -> None:
    """A record made by hand is reported as a conflict, for the name and for the instance."""
    record = {"Name": f"byhand.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53 = made.client("route53", NETWORK)
    route53.change_resource_record_sets(HostedZoneId=made.zone_ids[CORP], ChangeBatch=batch)
    (instance,) = made.launch(PAYMENTS, REGION, "byhand")
    made.converge()
    (name,) = command.json("explain", f"byhand.{CORP}")["names"]
    assert name["conflict"] == "a foreign record set is in the way of type A"
    assert (name["published"], [change["action"] for change in name["waiting"]]) == ([], ["CREATE"])
    (claimant,) = name["claimants"]
    assert (claimant["holds"], claimant["blocked"]) == (True, name["conflict"])
    said = " ".join(command("explain", f"byhand.{CORP}").stdout.split())
    assert "would hold the name, but it is blocked: a foreign record set is in the way" in said
    said = " ".join(command("explain", instance).stdout.split())
    assert "it would by policy, but the name is blocked: a foreign record set is in the way" in said


def test_hostile_tag_is_shown_safely(made: World, command: Command) -> None:
    """Markup, control characters and bidirectional overrides are shown as escapes, as text and as JSON."""
    (instance,) = made.launch(SCIENCE, REGION, HOSTILE)
    made.converge()
    text = command("explain", instance).stdout
    assert "tag Name   [red]x[/]\\x9b31m\\u202e" in text
    assert all(character.isprintable() or character == "\n" for character in text)
    (document,) = command.json("explain", instance)["instances"]
    assert document["tags"]["Name"] == HOSTILE
    assert [refusal["rule"] for refusal in document["refused"]] == ["everybody"]


def test_international_name_is_found_in_unicode(made: World, command: Command) -> None:
    """A name can be given in Unicode or encoded, and the claim's note says how it was encoded."""
    made.launch(PAYMENTS, REGION, "Caf\xe9 7")
    made.converge()
    for subject in (f"caf\xe9-7.{CORP}", f"CAF\xc9-7.{CORP}.", f"xn--caf-7-dsa.{CORP}"):
        (document,) = command.json("explain", subject)["names"]
        assert document["name"] == f"xn--caf-7-dsa.{CORP}."
        (claimant,) = document["claimants"]
        assert "encoded as an international name" in claimant["note"]
    assert "cannot be an international name" in command("explain", f"\u05d0a.{CORP}", code=1).stderr


def test_deployed_policy_plans_nothing(made: World, command: Command) -> None:
    """The exit code is 0, and no row is written."""
    made.launch(PAYMENTS, REGION, "same")
    made.converge()
    assert "No name would change." in command("plan", "--config", str(CONFIG)).stdout
    table = {"TableName": NAMES.ledger_table, "ConsistentRead": True}
    before = made.client("dynamodb", HUB).scan(**table)["Items"]
    assert command.json("plan", "--config", str(CONFIG))["names"] == []
    assert made.client("dynamodb", HUB).scan(**table)["Items"] == before


def test_p2_plan_names_the_rows_that_it_leaves_out(made: World, command: Command) -> None:
    """The exit code is 2, `changes` says so, and the row of an instance and that of a VPC are named with the reason."""
    dynamodb = made.client("dynamodb", HUB)
    keys = (
        {"pk": {"S": f"spoke#{PAYMENTS}#{REGION}"}, "sk": {"S": "instance#i-0odd"}},
        {"pk": {"S": contract.VPCS_KEY}, "sk": {"S": f"{PAYMENTS}/{REGION}/vpc-00000000000000dd0"}},
    )
    for key in keys:
        dynamodb.put_item(TableName=NAMES.ledger_table, Item=key | {"schema": {"N": str(SCHEMA + 1)}})
    try:
        document = command.json("plan", "--config", str(CONFIG), code=2)
        assert document["changes"]
        assert [row["row"].rpartition("/")[2].strip() for row in document["unreadable"]] == [
            "instance#i-0odd",
            "vpc-00000000000000dd0",
        ]
        assert all("a later version of orgdns wrote the row" in row["reason"] for row in document["unreadable"])
        said = command("plan", "--config", str(CONFIG), code=2).stderr
        assert said.count("the plan leaves out a row of the ledger") == len(keys)
    finally:
        for key in keys:
            dynamodb.delete_item(TableName=NAMES.ledger_table, Key=key)


def test_changed_policy_is_planned(made: World, clock: MovedClock, command: Command, changed: Path) -> None:
    """Created, deleted and handed-over names are listed, and counted by account. The exit code is 2."""
    (stays,) = made.launch(PAYMENTS, REGION, "plan-shared")
    clock.advance(60)
    made.launch(SEARCH, REGION, "plan-shared")
    made.launch(SEARCH, REGION, "plan-gone")
    made.launch(SCIENCE, REGION, "plan-new")
    made.converge()
    document = command.json("plan", "--config", str(changed), code=2)
    kinds = {name["name"]: name["kind"] for name in document["names"] if name["name"].startswith("plan-")}
    assert kinds == {
        f"plan-shared.{CORP}.": "handed over",
        f"plan-gone.{CORP}.": "deleted",
        f"plan-new.{CORP}.": "created",
    }
    (shared,) = [name for name in document["names"] if name["name"] == f"plan-shared.{CORP}."]
    assert [record_set["instance"] for record_set in shared["after"]] == [f"{PAYMENTS}/{REGION}/{stays}"]
    accounts = {account["label"]: account for account in document["accounts"]}
    assert accounts["payments"]["handed_to"] == accounts["search"]["handed_from"] == 1
    assert accounts["data-science"]["created"] == 1
    text = command("plan", "--config", str(changed), code=2).stdout
    assert f"handed over plan-shared.{CORP}\n" in text
    assert text.index("data-science") < text.index(f"plan-new.{CORP}")


def test_faulty_configuration_is_reported(command: Command, tmp_path: Path) -> None:
    """All faults are on standard error by line, and the exit code is 1."""
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
    """Each error is one line on standard error with exit code 1, never a plan with changes."""
    key_id, secret = made.access_key(SEARCH)
    no_credentials = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    no_file = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    config = ("plan", "--config", str(CONFIG))
    for end, message in (
        (command(*config, code=1, AWS_REGION="us-east-1"), "orgdns-observer does not exist in us-east-1"),
        (
            command(*config, code=1, AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret),
            "hub account (--profile or AWS_PROFILE)",
        ),
        (command(*config, code=1, **no_credentials, **no_file), "Unable to locate credentials"),
        (command(*config, code=1, **no_file, AWS_REGION=""), "no region is set"),
        (command(*config, code=1, AWS_PROFILE="nobody"), "AWS profile nobody does not exist"),
        (command("explain", "web", code=1, AWS_PROFILE="nobody"), "AWS profile nobody does not exist"),
        (command(*config, code=1, AWS_ENDPOINT_URL="none"), "AWS_ENDPOINT_URL"),
        (command("plan", code=1), "--config"),
        (command("explain", "i-00000000", code=1), "does not have the instance i-00000000"),
        (command("explain", "web.example.com", code=1), "zones: corp.internal, instances.internal"),
    ):
        assert end.stdout == ""
        assert message in end.stderr
        assert len(end.stderr.splitlines()) == 1


def test_command_works_through_a_link(command: Command) -> None:
    """A symbolic link in a folder of the operator's path runs the command."""
    link = command.folder / "linked"
    link.symlink_to(ROOT / "bin" / "orgdns")
    end = subprocess.run([link, "--help"], env=command.environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    assert "explain" in end.stdout
    assert "plan" in end.stdout


def test_plan_lists_vpcs(made: World, command: Command, tmp_path: Path) -> None:
    """The plan lists VPCs that would lose a zone, and those that keep it because others associated them."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    path = tmp_path / "narrower.yaml"
    text = CONFIG.read_text()
    assert text.count("vpcs: all") == 2
    path.write_text(text.replace("vpcs: all", f'vpcs: [{{accounts: ["{PAYMENTS}"]}}]'))
    document = command.json("plan", "--config", str(path), code=2)
    corp = next(vpc for vpc in document["vpcs"] if vpc["zone"] == f"{CORP}.")
    assert f"{SEARCH}/{REGION}/{vpc.id}" in corp["lost"]
    assert f"{SEARCH}/{REGION}/{made.vpcs[SEARCH, REGION].id}" in corp["kept"]
    assert corp["gained"] == []
    shown = " ".join(command("plan", "--config", str(path), code=2).stdout.split())
    assert f"VPCs that would no longer resolve {CORP}:" in shown


def test_c1_plan_compares_vpcs_with_the_quotas(
    made: World, command: Command, clock: MovedClock, tmp_path: Path
) -> None:
    """The plan counts the VPCs of each zone, and the default VPCs that it leaves out, before AWS refuses any."""
    sweep_all(made, clock)
    default = len(default_vpcs(made))
    path = tmp_path / "small.yaml"
    text = CONFIG.read_text().replace("zone_vpcs: 300", "zone_vpcs: 5").replace("account_vpcs: 30", "account_vpcs: 2")
    path.write_text(text)
    end = command("plan", "--config", str(path), "--json")
    assert "zones[0].resolved_by: a zone takes 5 VPCs" in end.stderr
    (corp,) = [zone for zone in json.loads(end.stdout)["vpc_quotas"] if zone["zone"] == f"{CORP}."]
    assert (corp["quota"], corp["default_left_out"]) == (5, default)
    assert corp["vpcs"] >= len(made.vpcs)
    assert PAYMENTS in {account["account"] for account in corp["accounts_over_quota"]}
    shown = " ".join(command("plan", "--config", str(path)).stdout.split())
    assert f"{CORP}: {corp['vpcs']} of 5 VPCs (guards.zone_vpcs); {default} default VPCs are left out" in shown
    assert f"{corp['vpcs'] - 5} VPCs would be refused: use 'by: profile', or select fewer VPCs" in shown


def test_plan_shows_addresses_and_warnings(made: World, command: Command, tmp_path: Path) -> None:
    """Names of addresses that a zone no longer publishes are deleted, with the reason. Warnings are on stderr."""
    (instance,) = made.launch(PAYMENTS, REGION, "plan-address")
    made.converge()
    path = tmp_path / "addresses.yaml"
    zone = "  - domain: 1.10.in-addr.arpa\n    id: Z0REVERSE0IPV40EXAMPL\n    networks: [10.1.0.0/16]\n"
    text = (
        CONFIG.read_text().replace("      ttl: 60\n", "      reverse: oldest\n").replace("zones:\n", f"zones:\n{zone}")
    )
    path.write_text(text.replace("EXAMPL\n    # Every", "EXAMPL\n    addresses: [192.168.0.0/16]\n    # Every"))
    end = command("plan", "--config", str(path), "--json", code=2)
    assert "warning: zones[0].domain: 1.10.in-addr.arpa accepts the addresses of every account" in end.stderr
    document = json.loads(end.stdout)
    kinds = {name["name"]: name["kind"] for name in document["names"]}
    assert kinds[f"plan-address.{CORP}."] == "deleted"
    address = made.address(PAYMENTS, REGION, instance)
    reasons = [refusal["reason"] for refusal in document["refused"] if refusal["instance"].endswith(instance)]
    assert any(reason.startswith(f"{address} may not be published") for reason in reasons)
