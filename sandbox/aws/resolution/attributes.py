"""The DNS attributes of a VPC, as far as its Resolver goes by them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DnsAttributes:
    """What a VPC's owner has switched on.

    Without `support` the VPC has no Resolver; without `hostnames` its Resolver knows neither private hosted zones nor
    autodefined reverse rules. "DNS attributes for your VPC",
    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support
    "To use private hosted zones, you must set the following Amazon VPC settings to true",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """

    support: bool = True
    hostnames: bool = True


NO_RESOLVER: Final = DnsAttributes(support=False, hostnames=False)
