"""Instances and VPCs that keep changing, as an operator sees them."""

from __future__ import annotations

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World
from tests.support.cli.command import CORP, REGION, Command
from tests.support.path.sweeps import hour, names
from tests.support.path.vpcs import is_associated


def test_damped_instance_and_vpc_are_shown(made: World, clock: MovedClock, command: Command) -> None:
    """The command says why, and until when. The next sweep publishes what the tags say; status counts both."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False, tags={"dns": "private"})
    (instance,) = made.launch(PAYMENTS, REGION, "start")
    hour(made, clock)
    ec2 = made.client("ec2", PAYMENTS, REGION)
    for number in range(11):
        made.tag(PAYMENTS, REGION, instance, Name=f"flip{number}")
        ec2.create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "public" if number % 2 else "private"}])
        made.converge()
        clock.advance(1)
    made.tag(PAYMENTS, REGION, instance, Name="last")
    made.converge()
    reason = "its names changed 10 times within a short time"
    (document,) = command.json("explain", instance)["instances"]
    assert document["damped"]["reason"] == reason
    assert f"flip9.{CORP}." in {claim["name"] for claim in document["claims"]}
    until = document["damped"]["until"]
    text = " ".join(command("explain", instance).stdout.split())
    ignored = f"orgdns ignores its events until {until}; the next sweep applies what is true."
    assert f"It is damped: {reason}; {ignored}" in text
    (spoke,) = [each for each in command.json("coverage", code=2)["spokes"] if each["spoke"] == f"{PAYMENTS}/{REGION}"]
    (damped,) = [each["damped"] for each in spoke["vpcs"] if each["vpc"] == vpc.id]
    assert damped["reason"] == "the zones that policy wants for it changed 5 times within a short time"
    shown = " ".join(command("coverage", f"{PAYMENTS}/{REGION}", code=2).stdout.split())
    assert f"damped: {damped['reason']}" in shown
    hour(made, clock)
    assert "last" in names(made)
    assert not is_associated(made, vpc)
    assert all(line["reason"] == reason for line in made.logged(NAMES.observer_function, "instance damped"))
