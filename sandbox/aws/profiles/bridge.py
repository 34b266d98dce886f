"""Adds Route 53 Profiles to the emulator, in process and through moto's server.

A simulation: moto lacks the service. moto's own machinery parses requests to `route53profiles.<region>.amazonaws.com`
and writes the responses, with botocore's model of the service; `rules` decides. Tags, updates, and interface endpoints
and query logging configurations as resources are not modeled.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from moto import backends
from moto.core import botocore_stubber
from moto.core.responses import TYPE_RESPONSE, ActionResult, BaseResponse
from moto.route53.models import route53_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.pages import InvalidToken, page
from sandbox.aws.partition import partition
from sandbox.aws.profiles.model import (
    Caller,
    Limits,
    Profile,
    ProfileAssociation,
    ProfileResourceAssociation,
    Refused,
)
from sandbox.aws.profiles.resource_types import OfProfiles
from sandbox.aws.profiles.rules import Profiles
from sandbox.aws.profiles.shares import is_shared, is_shared_with, profile_shares
from sandbox.aws.route53.hosted_zones import hosted_zone
from sandbox.aws.route53.names import stored_name
from sandbox.aws.vpcs.shared_subnets import own_vpcs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sandbox.aws.route53.state import StrictRoute53
    from sandbox.aws.route53.zone import Zone
    from sandbox.clock import Clock

SERVICE: Final = "route53profiles"
# "MaxResults": https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_ListProfiles.html
MAX_PAGE: Final = 100
_HOST: Final = rf"https?://{SERVICE}\.(.+)\.amazonaws\.com"


@contextmanager
def route53_profiles(clock: Clock, *, limits: Limits | None = None) -> Iterator[Profiles]:
    """Add the service, its resource types and the sharing of Profiles to moto while the context lasts.

    Enter it within `emulated_aws`. To share within an organization, `organization_bridges` must be in force as well.
    """
    profiles = Profiles(clock, _Emulator(), limits or Limits())
    patterns, get_backend = botocore_stubber.backend_index.backend_url_patterns, backends.get_backend

    def backend(service: str) -> Mapping[str, object]:
        return {"global": _Endpoint} if service == SERVICE else get_backend(service)

    with (
        replaced(botocore_stubber.backend_index, backend_url_patterns=[(SERVICE, re.compile(_HOST)), *patterns]),
        replaced(backends, get_backend=backend),
        replaced(ProfilesResponse, profiles=profiles),
        replaced(OfProfiles, profiles=profiles),
        profile_shares(profiles.find),
    ):
        yield profiles


def answering_zones(route53: StrictRoute53, profiles: Profiles, vpc_id: str) -> tuple[Zone, ...]:
    """The private hosted zones that a VPC answers from, one for each domain.

    "When a DNS query matches both the Resolver rule for a private hosted zone that is directly associated with the VPC
    and a Resolver rule for a private hosted zone that is associated to the Profile, the local DNS settings take
    precedence. When DNS query is made for a conflicting domain name, the most specific one wins": "How Route 53 Profile
    settings are prioritized", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html#profiles-priority
    """
    with route53.lock:
        found = {zone.domain: zone for zone in route53.zones_of_vpc(vpc_id)}
        for zone_id in profiles.zones_of_vpc(vpc_id):
            try:
                zone = route53.zone_of(hosted_zone(zone_id))
            except LookupError:
                # A deleted zone no longer answers, here as among a VPC's own zones.
                continue
            found.setdefault(zone.domain, zone)
        return tuple(found.values())


class _Emulator:
    """What the service needs to know of EC2, Route 53 and AWS RAM, read from moto's backends."""

    def owns_vpc(self, caller: Caller, vpc_id: str) -> bool:
        return vpc_id in own_vpcs(caller.account, caller.region)

    def private_zone(self, account: str, zone_id: str) -> str | None:
        zone = route53_backends[account][partition()].zones.get(zone_id)
        return stored_name(zone.name) if zone and zone.private_zone else None

    def is_shared(self, profile: Profile) -> bool:
        return is_shared(profile)

    def is_shared_with(self, profile: Profile, account: str) -> bool:
        return is_shared_with(profile, account)


