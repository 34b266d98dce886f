"""Addresses and interfaces of instances, and the ends of their lives."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.events.ec2 import ec2_events
from tests.support.sandbox.ec2 import REGION, Account


def test_addresses_in_a_subnet_are_its_own_and_unique(account: Account) -> None:
    """Instances and interfaces of one subnet never share an address, until the subnet has none left."""
    subnet = account.subnet("10.10.0.0/28")
    given = account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
    launched = [instance["PrivateIpAddress"] for instance in account.launch(10, SubnetId=subnet)]
    assert sorted([given, *launched], key=lambda ip: int(ip.split(".")[3])) == [f"10.10.0.{n}" for n in range(4, 15)]
    with pytest.raises(ClientError, match="InsufficientFreeAddressesInSubnet"):
        account.launch(SubnetId=subnet)


def test_without_a_subnet_the_default_one_gives_the_address(account: Account) -> None:
    """An instance launched without a word about its network is in the default subnet of its zone."""
    instances = account.launch(20)
    (subnet,) = account.ec2.describe_subnets(SubnetIds=[instances[0]["SubnetId"]])["Subnets"]
    assert subnet["DefaultForAz"]
    assert len({instance["PrivateIpAddress"] for instance in instances}) == 20
    assert subnet["CidrBlock"] == "172.31.0.0/20"
    assert all(instance["PrivateIpAddress"].startswith("172.31.") for instance in instances)


def test_a_given_address_is_kept_and_not_given_twice(account: Account) -> None:
    """The caller's address is the instance's, through stop and start, and the next instance gets another."""
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet, PrivateIpAddress="10.10.0.4")
    (other,) = account.launch(SubnetId=subnet)
    account.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    account.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    assert account.described(instance["InstanceId"])["PrivateIpAddress"] == "10.10.0.4"
    assert other["PrivateIpAddress"] == "10.10.0.5"


def test_a_terminated_instance_has_no_network_and_frees_its_address(account: Account) -> None:
    """Address, interface and subnet go with the instance, and the address may be another's at once."""
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet)
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    gone = account.described(instance["InstanceId"])
    assert gone["State"]["Name"] == "terminated"
    assert not {"PrivateIpAddress", "SubnetId", "VpcId"} & gone.keys()
    assert gone["NetworkInterfaces"] == []
    (next_one,) = account.launch(SubnetId=subnet)
    assert next_one["PrivateIpAddress"] == instance["PrivateIpAddress"]
    by_address = [{"Name": "private-ip-address", "Values": [instance["PrivateIpAddress"]]}]
    (found,) = account.ec2.describe_instances(Filters=by_address)["Reservations"]  # type: ignore[arg-type] # plain dicts do
    assert found["Instances"][0]["InstanceId"] == next_one["InstanceId"]


def test_a_launch_gives_its_interfaces_all_that_it_asks_for(account: Account) -> None:
    """Further addresses, IPv6 and further interfaces are shown as they were given, each with its device index."""
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


def test_an_instance_is_where_its_primary_interface_is(account: Account) -> None:
    """Subnet and zone are those of device index 0, be it named last, or have been there before."""
    here, there = account.subnet(), account.subnet()
    zone = account.ec2.describe_subnets(SubnetIds=[there])["Subnets"][0]
    elsewhere = account.ec2.create_subnet(VpcId=zone["VpcId"], CidrBlock="10.10.1.0/24", AvailabilityZone=f"{REGION}c")[
        "Subnet"
    ]["SubnetId"]
    interface = account.ec2.create_network_interface(SubnetId=elsewhere)["NetworkInterface"]["NetworkInterfaceId"]
    nics = [{"DeviceIndex": 1, "SubnetId": here}, {"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    (instance,) = account.launch(NetworkInterfaces=nics)
    shown = account.described(instance["InstanceId"])
    assert (shown["SubnetId"], shown["VpcId"]) == (elsewhere, zone["VpcId"])
    assert shown["Placement"]["AvailabilityZone"] == f"{REGION}c"


def test_further_addresses_are_the_subnets_and_free_again_afterwards(account: Account) -> None:
    """Nobody else gets a further address before it was unassigned or its instance has ended."""
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


def test_a_start_is_a_new_launch_time_but_no_new_attachment(account: Account) -> None:
    """When the instance was first launched is told by its primary interface alone."""
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


def test_an_interface_of_its_own_outlives_the_instance(account: Account) -> None:
    """An interface that was there before the launch is free again after the end, address and all."""
    interface = account.ec2.create_network_interface(SubnetId=account.subnet())["NetworkInterface"]
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": interface["NetworkInterfaceId"]}]
    (instance,) = account.launch(NetworkInterfaces=nics)
    assert instance["PrivateIpAddress"] == interface["PrivateIpAddress"]
    account.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    (left,) = account.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert (left["Status"], left["PrivateIpAddress"]) == ("available", interface["PrivateIpAddress"])


def test_a_terminated_instance_disappears_after_an_hour(account: Account) -> None:
    """It stays to be seen for an hour, and is then as if it had never been, the others of its launch unharmed."""
    first, second = (instance["InstanceId"] for instance in account.launch(2))
    account.ec2.terminate_instances(InstanceIds=[first])
    account.clock.advance(3599)
    assert account.described(first)["State"]["Name"] == "terminated"
    account.clock.advance(2)
    assert account.described(second)["State"]["Name"] == "running"
    with pytest.raises(ClientError, match="InvalidInstanceID"):
        account.ec2.describe_instances(InstanceIds=[first])


def test_a_terminated_instance_never_starts_again(account: Account) -> None:
    """Starting it is refused and emits nothing."""
    ids = [account.launch()[0]["InstanceId"]]
    account.ec2.terminate_instances(InstanceIds=ids)
    account.events.clear()
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        account.ec2.start_instances(InstanceIds=ids)
    assert account.said() == []


def test_after_the_context_the_emulator_is_as_it_was(account: Account) -> None:
    """The bridges are taken off again: a second layer emits while it lasts, and not after."""
    heard: list[dict[str, Any]] = []
    with ec2_events(heard.append, account.clock):
        account.launch()
    count = len(heard)
    account.launch()
    assert (count, len(heard)) == (2, 2)
