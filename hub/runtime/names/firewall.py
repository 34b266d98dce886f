"""What DNS Firewall does with a query for a name, as far as its rules are known. Pure.

The first rule that matches decides, in the order of priorities, before Resolver rules and zones are looked at: "How
Route 53 Resolver DNS Firewall works",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html An entry with an asterisk
covers all names below it, and not itself: "Managing your own domain lists",
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.model.names import Fqdn
from hub.runtime.model.resolver import FirewallAction
from hub.runtime.names.labels import is_in, is_reverse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hub.runtime.model.resolver import FirewallRule


@dataclass(frozen=True, slots=True)
class FirewallVerdict:
    """What DNS Firewall does with a query: `blocked_by` is the rule that certainly blocks it, if one does.

    `doubts` are the rules whose lists are not known and may decide otherwise; without doubts the verdict is certain.
    """

    blocked_by: FirewallRule | None = None
    doubts: tuple[FirewallRule, ...] = ()


def concerns(entry: Fqdn, zones: Collection[Fqdn]) -> bool:
    """Whether an entry of a list covers a zone, or a name below one."""
    return any(covers(entry, zone) or covers(entry, names_below(zone)) or is_in(_base(entry), zone) for zone in zones)


def covers(entry: str, name: Fqdn) -> bool:
    """Whether an entry of a list covers a name."""
    if entry.startswith("*"):
        base = _base(entry)
        return name != base and is_in(name, base)
    return entry == name


def names_below(domain: Fqdn) -> Fqdn:
    """Stands for any name directly below a domain that no list has by itself."""
    return Fqdn(f"*{domain}") if domain == "." else Fqdn(f"*.{domain}")


def verdict(rules: Iterable[FirewallRule], name: Fqdn, query_type: str, *, listed: bool = True) -> FirewallVerdict:
    """What DNS Firewall does with a query. `listed` means that the rules have all their entries that cover the name.

    AWS documents no order between the VPC's own rules and those of its Profiles: if both match, they must agree.
    """
    by_source: dict[str, list[FirewallRule]] = {}
    for rule in rules:
        by_source.setdefault(rule.profile, []).append(rule)
    found = [_first(of_source, name, query_type, listed=listed) for of_source in by_source.values()]
    doubts = [rule for _, unread in found for rule in unread]
    matched = [rule for rule, _ in found if rule is not None]
    blocking = [rule for rule in matched if _blocks(rule)]
    if blocking and len(blocking) < len(matched):
        return FirewallVerdict(doubts=(*doubts, *matched))
    if blocking:
        return FirewallVerdict(blocking[0], tuple(rule for rule in doubts if not _blocks(rule)))
    # If all that may match lets the query pass, it passes, whichever matches first.
    return FirewallVerdict(doubts=tuple(doubts) if any(map(_blocks, doubts)) else ())


def query_types(name: Fqdn) -> tuple[str, ...]:
    """The types of the queries for a name: for addresses of IPv4 and IPv6, or for the name of an address."""
    return ("PTR",) if is_reverse(name) else ("A", "AAAA")


def only_one_type(ipv4: FirewallVerdict, ipv6: FirewallVerdict | None = None) -> Iterator[str]:
    """Say which of A and AAAA queries a rule blocks if it blocks only these."""
    if ipv6 is None:
        return
    if ipv6.blocked_by and not ipv4.blocked_by:
        yield f"DNS Firewall blocks AAAA queries only, by the rule {ipv6.blocked_by.id}"
    if ipv4.blocked_by and not ipv6.blocked_by:
        yield f"DNS Firewall blocks A queries only, by the rule {ipv4.blocked_by.id}"


def _first(
    rules: Iterable[FirewallRule], name: Fqdn, query_type: str, *, listed: bool
) -> tuple[FirewallRule | None, list[FirewallRule]]:
    """The first rule that certainly matches, and those before it that may."""
    doubts: list[FirewallRule] = []
    for rule in rules:
        if rule.query_type not in {"", query_type}:
            continue
        if any(covers(entry, name) for entry in rule.domains):
            return rule, doubts
        if not (rule.complete and listed):
            doubts.append(rule)
    return None, doubts


def _blocks(rule: FirewallRule) -> bool:
    return rule.action is FirewallAction.BLOCK


def _base(entry: str) -> str:
    return entry.removeprefix("*").removeprefix(".") or "."
