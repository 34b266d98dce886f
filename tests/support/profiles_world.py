"""An organization whose accounts share Route 53 Profiles, and clients of its accounts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sandbox.aws.credentials import administrator_client
from sandbox.aws.organization import AccountSpec, Organization, OrganizationSpec, UnitSpec
from sandbox.aws.profiles.bridge import route53_profiles
from sandbox.aws.route53.bridge import strict_route53
from sandbox.clock import RealClock
from tests.support.sandbox.organizations import MANAGEMENT, ORG, REGION, simulated_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.profiles.rules import Profiles
    from sandbox.aws.route53.state import StrictRoute53

OWNER, WEB, SHOP = "100000000002", "100000000003", "100000000004"
STRANGER = "200000000001"
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
    """A client of the account's administrator; one for each organization."""
    return administrator_client(service, account, region, **options)


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
class ProfilesWorld:
    """The organization, and the state of the bridges."""

    organization: Organization
    route53: StrictRoute53
    profiles: Profiles


@contextmanager
def organization() -> Iterator[ProfilesWorld]:
    client.cache_clear()
    clock = RealClock()
    with (
        simulated_organization(SPEC) as made,
        strict_route53(clock) as route53,
        route53_profiles(clock) as profiles,
    ):
        yield ProfilesWorld(made, route53, profiles)
    client.cache_clear()
