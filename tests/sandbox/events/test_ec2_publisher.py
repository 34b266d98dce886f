"""Events about instances and tags, and who may set reserved tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.events.ec2_tags import called_by_aws
from tests.support.sandbox.ec2 import IMAGE, REGION, Account

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import TagTypeDef


def test_state_change_event_has_the_documented_form(account: Account) -> None:
    """Envelope and detail have exactly the fields of AWS's sample."""
    (instance,) = account.launch()
    pending, running = account.events
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


def test_each_action_emits_two_states(account: Account) -> None:
    """Launch, stop, start and terminate emit both of their states; an action without effect emits none."""
    ids = [account.launch()[0]["InstanceId"]]
    assert account.emitted() == ["pending", "running"]
    account.ec2.start_instances(InstanceIds=ids)
    assert account.emitted() == []
    account.ec2.stop_instances(InstanceIds=ids)
    assert account.emitted() == ["stopping", "stopped"]
    account.ec2.stop_instances(InstanceIds=ids)
    assert account.emitted() == []
    account.ec2.start_instances(InstanceIds=ids)
    assert account.emitted() == ["pending", "running"]
    account.ec2.terminate_instances(InstanceIds=ids)
    assert account.emitted() == ["shutting-down", "terminated"]
    account.ec2.terminate_instances(InstanceIds=ids)
    assert account.emitted() == []


def test_launch_emits_one_tag_event(account: Account) -> None:
    """One tag event has all tags of a launch."""
    tags = [{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "a"}]
    (instance,) = account.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    (event,) = [event for event in account.events if event["source"] == "aws.tag"]
    assert event["detail-type"] == "Tag Change on Resource"
    assert event["resources"] == [f"arn:aws:ec2:{REGION}:123456789012:instance/{instance['InstanceId']}"]
    assert event["detail"] == {
        "changed-tag-keys": ["Name", "team"],
        "service": "ec2",
        "resource-type": "instance",
        "version": 1,
        "tags": {"Name": "web", "team": "a"},
    }


def test_tag_event_has_changed_keys_and_all_tags(account: Account) -> None:
    """Changed keys are those that were added, changed or removed; setting the same value emits nothing."""
    ids = [account.launch()[0]["InstanceId"]]
    account.ec2.create_tags(Resources=ids, Tags=[{"Key": "Name", "Value": "web"}, {"Key": "team", "Value": "a"}])
    account.events.clear()
    account.ec2.create_tags(Resources=ids, Tags=[{"Key": "Name", "Value": "api"}, {"Key": "team", "Value": "a"}])
    account.ec2.create_tags(Resources=ids, Tags=[{"Key": "team", "Value": "a"}])
    account.ec2.delete_tags(Resources=ids, Tags=[{"Key": "Name"}])
    assert [(e["detail"]["changed-tag-keys"], e["detail"]["tags"], e["detail"]["version"]) for e in account.events] == [
        (["Name"], {"Name": "api", "team": "a"}, 2),
        (["Name"], {"team": "a"}, 3),
    ]


def test_tags_of_other_resources_emit_nothing(account: Account) -> None:
    """The tags of a subnet emit no event."""
    subnet = account.subnet()
    account.events.clear()
    account.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "lan"}])
    assert account.emitted() == []


RESERVED: list[TagTypeDef] = [{"Key": "aws:autoscaling:groupName", "Value": "web-fleet"}]


def test_customer_cannot_set_reserved_tags(account: Account) -> None:
    """Reserved tags are refused at a launch, which then launches nothing, and later, as is their removal."""
    ids = [account.launch()[0]["InstanceId"]]
    words = "Tag keys starting with 'aws:' are reserved for internal use"
    with pytest.raises(ClientError, match=words) as refused:
        account.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": RESERVED}])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    with pytest.raises(ClientError, match=words):
        account.ec2.create_tags(Resources=ids, Tags=[{"Key": "AWS:x", "Value": "y"}])
    with pytest.raises(ClientError, match=words):
        account.ec2.delete_tags(Resources=ids, Tags=[{"Key": RESERVED[0]["Key"]}])
    assert len(account.ec2.describe_instances()["Reservations"]) == 1
    assert "Tags" not in account.described(ids[0])


def test_aws_service_sets_reserved_tags_at_launch(account: Account) -> None:
    """The first event already has the reserved tag, next to the customer's own tags."""
    tags = [*RESERVED, {"Key": "Name", "Value": "web"}]
    with called_by_aws():
        (instance,) = account.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    (event,) = [event for event in account.events if event["source"] == "aws.tag"]
    assert event["detail"]["tags"] == {"aws:autoscaling:groupName": "web-fleet", "Name": "web"}
    with pytest.raises(ClientError, match="reserved"):
        account.ec2.create_tags(Resources=[instance["InstanceId"]], Tags=RESERVED)


def test_auto_scaling_sets_reserved_tags(account: Account) -> None:
    """Instances of an Auto Scaling group have its name as a tag."""
    subnet = account.subnet()
    scaling = boto3.client("autoscaling", REGION, aws_access_key_id="x", aws_secret_access_key="x")
    scaling.create_launch_configuration(LaunchConfigurationName="web", ImageId=IMAGE, InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web-fleet",
        LaunchConfigurationName="web",
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnet,
    )
    (reservation,) = account.ec2.describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    assert RESERVED[0] in instance["Tags"]
    assert instance["SubnetId"] == subnet
