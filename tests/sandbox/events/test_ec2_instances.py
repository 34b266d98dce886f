"""Addresses and interfaces of instances, and what happens when instances end."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.events.ec2 import ec2_events
from tests.support.sandbox.ec2 import REGION, Account


def test_subnet_gives_each_address_once(account: Account) -> None:
    """Instances and interfaces of a subnet get different addresses of it, until none is left."""
    subnet = account.subnet("10.10.0.0/28")
    given = account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
    launched = [instance["PrivateIpAddress"] for instance in account.launch(10, SubnetId=subnet)]
    assert sorted([given, *launched], key=lambda ip: int(ip.split(".")[3])) == [f"10.10.0.{n}" for n in range(4, 15)]
    with pytest.raises(ClientError, match="InsufficientFreeAddressesInSubnet"):
        account.launch(SubnetId=subnet)


def test_launch_without_subnet_uses_the_default_one(account: Account) -> None:
    """An instance launched without a subnet is in the default subnet of its zone."""
    instances = account.launch(20)
    (subnet,) = account.ec2.describe_subnets(SubnetIds=[instances[0]["SubnetId"]])["Subnets"]
    assert subnet["DefaultForAz"]
    assert len({instance["PrivateIpAddress"] for instance in instances}) == 20
    assert subnet["CidrBlock"] == "172.31.0.0/20"
    assert all(instance["PrivateIpAddress"].startswith("172.31.") for instance in instances)


def test_requested_address_is_kept(account: Account) -> None:
    """An instance keeps its requested address through stop and start; the next instance gets another one."""
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet, PrivateIpAddress="10.10.0.4")
    (other,) = account.launch(SubnetId=subnet)
    account.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    account.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    assert account.described(instance["InstanceId"])["PrivateIpAddress"] == "10.10.0.4"
    assert other["PrivateIpAddress"] == "10.10.0.5"


def test_terminated_instance_releases_its_address(account: Account) -> None:
    """A terminated instance has no address, interface or subnet, and its address is free at once."""
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet)
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    terminated = account.described(instance["InstanceId"])
    assert terminated["State"]["Name"] == "terminated"
    assert not {"PrivateIpAddress", "SubnetId", "VpcId"} & terminated.keys()
    assert terminated["NetworkInterfaces"] == []
    (next_one,) = account.launch(SubnetId=subnet)
    assert next_one["PrivateIpAddress"] == instance["PrivateIpAddress"]
    by_address = [{"Name": "private-ip-address", "Values": [instance["PrivateIpAddress"]]}]
    (found,) = account.ec2.describe_instances(Filters=by_address)["Reservations"]  # type: ignore[arg-type] # plain dicts do
    assert found["Instances"][0]["InstanceId"] == next_one["InstanceId"]


def test_launch_creates_requested_interfaces(account: Account) -> None:
    """An instance has the further addresses, IPv6 addresses and interfaces of its launch, by device index."""
    subnet = account.subnet()
    first = {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "PrivateIpAddresses": [
            {"PrivateIpAddress": "10.10.0.20", "Primary": True},
            {"PrivateIpAddress": "10.10.0.21", "Primary": False},
        ],
        "Ipv6Addresses": [{"Ipv6Address": "2001:db8::20"}, {"Ipv6Address": "2001:db8::21"}],
    }
    second = {
        "DeviceIndex": 1,
        "SubnetId": subnet,
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.10.0.30", "Primary": True}],
        "SecondaryPrivateIpAddressCount": 1,
    }
    (instance,) = account.launch(NetworkInterfaces=[first, second])
    shown = account.described(instance["InstanceId"])
    assert shown["PrivateIpAddress"] == "10.10.0.20"
    assert [
        (
            interface["Attachment"]["DeviceIndex"],
            [(address["PrivateIpAddress"], address["Primary"]) for address in interface["PrivateIpAddresses"]],
            [address["Ipv6Address"] for address in interface["Ipv6Addresses"]],
            interface["SubnetId"],
            interface["VpcId"],
        )
        for interface in shown["NetworkInterfaces"]
    ] == [
        (
            0,
            [("10.10.0.20", True), ("10.10.0.21", False)],
            ["2001:db8::20", "2001:db8::21"],
            subnet,
            shown["VpcId"],
        ),
        (1, [("10.10.0.30", True), ("10.10.0.4", False)], [], subnet, shown["VpcId"]),
    ]


def test_primary_interface_decides_subnet_and_zone(account: Account) -> None:
    """Subnet and zone are those of device index 0, even if it is listed last or existed before."""
    first, second = account.subnet(), account.subnet()
    zone = account.ec2.describe_subnets(SubnetIds=[second])["Subnets"][0]
    elsewhere = account.ec2.create_subnet(VpcId=zone["VpcId"], CidrBlock="10.10.1.0/24", AvailabilityZone=f"{REGION}c")[
        "Subnet"
    ]["SubnetId"]
    interface = account.ec2.create_network_interface(SubnetId=elsewhere)["NetworkInterface"]["NetworkInterfaceId"]
    nics = [{"DeviceIndex": 1, "SubnetId": first}, {"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    (instance,) = account.launch(NetworkInterfaces=nics)
    shown = account.described(instance["InstanceId"])
    assert (shown["SubnetId"], shown["VpcId"]) == (elsewhere, zone["VpcId"])
    assert shown["Placement"]["AvailabilityZone"] == f"{REGION}c"


def test_further_address_is_reserved_until_released(account: Account) -> None:
    """A further address is free for others only after it is unassigned or its instance ends."""
    subnet = account.subnet("10.10.0.0/28")
    (instance,) = account.launch(SubnetId=subnet)
    interface = account.described(instance["InstanceId"])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    account.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.10.0.6"])
    account.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=1)
    others = [each["PrivateIpAddress"] for each in account.launch(2, SubnetId=subnet)]
    assert others == ["10.10.0.7", "10.10.0.8"]
    account.ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.10.0.6"])
    assert account.launch(SubnetId=subnet)[0]["PrivateIpAddress"] == "10.10.0.6"
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert [each["PrivateIpAddress"] for each in account.launch(2, SubnetId=subnet)] == ["10.10.0.4", "10.10.0.5"]


def test_start_sets_a_new_launch_time(account: Account) -> None:
    """After a start only the primary interface's attachment time tells when the instance was first launched."""
    ids = [account.launch()[0]["InstanceId"]]
    first = account.described(ids[0])["LaunchTime"]
    account.clock.advance(60)
    account.ec2.start_instances(InstanceIds=ids)
    assert account.described(ids[0])["LaunchTime"] == first
    account.ec2.stop_instances(InstanceIds=ids)
    assert account.described(ids[0])["LaunchTime"] == first
    account.ec2.start_instances(InstanceIds=ids)
    shown = account.described(ids[0])
    assert (shown["LaunchTime"] - first).total_seconds() == 60
    assert shown["NetworkInterfaces"][0]["Attachment"]["AttachTime"] == first


