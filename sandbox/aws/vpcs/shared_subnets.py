"""Subnets that the owner of a VPC shares with other accounts, which launch instances in them.

A simulation of "Share your VPC subnets with other accounts",
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
A participant sees the shared subnet and its VPC, with the owner's id as OwnerId. The VPC stays the owner's: "the VPC
owner is responsible for creating, managing, and deleting all VPC-level resources". AWS RAM's own API is not involved.
"""

from __future__ import annotations

from moto.ec2.models import ec2_backends


def share_subnet(owner: str, region: str, subnet_id: str, participant: str) -> None:
    """Share a subnet with another account in its region."""
    source, target = ec2_backends[owner][region], ec2_backends[participant][region]
    subnet = source.get_subnet(subnet_id)
    target.subnets[subnet.availability_zone][subnet_id] = subnet
    if subnet.vpc_id not in target.vpcs:
        target.vpcs[subnet.vpc_id] = source.vpcs[subnet.vpc_id]
        # A participant cannot use the owner's security groups.
        target.create_security_group("default", "of the participant", vpc_id=subnet.vpc_id, is_default=True)


def own_vpcs(account: str, region: str) -> tuple[str, ...]:
    """The ids of the VPCs that an account owns in a region, without those that others share with it."""
    return tuple(id_ for id_, vpc in list(ec2_backends[account][region].vpcs.items()) if vpc.owner_id == account)
