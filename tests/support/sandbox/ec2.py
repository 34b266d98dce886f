"""An account whose EC2 events are recorded, for the tests of EC2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3

from sandbox.clock import MovedClock

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef


REGION = "eu-west-1"
IMAGE = "ami-12c6146b"


class Account:
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

    def emitted(self) -> list[str]:
        names = [event["detail"].get("state") or event["source"] for event in self.events]
        self.events.clear()
        return names
