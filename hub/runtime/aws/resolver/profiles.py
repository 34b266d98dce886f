"""The Profiles of a spoke's VPCs: the one of orgdns, and what any Profile brings to a VPC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.runtime.aws.answers import AnswerMalformed, identifier, required, text, text_in
from hub.runtime.aws.resolver.reading import all_listed, listed
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.resolver import ProfileZone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.names import Fqdn

ENDED: Final = frozenset({"DELETING", "DELETED", "FAILED"})
# An association of a Profile with a VPC or a zone takes a while (API Reference, ProfileAssociation: Status).
ACTIVE: Final = frozenset({"COMPLETE", "UPDATING"})
_ZONE, _RULE, _GROUP, _ENDPOINT = "hostedzone", "resolver-rule", "firewall-rule-group", "vpc-endpoint"
_RESOURCES: Final = ("list_profile_resource_associations", "ProfileResourceAssociations")
_ASSOCIATIONS: Final = ("list_profile_associations", "ProfileAssociations")
_LAST: Final = 9_901
# A Profile can have thousands of resources ("Quotas on Route 53 Profiles"), of which so many are read.
RESOURCES_READ: Final = 1_000
# Each VPC of an account can have another Profile, that other accounts share. It must not take the sweeper's time from
# others: of one spoke, at most so many Profiles are read.
PROFILES_READ: Final = 50
_ARN_PARTS: Final = 6
_UNREAD: Final = "the Profiles of the VPC cannot be read"


class _Resource(NamedTuple):
    """A resource of a Profile: its kind, its id, and the association as AWS describes it."""

    kind: str
    id: str
    association: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProfileGroup:
    """A rule group of DNS Firewall that a Profile brings, with its priority among those of the Profile."""

    profile: str
    id: str
    priority: int


@dataclass(frozen=True, slots=True)
class Brought:
    """What the Profiles of a VPC bring: the zones of orgdns, the ids of Resolver rules with their Profile, and more.

    `unknown` says what else they bring that could decide answers, and could not be read.
    """

    zones: tuple[ProfileZone, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    groups: tuple[ProfileGroup, ...] = ()
    unknown: tuple[str, ...] = ()


class Profiles:
    """The Profiles in one spoke. Each is read once.

    Args:
        client: A client of Route 53 Profiles.
        owner: The account that owns the Profile of orgdns; empty if no zone is resolved by one. Then a spoke that may
            not read Profiles is not unreachable: what they bring is unknown.
        zones: The zones of orgdns by id.
        name: The name of the Profile of orgdns.
        denied: AWS's messages about calls that a policy denies are added to it.

    Attributes:
        profile: The id of the Profile of orgdns that its owner shares with the account in the region, or empty.
        profile_zones: The ids of the zones in that Profile, which an account that it is shared with may read.
        unread: Why the associations of VPCs cannot be read, by the id of the VPC.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - as boto3 has no types
        owner: str,
        zones: Mapping[str, Fqdn],
        name: str,
        denied: set[str] | None = None,
    ) -> None:
        self._client = client
        self._name = name
        self._denied = denied
        self._owner = owner
        self._zones = zones
        self._resources: dict[str, tuple[tuple[_Resource, ...], bool]] = {}
        self.profile = self._profile()
        self.unread: dict[str, str] = {}
        # Associations of which not even the VPC can be read: they may be those of any VPC.
        self._unattributed: set[str] = set()
        self._associations, self._complete = self._associated()
        self.profile_zones = self._profile_zones()

    def associations(self, vpc_id: str) -> Mapping[str, str]:
        """The status of the association of a VPC with each of its Profiles, by the id of the Profile."""
        return self._associations.get(vpc_id, {})

    def brought(self, vpc_id: str, known: Collection[str]) -> Brought:
        """What the Profiles of a VPC bring; `known` are the ids of the zones that the VPC itself is associated with."""
        unread = (*self._unattributed, *(() if self._complete else (_UNREAD,)))
        found = [self._brought(profile, known) for profile in sorted(self.associations(vpc_id))]
        return Brought(
            tuple(zone for each in found for zone in each.zones),
            tuple(rule for each in found for rule in each.rules),
            tuple(group for each in found for group in each.groups),
            (*unread, *(reason for each in found for reason in each.unknown)),
        )

    def _brought(self, profile: str, known: Collection[str]) -> Brought:
        resources, complete = self._resources_of(profile)
        active = [each for each in resources if each.association.get("Status") not in ENDED]
        zones = [each.id for each in active if each.kind == _ZONE]
        hidden = [zone_id for zone_id in zones if zone_id not in self._zones and zone_id not in known]
        endpoints = [each.id for each in active if each.kind == _ENDPOINT]
        unknown = [] if complete else [f"not all that the Profile {profile} brings can be read"]
        if hidden:
            unknown.append(f"the Profile {profile} brings {_shown(hidden)}, whose domains orgdns cannot read")
        if endpoints:
            unknown.append(f"the Profile {profile} brings {_shown(endpoints)}, whose private names orgdns cannot read")
        return Brought(
            tuple(
                ProfileZone(profile, zone_id, self._zones[zone_id])
                for zone_id in zones
                if zone_id in self._zones and profile != self.profile
            ),
            tuple((each.id, profile) for each in active if each.kind == _RULE),
            tuple(
                ProfileGroup(profile, each.id, _priority(each.association)) for each in active if each.kind == _GROUP
            ),
            tuple(unknown),
        )

    def _resources_of(self, profile: str) -> tuple[tuple[_Resource, ...], bool]:
        """The resources of a Profile, and whether these are all of them."""
        if profile not in self._resources and len(self._resources) >= PROFILES_READ:
            return (), False
        if profile not in self._resources:
            found, complete = listed(self._client, *_RESOURCES, RESOURCES_READ, self._denied, ProfileId=profile)
            self._resources[profile] = _read_resources(found, complete=complete)
        return self._resources[profile]

    def _profile(self) -> str:
        if not self._owner:
            return ""
        unread: list[Unreadable] = []
        for summary in all_listed(self._client, "list_profiles", "ProfileSummaries"):
            found = readable(partial(_named, self._name), summary, text_in(summary, "Id"))
            if isinstance(found, Unreadable):
                unread.append(found)
            elif found[1:] == (self._name, self._owner):
                return found[0]
        if unread:
            # Any of them may be the Profile of orgdns, on which the plans for all VPCs depend.
            raise AnswerMalformed(f"a Profile cannot be read: {unread[0].reason}")
        return ""

    def _profile_zones(self) -> tuple[str, ...]:
        if not self.profile:
            return ()
        listing = list(all_listed(self._client, *_RESOURCES, ProfileId=self.profile))
        resources, _ = self._resources[self.profile] = _read_resources(listing, complete=True)
        # A zone whose resource cannot be read is not known to be in the Profile: what VPCs have besides it stays.
        zones = (each.id for each in resources if each.kind == _ZONE and each.association.get("Status") in ACTIVE)
        return tuple(sorted(zones))

    def _associated(self) -> tuple[dict[str, dict[str, str]], bool]:
        """The status of each association by VPC and Profile, and whether they could be read."""
        found: dict[str, dict[str, str]] = {}
        associations, complete = self._listed_associations()
        for association in associations:
            # The documentation calls it the VPC's ARN, but AssociateProfile takes the VPC's id.
            vpc_id = text_in(association, "ResourceId").rpartition("/")[2]
            read = readable(_profile_and_status, association, vpc_id)
            if not isinstance(read, Unreadable):
                profile, status = read
                if status not in ENDED:
                    found.setdefault(vpc_id, {})[profile] = status
            elif vpc_id:
                self.unread[vpc_id] = f"an association of a Profile cannot be read: {read.reason}"
            else:
                self._unattributed.add(f"an association of a Profile with a VPC cannot be read: {read.reason}")
        return found, complete

    def _listed_associations(self) -> tuple[list[Mapping[str, Any]], bool]:
        if not self._owner:
            return listed(self._client, *_ASSOCIATIONS, denied=self._denied)
        # orgdns decides by these: it must know all of them.
        return list(all_listed(self._client, *_ASSOCIATIONS)), True


