"""The parts of Route 53 Profiles: Profiles, the resources attached to them, and the associated VPCs. Pure.

"What are Amazon Route 53 Profiles?", https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Protocol

from sandbox.aws.partition import arn_of, is_arn_of

# "Quotas on Route 53 Profiles" of a region. A Profile's owner and the accounts it is shared with share all but the
# first:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-entities-route53-profiles
MAX_PROFILES: Final = 5
MAX_VPCS: Final = 1_000
MAX_ZONES: Final = 5_000
# "A VPC can have up to two Profile associations":
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_AssociateProfile.html
MAX_PROFILES_OF_VPC: Final = 2

HOSTED_ZONE: Final = "HOSTED_ZONE"
# "CreateProfile: Name", https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_CreateProfile.html
_NAME: Final = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9\-_' ]{1,64}")
_ZONE: Final = re.compile(r"hostedzone/([A-Z0-9]{1,32})")
# The other resources that are modeled: Resolver rules and rule groups of DNS Firewall, by the kind in their ARNs.
RESOLVER_RULE: Final = "RESOLVER_RULE"
FIREWALL_RULE_GROUP: Final = "FIREWALL_RULE_GROUP"
_KINDS: Final = {"resolver-rule": RESOLVER_RULE, "firewall-rule-group": FIREWALL_RULE_GROUP}
_OTHER: Final = re.compile(r"([a-z-]+)/rslvr-[a-z0-9-]+")
_LAST: Final = 9_901


@dataclass(slots=True)
class Limits:
    """Quotas that a test may change: for an account in a region, for a Profile (twice), and for a VPC."""

    profiles: int = MAX_PROFILES
    vpcs: int = MAX_VPCS
    zones: int = MAX_ZONES
    profiles_of_vpc: int = MAX_PROFILES_OF_VPC


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that calls, in the region of the endpoint."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A Profile, which belongs to one account and one region."""

    id: str
    name: str
    owner: str
    region: str
    client_token: str
    created_at: float

    @property
    def arn(self) -> str:
        """Its ARN in the form of the Service Authorization Reference.

        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonroute53profiles.html
        """
        return arn_of("route53profiles", self.region, self.owner, f"profile/{self.id}")


@dataclass(frozen=True, slots=True)
class ProfileAssociation:
    """A Profile associated with a VPC, whose account owns the association."""

    id: str
    name: str
    owner: str
    profile_id: str
    vpc_id: str
    priority: int
    created_at: float


@dataclass(frozen=True, slots=True)
class ProfileResourceAssociation:
    """A resource attached to a Profile: a private hosted zone, unless `other_arn` is the ARN of another resource."""

    id: str
    name: str
    owner: str
    profile_id: str
    zone_id: str
    domain: str
    created_at: float
    other_arn: str = ""
    # JSON with the priority of a rule group of DNS Firewall.
    properties: str = ""

    @property
    def resource_arn(self) -> str:
        """The resource's ARN."""
        return self.other_arn or arn_of("route53", "", "", f"hostedzone/{self.zone_id}")

    @property
    def kind(self) -> str:
        """The resource's type."""
        return _other_kind(self.other_arn) or HOSTED_ZONE

    @property
    def resource_id(self) -> str:
        """The resource's id."""
        return self.resource_arn.rpartition("/")[2]

    @property
    def priority(self) -> int:
        """The priority of a rule group of DNS Firewall."""
        return int(json.loads(self.properties)["priority"]) if self.properties else _LAST


class Refused(Exception):
    """A call that the service refuses: the error's code, message and further details."""

    def __init__(self, code: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class Surroundings(Protocol):
    """What the service needs to know of EC2, Route 53 and AWS RAM."""

    def owns_vpc(self, caller: Caller, vpc_id: str) -> bool:
        """Whether a VPC of the caller's account and region has this id."""
        ...

    def private_zone(self, account: str, zone_id: str) -> str | None:
        """The domain of an account's private hosted zone, or None if it owns no such zone."""
        ...

    def is_shared(self, profile: Profile) -> bool:
        """Whether the owner shares a Profile with anybody."""
        ...

    def is_shared_with(self, profile: Profile, account: str) -> bool:
        """Whether a Profile is shared with an account, which may then read it and associate its own VPCs."""
        ...


def zone_id_of(resource_arn: str) -> str:
    """The id of the hosted zone in an ARN; empty for another resource that can be attached.

    Raises:
        Refused: if a resource with this ARN cannot be attached to a Profile.
        NotImplementedError: if it is another kind of resource that can be attached.
    """
    if match := _ZONE.fullmatch(resource_arn.removeprefix(arn_of("route53", "", "", ""))):
        return match[1]
    if _other_kind(resource_arn):
        return ""
    if is_arn_of("route53resolver", resource_arn) or is_arn_of("ec2", resource_arn):
        raise NotImplementedError(f"{resource_arn}: this kind of resource is not modeled in Profiles")
    raise Refused(
        "InvalidParameterException", f"{resource_arn} cannot be attached to a Profile", FieldName="ResourceArn"
    )


def _other_kind(resource_arn: str) -> str:
    """The type of a resource other than a hosted zone that is modeled; empty for any other ARN."""
    match = _OTHER.fullmatch(resource_arn.rpartition(":")[2])
    return _KINDS.get(match[1], "") if match and is_arn_of("route53resolver", resource_arn) else ""


def check_name(name: str) -> None:
    """Refuse an invalid name of a Profile or an association."""
    if not _NAME.fullmatch(name):
        raise Refused("ValidationException", f"{name!r} is not a valid name")


def not_found(kind: str, what: str) -> Refused:
    """The error for what does not exist, or not for the caller."""
    return Refused("ResourceNotFoundException", f'Can\'t find the resource with ID "{what}"', ResourceType=kind)


def denied(caller: Caller, profile_id: str) -> Refused:
    """The error for what only others may do with a Profile."""
    return Refused("AccessDeniedException", f"{caller.account} is not authorized to access {profile_id}")
