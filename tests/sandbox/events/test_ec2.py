from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from sandbox.aws.events.ec2 import ec2_events
from sandbox.aws.events.ec2_tags import asked_by_aws
from sandbox.clock import MovedClock, moved_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, TagTypeDef

REGION = "eu-west-1"
IMAGE = "ami-12c6146b"


class World:
    def __init__(self, clock: MovedClock) -> None:
        self.clock = clock
        self.events: list[dict[str, Any]] = []
        self.ec2: EC2Client = boto3.client("ec2", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")

    def subnet(self, cidr: str = "10.10.0.0/24") -> str:
        vpc = self.ec2.create_vpc(CidrBlock="10.10.0.0/16")["Vpc"]["VpcId"]
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]

    def launch(self, count: int = 1, **kwargs: Any) -> list[InstanceTypeDef]:  # noqa: ANN401 - RunInstances' own
        return self.ec2.run_instances(ImageId=IMAGE, MinCount=count, MaxCount=count, **kwargs)["Instances"]

    def described(self, instance_id: str) -> InstanceTypeDef:
        filters = [{"Name": "instance-id", "Values": [instance_id]}]
        (reservation,) = self.ec2.describe_instances(Filters=filters)["Reservations"]  # type: ignore[arg-type] # plain dicts do
        return reservation["Instances"][0]

    def said(self) -> list[str]:
        said = [event["detail"].get("state") or event["source"] for event in self.events]
        self.events.clear()
        return said


@pytest.fixture
def world() -> Iterator[World]:
    with moved_clock() as clock, mock_aws():
        world = World(clock)
        with ec2_events(world.events.append, clock):
            yield world


def test_a_state_change_is_the_event_that_aws_documents(world: World) -> None:
    """The envelope and the detail of a state change are those of AWS's sample, and nothing else."""
    (instance,) = world.launch()
    pending, running = world.events
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", pending.pop("id"))
    assert pending == {
        "version": "0",
        "detail-type": "EC2 Instance State-change Notification",
        "source": "aws.ec2",
        "account": "123456789012",
        "time": "2026-11-02T09:00:00Z",
        "region": REGION,
        "resources": [f"arn:aws:ec2:{REGION}:123456789012:instance/{instance['InstanceId']}"],
        "detail": {"instance-id": instance["InstanceId"], "state": "pending"},
    }
    assert running["detail"]["state"] == "running"


def test_each_action_passes_through_its_two_states(world: World) -> None:
    """Launch, stop, start and terminate each tell of both states, and an action that changes nothing of none."""
    ids = [world.launch()[0]["InstanceId"]]
    assert world.said() == ["pending", "running"]
    world.ec2.start_instances(InstanceIds=ids)
    assert world.said() == []
    world.ec2.stop_instances(InstanceIds=ids)
    assert world.said() == ["stopping", "stopped"]
    world.ec2.stop_instances(InstanceIds=ids)
    assert world.said() == []
    world.ec2.start_instances(InstanceIds=ids)
    assert world.said() == ["pending", "running"]
    world.ec2.terminate_instances(InstanceIds=ids)
    assert world.said() == ["shutting-down", "terminated"]
    world.ec2.terminate_instances(InstanceIds=ids)
    assert world.said() == []


def test_tags_given_at_launch_are_told_once(world: World) -> None:
    """One tag event stands for all tags of a launch, with the full tags in it."""
    tags = [{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "a"}]
    (instance,) = world.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    (event,) = [event for event in world.events if event["source"] == "aws.tag"]
    assert event["detail-type"] == "Tag Change on Resource"
    assert event["resources"] == [f"arn:aws:ec2:{REGION}:123456789012:instance/{instance['InstanceId']}"]
    assert event["detail"] == {
        "changed-tag-keys": ["Name", "team"],
        "service": "ec2",
        "resource-type": "instance",
        "version": 1,
        "tags": {"Name": "web", "team": "a"},
    }


def test_a_tag_event_tells_what_changed_and_all_that_is(world: World) -> None:
    """Changed keys are those set anew, set otherwise or removed; tagging alike says nothing."""
    ids = [world.launch()[0]["InstanceId"]]
    world.ec2.create_tags(Resources=ids, Tags=[{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "a"}])
    world.events.clear()
    world.ec2.create_tags(Resources=ids, Tags=[{"Key": "Name", "Value": "api"}, {"Key": "team", "Value": "a"}])
    world.ec2.create_tags(Resources=ids, Tags=[{"Key": "team", "Value": "a"}])
    world.ec2.delete_tags(Resources=ids, Tags=[{"Key": "Name"}])
    assert [(e["detail"]["changed-tag-keys"], e["detail"]["tags"], e["detail"]["version"]) for e in world.events] == [
        (["Name"], {"Name": "api", "team": "a"}, 2),
        (["Name"], {"team": "a"}, 3),
    ]


def test_tags_of_other_resources_say_nothing(world: World) -> None:
    """A subnet's tags are no business of an instance's events."""
    subnet = world.subnet()
    world.events.clear()
    world.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "lan"}])
    assert world.said() == []


