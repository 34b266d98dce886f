"""Instances in VPCs of other accounts, whose subnets AWS RAM shares: who may associate them, and what is told."""

from __future__ import annotations

from sandbox.clock import MovedClock
from sandbox.example import MANAGEMENT, PAYMENTS, SEARCH
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


def test_o3_vpc_that_policy_leaves_out(made: World, command: Command, clock: MovedClock) -> None:
    """It is told, with the number of its names, and is no trouble by itself."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False, tags={"dns": "private"})
    made.launch(PAYMENTS, REGION, "apart", subnet=vpc.subnet)
    hour(made, clock)
    found = [entry for entry in command.json("coverage", code=2)["unresolved_names"] if entry["vpc"] == vpc.id]
    assert [(entry["trouble"], entry["owner"], entry["instances"]) for entry in found] == [(False, PAYMENTS, 1)]
