"""The two sides of an association: the zones' owner authorizes it, and the VPC's account makes it.

"Associating an Amazon VPC and a private hosted zone that you created with different AWS accounts"
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html).
The zones' owner ends an association. The VPC's account may do so, too, but the zones' owner still can if that account,
its role or the VPC no longer exists (API Reference, DisassociateVPCFromHostedZone).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.aws.pace.calls import patient_turn
from hub.runtime.aws.sessions import DENIALS, RoleUnavailable, error_code
from hub.runtime.aws.spoke_errors import translated
from hub.runtime.aws.zones import REGION
from hub.runtime.ports import ZoneClosed, ZoneUnavailable
from hub.runtime.rate_limit import ASSOCIATE, ASSOCIATION_CHANGES, DISASSOCIATE, Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hub.runtime.aws.pace.turns import Turns
    from hub.runtime.aws.sessions import AssumedClients, MemberRoles
    from hub.runtime.model.vpcs import VpcRef

# The VPC is associated with another private zone of that name (API Reference, AssociateVPCWithHostedZone).
_TAKEN: Final = "ConflictingDomainExists"
# Quotas: 300 VPCs a private zone unless raised (Developer Guide, "Quotas"), and two Profiles a VPC (API Reference,
# AssociateProfile).
_FULL: Final = frozenset({"LimitsExceeded", "LimitExceededException"})
_REFUSALS: Final = frozenset({"InvalidVPCId", "InvalidInput", "LastVPCAssociation", "PublicZoneVPCAssociation"})
_REFUSALS_OF_PROFILES: Final = frozenset({"ConflictException", "InvalidParameterException", "ValidationException"})
# Two Profiles of a VPC need different priorities. The default is 100, and the lower number wins (API Reference,
# AssociateProfile), so a Profile of the VPC's own team comes first.
PROFILE_PRIORITY: Final = 500
_CLOSED: Final = frozenset({"NoSuchHostedZone"})
# The authorization or association to remove does not exist.
_GONE: Final = frozenset({"VPCAssociationAuthorizationNotFound", "VPCAssociationNotFound"})


class ZoneOwner:
    """The calls of the networking account, through its authorizer role."""

    def __init__(self, clients: AssumedClients, role_arn: str, turns: Turns) -> None:
        self._clients = clients
        self._role_arn = role_arn
        self._turns = turns

    def authorize(self, zone_id: str, ref: VpcRef) -> None:
        """Authorize the VPC's account to associate exactly this VPC with the zone.

        The pace counts the association that follows as well: AWS does not document whether Route 53 charges it to the
        zone's account or to the VPC's account.
        """
        with self._client(zone_id, ASSOCIATE, ASSOCIATION_CHANGES) as (client, answered):
            answered(client.create_vpc_association_authorization(HostedZoneId=zone_id, VPC=_wire(ref)))

    def clear(self, zone_id: str, ref: VpcRef) -> None:
        """Delete the authorization, if there is one. The association stays."""
        with self._client(zone_id) as (client, answered):
            answered(client.delete_vpc_association_authorization(HostedZoneId=zone_id, VPC=_wire(ref)))

    def disassociate(self, zone_id: str, ref: VpcRef) -> None:
        """End the association of a VPC, if there is one."""
        with self._client(zone_id, DISASSOCIATE, ASSOCIATION_CHANGES) as (client, answered):
            answered(client.disassociate_vpc_from_hosted_zone(HostedZoneId=zone_id, VPC=_wire(ref)))

    @contextmanager
    def _client(
        self, zone_id: str, operation: str = "", changes: int = 0
    ) -> Iterator[tuple[Any, Callable[[dict[str, Any]], object]]]:
        """Wait for the turn of one call; yield a client for it, and a function that takes the answer.

        A call that removes what does not exist counts as done.
        """
        try:
            client = self._clients.client(self._role_arn, REGION, "route53")
            demand = Demand.association(operation, changes, zone_id if changes else "")
            with patient_turn(self._turns, demand) as answered:
                yield client, answered
        except ClientError as error:
            code = error_code(error)
            if code in _GONE:
                return
            if code in _REFUSALS:
                raise AssociationRefused(str(error)) from error
            old_session = self._clients.forget_if_denied(self._role_arn, error)
            closed = code in _CLOSED or (code in DENIALS and not old_session)
            raise (ZoneClosed if closed else ZoneUnavailable)(f"{zone_id}: {error}") from error
        except (*NO_ANSWER, RoleUnavailable) as error:
            raise ZoneUnavailable(f"{zone_id}: {error}") from error


class VpcOwner:
    """The calls of each account for its own VPCs, through its VPC role."""

    def __init__(self, clients: AssumedClients, roles: MemberRoles) -> None:
        self._clients = clients
        self._roles = roles

    def associate(self, zone_id: str, ref: VpcRef) -> None:
        """Associate the VPC with the zone."""
        with self._client(ref, "route53", REGION) as client:
            client.associate_vpc_with_hosted_zone(HostedZoneId=zone_id, VPC=_wire(ref))

    def associate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """Associate the VPC with a Profile, unless it is associated already."""
        with self._client(ref, "route53profiles", ref.region) as client:
            try:
                client.associate_profile(
                    ProfileId=profile_id, ResourceId=ref.id, Name=self._roles.names.profile, Priority=PROFILE_PRIORITY
                )
            except client.exceptions.ResourceExistsException:
                return

    def disassociate_profile(self, profile_id: str, ref: VpcRef) -> None:
        """End the association of the VPC with a Profile, if there is one."""
        with self._client(ref, "route53profiles", ref.region) as client:
            try:
                client.disassociate_profile(ProfileId=profile_id, ResourceId=ref.id)
            except client.exceptions.ResourceNotFoundException:
                return

    def disable_autodefined_rules(self, ref: VpcRef) -> None:
        """Disable Resolver's autodefined rules for reverse lookups in the VPC."""
        with self._client(ref, "route53resolver", ref.region) as client:
            client.update_resolver_config(ResourceId=ref.id, AutodefinedReverseFlag="DISABLE")

    @contextmanager
    def _client(self, ref: VpcRef, service: str, region: str | None) -> Iterator[Any]:
        role_arn = self._roles.vpc_associator(ref.account)
        with translated(self._clients, role_arn, ref.spoke):
            try:
                yield self._clients.client(role_arn, region, service)
            except ClientError as error:
                code = error_code(error)
                if code == _TAKEN or code in _FULL | _REFUSALS | _REFUSALS_OF_PROFILES:
                    raise AssociationRefused(str(error), taken=code == _TAKEN, full=code in _FULL) from error
                raise


def _wire(ref: VpcRef) -> dict[str, str]:
    return {"VPCRegion": ref.region, "VPCId": ref.id}
