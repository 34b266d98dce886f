"""Events about instances and tags, and who may set tags."""

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


def test_a_state_change_is_the_event_that_aws_documents(account: Account) -> None:
    """The envelope and the detail of a state change are those of AWS's sample, and nothing else."""
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


def test_each_action_passes_through_its_two_states(account: Account) -> None:
    """Launch, stop, start and terminate each tell of both states, and an action that changes nothing of none."""
    ids = [account.launch()[0]["InstanceId"]]
    assert account.said() == ["pending", "running"]
    account.ec2.start_instances(InstanceIds=ids)
    assert account.said() == []
    account.ec2.stop_instances(InstanceIds=ids)
    assert account.said() == ["stopping", "stopped"]
    account.ec2.stop_instances(InstanceIds=ids)
    assert account.said() == []
    account.ec2.start_instances(InstanceIds=ids)
    assert account.said() == ["pending", "running"]
    account.ec2.terminate_instances(InstanceIds=ids)
    assert account.said() == ["shutting-down", "terminated"]
    account.ec2.terminate_instances(InstanceIds=ids)
    assert account.said() == []


def test_tags_given_at_launch_are_told_once(account: Account) -> None:
    """One tag event stands for all tags of a launch, with the full tags in it."""
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


def test_a_tag_event_tells_what_changed_and_all_that_is(account: Account) -> None:
    """Changed keys are those set anew, set otherwise or removed; tagging alike says nothing."""
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


def test_tags_of_other_resources_say_nothing(account: Account) -> None:
    """A subnet's tags are no business of an instance's events."""
    subnet = account.subnet()
    account.events.clear()
    account.ec2.create_tags(Resources=[subnet], Tags=[{"Key": "Name", "Value": "lan"}])
    assert account.said() == []


RESERVED: list[TagTypeDef] = [{"Key": "aws:autoscaling:groupName", "Value": "web-fleet"}]


def test_a_customer_may_not_set_tags_of_aws(account: Account) -> None:
    """Neither at a launch, which then launches nothing, nor on what exists; nor may he take them off."""
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


def test_a_service_of_aws_sets_them_at_the_launch(account: Account) -> None:
    """The instance has the tag from the first event on, and a customer's own tags beside it."""
    tags = [*RESERVED, {"Key": "Name", "Value": "web"}]
    with called_by_aws():
        (instance,) = account.launch(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    (event,) = [event for event in account.events if event["source"] == "aws.tag"]
    assert event["detail"]["tags"] == {"aws:autoscaling:groupName": "web-fleet", "Name": "web"}
    with pytest.raises(ClientError, match="reserved"):
        account.ec2.create_tags(Resources=[instance["InstanceId"]], Tags=RESERVED)


def test_the_emulators_auto_scaling_may_set_them(account: Account) -> None:
    """A group's own instances bear its name."""
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