class ProfilesResponse(BaseResponse):  # type: ignore[misc]  # moto ships no types
    """The operations, with the names and parameters that moto's machinery expects."""

    profiles: ClassVar[Profiles]

    def __init__(self) -> None:
        super().__init__(service_name=SERVICE)
        self.automated_parameter_parsing = True

    @property
    def caller(self) -> Caller:
        """The account that signed the request, and the region of the endpoint."""
        return Caller(self.current_account, self.region)

    def call_action(self) -> TYPE_RESPONSE:
        """Answer a request."""
        try:
            with self.profiles.lock:
                return super().call_action()
        except Refused as refused:
            # Written here, because moto knows only the errors of its own services. All of them are HTTP 400:
            # https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_AssociateProfile.html
            body = json.dumps({"Message": str(refused), **refused.details})
            return 400, {"Content-Type": "application/json", "X-Amzn-ErrorType": refused.code, "status": "400"}, body

    def create_profile(self) -> ActionResult:
        """CreateProfile."""
        return self._profile(self.profiles.create(self.caller, self._get_param("Name"), self._get_param("ClientToken")))

    def get_profile(self) -> ActionResult:
        """GetProfile."""
        return self._profile(self.profiles.get(self.caller, self._get_param("ProfileId")))

    def delete_profile(self) -> ActionResult:
        """DeleteProfile."""
        return self._profile(self.profiles.delete(self.caller, self._get_param("ProfileId")), "DELETED")

    def list_profiles(self) -> ActionResult:
        """ListProfiles."""
        return self._page("ProfileSummaries", [self._summary(each) for each in self.profiles.visible(self.caller)])

    def associate_profile(self) -> ActionResult:
        """AssociateProfile."""
        names = ("ProfileId", "ResourceId", "Name", "Priority")
        made = self.profiles.associate(self.caller, *map(self._get_param, names))
        return ActionResult({"ProfileAssociation": _association(made)})

    def disassociate_profile(self) -> ActionResult:
        """DisassociateProfile."""
        ended = self.profiles.disassociate(self.caller, *map(self._get_param, ("ProfileId", "ResourceId")))
        return ActionResult({"ProfileAssociation": _association(ended, "DELETED")})

    def get_profile_association(self) -> ActionResult:
        """GetProfileAssociation."""
        found = self.profiles.association(self.caller, self._get_param("ProfileAssociationId"))
        return ActionResult({"ProfileAssociation": _association(found)})

    def list_profile_associations(self) -> ActionResult:
        """ListProfileAssociations."""
        found = self.profiles.associations(self.caller, self._get_param("ProfileId"), self._get_param("ResourceId"))
        return self._page("ProfileAssociations", [_association(each) for each in found])

    def associate_resource_to_profile(self) -> ActionResult:
        """AssociateResourceToProfile."""
        names = ("ProfileId", "ResourceArn", "Name", "ResourceProperties")
        made = self.profiles.attach(self.caller, *map(self._get_param, names))
        return ActionResult({"ProfileResourceAssociation": _resource(made)})

    def disassociate_resource_from_profile(self) -> ActionResult:
        """DisassociateResourceFromProfile."""
        ended = self.profiles.detach(self.caller, *map(self._get_param, ("ProfileId", "ResourceArn")))
        return ActionResult({"ProfileResourceAssociation": _resource(ended, "DELETED")})

    def list_profile_resource_associations(self) -> ActionResult:
        """ListProfileResourceAssociations."""
        found = self.profiles.resources(self.caller, self._get_param("ProfileId"))
        kind, arn = self._get_param("ResourceType"), self._get_param("ResourceArn")
        wanted = [each for each in found if kind in {None, each.kind} and arn in {None, each.resource_arn}]
        return self._page("ProfileResourceAssociations", [_resource(each) for each in wanted])

    def _summary(self, profile: Profile) -> dict[str, Any]:
        status = self.profiles.share_status(self.caller, profile)
        return {"Id": profile.id, "Arn": profile.arn, "Name": profile.name, "ShareStatus": status}

    def _profile(self, profile: Profile, status: str = "COMPLETE") -> ActionResult:
        wire = {
            **self._summary(profile),
            "OwnerId": profile.owner,
            "ClientToken": profile.client_token,
            **_at_once(profile.created_at, status),
        }
        return ActionResult({"Profile": wire})

    def _page(self, key: str, everything: Collection[dict[str, Any]]) -> ActionResult:
        """One page of a list in the order of ids; AWS documents no order."""
        size = int(self._get_param("MaxResults") or MAX_PAGE)
        if not 1 <= size <= MAX_PAGE:
            raise Refused("ValidationException", f"MaxResults must not be {size}")
        by_id = {item["Id"]: item for item in everything}
        try:
            ids, token = page(by_id, self._get_param("NextToken"), size)
        except InvalidToken as invalid:
            raise Refused("InvalidNextTokenException", f"not a token of this service: {invalid}") from invalid
        return ActionResult({key: [by_id[id_] for id_ in ids], "NextToken": token})


class _Endpoint:
    """The handlers that moto asks a backend for: by URL for its clients, by path for its server."""

    urls: Final = {rf"{_HOST}/.*": ProfilesResponse.dispatch}
    flask_paths: Final = {"/<path:anything>": ProfilesResponse.dispatch}


def _at_once(created_at: float, status: str) -> dict[str, Any]:
    moment = datetime.fromtimestamp(created_at, UTC)
    return {"Status": status, "CreationTime": moment, "ModificationTime": moment}


def _association(association: ProfileAssociation, status: str = "COMPLETE") -> dict[str, Any]:
    return {
        "Id": association.id,
        "Name": association.name,
        "OwnerId": association.owner,
        "ProfileId": association.profile_id,
        "ResourceId": association.vpc_id,
        "Priority": association.priority,
        **_at_once(association.created_at, status),
    }


def _resource(resource: ProfileResourceAssociation, status: str = "COMPLETE") -> dict[str, Any]:
    return {
        "Id": resource.id,
        "Name": resource.name,
        "OwnerId": resource.owner,
        "ProfileId": resource.profile_id,
        "ResourceArn": resource.resource_arn,
        "ResourceType": resource.kind,
        **({"ResourceProperties": resource.properties} if resource.properties else {}),
        **_at_once(resource.created_at, status),
    }
