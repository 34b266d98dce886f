"""What the command tells and does in operation, as an operator runs it."""

from __future__ import annotations

import json
import re

import boto3
import pytest

from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.lookup import Lookup
from orgdns.cli.sources.snapshot import snapshot
from sandbox.aws.iam.guard import Guard
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.build import ROOT
from tests.support.command import CORP, REGION, Command


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
