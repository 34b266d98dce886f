"""The authorizations that let another account associate its VPCs with a private zone.

A simulation: moto has none. "Associating an Amazon VPC and a private hosted zone that you created with different AWS
accounts",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.route53.exceptions import Route53ClientError
from moto.route53.responses import Route53
from moto.route53.urls import url_paths

from sandbox.aws.bridge import replaced_values
from sandbox.aws.route53.requests import page_of, vpc_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.route53.models import FakeZone

    from sandbox.aws.route53.state import StrictRoute53

# "If you don't specify a value for MaxResults, Route 53 returns up to 50 VPCs per page":
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListVPCAssociationAuthorizations.html
MAX_PAGE: Final = 50
_PATH: Final = r"{0}/(?P<api_version>[\d_-]+)/hostedzone/(?P<zone_id>[^/]+)/"
_AUTHORIZATION_PATHS: Final = tuple(
    f"{_PATH}{verb}/?$" for verb in ("authorizevpcassociation", "deauthorizevpcassociation")
)


@contextmanager
def authorization_paths() -> Iterator[None]:
    """Register the operations' paths with moto, in this process and for servers that start in the context."""
    with replaced_values(url_paths, **dict.fromkeys(_AUTHORIZATION_PATHS, Route53.dispatch)):
        yield


def response_members(strict: StrictRoute53) -> dict[str, object]:
    """The API operations; only the zone's owner may call them."""

    def create_vpc_association_authorization(response: Route53) -> ActionResult:
        vpc_id, region = vpc_of(response)
        with strict.lock:
            zone = response.backend.get_hosted_zone(response._get_param("HostedZoneId"))
            _authorize(strict, zone, vpc_id, region)
        return ActionResult({"HostedZoneId": zone.resource_id, "VPC": {"VPCId": vpc_id, "VPCRegion": region}})

    def delete_vpc_association_authorization(response: Route53) -> EmptyResult:
        # The association stays: "DeleteVPCAssociationAuthorization won't disassociate the VPC from the hosted zone",
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteVPCAssociationAuthorization.html
        vpc_id, region = vpc_of(response)
        with strict.lock:
            zone = response.backend.get_hosted_zone(response._get_param("HostedZoneId"))
            if strict.authorized(zone).get(vpc_id) != region:
                raise Route53ClientError(
                    "VPCAssociationAuthorizationNotFound",
                    f"The VPC {vpc_id} is not authorized to be associated with the hosted zone {zone.resource_id}.",
                )
            del strict.authorized(zone)[vpc_id]
        return EmptyResult()

    def list_vpc_association_authorizations(response: Route53) -> ActionResult:
        with strict.lock:
            zone = response.backend.get_hosted_zone(response._get_param("HostedZoneId"))
            regions = dict(strict.authorized(zone))
        size = int(response._get_param("MaxResults") or MAX_PAGE)
        ids, following = page_of(response, regions, min(size, MAX_PAGE))
        vpcs = [{"VPCId": vpc_id, "VPCRegion": regions[vpc_id]} for vpc_id in ids]
        return ActionResult({"HostedZoneId": zone.resource_id, "VPCs": vpcs, "NextToken": following})

    return {
        "create_vpc_association_authorization": create_vpc_association_authorization,
        "delete_vpc_association_authorization": delete_vpc_association_authorization,
        "list_vpc_association_authorizations": list_vpc_association_authorizations,
    }


def _authorize(strict: StrictRoute53, zone: FakeZone, vpc_id: str, region: str) -> None:
    """Authorize a VPC, unless the zone is public or has its maximum of authorizations.

    The zone's owner cannot know whether another account has such a VPC, and Route 53 does not say.
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateVPCAssociationAuthorization.html
    "Authorizations that you can create so you can associate VPCs that were created by one account with a hosted zone
    that was created by another account: 1,000", in "Quotas on hosted zones",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-entities-hosted-zones
    """
    if not zone.private_zone:
        # AWS requires "the ID of the private hosted zone", but does not document the error for a public one.
        raise Route53ClientError("InvalidInput", f"The hosted zone {zone.resource_id} is not private.")
    authorized = strict.authorized(zone)
    if vpc_id not in authorized and len(authorized) >= strict.limits.authorizations:
        raise Route53ClientError(
            "TooManyVPCAssociationAuthorizations",
            f"The hosted zone {zone.resource_id} has {len(authorized)} authorizations, which is its limit.",
        )
    authorized[vpc_id] = region
