"""What a trail logs of calls that move interfaces, addresses and members of Auto Scaling groups."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox.ec2 import IMAGE, REGION, Account


def calls(account: Account) -> list[tuple[str, dict[str, Any], str | None]]:
    """The name, the parameters and the error of each logged call since the last one."""
    details = [event["detail"] for event in account.events if event["detail-type"] == "AWS API Call via CloudTrail"]
    account.events.clear()
    logged = [(detail["eventName"], detail["requestParameters"], detail.get("errorCode")) for detail in details]
    return [call for call in logged if call[0] != "CreateVpc"]


def interface(account: Account, subnet: str) -> str:
    return account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


def test_attach_and_detach_are_logged(account: Account) -> None:
    """An attachment names the instance; its end names the attachment only. The record has the documented fields.

    The parameters of AttachNetworkInterface are those of a record that CloudTrail wrote.
    """
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet)
    made, i = interface(account, subnet), instance["InstanceId"]
    account.events.clear()
    attachment = account.ec2.attach_network_interface(NetworkInterfaceId=made, InstanceId=i, DeviceIndex=1)
    (event,) = account.events
    assert (event["source"], event["account"], event["region"]) == ("aws.ec2", "123456789012", REGION)
    assert event["detail"].keys() >= {"eventVersion", "eventSource", "eventName", "awsRegion", "responseElements"}
    attached = {"networkInterfaceId": made, "instanceId": i, "deviceIndex": 1}
    assert calls(account) == [("AttachNetworkInterface", attached, None)]
    account.ec2.detach_network_interface(AttachmentId=attachment["AttachmentId"])
    assert calls(account) == [("DetachNetworkInterface", {"attachmentId": attachment["AttachmentId"]}, None)]


def test_failed_call_is_logged_with_its_error(account: Account) -> None:
    """A call that EC2 refuses is in the trail, too."""
    with pytest.raises(ClientError):
        account.ec2.detach_network_interface(AttachmentId="eni-attach-00000000000000000")
    ((name, _, error),) = calls(account)
    assert (name, error) == ("DetachNetworkInterface", "Client.InvalidAttachmentID.NotFound")


def test_address_moves_if_the_caller_allows_it(account: Account) -> None:
    """An address of another interface is refused, unless the caller allows its reassignment: then it moves."""
    subnet = account.subnet()
    first, second = interface(account, subnet), interface(account, subnet)
    address = "10.10.0.100"
    account.ec2.assign_private_ip_addresses(NetworkInterfaceId=first, PrivateIpAddresses=[address])
    with pytest.raises(ClientError, match="move is not allowed"):
        account.ec2.assign_private_ip_addresses(NetworkInterfaceId=second, PrivateIpAddresses=[address])
    account.ec2.assign_private_ip_addresses(
        NetworkInterfaceId=second, PrivateIpAddresses=[address], AllowReassignment=True
    )
    shown = account.ec2.describe_network_interfaces(NetworkInterfaceIds=[first, second])["NetworkInterfaces"]
    owners = {
        each["NetworkInterfaceId"]
        for each in shown
        if address in {one["PrivateIpAddress"] for one in each["PrivateIpAddresses"]}
    }
    assert owners == {second}
    account.ec2.unassign_private_ip_addresses(NetworkInterfaceId=second, PrivateIpAddresses=[address])
    assert [(name, error) for name, _, error in calls(account)] == [
        ("AssignPrivateIpAddresses", None),
        ("AssignPrivateIpAddresses", "Client.InvalidParameterValue"),
        ("AssignPrivateIpAddresses", None),
        ("UnassignPrivateIpAddresses", None),
    ]


def test_calls_for_ipv6_addresses_are_logged(account: Account) -> None:
    """IPv6 addresses of an interface come and go by calls of their own."""
    made = interface(account, account.subnet())
    account.ec2.assign_ipv6_addresses(NetworkInterfaceId=made, Ipv6Addresses=["2001:db8::1"])
    account.ec2.unassign_ipv6_addresses(NetworkInterfaceId=made, Ipv6Addresses=["2001:db8::1"])
    assert [name for name, _, _ in calls(account)] == ["AssignIpv6Addresses", "UnassignIpv6Addresses"]


def test_member_of_a_group_changes_its_tag(account: Account) -> None:
    """An instance that joins or leaves a group changes its tag `aws:autoscaling:groupName`; the call is logged."""
    subnet = account.subnet()
    (instance,) = account.launch(SubnetId=subnet)
    ids = [instance["InstanceId"]]
    groups = boto3.client("autoscaling", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x")
    groups.create_launch_configuration(LaunchConfigurationName="c", ImageId=IMAGE, InstanceType="t3.micro")
    groups.create_auto_scaling_group(
        AutoScalingGroupName="fleet", LaunchConfigurationName="c", MinSize=0, MaxSize=3, VPCZoneIdentifier=subnet
    )
    account.events.clear()
    groups.attach_instances(AutoScalingGroupName="fleet", InstanceIds=ids)
    assert account.described(ids[0])["Tags"] == [{"Key": "aws:autoscaling:groupName", "Value": "fleet"}]
    groups.detach_instances(AutoScalingGroupName="fleet", InstanceIds=ids, ShouldDecrementDesiredCapacity=True)
    assert account.described(ids[0]).get("Tags", []) == []
    assert {event["source"] for event in account.events} == {"aws.autoscaling", "aws.tag"}
    members = {"autoScalingGroupName": "fleet", "instanceIds": ids}
    assert calls(account) == [("AttachInstances", members, None), ("DetachInstances", members, None)]
