"""Subnets that one account shares with another: who sees the VPC, and what stays its owner's."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.vpcs.shared_subnets import own_vpcs
from sandbox.example import NETWORK, PAYMENTS
from sandbox.world import World

REGION = "eu-central-1"
CORP = "corp.internal"


def test_participant_sees_the_vpc_and_cannot_associate_it(made: World) -> None:
    """DescribeVpcs shows the owner; Route 53 takes the VPC only from its owner; instances run in the subnet."""
    vpc = made.add_vpc(NETWORK, REGION, associated=False)
    made.share(vpc, PAYMENTS)
    ec2 = made.client("ec2", PAYMENTS, REGION)
    (shown,) = ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"]
    assert shown["OwnerId"] == NETWORK
    assert vpc.id not in own_vpcs(PAYMENTS, REGION)
    assert vpc.id in own_vpcs(NETWORK, REGION)
    (instance,) = made.launch(PAYMENTS, REGION, subnet=vpc.subnet)
    assert made.described(PAYMENTS, REGION, instance)["VpcId"] == vpc.id
    assert not made.client("ec2", NETWORK, REGION).describe_instances()["Reservations"]
    with pytest.raises(ClientError, match="not owned by you"):
        made.client("route53", PAYMENTS).list_hosted_zones_by_vpc(VPCId=vpc.id, VPCRegion=REGION)
    with pytest.raises(ClientError):
        made.client("route53", PAYMENTS).associate_vpc_with_hosted_zone(
            HostedZoneId=made.zone_ids[CORP], VPC={"VPCId": vpc.id, "VPCRegion": REGION}
        )