def test_addresses_in_a_subnet_are_its_own_and_unique(world: World) -> None:
    """Instances and interfaces of one subnet never share an address, until the subnet has none left."""
    subnet = world.subnet("10.10.0.0/28")
    given = world.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["PrivateIpAddress"]
    launched = [instance["PrivateIpAddress"] for instance in world.launch(10, SubnetId=subnet)]
    assert sorted([given, *launched], key=lambda ip: int(ip.split(".")[3])) == [f"10.10.0.{n}" for n in range(4, 15)]
    with pytest.raises(ClientError, match="InsufficientFreeAddressesInSubnet"):
        world.launch(SubnetId=subnet)


def test_without_a_subnet_the_default_one_gives_the_address(world: World) -> None:
    """An instance launched without a word about its network is in the default subnet of its zone."""
    instances = world.launch(20)
    (subnet,) = world.ec2.describe_subnets(SubnetIds=[instances[0]["SubnetId"]])["Subnets"]
    assert subnet["DefaultForAz"]
    assert len({instance["PrivateIpAddress"] for instance in instances}) == 20
    assert subnet["CidrBlock"] == "172.31.0.0/20"
    assert all(instance["PrivateIpAddress"].startswith("172.31.") for instance in instances)


def test_a_given_address_is_kept_and_not_given_twice(world: World) -> None:
    """The caller's address is the instance's, through stop and start, and the next instance gets another."""
    subnet = world.subnet()
    (instance,) = world.launch(SubnetId=subnet, PrivateIpAddress="10.10.0.4")
    (other,) = world.launch(SubnetId=subnet)
    world.ec2.stop_instances(InstanceIds=[instance["InstanceId"]])
    world.ec2.start_instances(InstanceIds=[instance["InstanceId"]])
    assert world.described(instance["InstanceId"])["PrivateIpAddress"] == "10.10.0.4"
    assert other["PrivateIpAddress"] == "10.10.0.5"


def test_a_terminated_instance_has_no_network_and_frees_its_address(world: World) -> None:
    """Address, interface and subnet go with the instance, and the address may be another's at once."""
    subnet = world.subnet()
    (instance,) = world.launch(SubnetId=subnet)
    world.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    gone = world.described(instance["InstanceId"])
    assert gone["State"]["Name"] == "terminated"
    assert not {"PrivateIpAddress", "SubnetId", "VpcId"} & gone.keys()
    assert gone["NetworkInterfaces"] == []
    (next_one,) = world.launch(SubnetId=subnet)
    assert next_one["PrivateIpAddress"] == instance["PrivateIpAddress"]
    by_address = [{"Name": "private-ip-address", "Values": [instance["PrivateIpAddress"]]}]
    (found,) = world.ec2.describe_instances(Filters=by_address)["Reservations"]  # type: ignore[arg-type] # plain dicts do
    assert found["Instances"][0]["InstanceId"] == next_one["InstanceId"]


def test_a_launch_gives_its_interfaces_all_that_it_asks_for(world: World) -> None:
    """Further addresses, IPv6 and further interfaces are shown as they were given, each with its device index."""
    subnet = world.subnet()
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
    (instance,) = world.launch(NetworkInterfaces=[first, second])
    shown = world.described(instance["InstanceId"])
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


