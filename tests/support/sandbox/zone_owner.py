"""The account that owns a private zone, for the tests of Route 53."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.credentials import administrator_client
from sandbox.aws.route53.state import StrictRoute53

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.literals import ChangeActionType, RRTypeType
    from mypy_boto3_route53.type_defs import ChangeTypeDef

    from sandbox.clock import MovedClock


REGION: Final = "eu-west-1"
ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
# One attempt, so that a refused call is not repeated.
ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"})


@dataclass
class ZoneOwner:
    clock: MovedClock
    strict: StrictRoute53
    route53: Route53Client
    vpc: str


def client(service: str, account: str = ACCOUNT, **options: Any) -> Any:  # noqa: ANN401 - any service's client
    return administrator_client(service, account, REGION, config=ONCE, **options)


def new_vpc(account: str = ACCOUNT) -> str:
    vpc: str = client("ec2", account).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc


def change(
    action: ChangeActionType,
    name: str = "web.corp.internal",
    value: str = "10.0.0.1",
    identifier: str | None = "one",
    type_: RRTypeType = "A",
) -> ChangeTypeDef:
    made: ChangeTypeDef = {
        "Action": action,
        "ResourceRecordSet": {"Name": name, "Type": type_, "TTL": 60, "ResourceRecords": [{"Value": value}]},
    }
    if identifier is not None:
        made["ResourceRecordSet"]["SetIdentifier"] = identifier
        made["ResourceRecordSet"]["MultiValueAnswer"] = True
    return made


def send(owner: ZoneOwner, *changes: ChangeTypeDef, zone_id: str = "Z0CORP") -> None:
    owner.route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def refusal(call: Callable[[], object]) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    error = refused.value.response
    return error["Error"]["Code"], error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]
