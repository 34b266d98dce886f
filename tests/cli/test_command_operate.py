"""The commands that operate the hub, as an operator runs them."""

from __future__ import annotations

import json
import re

import boto3
import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.health.path import PathFacts
from hub.runtime.model.names import Spoke
from orgdns.cli.reports.status.overview import Alarms
from orgdns.cli.sources.backlog import backlog
from orgdns.cli.sources.deployed import deployed
from orgdns.cli.sources.ledger import HubLedger
from orgdns.cli.sources.ledger_stream import path_facts
from orgdns.cli.sources.lookup import Lookup
from orgdns.cli.sources.monitoring.alarms import firing_alarms
from orgdns.cli.sources.snapshot import snapshot
from orgdns.cli.sources.stack_instances import listed_spokes
from sandbox.aws.iam.guard import Guard
from sandbox.clock import MovedClock
from sandbox.example import HUB, MANAGEMENT, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.build import ROOT
from tests.support.cli.command import CORP, REGION, Command


def operators_policy() -> str:
    """The operator's IAM policy from the documentation, for the simulated hub."""
    document = (ROOT / "docs" / "operate.md").read_text()
    (policy,) = [block for block in re.findall(r"```json\n(.*?)```", document, re.DOTALL) if "Statement" in block]
    return str(policy).replace("REGION", REGION).replace("HUB_ACCOUNT", HUB).replace("MANAGEMENT_ACCOUNT", MANAGEMENT)


def test_documented_policy_is_exact(made: World) -> None:
    """The documented policy allows every read, and grants no action on the table that is not used."""
    role, policy = "operator", operators_policy()
    iam = made.client("iam", HUB)
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"}, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName=role, PolicyName="operate", PolicyDocument=policy)
    assumed = made.client("sts", HUB).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        region_name=REGION,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    (instance,) = made.launch(PAYMENTS, REGION, "operated")
    made.converge()
    hub_configuration = deployed(made.client("lambda", HUB), NAMES)
    guard = Guard({role})
    with guard.in_force():
        hub = HubLedger.of(hub_configuration, session.client("dynamodb"))
        lookup = Lookup(hub, lambda _rows: None)
        assert len(lookup.instances(instance)) == len(lookup.instances(f"{PAYMENTS}/{REGION}/{instance}")) == 1
        assert [len(report.claim_statuses) for report in lookup.names(f"operated.{CORP}")] == [1]
        assert snapshot(hub.table, lambda _rows: None).observations
        assert list(hub.ledger.contents(hub_configuration.zone_ids.values()))
        assert Spoke(PAYMENTS, REGION) in listed_spokes(session.client("cloudformation"), NAMES)
        functions = made.client("lambda", HUB)
        assert path_facts(hub_configuration, functions, session.client("dynamodb"), 0) == PathFacts(0)
    assert guard.denied == []
    assert backlog(hub, made.client("sqs", HUB)).messages == 0
    assert firing_alarms(made.client("cloudwatch", HUB), NAMES) == Alarms()
    # These calls were made with an administrator's credentials: the guard does not model them.
    others = {"lambda:GetFunctionConfiguration", "lambda:ListEventSourceMappings"}
    others |= {"sqs:GetQueueUrl", "sqs:GetQueueAttributes"}
    others |= {"cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"}
    assert guard.used_actions(role) | others == guard.granted_actions(role)


def test_status_pause_and_resume(made: World, command: Command) -> None:
    """Status shows the progress of sweeps and the reason of a pause, as text and as JSON. Resume ends the pause."""
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    made.converge()
    document = command.json("status", code=2)
    assert document["policy"]["spokes"] == len(document["spokes"]) > len(document["policy"]["spokes_behind"])
    assert document["unreachable"] == []
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
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    made.converge()
    assert any(name == f"during.{CORP}." for name, *_ in made.owners(CORP))


