"""DNS Firewall in one VPC: which queries it blocks. Pure.

A simulation of what AWS documents in "How Route 53 Resolver DNS Firewall works",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html
It does not look at the names to which a CNAME leads, and has no rules by threat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.rcode

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

BLOCK = "BLOCK"


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """A rule with the entries of its domain list: `example.com`, `*.example.com` for all names below it, or `*`.

    `query_type` is empty for a rule that inspects queries of all types.
    """

    action: str
    domains: Collection[str]
    query_type: str = ""
    response: str = "NODATA"


def blocked(rules: Iterable[FirewallRule], name: str, query_type: str) -> dns.rcode.Rcode | None:
    """The response code of a query that the rules, in the order of their priorities, block; None if it passes.

    The first rule that matches decides. NODATA is a response without an error and without records. An override is not
    simulated: it is a response without records, too.
    """
    query = name.rstrip(".").lower()
    for rule in rules:
        if rule.query_type in {"", query_type} and any(_matches(entry, query) for entry in rule.domains):
            if rule.action != BLOCK:
                return None
            return dns.rcode.NXDOMAIN if rule.response == "NXDOMAIN" else dns.rcode.NOERROR
    return None


def _matches(entry: str, query: str) -> bool:
    """Whether an entry of a list covers a name; an asterisk stands for one or more labels."""
    listed = entry.rstrip(".").lower()
    if listed == "*":
        return True
    if listed.startswith("*."):
        return query.endswith(listed[1:]) and len(query) > len(listed[1:])
    return query == listed
