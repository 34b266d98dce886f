"""The private hosted zones."""

from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from hub.runtime.names.labels import is_reverse
from hub.runtime.policy.rules import ReverseZone
from hub.runtime.policy.vpc_selection import AssociationPolicy
from orgdns.config.sections.section import Section, set_of
from orgdns.config.sections.vpcs import ResolvedBy
from orgdns.config.types import Domain, NetworkCidr, Region, Several, VpcId, ZoneId


class NewZone(Section):
    """What Route 53 needs to create a private zone: one VPC of the networking account to begin with."""

    vpc: VpcId
    """A VPC of the networking account."""
    region: Region
    """The region of that VPC."""


class Zone(Section):
    """A private hosted zone: one that exists, by its id, or one for the network stack to create."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["create"]}]})

    domain: Domain
    """The zone's domain; one of in-addr.arpa or ip6.arpa makes it a reverse zone, for PTR records only."""
    id: ZoneId | None = None
    """The id of a zone that exists."""
    create: NewZone | None = None
    """What the network stack creates the zone with."""
    adopt: bool = False
    """Take over simple A and AAAA record sets that other tools left for known instances (not in reverse zones)."""
    vpcs: Several[VpcId] | None = None
    """Reverse zones: only addresses in these VPCs get PTR records here. Left out: those of all VPCs."""
    networks: Several[NetworkCidr] | None = None
    """Reverse zones: the CIDRs of the VPCs that resolve the zone, to be checked against EC2's own reverse rules."""
    autodefined_rules: Literal["disabled", "disable"] | None = None
    """Reverse zones: EC2's own reverse rules are `disabled` in the VPCs that resolve it, or orgdns is to `disable` them
    where they would answer instead."""
    resolved_by: ResolvedBy | None = None
    """Which VPCs resolve it. Left out: orgdns associates none, and ends no association."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.id is None) == (self.create is None):
            raise ValueError("say either 'id' (the zone exists) or 'create' (the network stack makes it)")
        return self

    @property
    def reverse(self) -> ReverseZone | None:
        """The zone as the policy sees it, when it is one for PTR records."""
        return ReverseZone(self.domain, set_of(self.vpcs)) if is_reverse(self.domain) else None

    @property
    def association_policy(self) -> AssociationPolicy | None:
        """Which VPCs resolve the zone, where the file says so."""
        if self.resolved_by is None:
            return None
        return self.resolved_by.association_policy(
            self.domain, disables_autodefined_rules=self.autodefined_rules == "disable"
        )
