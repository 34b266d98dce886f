"""A private zone and VPCs of several accounts, for the tests of associations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.credentials import administrator_client
from sandbox.aws.route53.state import StrictRoute53

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import VPCTypeDef

    from sandbox.clock import MovedClock


REGION: Final = "eu-west-1"
OTHER_REGION: Final = "eu-central-1"
OWNER: Final = "123456789012"
MEMBER: Final = "210987654321"
STRANGER: Final = "333333333333"
ZONE: Final = "Z0CORP"
# One attempt, so that a refused call is not repeated.
ONCE: Final = Config(retries={"total_max_attempts": 1, "mode": "standard"})


def client(service: str, account: str, **options: Any) -> Any:  # noqa: ANN401 - any service's client
    return administrator_client(service, account, REGION, config=ONCE, **options)


@dataclass
class Sandbox:
    clock: MovedClock
    strict: StrictRoute53
    first: VPCTypeDef = field(init=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, account: str) -> Any:  # noqa: ANN401 - clients of two services
        if (service, account) not in self._clients:
            self._clients[service, account] = client(service, account)
        return self._clients[service, account]

    def route53(self, account: str) -> Route53Client:
        client: Route53Client = self.client("route53", account)
        return client

    def new_vpc(self, account: str) -> VPCTypeDef:
        made = self.client("ec2", account).create_vpc(CidrBlock="10.0.0.0/16")
        return {"VPCId": made["Vpc"]["VpcId"], "VPCRegion": REGION}

    def authorize(self, vpc: VPCTypeDef, account: str = OWNER) -> None:
        self.route53(account).create_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)

    def deauthorize(self, vpc: VPCTypeDef, account: str = OWNER) -> None:
        self.route53(account).delete_vpc_association_authorization(HostedZoneId=ZONE, VPC=vpc)

    def associate(self, vpc: VPCTypeDef, account: str, zone: str = ZONE) -> None:
        self.route53(account).associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=vpc)

    def disassociate(self, vpc: VPCTypeDef, account: str) -> None:
        self.route53(account).disassociate_vpc_from_hosted_zone(HostedZoneId=ZONE, VPC=vpc)

    def authorized_vpc(self) -> VPCTypeDef:
        vpc = self.new_vpc(MEMBER)
        self.authorize(vpc)
        return vpc

    def associated_vpc(self) -> VPCTypeDef:
        vpc = self.authorized_vpc()
        self.associate(vpc, MEMBER)
        return vpc


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]
