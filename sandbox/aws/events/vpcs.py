"""Publishes what happens to VPCs. EC2 itself sends no events about VPCs, but the account's CloudTrail trail does.

A simulation: the emulator emits no events. A trail also logs failed calls, with an errorCode; these are not published.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.ec2.models.vpcs import VPCBackend

from sandbox.aws.bridge import replaced
from sandbox.aws.events.ec2_publisher import being_made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.events.ec2_publisher import Publisher
    from sandbox.aws.events.envelope import Event
    from sandbox.aws.events.trails import Trails

# A backend, VPC or parameter of the emulator, which ships no types.
Moto = Any


@contextmanager
def vpc_events(publisher: Publisher, trails: Trails) -> Iterator[None]:
    """Publish what a trail logs when a VPC is created, changed or deleted, while the context lasts.

    The tags of a new VPC are published once. A region's default VPC exists before any call.
    """
    create, delete, modify = VPCBackend.create_vpc, VPCBackend.delete_vpc, VPCBackend.modify_vpc_attribute

    def call(backend: Moto, name: str, parameters: Event, answer: Event) -> None:
        if trails.log(backend.account_id):
            publisher.call(backend, name, parameters, answer)

    def create_vpc(backend: Moto, *args: Moto, **kwargs: Moto) -> Moto:
        with being_made():
            vpc = create(backend, *args, **kwargs)
        if not vpc.is_default:
            requested = {"cidrBlock": vpc.cidr_block, "instanceTenancy": vpc.instance_tenancy}
            made = {"vpcId": vpc.id, "state": "pending", "ownerId": backend.account_id, "isDefault": False}
            call(backend, "CreateVpc", requested, {"vpc": requested | made})
            publisher.tags(backend, vpc.id, {})
        return vpc

    def delete_vpc(backend: Moto, vpc_id: str) -> Moto:
        deleted = delete(backend, vpc_id)
        call(backend, "DeleteVpc", {"vpcId": vpc_id}, {"_return": True})
        return deleted

    def modify_vpc_attribute(backend: Moto, vpc_id: str, attr_name: str, attr_value: Moto) -> None:
        modify(backend, vpc_id, attr_name, attr_value)
        changed = {_camel_case(attr_name): {"value": attr_value}}
        call(backend, "ModifyVpcAttribute", {"vpcId": vpc_id, **changed}, {"_return": True})

    with replaced(VPCBackend, create_vpc=create_vpc, delete_vpc=delete_vpc, modify_vpc_attribute=modify_vpc_attribute):
        yield


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
