"""The Resolver rules of a VPC, and which queries they forward. Pure.

A simulation of what AWS documents in "Forwarding outbound DNS queries to your network" and "How VPC Resolver
determines whether the domain name in a query matches any rules",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-domain-name-matches.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.route53.names import is_within

if TYPE_CHECKING:
    from collections.abc import Collection

_ROOT = "."


@dataclass(frozen=True, slots=True)
class ResolverRule:
    """A rule for a domain, in stored form, and all below it. A SYSTEM rule exempts it from a wider FORWARD rule."""

    domain: str
    forwards: bool = True


def forwarded_domain(rules: Collection[ResolverRule], stored: str) -> str | None:
    """The domain of the rule that forwards a name, or None. The most specific matching rule decides."""
    around = [rule for rule in rules if rule.domain == _ROOT or is_within(stored, rule.domain)]
    rule = max(around, key=lambda rule: len(rule.domain), default=None)
    return rule.domain if rule is not None and rule.forwards else None
