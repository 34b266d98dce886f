"""The emulator's hosted zones across all accounts, and checks of their VPCs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.route53.exceptions import Route53ClientError
from moto.route53.models import FakeZone, route53_backends

from sandbox.aws.route53.names import stored_name
from sandbox.aws.vpcs.shared_subnets import own_vpcs

if TYPE_CHECKING:
    from collections.abc import Iterator


def owned_zones() -> Iterator[tuple[str, FakeZone]]:
    """The emulator's hosted zones, each with the account that owns it."""
    # Copied first: through moto's server another thread may add an account in the meantime.
    for account, backends in list(route53_backends.items()):
        for backend in list(backends.values()):
            yield from ((account, zone) for zone in list(backend.zones.values()))


def hosted_zones() -> Iterator[FakeZone]:
    """The emulator's hosted zones of all accounts."""
    return (zone for _, zone in owned_zones())


def hosted_zone(zone_id: str) -> FakeZone:
    """The emulator's hosted zone with this id, whichever account owns it.

    Raises:
        LookupError: if no account has such a zone.
    """
    for zone in hosted_zones():
        if zone.resource_id == zone_id.removeprefix("/hostedzone/"):
            return zone
    raise LookupError(f"no hosted zone {zone_id} in any account")


def associated_zones(vpc_id: str) -> list[FakeZone]:
    """The emulator's private zones of all accounts that are associated with a VPC."""
    return [
        zone for zone in hosted_zones() if zone.private_zone and any(vpc.get("vpc_id") == vpc_id for vpc in zone.vpcs)
    ]


def refuse_same_named(domain: str, vpc_id: str, region: str) -> None:
    """Refuse a second private zone with the same name for a VPC.

    "AssociateVPCWithHostedZone: ConflictingDomainExists",
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
    """
    for zone in associated_zones(vpc_id):
        if stored_name(zone.name) == stored_name(domain):
            raise Route53ClientError(
                "ConflictingDomainExists",
                f"The VPC {vpc_id} in region {region} has already been associated with the hosted zone "
                f"{zone.resource_id} with the same domain name.",
            )


def refuse_foreign_vpc(account: str, vpc_id: str | None, region: str | None) -> None:
    """Refuse a private zone without a VPC, or with a VPC of another account.

    "CreateHostedZone: InvalidVPCId",
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
    """
    if not vpc_id or not region:
        raise Route53ClientError(
            "InvalidInput",
            "When you're creating a private hosted zone, you must specify values for VPCId and VPCRegion.",
        )
    if vpc_id not in own_vpcs(account, region):
        raise Route53ClientError(
            "InvalidVPCId",
            "The VPC ID that you specified either isn't a valid ID or the current account is not authorized to access "
            "this VPC.",
        )