def _profile_and_status(association: Mapping[str, Any]) -> tuple[str, str]:
    """The Profile of an association, and its status."""
    identifier(association, "ResourceId")
    return identifier(association, "ProfileId"), text(association, "Status", "")


def _named(ours: str, summary: Mapping[str, Any]) -> tuple[str, str, str]:
    """The id, the name and the owner of a Profile. The owner of one that has not our name does not matter."""
    name = text(summary, "Name")
    return identifier(summary, "Id"), name, _owner_of(summary) if name == ours else ""


def _read_resources(listing: Iterable[Mapping[str, Any]], *, complete: bool) -> tuple[tuple[_Resource, ...], bool]:
    """The resources of a Profile that can be read, and whether these are all of them."""
    read = [readable(_resource, each, "") for each in listing]
    resources = tuple(each for each in read if not isinstance(each, Unreadable))
    return resources, complete and len(resources) == len(read)


def _resource(association: Mapping[str, Any]) -> _Resource:
    text(association, "Status", "")
    kind, _, resource_id = text(association, "ResourceArn").rpartition(":")[2].partition("/")
    if not resource_id:
        raise AnswerMalformed(f"the ARN of a resource has no id: {association['ResourceArn']!r}")
    return _Resource(kind, resource_id, association)


def _priority(association: Mapping[str, Any]) -> int:
    """The priority of a rule group in a Profile: `{"priority": 102}`, in JSON."""
    priority = readable(lambda each: int(json.loads(each["ResourceProperties"])["priority"]), association, "priority")
    return _LAST if isinstance(priority, Unreadable) else priority


def _shown(ids: Collection[str]) -> str:
    first = min(ids)
    return first if len(ids) == 1 else f"{first} and {len(ids) - 1} more"


def _owner_of(profile: Mapping[str, Any]) -> str:
    """The account in the ARN of a Profile, `arn:<partition>:route53profiles:<region>:<account>:profile/<id>`."""
    parts: list[str] = required(profile, "Arn").split(":")
    if len(parts) != _ARN_PARTS:
        raise AnswerMalformed(f"the ARN of a Profile does not have {_ARN_PARTS} parts: {profile['Arn']!r}")
    return parts[4]
