from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.ec2.models import ec2_backends

from sandbox.aws.events.ec2 import ec2_events
from sandbox.aws.events.vpcs import Trails
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

    def said(self) -> list[str]:
        said = [event["detail"].get("eventName") or event["source"] for event in self.events]
        self.events.clear()
        return said


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with moved_clock() as clock, mock_aws():
        made = Sandbox(clock, SESSION.client("ec2"))
        with ec2_events(made.events.append, clock, made.trails):
            yield made


def test_a_new_vpc_is_told_of_as_its_trail_logs_it(sandbox: Sandbox) -> None:
    """The envelope names no resource, and the record says who, what and with what outcome."""
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


def test_a_vpcs_end_is_told_of(sandbox: Sandbox) -> None:
    """With the VPC among the parameters; of a deletion that fails nothing is told."""
    vpc = sandbox.new_vpc()
    subnet = sandbox.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    sandbox.events.clear()
    with pytest.raises(ClientError, match="DependencyViolation"):
        sandbox.ec2.delete_vpc(VpcId=vpc)
    assert sandbox.said() == []
    sandbox.ec2.delete_subnet(SubnetId=subnet)
    sandbox.ec2.delete_vpc(VpcId=vpc)
    (event,) = sandbox.events
    assert event["resources"] == []
    assert event["detail"]["eventName"] == "DeleteVpc"
    assert event["detail"]["requestParameters"] == {"vpcId": vpc}
    assert event["detail"]["responseElements"]["_return"] is True


def test_changed_attributes_are_told_of(sandbox: Sandbox) -> None:
    """Each with its new value, also when it had that before."""
    vpc = sandbox.new_vpc()
    sandbox.events.clear()
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    assert [event["detail"]["requestParameters"] for event in sandbox.events] == [
        {"vpcId": vpc, "enableDnsHostnames": {"value": True}},
        {"vpcId": vpc, "enableDnsSupport": {"value": True}},
    ]
    assert sandbox.said() == ["ModifyVpcAttribute"] * 2
    with pytest.raises(ClientError, match="InvalidVpcID"):
        sandbox.ec2.modify_vpc_attribute(VpcId="vpc-0none", EnableDnsSupport={"Value": True})
    assert sandbox.said() == []


def test_without_a_trail_only_tags_are_told_of(sandbox: Sandbox) -> None:
    """They are no business of CloudTrail; and the trail that is there again logs what comes then."""
    sandbox.trails.missing.add(ACCOUNT)
    vpc = sandbox.new_vpc(Name="lan")
    sandbox.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    sandbox.ec2.delete_vpc(VpcId=vpc)
    assert sandbox.said() == ["aws.tag"]
    sandbox.trails.missing.clear()
    sandbox.new_vpc()
    assert sandbox.said() == ["CreateVpc"]


def test_a_trail_is_an_accounts_own(sandbox: Sandbox) -> None:
    """Another account without one changes nothing here."""
    sandbox.trails.missing.add("210987654321")
    sandbox.new_vpc()
    assert sandbox.said() == ["CreateVpc"]


def test_the_default_vpc_was_always_there(sandbox: Sandbox) -> None:
    """A region that is looked at for the first time says nothing."""
    assert any(vpc.is_default for vpc in ec2_backends[ACCOUNT]["sa-east-1"].vpcs.values())
    assert sandbox.said() == []


def test_a_vpc_that_a_stack_makes_is_told_of(sandbox: Sandbox) -> None:
    """As is its end with the stack: CloudFormation calls EC2 as anybody does."""
    template = 'Resources: {Vpc: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}}'
    cloudformation = SESSION.client("cloudformation")
    cloudformation.create_stack(StackName="network", TemplateBody=template)
    cloudformation.delete_stack(StackName="network")
    # The stack's own tags come after the creation.
    assert sandbox.said() == ["CreateVpc", "aws.tag", "DeleteVpc"]


def test_tags_given_at_creation_are_told_once(sandbox: Sandbox) -> None:
    """After the creation, all of them in one event, of the VPC."""
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


def test_a_tag_event_of_a_vpc_tells_what_changed_and_all_that_is(sandbox: Sandbox) -> None:
    """Beside an instance that is tagged with it each has an event of its own; tagging alike says nothing."""
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


def test_afterwards_the_emulator_says_nothing(sandbox: Sandbox) -> None:
    """A second layer tells of VPCs while it lasts, and not after."""
    heard: list[dict[str, Any]] = []
    with ec2_events(heard.append, sandbox.clock):
        vpc = sandbox.new_vpc()
    count = len(heard)
    sandbox.ec2.delete_vpc(VpcId=vpc)
    assert (count, len(heard)) == (1, 1)
