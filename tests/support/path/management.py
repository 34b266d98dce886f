"""The management account on the deployed path: its stacks come with a command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dns.rcode

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import MANAGEMENT
from sandbox.world import Vpc, World
from tests.support.cli.command import command_in

REGION, CORP = "eu-central-1", "corp.internal"


def check_management_account(made: World, file: Path, vpc: Vpc, clock: MovedClock, folder: Path) -> None:
    """Instances of the account get names once the command deployed its stacks; until then, reports name the command."""
    made.add_vpc(MANAGEMENT, REGION)
    (early,) = made.launch(MANAGEMENT, REGION, "early")
    # The sweeps of all spokes are spread over time.
    for _ in range(3):
        made.sweep()
        clock.advance(20 * 60)
    assert made.ask(f"early.{REGION}.management.{CORP}", vpc).rcode() == dns.rcode.NXDOMAIN
    key = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), made.access_key(MANAGEMENT), strict=True))
    options = ("--config", str(file), "--management")
    with command_in(made, folder) as orgdns:
        spoke = f"{MANAGEMENT}/{REGION}"
        (unreached,) = orgdns.json("coverage", spoke, code=2)["spokes"]
        assert (unreached["stack"], len(unreached["troubles"])) == ("UNLISTED", 1)
        assert "run orgdns deploy --management" in unreached["troubles"][0]
        assert {denied.resource.split(":")[4] for denied in made.guard.denied} == {MANAGEMENT}
        made.guard.denied.clear()
        there = replace(orgdns, environment=orgdns.environment | key)
        planned = there("deploy", *options, "--plan", code=2).stdout
        assert f"{NAMES.spoke_region_stack} in {REGION}: create" in planned
        assert there("deploy", *options, "--yes").stdout.endswith("Done.\n")
        assert "Nothing is left to do" in there("deploy", *options).stdout
        assert orgdns.json("sweep", spoke)["enqueued"] == [spoke]
        (late,) = made.launch(MANAGEMENT, REGION, "late")
        made.converge()
        for name, instance in (("early", early), ("late", late)):
            found = made.resolve(f"{name}.{REGION}.management.{CORP}", vpc)
            assert found == {made.address(MANAGEMENT, REGION, instance)}
        # The command has the machine's time, long after the last sweep.
        (reached,) = orgdns.json("coverage", spoke, code=2)["spokes"]
        assert not [trouble for trouble in reached["troubles"] if "unreachable" in trouble]
        removed = there("destroy", *options, "--plan", code=2).stdout
        assert f"{NAMES.spoke_account_stack} in {REGION}: deleted" in removed
