"""An organization with clients of its accounts, for the tests of Route 53 Profiles."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from moto import mock_aws
from moto.iam.models import iam_backends

from sandbox.aws.organization import (
    AccountSpec,
    Organization,
    OrganizationSpec,
    UnitSpec,
    build_organization,
    organization_bridges,
)
from sandbox.aws.profiles.bridge import route53_profiles
from sandbox.aws.route53.bridge import strict_route53
from sandbox.clock import RealClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.profiles.rules import Profiles
    from sandbox.aws.route53.state import StrictRoute53

MANAGEMENT, OWNER, WEB, SHOP = "100000000001", "100000000002", "100000000003", "100000000004"
STRANGER = "200000000001"
REGION = "eu-west-1"
ORG = "o-demo123456"
TOP, BELOW, APART = "ou-demo-11111111", "ou-demo-22222222", "ou-demo-33333333"
SPEC = OrganizationSpec(
    ORG,
    MANAGEMENT,
    (
        UnitSpec(TOP, "top"),
        UnitSpec(BELOW, "below", TOP, (AccountSpec(WEB, "web"),)),
        UnitSpec(APART, "apart", accounts=(AccountSpec(OWNER, "owner"), AccountSpec(SHOP, "shop"))),
    ),
)
ORGANIZATION_ARN = f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG}"


def unit_arn(unit: str) -> str:
    return f"arn:aws:organizations::{MANAGEMENT}:ou/{ORG}/{unit}"


@cache
def client(service: str, account: str, region: str = REGION, **options: Any) -> Any:  # noqa: ANN401 - any service's client
    """A client of the account's administrator; it is made once for an organization."""
    key = iam_backends[account]["aws"].create_temp_access_key()
    keys = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
    return client_with(keys, service, region, **options)


def client_with(keys: dict[str, str], service: str, region: str = REGION, **options: Any) -> Any:  # noqa: ANN401 - as above
    """A client with these credentials, as STS gives them out."""
    make: Any = boto3.client
    return make(
        service,
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        **options,
    )


def vpc_of(account: str, region: str = REGION) -> str:
    vpc: str = client("ec2", account, region).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return vpc


def zone_of(account: str, domain: str, vpc: str | None = None) -> str:
    """The id of a new private hosted zone."""
    zone: str = client("route53", account).create_hosted_zone(
        Name=domain,
        CallerReference=f"{domain} {vpc}",
        VPC={"VPCRegion": REGION, "VPCId": vpc or vpc_of(account)},
        HostedZoneConfig={"PrivateZone": True},
    )["HostedZone"]["Id"]
    return zone.rpartition("/")[2]


def zone_arn(zone: str) -> str:
    return f"arn:aws:route53:::hostedzone/{zone}"


@dataclass(frozen=True)
class There:
    """The organization, and what the bridges keep of it."""

    organization: Organization
    route53: StrictRoute53
    profiles: Profiles


@contextmanager
def organization() -> Iterator[There]:
    client.cache_clear()
    clock = RealClock()
    with (
        mock_aws(),
        strict_route53(clock) as route53,
        organization_bridges(),
        route53_profiles(clock) as profiles,
    ):
        yield There(build_organization(SPEC), route53, profiles)
    client.cache_clear()
