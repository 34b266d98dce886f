from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.events.ec2 import ec2_events
from sandbox.aws.events.trails import Trails
from sandbox.clock import MovedClock, moved_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client

REGION: Final = "eu-west-1"
ACCOUNT: Final = "123456789012"
SESSION: Final = boto3.Session("testing", "testing", region_name=REGION)
UUID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass
class Sandbox:
    clock: MovedClock
    ec2: EC2Client
    trails: Trails = field(default_factory=Trails)
    events: list[dict[str, Any]] = field(default_factory=list)

    def new_vpc(self, **tags: str) -> str:
        tagged: Any = [{"ResourceType": "vpc", "Tags": [{"Key": key, "Value": text} for key, text in tags.items()]}]
        made = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", **({"TagSpecifications": tagged} if tags else {}))
        return made["Vpc"]["VpcId"]

    def emitted(self) -> list[str]:
        names = [event["detail"].get("eventName") or event["source"] for event in self.events]
        self.events.clear()
        return names


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with moved_clock() as clock, emulated_aws():
        made = Sandbox(clock, SESSION.client("ec2"))
        with ec2_events(made.events.append, clock, made.trails):
            yield made


def test_new_vpc_emits_its_cloudtrail_record(sandbox: Sandbox) -> None:
    """The envelope names no resource; the record has the caller, the call and its result."""
    vpc = sandbox.new_vpc()
    (event,) = sandbox.events
    detail = event.pop("detail")
    assert re.fullmatch(UUID, event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": ACCOUNT,
        "time": "2026-11-02T09:00:00Z",
        "region": REGION,
        "resources": [],
    }
    assert (detail["eventSource"], detail["eventName"]) == ("ec2.amazonaws.com", "CreateVpc")
    assert (detail["awsRegion"], detail["recipientAccountId"]) == (REGION, ACCOUNT)
    assert detail["userIdentity"]["accountId"] == ACCOUNT
    assert detail["requestParameters"] == {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "default"}
    assert detail["responseElements"]["vpc"]["vpcId"] == vpc
    assert detail["responseElements"]["requestId"] == detail["requestID"]
    assert (detail["eventTime"], detail["readOnly"]) == ("2026-11-02T09:00:00Z", False)
    assert not {"errorCode", "errorMessage"} & detail.keys()


def test_vpc_deletion_emits_an_event(sandbox: Sandbox) -> None:
    """The event's parameters have the VPC; a failed deletion emits nothing."""
    vpc = sandbox.new_vpc()
    subnet = sandbox.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    sandbox.events.clear()
    with pytest.raises(ClientError, match="DependencyViolation"):
        sandbox.ec2.delete_vpc(VpcId=vpc)
    assert sandbox.emitted() == []
    sandbox.ec2.delete_subnet(SubnetId=subnet)
    sandbox.ec2.delete_vpc(VpcId=vpc)
    (event,) = sandbox.events
    assert event["resources"] == []
    assert event["detail"]["eventName"] == "DeleteVpc"
    assert event["detail"]["requestParameters"] == {"vpcId": vpc}
    assert event["detail"]["responseElements"]["_return"] is True


def test_attribute_change_emits_an_event(sandbox: Sandbox) -> None:
    """Each event has the new value, even if the attribute had it before."""
    vpc = sandbox.new_vpc()
    sandbox.events.clear()
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    assert [event["detail"]["requestParameters"] for event in sandbox.events] == [
        {"vpcId": vpc, "enableDnsHostnames": {"value": True}},
        {"vpcId": vpc, "enableDnsSupport": {"value": True}},
    ]
    assert sandbox.emitted() == ["ModifyVpcAttribute"] * 2
    with pytest.raises(ClientError, match="InvalidVpcID"):
        sandbox.ec2.modify_vpc_attribute(VpcId="vpc-0none", EnableDnsSupport={"Value": True})
    assert sandbox.emitted() == []


def test_account_without_trail_emits_tag_events_only(sandbox: Sandbox) -> None:
    """Tag events do not depend on CloudTrail; a trail that is added later logs later calls."""
    sandbox.trails.missing.add(ACCOUNT)
    vpc = sandbox.new_vpc(Name="lan")
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    sandbox.ec2.delete_vpc(VpcId=vpc)
    assert sandbox.emitted() == ["aws.tag"]
    sandbox.trails.missing.clear()
    sandbox.new_vpc()
    assert sandbox.emitted() == ["CreateVpc"]


def test_trails_are_per_account(sandbox: Sandbox) -> None:
    """Another account's missing trail changes nothing in this account."""
    sandbox.trails.missing.add("210987654321")
    sandbox.new_vpc()
    assert sandbox.emitted() == ["CreateVpc"]


def test_default_vpc_emits_nothing(sandbox: Sandbox) -> None:
    """The first use of a region emits nothing about its default VPC."""
    assert any(vpc.is_default for vpc in ec2_backends[ACCOUNT]["sa-east-1"].vpcs.values())
    assert sandbox.emitted() == []


def test_stack_vpc_emits_events(sandbox: Sandbox) -> None:
    """CloudFormation calls EC2 like any caller, so a stack's VPC emits events at its creation and deletion."""
    template = 'Resources: {Vpc: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}}'
    cloudformation = SESSION.client("cloudformation")
    cloudformation.create_stack(StackName="network", TemplateBody=template)
    cloudformation.delete_stack(StackName="network")
    # The stack's own tags come after the creation.
    assert sandbox.emitted() == ["CreateVpc", "aws.tag", "DeleteVpc"]


def test_creation_emits_one_tag_event(sandbox: Sandbox) -> None:
    """One event after the creation has all tags of the VPC."""
    vpc = sandbox.new_vpc(Name="lan", team="a")
    created, tagged = sandbox.events
    assert created["detail"]["eventName"] == "CreateVpc"
    assert (tagged["source"], tagged["detail-type"]) == ("aws.tag", "Tag Change on Resource")
    assert tagged["resources"] == [f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc}"]
    assert tagged["detail"] == {
        "changed-tag-keys": ["Name", "team"],
        "service": "ec2",
        "resource-type": "vpc",
        "version": 1,
        "tags": {"Name": "lan", "team": "a"},
    }


def test_vpc_tag_event_has_changed_keys_and_all_tags(sandbox: Sandbox) -> None:
    """A VPC and an instance tagged in one call each emit an event; setting the same value emits nothing."""
    vpc = sandbox.new_vpc(Name="lan", team="a")
    instance = sandbox.ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    sandbox.events.clear()
    for _ in range(2):
        sandbox.ec2.create_tags(Resources=[vpc, instance], Tags=[{"Key": "Name", "Value": "wan"}])
    sandbox.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "team"}])
    assert [
        (event["detail"]["resource-type"], event["detail"]["changed-tag-keys"], event["detail"]["tags"])
        for event in sandbox.events
    ] == [
        ("vpc", ["Name"], {"Name": "wan", "team": "a"}),
        ("instance", ["Name"], {"Name": "wan"}),
        ("vpc", ["team"], {"Name": "wan"}),
    ]


def test_bridge_is_removed(sandbox: Sandbox) -> None:
    """A second layer emits events about VPCs while its context lasts, and none afterwards."""
    heard: list[dict[str, Any]] = []
    with ec2_events(heard.append, sandbox.clock):
        vpc = sandbox.new_vpc()
    count = len(heard)
    sandbox.ec2.delete_vpc(VpcId=vpc)
    assert (count, len(heard)) == (1, 1)
