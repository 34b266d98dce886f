"""The rules of Route 53 Profiles: who may do what, and which zones a VPC gets. Pure.

A simulation without AWS's delays: an association is in force at once. Each rule is AWS's own. Where AWS documents none,
a comment says what is assumed.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.aws.profiles.model import (
    HOSTED_ZONE,
    Caller,
    Limits,
    Profile,
    ProfileAssociation,
    ProfileResourceAssociation,
    Refused,
    Surroundings,
    check_name,
    denied,
    not_found,
    zone_id_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.clock import Clock

# "AssociateProfile: Priority":
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_AssociateProfile.html
DEFAULT_PRIORITY: Final = 100
_PRIORITIES: Final = range(100, 9_901)


@dataclass(slots=True)
class Profiles:
    """The Profiles of all accounts and regions, with their associations."""

    clock: Clock
    around: Surroundings
    limits: Limits = field(default_factory=Limits)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _profiles: dict[str, Profile] = field(default_factory=dict)
    _associations: dict[str, ProfileAssociation] = field(default_factory=dict)
    _resources: dict[str, ProfileResourceAssociation] = field(default_factory=dict)

    def create(self, caller: Caller, name: str, client_token: str) -> Profile:
        """Create an empty Profile, or return the one that was created with this token.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_CreateProfile.html
        """
        check_name(name)
        own = [profile for profile in self._profiles.values() if _is_of(profile, caller)]
        for profile in own:
            if profile.client_token == client_token:
                return profile
        if len(own) >= self.limits.profiles:
            raise Refused("LimitExceededException", "too many Profiles in the region", ResourceType="PROFILE")
        made = Profile(_new_id("rp"), name, caller.account, caller.region, client_token, self.clock.now())
        self._profiles[made.id] = made
        return made

    def get(self, caller: Caller, profile_id: str) -> Profile:
        """A Profile that the caller owns or that is shared with it."""
        profile = self._profiles.get(profile_id)
        if profile is None or profile.region != caller.region:
            raise not_found("PROFILE", profile_id)
        if not self._may_use(caller.account, profile):
            raise denied(caller, profile_id)
        return profile

    def visible(self, caller: Caller) -> tuple[Profile, ...]:
        """The Profiles that the caller owns or that are shared with it."""
        return tuple(
            profile
            for profile in self._profiles.values()
            if profile.region == caller.region and self._may_use(caller.account, profile)
        )

    def share_status(self, caller: Caller, profile: Profile) -> str:
        """How a Profile that the caller may see is shared."""
        if profile.owner != caller.account:
            return "SHARED_WITH_ME"
        return "SHARED_BY_ME" if self.around.is_shared(profile) else "NOT_SHARED"

    def delete(self, caller: Caller, profile_id: str) -> Profile:
        """Delete a Profile of the caller with its attachments.

        "Before you can delete a profile, you must first disassociate it from all VPCs":
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_DeleteProfile.html
        """
        self._own(caller, profile_id)
        if any(self._associated(profile_id=profile_id)):
            raise Refused("ConflictException", f"{profile_id} is associated with VPCs")
        for resource in self.resources(caller, profile_id):
            del self._resources[resource.id]
        return self._profiles.pop(profile_id)

    def associate(
        self, caller: Caller, profile_id: str, vpc_id: str, name: str, priority: int | None = None
    ) -> ProfileAssociation:
        """Associate a Profile with a VPC of the caller.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_AssociateProfile.html
        """
        check_name(name)
        self.get(caller, profile_id)
        if not self.around.owns_vpc(caller, vpc_id):
            raise not_found("VPC", vpc_id)
        others = tuple(self._associated(vpc_id=vpc_id))
        for other in others:
            if other.profile_id == profile_id:
                # AWS does not document the error for the same name and priority again; this one exists for it.
                if other.name != name or priority not in {None, other.priority}:
                    raise Refused("ValidationException", f"{vpc_id} has {profile_id} with another name or priority")
                message = f"{profile_id} is already associated with {vpc_id}"
                raise Refused("ResourceExistsException", message, ResourceType="PROFILE_ASSOCIATION")
        if len(others) >= self.limits.profiles_of_vpc:
            raise Refused("LimitExceededException", f"{vpc_id} has its maximum of Profiles", ResourceType="VPC")
        if others and priority is None:
            raise Refused("ValidationException", f"{vpc_id} already has a Profile: a priority is required")
        chosen = DEFAULT_PRIORITY if priority is None else priority
        if chosen not in _PRIORITIES or any(other.priority == chosen for other in others):
            raise Refused("ValidationException", f"the priority {chosen} is taken, or not from 100 to 9900")
        if len(tuple(self._associated(profile_id=profile_id))) >= self.limits.vpcs:
            raise Refused("LimitExceededException", f"{profile_id} has its maximum of VPCs", ResourceType="PROFILE")
        made = ProfileAssociation(
            _new_id("rpassoc"), name, caller.account, profile_id, vpc_id, chosen, self.clock.now()
        )
        self._associations[made.id] = made
        return made

    def disassociate(self, caller: Caller, profile_id: str, vpc_id: str) -> ProfileAssociation:
        """End an association of the caller with any Profile.

        The owner of a Profile sees and ends "the VPC associations they own", and no others: "Responsibilities and
        permissions for shared Route 53 Profiles",
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#sharing-perms
        """
        self.get(caller, profile_id)
        for association in self.associations(caller, profile_id, vpc_id):
            return self._associations.pop(association.id)
        raise not_found("PROFILE_ASSOCIATION", f"{profile_id} of {vpc_id}")

    def association(self, caller: Caller, association_id: str) -> ProfileAssociation:
        """The caller's association with this id."""
        for association in self.associations(caller):
            if association.id == association_id:
                return association
        raise not_found("PROFILE_ASSOCIATION", association_id)

    def associations(
        self, caller: Caller, profile_id: str | None = None, vpc_id: str | None = None
    ) -> tuple[ProfileAssociation, ...]:
        """The associations of the caller's own VPCs. Even the owner of a Profile sees no others."""
        return tuple(
            association
            for association in self._associated(profile_id, vpc_id)
            if association.owner == caller.account and self._profiles[association.profile_id].region == caller.region
        )

    def attach(
        self, caller: Caller, profile_id: str, resource_arn: str, name: str, properties: str | None = None
    ) -> ProfileResourceAssociation:
        """Attach a private hosted zone of the caller, or another resource, to a Profile of the caller.

        AWS RAM's default permission does not let the accounts that a Profile is shared with attach zones:
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#perms-consumer
        """
        check_name(name)
        self._own(caller, profile_id)
        zone_id = zone_id_of(resource_arn)
        others = self.resources(caller, profile_id)
        if not zone_id:
            made = ProfileResourceAssociation(
                _new_id("rpr"),
                name,
                caller.account,
                profile_id,
                "",
                "",
                self.clock.now(),
                resource_arn,
                properties or "",
            )
            self._resources[made.id] = made
            return made
        domain = self.around.private_zone(caller.account, zone_id)
        if domain is None:
            raise not_found(HOSTED_ZONE, resource_arn)
        # AWS does not document a second zone with the same domain; assumed to be refused, as for a VPC.
        if any(other.zone_id == zone_id or other.domain == domain for other in others):
            raise Refused("ConflictException", f"{profile_id} already has this hosted zone, or one with its domain")
        if len(others) >= self.limits.zones:
            raise Refused("LimitExceededException", f"{profile_id} has its maximum of zones", ResourceType=HOSTED_ZONE)
        made = ProfileResourceAssociation(
            _new_id("rpr"), name, caller.account, profile_id, zone_id, domain, self.clock.now()
        )
        self._resources[made.id] = made
        return made

    def detach(self, caller: Caller, profile_id: str, resource_arn: str) -> ProfileResourceAssociation:
        """Detach a resource from a Profile of the caller."""
        self._own(caller, profile_id)
        for resource in self.resources(caller, profile_id):
            if resource.resource_arn == resource_arn:
                return self._resources.pop(resource.id)
        raise not_found("PROFILE_RESOURCE_ASSOCIATION", f"{resource_arn} of {profile_id}")

    def resources(self, caller: Caller, profile_id: str) -> tuple[ProfileResourceAssociation, ...]:
        """The attachments of a Profile that the caller may see."""
        self.get(caller, profile_id)
        return tuple(resource for resource in self._resources.values() if resource.profile_id == profile_id)

    def zones_of_vpc(self, vpc_id: str) -> tuple[str, ...]:
        """The hosted zones that a VPC has from its Profiles, the lowest priority value first.

        "Route 53 VPC Resolver evaluates the Profile associations for a VPC in priority order, starting with the lowest
        Priority value": https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_AssociateProfile.html
        """
        with self.lock:
            in_order = sorted(self._associated(vpc_id=vpc_id), key=lambda association: association.priority)
            return tuple(
                resource.zone_id
                for association in in_order
                for resource in self._resources.values()
                if resource.profile_id == association.profile_id and resource.zone_id
            )

    def others_of_vpc(self, vpc_id: str, kind: str) -> tuple[ProfileResourceAssociation, ...]:
        """The resources of a kind, other than hosted zones, that a VPC has from its Profiles."""
        with self.lock:
            profiles = {association.profile_id for association in self._associated(vpc_id=vpc_id)}
            return tuple(
                resource
                for resource in self._resources.values()
                if resource.profile_id in profiles and resource.kind == kind
            )

    def find(self, profile_arn: str) -> Profile | None:
        """The Profile with this ARN, whichever account owns it."""
        return next((profile for profile in self._profiles.values() if profile.arn == profile_arn), None)

    def _associated(self, profile_id: str | None = None, vpc_id: str | None = None) -> Iterator[ProfileAssociation]:
        """The associations in force. One ends when its Profile is no longer shared with its owner.

        "When you unshare a Profile, [...] VPCs that have that Profile's configurations associated to them, will lose
        them": https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/sharing-profiles.html#sharing-unshare
        """
        for association in tuple(self._associations.values()):
            if profile_id in {None, association.profile_id} and vpc_id in {None, association.vpc_id}:
                if self._may_use(association.owner, self._profiles[association.profile_id]):
                    yield association
                else:
                    del self._associations[association.id]

    def _may_use(self, account: str, profile: Profile) -> bool:
        return profile.owner == account or self.around.is_shared_with(profile, account)

    def _own(self, caller: Caller, profile_id: str) -> Profile:
        profile = self.get(caller, profile_id)
        if profile.owner != caller.account:
            raise denied(caller, profile_id)
        return profile


def _is_of(profile: Profile, caller: Caller) -> bool:
    return (profile.owner, profile.region) == (caller.account, caller.region)


def _new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