def test_separate_interface_outlives_the_instance(account: Account) -> None:
    """An interface that existed before the launch is available again afterwards, with its address."""
    interface = account.ec2.create_network_interface(SubnetId=account.subnet())["NetworkInterface"]
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": interface["NetworkInterfaceId"]}]
    (instance,) = account.launch(NetworkInterfaces=nics)
    assert instance["PrivateIpAddress"] == interface["PrivateIpAddress"]
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    (remaining,) = account.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert (remaining["Status"], remaining["PrivateIpAddress"]) == ("available", interface["PrivateIpAddress"])


def test_terminated_instance_disappears_after_an_hour(account: Account) -> None:
    """A terminated instance is listed for an hour, and the others of its launch remain."""
    first, second = (instance["InstanceId"] for instance in account.launch(2))
    account.ec2.terminate_instances(InstanceIds=[first])
    account.clock.advance(3599)
    assert account.described(first)["State"]["Name"] == "terminated"
    account.clock.advance(2)
    assert account.described(second)["State"]["Name"] == "running"
    with pytest.raises(ClientError, match="InvalidInstanceID"):
        account.ec2.describe_instances(InstanceIds=[first])


def test_terminated_instance_cannot_start(account: Account) -> None:
    """Starting a terminated instance is refused and emits nothing."""
    ids = [account.launch()[0]["InstanceId"]]
    account.ec2.terminate_instances(InstanceIds=ids)
    account.events.clear()
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        account.ec2.start_instances(InstanceIds=ids)
    assert account.emitted() == []


def test_bridges_are_removed(account: Account) -> None:
    """A second layer of bridges emits events while its context lasts, and none afterwards."""
    heard: list[dict[str, Any]] = []
    with ec2_events(heard.append, account.clock):
        account.launch()
    count = len(heard)
    account.launch()
    assert (count, len(heard)) == (2, 2)
