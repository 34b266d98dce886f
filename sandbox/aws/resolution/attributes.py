"""The DNS attributes of a VPC that its Resolver depends on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DnsAttributes:
    """The DNS attributes that a VPC's owner has set.

    Without `support` the VPC has no Resolver. Without `hostnames` its Resolver uses neither private hosted zones nor
    autodefined rules. "DNS attributes for your VPC",
    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support
    "To use private hosted zones, you must set the following Amazon VPC settings to true",
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    """

    support: bool = True
    hostnames: bool = True


NO_RESOLVER: Final = DnsAttributes(support=False, hostnames=False)
