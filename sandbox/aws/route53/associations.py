"""The associations of private zones with VPCs of any account.

A simulation: moto refuses no association, but knows only those within one account. "Associating an Amazon VPC and a
private hosted zone that you created with different AWS accounts",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult
from moto.route53.exceptions import (
    LastVPCAssociation,
    NoSuchHostedZone,
    PublicZoneVPCAssociation,
    Route53ClientError,
)

from sandbox.aws.route53.hosted_zones import (
    associated_zones,
    hosted_zone,
    owned_zones,
    refuse_foreign_vpc,
    refuse_same_named,
)
from sandbox.aws.route53.limits import ASSOCIATION_TOKENS
from sandbox.aws.route53.requests import page_of, vpc_of
from sandbox.aws.route53.state import APPLIED, ForeignVpc
from sandbox.aws.vpcs.shared_subnets import own_vpcs

if TYPE_CHECKING:
    from moto.route53.models import FakeZone, Route53Backend
    from moto.route53.responses import Route53

    from sandbox.aws.route53.state import StrictRoute53

MAX_ZONES_A_PAGE: Final = 100


def backend_members(strict: StrictRoute53) -> dict[str, object]:
    """The operations that create and delete associations, for API calls and for templates."""

    def associate_vpc_with_hosted_zone(backend: Route53Backend, zone_id: str, vpcid: str, vpcregion: str) -> FakeZone:
        with strict.lock:
            zone = _any_zone(zone_id)
            _check_association(strict, backend.account_id, zone, vpcid, vpcregion)
            strict.spend(backend.account_id, "AssociateVPCWithHostedZone", ASSOCIATION_TOKENS)
            zone.add_vpc(vpcid, vpcregion)
            strict.occupy(zone)
            return zone

    def disassociate_vpc_from_hosted_zone(
        backend: Route53Backend, zone_id: str, vpcid: str, vpcregion: str | None = None
    ) -> FakeZone:
        with strict.lock:
            zone = _any_zone(zone_id)
            _check_disassociation(backend.account_id, zone, vpcid, vpcregion)
            strict.spend(backend.account_id, "DisassociateVPCFromHostedZone", ASSOCIATION_TOKENS)
            zone.delete_vpc(vpcid)
            return zone

    return {
        "associate_vpc_with_hosted_zone": associate_vpc_with_hosted_zone,
        "disassociate_vpc_from_hosted_zone": disassociate_vpc_from_hosted_zone,
    }


def _any_zone(zone_id: str) -> FakeZone:
    """The private zone, whichever account owns it; permissions are checked later."""
    try:
        return hosted_zone(zone_id)
    except LookupError as error:
        raise NoSuchHostedZone(zone_id) from error


def _check_association(strict: StrictRoute53, account: str, zone: FakeZone, vpc_id: str, region: str) -> None:
    """Refuse what AssociateVPCWithHostedZone refuses to this account.

    A VPC of the zone's own account needs no authorization, and uses none up.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
    "Amazon VPCs that you can associate with a private hosted zone: 300", in "Quotas on hosted zones",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-entities-hosted-zones
    PriorRequestNotComplete is checked last: a call that is refused in any case need not wait.
    """
    if not zone.private_zone:
        raise PublicZoneVPCAssociation
    refuse_foreign_vpc(account, vpc_id, region)
    if not _owns(account, zone) and strict.authorized(zone).get(vpc_id) != region:
        # AWS does not document this message.
        raise Route53ClientError(
            "NotAuthorizedException",
            f"The VPC {vpc_id} in region {region} has not been authorized to associate with the hosted zone "
            f"{zone.resource_id}.",
        )
    refuse_same_named(zone.name, vpc_id, region)
    if len(zone.vpcs) >= strict.limits.vpcs:
        raise Route53ClientError(
            "LimitsExceeded",
            f"The hosted zone {zone.resource_id} is associated with {len(zone.vpcs)} VPCs, which is its limit.",
        )
    strict.refuse_busy(zone)


def _check_disassociation(account: str, zone: FakeZone, vpc_id: str, region: str | None) -> None:
    """Refuse what DisassociateVPCFromHostedZone refuses to this account.

    "You can submit a DisassociateVPCFromHostedZone request using either the account that created the hosted zone or the
    account that created the Amazon VPC": a deleted VPC has no account, so only the zone's owner may end it.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html
    """
    regions = {vpc["vpc_id"]: vpc["vpc_region"] for vpc in zone.vpcs}
    if not _owns(account, zone):
        refuse_foreign_vpc(account, vpc_id, region or regions.get(vpc_id))
    if vpc_id not in regions or region not in {None, regions[vpc_id]}:
        raise Route53ClientError(
            "VPCAssociationNotFound",
            f"The VPC {vpc_id} in region {region} and the hosted zone {zone.resource_id} are not currently associated.",
        )
    if len(regions) == 1:
        raise LastVPCAssociation


def _owns(account: str, zone: FakeZone) -> bool:
    return any(owner == account and owned is zone for owner, owned in owned_zones())


def response_members(strict: StrictRoute53) -> dict[str, object]:
    """The API operations that replace moto's."""

    def list_hosted_zones_by_vpc(response: Route53) -> ActionResult:
        with strict.lock:
            zones = _summaries(response)
        size = int(response._get_param("MaxItems") or MAX_ZONES_A_PAGE)
        ids, following = page_of(response, zones, min(size, MAX_ZONES_A_PAGE))
        summaries = [zones[zone_id] for zone_id in ids]
        return ActionResult({"HostedZoneSummaries": summaries, "MaxItems": size, "NextToken": following})

    def disassociate_vpc_from_hosted_zone(response: Route53) -> ActionResult:
        # moto's own operation loses the region.
        response.backend.disassociate_vpc_from_hosted_zone(response._get_param("HostedZoneId"), *vpc_of(response))
        info = {"Id": "/change/a1b2c3d4", "Status": APPLIED, "SubmittedAt": strict.submitted_at()}
        return ActionResult({"ChangeInfo": info | {"Comment": response._get_param("Comment")}})

    return {
        "list_hosted_zones_by_vpc": list_hosted_zones_by_vpc,
        "disassociate_vpc_from_hosted_zone": disassociate_vpc_from_hosted_zone,
    }


def _summaries(response: Route53) -> dict[str, dict[str, Any]]:
    """The private zones of any account, by id, that a VPC of the caller is associated with.

    "Regardless of which Amazon Web Services account or Amazon Web Services service owns the hosted zones":
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByVPC.html
    That page lists no error for a deleted VPC or one of another account; Route 53 is known to return this one.
    """
    vpc_id, region = response._get_param("VPCId"), response._get_param("VPCRegion")
    if vpc_id not in own_vpcs(response.current_account, region):
        raise ForeignVpc(f"The VPC {vpc_id} in region {region} that you provided is not owned by you.")
    zones = associated_zones(vpc_id)
    return {
        zone.resource_id: {"HostedZoneId": zone.resource_id, "Name": zone.name, "Owner": {"OwningAccount": owner}}
        for owner, zone in owned_zones()
        if zone in zones
    }