def test_an_instance_is_where_its_primary_interface_is(world: World) -> None:
    """Subnet and zone are those of device index 0, be it named last, or have been there before."""
    here, there = world.subnet(), world.subnet()
    zone = world.ec2.describe_subnets(SubnetIds=[there])["Subnets"][0]
    elsewhere = world.ec2.create_subnet(VpcId=zone["VpcId"], CidrBlock="10.10.1.0/24", AvailabilityZone=f"{REGION}c")[
        "Subnet"
    ]["SubnetId"]
    interface = world.ec2.create_network_interface(SubnetId=elsewhere)["NetworkInterface"]["NetworkInterfaceId"]
    nics = [{"DeviceIndex": 1, "SubnetId": here}, {"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    (instance,) = world.launch(NetworkInterfaces=nics)
    shown = world.described(instance["InstanceId"])
    assert (shown["SubnetId"], shown["VpcId"]) == (elsewhere, zone["VpcId"])
    assert shown["Placement"]["AvailabilityZone"] == f"{REGION}c"


def test_further_addresses_are_the_subnets_and_free_again_afterwards(world: World) -> None:
    """Nobody else gets a further address before it was unassigned or its instance has ended."""
    subnet = world.subnet("10.10.0.0/28")
    (instance,) = world.launch(SubnetId=subnet)
    interface = world.described(instance["InstanceId"])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    world.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.10.0.6"])
    world.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=1)
    others = [each["PrivateIpAddress"] for each in world.launch(2, SubnetId=subnet)]
    assert others == ["10.10.0.7", "10.10.0.8"]
    world.ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.10.0.6"])
    assert world.launch(SubnetId=subnet)[0]["PrivateIpAddress"] == "10.10.0.6"
    world.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert [each["PrivateIpAddress"] for each in world.launch(2, SubnetId=subnet)] == ["10.10.0.4", "10.10.0.5"]


def test_a_start_is_a_new_launch_time_but_no_new_attachment(world: World) -> None:
    """When the instance was first launched is told by its primary interface alone."""
    ids = [world.launch()[0]["InstanceId"]]
    first = world.described(ids[0])["LaunchTime"]
    world.clock.advance(60)
    world.ec2.start_instances(InstanceIds=ids)
    assert world.described(ids[0])["LaunchTime"] == first
    world.ec2.stop_instances(InstanceIds=ids)
    assert world.described(ids[0])["LaunchTime"] == first
    world.ec2.start_instances(InstanceIds=ids)
    shown = world.described(ids[0])
    assert (shown["LaunchTime"] - first).total_seconds() == 60
    assert shown["NetworkInterfaces"][0]["Attachment"]["AttachTime"] == first


RESERVED: list[TagTypeDef] = [{"Key": "aws:autoscaling:groupName", "Value": "web-fleet"}]


def test_a_customer_may_not_set_tags_of_aws(world: World) -> None:
    """Neither at a launch, which then launches nothing, nor on what exists; nor may he take them off."""
    ids = [world.launch()[0]["InstanceId"]]
    words = "Tag keys starting with 'aws:' are reserved for internal use"
    with pytest.raises(ClientError, match=words) as refused:
        world.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": RESERVED}])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    with pytest.raises(ClientError, match=words):
        world.ec2.create_tags(Resources=ids, Tags=[{"Key": "AWS:x", "Value": "y"}])
    with pytest.raises(ClientError, match=words):
        world.ec2.delete_tags(Resources=ids, Tags=[{"Key": RESERVED[0]["Key"]}])
    assert len(world.ec2.describe_instances()["Reservations"]) == 1
    assert "Tags" not in world.described(ids[0])


def test_a_service_of_aws_sets_them_at_the_launch(world: World) -> None:
    """The instance has the tag from the first event on, and a customer's own tags beside it."""
    tags = [*RESERVED, {"Key": "Name", "Value": "web"}]
    with asked_by_aws():
        (instance,) = world.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    (event,) = [event for event in world.events if event["source"] == "aws.tag"]
    assert event["detail"]["tags"] == {"aws:autoscaling:groupName": "web-fleet", "Name": "web"}
    with pytest.raises(ClientError, match="reserved"):
        world.ec2.create_tags(Resources=[instance["InstanceId"]], Tags=RESERVED)


def test_the_emulators_auto_scaling_may_set_them(world: World) -> None:
    """A group's own instances bear its name."""
    subnet = world.subnet()
    scaling = boto3.client("autoscaling", REGION, aws_access_key_id="x", aws_secret_access_key="x")
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web-fleet",
        LaunchConfigurationName="web",
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
    )
    (reservation,) = world.ec2.describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    assert RESERVED[0] in instance["Tags"]
    assert instance["SubnetId"] == subnet


def test_an_interface_of_its_own_outlives_the_instance(world: World) -> None:
    """An interface that was there before the launch is free again after the end, address and all."""
    interface = world.ec2.create_network_interface(SubnetId=world.subnet())["NetworkInterface"]
    nics = [{"DeviceIndex": 0, "NetworkInterfaceId": interface["NetworkInterfaceId"]}]
    (instance,) = world.launch(NetworkInterfaces=nics)
    assert instance["PrivateIpAddress"] == interface["PrivateIpAddress"]
    world.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    (left,) = world.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
        "NetworkInterfaces"
    ]
    assert (left["Status"], left["PrivateIpAddress"]) == ("available", interface["PrivateIpAddress"])


def test_a_terminated_instance_disappears_after_an_hour(world: World) -> None:
    """It stays to be seen for an hour, and is then as if it had never been, the others of its launch unharmed."""
    first, second = (instance["InstanceId"] for instance in world.launch(2))
    world.ec2.terminate_instances(InstanceIds=[first])
    world.clock.advance(3599)
    assert world.described(first)["State"]["Name"] == "terminated"
    world.clock.advance(2)
    assert world.described(second)["State"]["Name"] == "running"
    with pytest.raises(ClientError, match="InvalidInstanceID"):
        world.ec2.describe_instances(InstanceIds=[first])


def test_a_terminated_instance_never_starts_again(world: World) -> None:
    """Starting it is refused and emits nothing."""
    ids = [world.launch()[0]["InstanceId"]]
    world.ec2.terminate_instances(InstanceIds=ids)
    world.events.clear()
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        world.ec2.start_instances(InstanceIds=ids)
    assert world.said() == []


def test_after_the_context_the_emulator_is_as_it_was(world: World) -> None:
    """The bridges are taken off again: a second layer emits while it lasts, and not after."""
    heard: list[dict[str, Any]] = []
    with ec2_events(heard.append, world.clock):
        world.launch()
    count = len(heard)
    world.launch()
    assert (count, len(heard)) == (2, 2)
