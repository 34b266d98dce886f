"""The private hosted zones."""

from dataclasses import replace
from typing import Literal, Self

from pydantic import ConfigDict, model_validator

from hub.runtime.names.labels import is_reverse
from hub.runtime.policy.rules import ReverseZone, Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy
from orgdns.config.sections.section import Section, set_of
from orgdns.config.sections.vpcs import ResolvedBy
from orgdns.config.types import AccountId, Domain, NetworkCidr, Region, Several, UnitId, VpcId, ZoneId


class NewZone(Section):
    """What Route 53 needs to create a private zone: a first VPC of the networking account."""

    vpc: VpcId
    """A VPC of the networking account."""
    region: Region
    """The region of that VPC."""


class Zone(Section):
    """A private hosted zone: an existing one by its id, or one that the network stack creates."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["create"]}]})

    domain: Domain
    """The zone's domain. A zone below in-addr.arpa or ip6.arpa is a reverse zone, for PTR records only."""
    id: ZoneId | None = None
    """The id of an existing zone."""
    create: NewZone | None = None
    """The VPC with which the network stack creates the zone."""
    adopt: bool = False
    """Adopt simple A and AAAA record sets that other tools left for known instances (not in reverse zones)."""
    hides_other_names: bool = False
    """The domain is a top-level domain or has names of AWS below or above it, and the VPCs that resolve the zone are
    meant to get none of these names (not in reverse zones)."""
    addresses: Several[NetworkCidr] | None = None
    """Only addresses in these CIDR blocks are published (not in reverse zones). Default: private and shared IPv4
    addresses (RFC 1918, RFC 6598), unique local and global unicast IPv6 addresses."""
    accounts: Several[AccountId] | None = None
    """Reverse zones: the accounts in which addresses get PTR records, in addition to those of `units`. Default without
    `units`: all accounts."""
    units: Several[UnitId] | None = None
    """Reverse zones: the organizational units in whose accounts addresses get PTR records, including all units below
    them."""
    vpcs: Several[VpcId] | None = None
    """Reverse zones: only addresses in these VPCs get PTR records. Default: addresses in all VPCs."""
    networks: Several[NetworkCidr] | None = None
    """Reverse zones: the CIDR blocks of the VPCs that resolve the zone, to check them against autodefined rules."""
    autodefined_rules: Literal["disabled", "disable"] | None = None
    """Reverse zones: the Resolver's autodefined rules are already `disabled` in the VPCs that resolve the zone, or
    orgdns is to `disable` them where they would answer instead."""
    resolved_by: ResolvedBy | None = None
    """Which VPCs resolve the zone. Default: orgdns neither makes nor ends associations of the zone."""
    publish: bool = True
    """`false` is a dry run: names are decided and stored, and nothing is written to the zone."""
    associate: bool = True
    """`false` is a dry run of `resolved_by`: no association of the zone is made or ended."""

    @model_validator(mode="after")
    def _id_or_create(self) -> Self:
        if (self.id is None) == (self.create is None):
            raise ValueError("needs either 'id' (the zone exists) or 'create' (the network stack creates it)")
        return self

    @property
    def reverse(self) -> ReverseZone | None:
        """The zone in the form that the policy reads, or None if it is not a reverse zone."""
        scope = Scope(accounts=set_of(self.accounts), units=set_of(self.units), vpcs=set_of(self.vpcs))
        return ReverseZone(self.domain, scope) if is_reverse(self.domain) else None

    @property
    def association_policy(self) -> AssociationPolicy | None:
        """Which VPCs resolve the zone, or None if the file does not say."""
        if self.resolved_by is None:
            return None
        policy = self.resolved_by.association_policy(
            self.domain, disables_autodefined_rules=self.autodefined_rules == "disable"
        )
        return replace(policy, associate=self.associate)
