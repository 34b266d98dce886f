"""Changes that EC2 has no event for, where a CloudTrail trail logs the calls: within seconds on the deployed path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.config.load import load
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World, world
from tests.support.build import DOCUMENTS
from tests.support.config.demands import WITH_BOUNDARY
from tests.support.path.sweeps import spoke_status, sweep_all

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(load(DOCUMENTS / "every-feature.yaml"), clock, WITH_BOUNDARY) as organization:
        yield organization


@pytest.fixture(autouse=True)
def swept(made: World, clock: MovedClock) -> Iterator[None]:
    """Start each test with spokes that were swept, and with a trail in every account."""
    sweep_all(made, clock)
    clock.advance(600)
    yield
    made.trails.missing.clear()
    made.router.tamper = lambda event: (event,)


def seconds(made: World, clock: MovedClock) -> None:
    """Let a few seconds pass."""
    made.converge()
    clock.advance(6)
    made.converge()


def addresses(made: World, name: str) -> set[str]:
    """The addresses that the zone has for a name."""
    return {value for fqdn, _, values, _ in made.owners(CORP) if fqdn == f"{name}.{CORP}." for value in values.split()}


def launch(made: World, *names: str) -> list[str]:
    return [made.launch(PAYMENTS, REGION, name, tags={"interfaces": "yes"})[0] for name in names]


def test_n3_an_interface_that_moves_takes_its_address_along(made: World, clock: MovedClock) -> None:
    """An interface is attached elsewhere: within seconds the new owner answers, and the old one does not."""
    old, new = launch(made, "old", "new")
    interface = made.add_interface(PAYMENTS, REGION, old)
    seconds(made, clock)
    ec2 = made.client("ec2", PAYMENTS, REGION)
    (shown,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    address = shown["PrivateIpAddress"]
    assert addresses(made, "old-eth1.if.payments") == {address}
    ec2.detach_network_interface(AttachmentId=shown["Attachment"]["AttachmentId"])
    clock.advance(10)
    ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=new, DeviceIndex=1)
    seconds(made, clock)
    assert addresses(made, "new-eth1.if.payments") == {address}
    assert addresses(made, "old-eth1.if.payments") == set()
    made.end(PAYMENTS, REGION, old, new)


def test_n3_an_address_that_moves_leaves_the_old_owner(made: World, clock: MovedClock) -> None:
    """A failover assigns the address of one instance to another: the call does not name the instance that loses it."""
    first, second = launch(made, "first", "second")
    made.converge()
    ec2 = made.client("ec2", PAYMENTS, REGION)
    interfaces = [
        made.described(PAYMENTS, REGION, instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
        for instance in (first, second)
    ]
    answer = ec2.assign_private_ip_addresses(NetworkInterfaceId=interfaces[0], SecondaryPrivateIpAddressCount=1)
    floating = answer["AssignedPrivateIpAddresses"][-1]["PrivateIpAddress"]
    seconds(made, clock)
    assert floating in addresses(made, "first-eth0.if.payments")
    missed = spoke_status(made, clock).missed_ever
    ec2.assign_private_ip_addresses(
        NetworkInterfaceId=interfaces[1], PrivateIpAddresses=[floating], AllowReassignment=True
    )
    seconds(made, clock)
    assert floating in addresses(made, "second-eth0.if.payments")
    assert floating not in addresses(made, "first-eth0.if.payments")
    # A trail reported it, so no event was missed.
    assert spoke_status(made, clock).missed_ever == missed
    made.end(PAYMENTS, REGION, first, second)


def test_n3_without_a_trail_the_sweep_finds_it(made: World, clock: MovedClock) -> None:
    """Without a trail the old owner answers until the next sweep, as documented."""
    made.trails.missing.add(PAYMENTS)
    (instance,) = launch(made, "untrailed")
    made.converge()
    made.add_interface(PAYMENTS, REGION, instance)
    seconds(made, clock)
    assert addresses(made, "untrailed-eth1.if.payments") == set()
    sweep_all(made, clock)
    assert addresses(made, "untrailed-eth1.if.payments")
    made.end(PAYMENTS, REGION, instance)


def test_instance_that_leaves_its_group_loses_the_groups_name(made: World, clock: MovedClock) -> None:
    """The tag that AWS sets goes with the group; whether AWS sends an event of it is not documented, so none counts."""
    made.router.tamper = lambda event: () if event["source"] == "aws.tag" else (event,)
    groups = made.client("autoscaling", PAYMENTS, REGION)
    groups.create_launch_configuration(LaunchConfigurationName="c", ImageId="ami-12c6146b", InstanceType="t3.micro")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="blue",
        LaunchConfigurationName="c",
        MinSize=0,
        MaxSize=3,
        VPCZoneIdentifier=made.vpcs[PAYMENTS, REGION].subnet,
    )
    (instance,) = made.launch(PAYMENTS, REGION, "member", tags={"pool": ""})
    made.converge()
    assert addresses(made, "blue.fleet.payments") == set()
    groups.attach_instances(AutoScalingGroupName="blue", InstanceIds=[instance])
    seconds(made, clock)
    assert addresses(made, "blue.fleet.payments") == {made.address(PAYMENTS, REGION, instance)}
    groups.detach_instances(AutoScalingGroupName="blue", InstanceIds=[instance], ShouldDecrementDesiredCapacity=True)
    seconds(made, clock)
    assert addresses(made, "blue.fleet.payments") == set()
    made.end(PAYMENTS, REGION, instance)


def test_failed_call_causes_no_sweep(made: World, clock: MovedClock) -> None:
    """A call that EC2 refused is logged, and no rule forwards it."""
    before = len(made.logged(NAMES.sweeper_function, "spoke swept"))
    ec2 = made.client("ec2", PAYMENTS, REGION)
    with pytest.raises(ec2.exceptions.ClientError):
        ec2.detach_network_interface(AttachmentId="eni-attach-00000000000000000")
    seconds(made, clock)
    assert len(made.logged(NAMES.sweeper_function, "spoke swept")) == before


def test_flood_of_calls_costs_other_accounts_nothing(made: World, clock: MovedClock) -> None:
    """An account that calls all the time is swept a few times, and leaves no messages behind."""
    before = len(made.logged(NAMES.sweeper_function, "spoke swept"))
    event: dict[str, Any] = json.loads((DOCUMENTS / "attach-network-interface.json").read_text())
    event["detail"]["awsRegion"] = REGION
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
    for _ in range(120):
        now = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event |= {"account": PAYMENTS, "region": REGION, "time": now}
        made.router.arrive(bus, event)
        made.converge()
        clock.advance(1)
    clock.advance(900)
    made.converge()
    assert 1 <= len(made.logged(NAMES.sweeper_function, "spoke swept")) - before <= 6
    assert made.waiting(NAMES.sweeps_queue) == made.waiting(NAMES.events_queue) == 0
