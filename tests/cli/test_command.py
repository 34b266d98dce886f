"""The command as an operator runs it: a process of its own, against the sandbox's API."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from hub.runtime import contract
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from orgdns.cli.sources.snapshot import snapshot
from sandbox.api_server import answering
from sandbox.aws.iam.guard import Guard
from sandbox.aws.resolution.server import LOOPBACK
from sandbox.clock import MovedClock
from sandbox.example import CONFIG, HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import World
from tests.support.build import ROOT

REGION = "eu-central-1"
CORP = "corp.internal"
# As hostile as a tag can be that travels in EC2's XML.
HOSTILE = "[red]x[/]\x9b31m\u202e"


@dataclass(frozen=True, slots=True)
class Command:
    """`orgdns`, called from another folder with an environment of its own."""

    environment: dict[str, str]
    folder: Path

    def __call__(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        end = subprocess.run(  # noqa: S603 - our own command
            [ROOT / "bin" / "orgdns", *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert end.returncode == code, (end.stdout, end.stderr)
        assert "Traceback" not in end.stderr
        assert "\x1b" not in end.stdout + end.stderr
        return end

    def json(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        end = self(*arguments, "--json", code=code)
        assert end.stderr == ""
        document: dict[str, Any] = json.loads(end.stdout)
        return document


@pytest.fixture(scope="module")
def command(made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    failures: list[str] = []
    key_id, secret = made.access_key(HUB)
    folder = tmp_path_factory.mktemp("elsewhere")
    # A package of the same name where the operator stands is none of the command's.
    (folder / "orgdns.py").write_text("raise RuntimeError")
    with socket.create_server((LOOPBACK, 0)) as listener, answering(listener, threading.Lock(), failures.append):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{listener.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield Command(environment, folder)
    assert failures == []


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
    assert "'moon-1' is not a region of AWS" in end.stderr
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


def operators_policy() -> str:
    """The IAM policy that the documentation gives an operator, for the simulated hub."""
    document = (ROOT / "docs" / "operate.md").read_text()
    (policy,) = [block for block in re.findall(r"```json\n(.*?)```", document, re.DOTALL) if "Statement" in block]
    return str(policy).replace("REGION", REGION).replace("HUB_ACCOUNT", HUB)


def test_an_operator_needs_what_is_documented(made: World) -> None:
    """With the documented policy every question is answered, and no grant on the table is left unused."""
    role, policy = "operator", operators_policy()
    iam = made.client("iam", HUB)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="operate", PolicyDocument=policy)
    assumed = made.client("sts", HUB).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    dynamodb = boto3.client(
        "dynamodb",
        region_name=REGION,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    (instance,) = made.launch(PAYMENTS, REGION, "operated")
    made.converge()
    there = deployed(made.client("lambda", HUB))
    guard = Guard({role})
    with guard.in_force():
        hub = HubLedger.of(there, dynamodb)
        lookup = Lookup(hub, lambda _rows: None)
        assert len(lookup.instances(instance)) == len(lookup.instances(f"{PAYMENTS}/{REGION}/{instance}")) == 1
        assert [len(one.claim_statuses) for one in lookup.names(f"operated.{CORP}")] == [1]
        assert snapshot(hub.table, lambda _rows: None).observations
    assert guard.denied == []
    # The one call to Lambda was made with an administrator's credentials: the guard does not model it.
    assert guard.used_actions(role) | {"lambda:GetFunctionConfiguration"} == guard.granted_actions(role)


def test_status_pause_and_resume(made: World, command: Command) -> None:
    """How far sweeps have come, a pause with its reason, and what ends it; each told to people and to programs."""
    made.schedules.fire("orgdns-sweeps")
    made.converge()
    told = command.json("status", code=2)
    assert told["policy"]["spokes"] == len(told["spokes"]) > len(told["policy"]["spokes_behind"])
    assert told["unreachable"] == []
    assert "--reason" in command("pause", code=1).stderr
    assert "printable" in command("pause", "--reason", "\x1b[31m", code=1).stderr
    assert "Paused" in command("pause", "--reason", "zones are being moved").stdout
    assert command.json("status", code=2)["paused"] == "zones are being moved"
    assert "zones are being moved" in command("status", code=2).stdout
    batches = len(made.route53.batches)
    made.launch(PAYMENTS, REGION, "during")
    made.converge()
    assert len(made.route53.batches) == batches
    assert command.json("resume") == {"paused": None}
    assert command.json("status", code=2)["paused"] is None
    made.schedules.fire("orgdns-sweeps")
    made.converge()
    assert any(name == f"during.{CORP}." for name, *_ in made.owners(CORP))


def test_what_waits_is_shown_and_approved(made: World, command: Command, clock: MovedClock) -> None:
    """Exactly what waits is shown with its names, asked about, and approved; who cannot be asked does not agree."""
    command("audit")
    assert command.json("sweep")["enqueued"] != []
    assert command.json("sweep", f"{PAYMENTS}/{REGION}")["enqueued"] == [f"{PAYMENTS}/{REGION}"]
    clock.advance(900)
    made.converge()
    ids = made.launch(PAYMENTS, REGION, "fleet", count=12)
    made.converge()
    made.router.tamper = lambda _event: ()
    made.end(PAYMENTS, REGION, *ids)
    made.router.tamper = lambda event: (event,)
    command("sweep", f"{PAYMENTS}/{REGION}")
    made.converge()
    (pending_removals,) = command.json("status", code=2)["pending_removals"]
    assert pending_removals == f"{PAYMENTS}/{REGION}"
    shown = command("approve", pending_removals, code=2).stdout
    assert "names would be removed" in shown
    assert f"{ids[0]}.instances.internal" in shown
    assert command.json("status", code=2)["pending_removals"] == [pending_removals]
    told = command.json("approve", "--all-pending", "--yes")
    assert told["approved"]
    assert set(ids) <= set(told["subjects"][0]["pending_removals"])
    assert command.json("status", code=2)["pending_removals"] == []
    made.schedules.fire("orgdns-sweeps")
    made.converge()
    assert all(
        f"{one}.instances.internal." not in name for one in ids for name, *_ in made.owners("instances.internal")
    )
    assert "Nothing waits" in command("approve", CORP).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["approve"], "say which"),
        (["approve", CORP, "--all-pending"], "say which"),
        (["approve", "nowhere.example"], "is not an audited zone"),
        (["approve", f"{PAYMENTS}/xx-nowhere-1"], "knows no spoke"),
        (["sweep", "payments"], "is no spoke"),
        (["sweep", f"{PAYMENTS}/{REGION}/i-1"], "is no spoke"),
    ],
)
def test_what_is_no_subject_is_told(command: Command, arguments: list[str], told: str) -> None:
    """A clear sentence, and the exit code of an error."""
    assert told in command(*arguments, code=1).stderr


def test_coverage(made: World, command: Command, clock: MovedClock) -> None:
    """How far orgdns reaches, joined from StackSets and the ledger; a zone in the way is told with its VPC."""
    made.sweep()
    command("sweep")
    clock.advance(900)
    made.converge()
    # The command goes by the machine's own time, weeks after that of the organization.
    told = command.json("coverage", code=2)
    assert {trouble for one in told["spokes"] for trouble in one["troubles"]} == {
        "no complete sweep for hours: see the log of the sweeper"
    }
    assert {one["stack"] for one in told["spokes"]} == {"CURRENT"}
    assert {zone["zone"]: zone["wanted"] == zone["resolving"] for zone in told["zones"]} == {
        CORP: True,
        "instances.internal": True,
    }
    made.trails.missing.add(SEARCH)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.trails.missing.discard(SEARCH)
    route53 = made.client("route53", SEARCH)
    own = route53.create_hosted_zone(Name=CORP, CallerReference="own", VPC={"VPCId": vpc.id, "VPCRegion": REGION})
    command("sweep", f"{SEARCH}/{REGION}")
    made.converge()
    shown = " ".join(command("coverage", code=2).stdout.split())
    assert f"{vpc.id} does not resolve {CORP}: the VPC is associated with the zone" in shown
    shown = command("coverage", f"{SEARCH}/{REGION}", code=2).stdout
    assert all(part in shown for part in ("last event", "last sweep", vpc.id, "CURRENT"))
    assert "knows 000000000000/eu-central-1" in command("coverage", "000000000000/eu-central-1", code=1).stderr
    route53.delete_hosted_zone(Id=own["HostedZone"]["Id"])
    command("sweep", f"{SEARCH}/{REGION}")
    made.converge()
    assert "does not resolve" not in command("coverage", code=2).stdout


def test_resolve(made: World, command: Command, clock: MovedClock) -> None:
    """Which zone and record answer in a VPC, and if none, why not."""
    (instance,) = made.launch(PAYMENTS, REGION, "asked")
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    private = made.add_vpc(SEARCH, REGION, associated=False, tags={"dns": "private"})
    clock.advance(10)
    made.converge()
    told = command.json("resolve", f"Asked.{CORP}.", "--vpc", vpc.id)
    assert told["answers"]
    assert (told["source"], told["method"], told["zone_or_rule"]) == ("zone", "association", made.zone_ids[CORP])
    address = made.address(PAYMENTS, REGION, instance)
    assert [one["values"] for one in told["names"][0]["published"]] == [[address]]
    assert address in command("resolve", f"asked.{CORP}", "--vpc", f"{SEARCH}/{REGION}/{vpc.id}").stdout
    assert "has published nothing" in command("resolve", f"nobody.{CORP}", "--vpc", vpc.id, code=2).stdout
    refused = command.json("resolve", f"asked.{CORP}", "--vpc", private.id, code=2)
    assert refused["source"] == "internet"
    assert refused["why_not"] == [f"{CORP} ({made.zone_ids[CORP]}): policy does not have this VPC resolve it"]
    assert "knows no VPC" in command("resolve", f"asked.{CORP}", "--vpc", "vpc-00000000", code=1).stderr
    assert "no instance is ever given" in command("resolve", "-", "--vpc", vpc.id, code=1).stderr


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
