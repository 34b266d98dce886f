"""The nouns of what a VPC's Resolver answers by: DNS servers, DNS Firewall rules, Resolver rules, Profiles. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn

# What a DHCP options set calls the Resolver of the VPC, and its addresses in every VPC ("Amazon DNS server",
# https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html).
AMAZON_DNS: Final = "AmazonProvidedDNS"
RESOLVER: Final = frozenset({AMAZON_DNS, "169.254.169.253", "fd00:ec2::253"})


class RuleKind(StrEnum):
    """What a Resolver rule does with queries (Route 53 Resolver API Reference, ResolverRule: RuleType)."""

    # Sends queries for its domain and all names below it to other servers.
    FORWARD = "forward"
    # Resolver itself answers its domain and all names below it, although a wider rule forwards them.
    SYSTEM = "system"
    # Sends queries for whatever is delegated, by NS records of a zone, to name servers in its domain.
    DELEGATE = "delegate"


@dataclass(frozen=True, slots=True, order=True)
class ResolverRule:
    """A Resolver rule of a VPC. `profile` is the id of the Profile that brings it, empty for the VPC's own."""

    id: str
    domain: Fqdn
    kind: RuleKind = RuleKind.FORWARD
    profile: str = ""


@dataclass(frozen=True, slots=True, order=True)
class ProfileZone:
    """A zone of orgdns that a Profile of someone else brings to a VPC."""

    profile: str
    zone_id: str
    domain: Fqdn


class FirewallAction(StrEnum):
    """What DNS Firewall does with a query that a rule matches. Only BLOCK keeps it from the Resolver."""

    ALLOW = "ALLOW"
    ALERT = "ALERT"
    BLOCK = "BLOCK"


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """A rule of DNS Firewall in a VPC.

    `id` names the rule for a person. `profile` is the id of the Profile that brings it, empty for the VPC's own.
    `domains` are the entries of its list that cover a zone of orgdns or a name below one, such as `*.corp.internal.`.
    `complete` means that its list has no others of these. `query_type` is empty if the rule inspects all types.
    """

    id: str
    action: FirewallAction
    domains: tuple[str, ...] = ()
    complete: bool = True
    query_type: str = ""
    profile: str = ""
