"""Instances in VPCs of other accounts, whose subnets AWS RAM shares: who may associate them, and what is told."""

from __future__ import annotations

import json

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import MANAGEMENT, NETWORK, PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import hour
from tests.support.path.vpcs import is_associated, vpc_rows


def test_o3_shared_vpc_of_a_covered_account(made: World, command: Command, clock: MovedClock) -> None:
    """The owner's account associates the VPC, and the names of the participants' instances resolve there."""
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.share(vpc, PAYMENTS)
    (instance,) = made.launch(PAYMENTS, REGION, "guest", subnet=vpc.subnet)
    hour(made, clock)
    assert made.resolve(f"guest.{CORP}", vpc) == {made.address(PAYMENTS, REGION, instance)}
    assert [row.ref.account for row in vpc_rows(made) if row.ref.id == vpc.id] == [SEARCH]
    assert command.json("coverage", code=2)["unresolved_names"] == []
    assert command.json("resolve", f"guest.{CORP}", "--vpc", vpc.id)["certain"] is True


def test_o3_shared_vpc_of_an_account_that_is_not_covered(made: World, command: Command, clock: MovedClock) -> None:
    """Only the owner may associate it, so orgdns does not try: coverage and resolve say whose it is, and what to do."""
    vpc = made.add_vpc(MANAGEMENT, REGION, associated=False)
    made.share(vpc, PAYMENTS)
    made.launch(PAYMENTS, REGION, "tenant", subnet=vpc.subnet)
    hour(made, clock)
    assert not is_associated(made, vpc)
    assert made.guard.denied == []
    (entry,) = command.json("coverage", code=2)["unresolved_names"]
    assert (entry["vpc"], entry["owner"], entry["accounts"], entry["trouble"]) == (
        vpc.id,
        MANAGEMENT,
        [PAYMENTS],
        True,
    )
    assert f"orgdns does not cover {MANAGEMENT}/{REGION}" in entry["reason"]
    document = command.json("resolve", f"tenant.{CORP}", "--vpc", vpc.id, code=2)
    assert (document["vpc"], document["source"], document["certain"]) == (
        f"{MANAGEMENT}/{REGION}/{vpc.id}",
        "unknown",
        False,
    )
    assert document["reason"] == entry["reason"]
    shown = " ".join(command("resolve", f"tenant.{CORP}", "--vpc", vpc.id, code=2).stdout.split())
    assert f"{vpc.id}, which no sweep describes: not known: {entry['reason']}" in shown


def test_pause_is_told_beside_the_vpcs(command: Command) -> None:
    """Who asks why a new VPC does not resolve a zone learns that no association is made now."""
    assert command.json("coverage", code=2)["paused"] is None
    command("pause", "--reason", "the zones move")
    assert command.json("coverage", code=2)["paused"] == "the zones move"
    said = " ".join(command("coverage", code=2).stdout.split())
    assert "Publishing is paused (the zones move): no association is made or ended until orgdns resume." in said
    command("resume")


def test_authorization_that_is_left(made: World, command: Command, clock: MovedClock) -> None:
    """If the authorization of an association cannot be deleted, the VPC resolves; the next sweep deletes it."""
    iam, role = made.client("iam", NETWORK), NAMES.authorizer_role
    deny = {"Effect": "Deny", "Action": "route53:DeleteVPCAssociationAuthorization", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=role, PolicyName="deny", PolicyDocument=document)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    made.converge()
    assert is_associated(made, vpc)
    spoke = f"{SEARCH}/{REGION}"

    def zones() -> dict[str, tuple[bool, bool]]:
        """By zone: whether the VPC resolves it, and whether a note says that an authorization is left."""
        (found,) = command.json("coverage", spoke, code=2)["spokes"]
        (shown,) = [each for each in found["vpcs"] if each["vpc"].endswith(vpc.id)]
        return {
            zone["zone"].removesuffix("."): (
                zone["resolves"],
                any("an authorization is left" in note for note in zone["notes"]),
            )
            for zone in shown["zones"]
        }

    assert set(zones().values()) == {(True, True)}
    assert "an authorization is left" in " ".join(command("coverage", spoke, code=2).stdout.split())
    assert f"{vpc.id} does not resolve" not in command("coverage", spoke, code=2).stdout
    lines = made.logged(NAMES.associator_function, "an authorization is left")
    assert {line["vpc"] for line in lines} == {f"{spoke}/{vpc.id}"}
    iam.delete_role_policy(RoleName=role, PolicyName="deny")
    made.guard.denied.clear()
    hour(made, clock)
    assert set(zones().values()) == {(True, False)}
    assert not any(made.route53.authorizations(zone_id) for zone_id in made.zone_ids.values())


def test_o3_vpc_that_policy_leaves_out(made: World, command: Command, clock: MovedClock) -> None:
    """It is told, with the number of its names, and is no trouble by itself."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False, tags={"dns": "private"})
    made.launch(PAYMENTS, REGION, "apart", subnet=vpc.subnet)
    hour(made, clock)
    found = [entry for entry in command.json("coverage", code=2)["unresolved_names"] if entry["vpc"] == vpc.id]
    assert [(entry["trouble"], entry["owner"], entry["instances"]) for entry in found] == [(False, PAYMENTS, 1)]


def test_resolve_in_a_vpc_that_cannot_be_described_any_more(made: World, command: Command, clock: MovedClock) -> None:
    """The last description still answers, and is not certain: nobody knows what the account changed since then."""
    made.launch(PAYMENTS, REGION, "stale")
    vpc = made.vpcs[SEARCH, REGION]
    hour(made, clock)
    before = command.json("resolve", f"stale.{CORP}", "--vpc", vpc.id)
    assert (before["certain"], before["unknown"]) == (True, [])
    hour(made, clock)
    # Nothing changed, and the VPC was seen again. The zone may have been audited meanwhile.
    seen_again = command.json("resolve", f"stale.{CORP}", "--vpc", vpc.id)
    for seen in (before, seen_again):
        assert seen["names"][0].pop("recorded_at")
        seen["names"][0].pop("audited_at")
    assert seen_again == before | {"seen_at": seen_again["seen_at"]}
    assert seen_again["seen_at"] > before["seen_at"]
    iam = made.client("iam", SEARCH)
    denied = {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=NAMES.reader_role, PolicyName="denied", PolicyDocument=document)
    hour(made, clock)
    iam.delete_role_policy(RoleName=NAMES.reader_role, PolicyName="denied")
    made.guard.denied.clear()
    after = command.json("resolve", f"stale.{CORP}", "--vpc", vpc.id, code=2)
    assert (after["source"], after["seen_at"], after["certain"]) == ("zone", seen_again["seen_at"], False)
    assert after["unknown"][0].startswith("the VPC may have changed since then, because its account's VPCs cannot be")
    assert "DescribeVpcs" in after["unknown"][0]