def test_pending_removals_are_shown_and_approved(made: World, command: Command, clock: MovedClock) -> None:
    """Pending removals are shown with their names and approved exactly. Without a terminal, nothing is approved."""
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
    document = command.json("approve", "--all-pending", "--yes")
    assert document["approved"]
    assert set(ids) <= set(document["subjects"][0]["pending_removals"])
    assert command.json("status", code=2)["pending_removals"] == []
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    made.converge()
    assert all(
        f"{instance_id}.instances.internal." not in name
        for instance_id in ids
        for name, *_ in made.owners("instances.internal")
    )
    assert "Nothing is pending" in command("approve", CORP).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["approve"], "or use --all-pending"),
        (["approve", CORP, "--all-pending"], "or use --all-pending"),
        (["approve", "nowhere.example"], "is not an audited zone"),
        (["approve", f"{PAYMENTS}/xx-nowhere-1"], "knows no spoke"),
        (["approve", "corp.intrenal"], f"(did you mean {CORP}?)"),
        (["approve", "444444444444/eu-cnetral-1"], f"(did you mean {PAYMENTS}/{REGION}?)"),
        (["resolve", f"web.{CORP}", "--vpc", "vpc-"], "does not have the VPC"),
        (["sweep", "payments"], "is not a spoke"),
        (["coverage", "444444444444/eu-cnetral-1"], f"(did you mean {PAYMENTS}/{REGION}?)"),
        (["sweep", f"{PAYMENTS}/{REGION}/i-1"], "is not a spoke"),
    ],
)
def test_unknown_subject_is_an_error(command: Command, arguments: list[str], message: str) -> None:
    """The message says what to write, and the exit code is 1."""
    assert message in command(*arguments, code=1).stderr


def test_sweep_of_an_unknown_spoke_is_refused(made: World, command: Command) -> None:
    """The message says what was probably meant, and nothing is enqueued."""
    made.schedules.fire(contract.SWEEP_SCHEDULE)
    made.converge()
    refused = command("sweep", f"{PAYMENTS}/{REGION}", f"{PAYMENTS}/eu-cnetral-1", code=1)
    assert f"neither StackSets nor the ledger knows {PAYMENTS}/eu-cnetral-1 (did you mean" in refused.stderr
    assert f"in {PAYMENTS}: {REGION}, " in refused.stderr
    assert refused.stdout == ""
    assert made.waiting(NAMES.sweeps_queue) == 0
    assert command.json("status", code=2)["unreachable"] == []
    assert "999999999999/eu-central-1" in command("sweep", "999999999999/eu-central-1", code=1).stderr


def test_coverage(made: World, command: Command, clock: MovedClock) -> None:
    """The report joins StackSets and the ledger. A conflicting zone is reported with its VPC."""
    made.sweep()
    command("sweep")
    clock.advance(900)
    made.converge()
    # The command goes by the machine's own time, weeks after that of the organization.
    document = command.json("coverage", code=2)
    assert {trouble for spoke in document["spokes"] for trouble in spoke["troubles"]} == {
        "no complete sweep for hours: see the log of the sweeper"
    }
    assert {spoke["stack"] for spoke in document["spokes"]} == {"CURRENT"}
    assert {zone["zone"]: zone["wanted"] == zone["resolving"] for zone in document["zones"]} == {
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
    """The zone and the record that answer in a VPC, or the reason why none does."""
    (instance,) = made.launch(PAYMENTS, REGION, "asked")
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    private = made.add_vpc(SEARCH, REGION, associated=False, tags={"dns": "private"})
    clock.advance(10)
    made.converge()
    document = command.json("resolve", f"Asked.{CORP}.", "--vpc", vpc.id)
    assert document["answers"]
    assert (document["source"], document["method"], document["zone_or_rule"]) == (
        "zone",
        "association",
        made.zone_ids[CORP],
    )
    address = made.address(PAYMENTS, REGION, instance)
    assert [record_set["values"] for record_set in document["names"][0]["published"]] == [[address]]
    assert address in command("resolve", f"asked.{CORP}", "--vpc", f"{SEARCH}/{REGION}/{vpc.id}").stdout
    assert "has published nothing" in command("resolve", f"nobody.{CORP}", "--vpc", vpc.id, code=2).stdout
    refused = command.json("resolve", f"asked.{CORP}", "--vpc", private.id, code=2)
    assert refused["source"] == "internet"
    assert refused["why_not"] == [f"{CORP} ({made.zone_ids[CORP]}): the policy does not select this VPC"]
    assert "does not have the VPC" in command("resolve", f"asked.{CORP}", "--vpc", "vpc-00000000", code=1).stderr
    assert "no instance can have" in command("resolve", "-", "--vpc", vpc.id, code=1).stderr


def test_spoke_deployed_by_hand(made: World, command: Command) -> None:
    """Nobody knows such a spoke before its first event: an option says that it exists. A sweep makes it known."""
    by_hand = f"{MANAGEMENT}/{REGION}"
    assert "add --by-hand" in command("sweep", by_hand, code=1).stderr
    made.deploy_spoke(MANAGEMENT, [REGION])
    assert command.json("sweep", by_hand, "--by-hand")["enqueued"] == [by_hand]
    made.converge()
    assert command.json("sweep", by_hand)["enqueued"] == [by_hand]
