"""The rules of DNS Firewall in the VPCs of a spoke, reduced to what concerns the zones of orgdns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.runtime.aws.answers import identifier, required, text, text_in
from hub.runtime.aws.resolver.reading import listed
from hub.runtime.boundary.texts import bounded as bounded_text
from hub.runtime.boundary.texts import storable
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.resolver import FirewallAction, FirewallRule
from hub.runtime.names.firewall import concerns
from hub.runtime.names.labels import absolute

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hub.runtime.aws.resolver.profiles import ProfileGroup
    from hub.runtime.model.names import Fqdn

# "MaxResults": https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListFirewallDomains.html
DOMAINS_A_PAGE: Final = 5_000
# An account can have 1,000 lists and 100,000 domains in them ("Quotas on Route 53 Resolver DNS Firewall",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html). It must not take the sweeper's time
# from others: of one spoke, at most so many domains, and so many groups and lists together, are read.
DOMAINS_READ: Final = 50_000
READS: Final = 50
# The types of queries that matter, as a rule may also write them ("Rule settings in DNS Firewall",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-settings.html).
_TYPES: Final = {"TYPE1": "A", "TYPE12": "PTR", "TYPE28": "AAAA"}
# A row of the ledger has 400 KB: at most so many rules of a VPC, and bytes of their names and domains, are kept.
RULES: Final = 200
BYTES: Final = 50_000
# The characters of a rule's name: a group has an id of 64 characters, and a rule a name of 64.
NAME: Final = 130
# For all rules that could not be read: any of them may let a query pass, or block it.
_EITHER: Final = (FirewallAction.ALLOW, FirewallAction.BLOCK)
_ALL: Final = "DNS Firewall of the VPC"
_ACTIONS: Final = frozenset(action.value for action in FirewallAction)


class _Association(NamedTuple):
    """A rule group in a VPC."""

    vpc_id: str
    priority: int
    group: str
    in_force: bool


class _Rule(NamedTuple):
    """A rule of a group, in the order of the priorities."""

    priority: int
    name: str
    action: str
    domain_list: str
    query_type: str


class Firewalls:
    """DNS Firewall in one spoke. A rule group or a domain list of several VPCs is read once.

    AWS's messages about calls that a policy denies are added to `denied`.
    """

    def __init__(self, resolver: Any, zones: Collection[Fqdn], denied: set[str] | None = None) -> None:  # noqa: ANN401 - boto3 has no types for it
        self._resolver = resolver
        self._denied = denied
        self._zones = zones
        self._rules: dict[str, tuple[FirewallRule, ...]] = {}
        self._domains: dict[str, tuple[tuple[str, ...], bool]] = {}
        self._reads_left, self._domains_left = READS, DOMAINS_READ
        associations, complete = listed(
            resolver, "list_firewall_rule_group_associations", "FirewallRuleGroupAssociations", denied=denied
        )
        # The rule groups of each VPC with their priorities. An association that cannot be read has no place among them.
        self._groups: dict[str, list[tuple[int, str]]] = {}
        self._unread: dict[str, tuple[FirewallRule, ...]] = {} if complete else {"": _unread(_ALL)}
        for association in associations:
            found = readable(_association, association, text_in(association, "VpcId"))
            if isinstance(found, Unreadable):
                # Without a VPC it may belong to any of them.
                self._unread[found.what] = _unread(_ALL)
            elif found.in_force:
                self._groups.setdefault(found.vpc_id, []).append((found.priority, found.group))

    def rules(self, vpc_id: str, of_profiles: Iterable[ProfileGroup]) -> tuple[FirewallRule, ...]:
        """The rules of a VPC in the order in which they are evaluated, its own first, then those of its Profiles."""
        unread = self._unread.get("") or self._unread.get(vpc_id, ())
        return bounded((*unread, *self._in_order(vpc_id, of_profiles)))

    def _in_order(self, vpc_id: str, of_profiles: Iterable[ProfileGroup]) -> Iterator[FirewallRule]:
        groups = [("", group) for _, group in sorted(self._groups.get(vpc_id, ()))]
        groups += [(group.profile, group.id) for group in sorted(of_profiles, key=lambda group: group.priority)]
        for profile, group in groups:
            yield from self._group(group, profile)

    def _group(self, group: str, profile: str) -> Iterator[FirewallRule]:
        if group not in self._rules:
            self._rules[group] = tuple(self._read(group))
        for rule in self._rules[group]:
            yield replace(rule, profile=profile)

    def _read(self, group: str) -> Iterator[FirewallRule]:
        found, complete = self._listed("list_firewall_rules", "FirewallRules", FirewallRuleGroupId=group)
        if not complete:
            yield from _unread(f"the rule group {group}")
            return
        read = [readable(_rule, each, group) for each in found]
        if any(isinstance(each, Unreadable) for each in read):
            # Its place among the others is not known.
            yield from _unread(f"a rule of {group}")
        for rule in sorted(each for each in read if not isinstance(each, Unreadable)):
            name = f"{group}/{rule.name}"
            if rule.action not in _ACTIONS:
                # What an action of a later API does is not known.
                yield from _unread(name)
                continue
            # A rule by threats or by categories of AWS has no list that could be read.
            domains, known = self._domains_of(rule.domain_list) if rule.domain_list else ((), False)
            yield FirewallRule(
                id=bounded_text(name, NAME),
                action=FirewallAction(rule.action),
                domains=domains,
                complete=known,
                query_type=bounded_text(_TYPES.get(rule.query_type, rule.query_type), NAME),
            )

    def _domains_of(self, domain_list: str) -> tuple[tuple[str, ...], bool]:
        if domain_list not in self._domains:
            read, complete = self._listed(
                "list_firewall_domains",
                "Domains",
                self._domains_left,
                FirewallDomainListId=domain_list,
                PaginationConfig={"PageSize": DOMAINS_A_PAGE},
            )
            self._domains_left -= len(read)
            entries = {absolute(storable(str(entry))) for entry in read}
            concerned = tuple(sorted(entry for entry in entries if concerns(entry, self._zones)))
            self._domains[domain_list] = (concerned, complete)
        return self._domains[domain_list]

    def _listed(
        self, operation: str, key: str, most: int | None = None, **request: object
    ) -> tuple[list[Mapping[str, Any]], bool]:
        """As much of a listing as may be read, and whether that is all of it."""
        self._reads_left -= 1
        if self._reads_left < 0 or self._domains_left <= 0:
            return [], False
        return listed(self._resolver, operation, key, most, self._denied, **request)


def bounded(rules: Iterable[FirewallRule]) -> tuple[FirewallRule, ...]:
    """As many of the rules, and of their domains, as a row of the ledger has room for."""
    kept: list[FirewallRule] = []
    left = BYTES
    for rule in rules:
        if len(kept) == RULES:
            return (*kept, *_unread("the further rules of DNS Firewall"))
        domains: list[str] = []
        left -= len(rule.id.encode())
        for domain in rule.domains:
            left -= len(domain.encode())
            if left < 0:
                break
            domains.append(domain)
        complete = rule.complete and len(domains) == len(rule.domains)
        kept.append(replace(rule, domains=tuple(domains), complete=complete))
    return tuple(kept)


def _unread(what: str) -> tuple[FirewallRule, ...]:
    return tuple(FirewallRule(bounded_text(what, NAME), action, complete=False) for action in _EITHER)


def _association(association: Mapping[str, Any]) -> _Association:
    return _Association(
        vpc_id=text(association, "VpcId"),
        priority=int(required(association, "Priority")),
        group=identifier(association, "FirewallRuleGroupId"),
        in_force=association.get("Status") != "DELETING",
    )


def _rule(rule: Mapping[str, Any]) -> _Rule:
    priority = int(required(rule, "Priority"))
    return _Rule(
        priority=priority,
        name=text(rule, "Name", str(priority)),
        action=text(rule, "Action"),
        domain_list=text(rule, "FirewallDomainListId", ""),
        query_type=text(rule, "Qtype", ""),
    )
