"""DNS Firewall: its domain lists, rule groups and associations, and who may read them. Pure.

A simulation of "How Route 53 Resolver DNS Firewall works" without AWS's delays,
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html
Sharing, quotas, tags and updates are not modeled.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.aws.resolution.firewall import FirewallRule

if TYPE_CHECKING:
    from collections.abc import Collection

# A list that AWS manages: "You can't view or edit the domains in the managed lists", "Managed domain lists",
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html
MANAGED: Final = "rslvr-fdl-managed0malware"
MALWARE: Final = frozenset({"malware.example"})


class Refused(Exception):
    """A call that the service refuses: the error's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Owner:
    """An account in a region."""

    account: str
    region: str


@dataclass(slots=True)
class Rule:
    """A rule of a rule group."""

    name: str
    priority: int
    action: str
    domain_list: str
    query_type: str = ""
    response: str = ""


@dataclass(slots=True)
class RuleGroup:
    """A rule group, with its rules by priority."""

    id: str
    owner: Owner
    rules: dict[int, Rule] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Association:
    """A rule group associated with a VPC."""

    id: str
    owner: Owner
    group: str
    vpc: str
    priority: int


@dataclass(slots=True)
class Firewalls:
    """DNS Firewall of all accounts and regions."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    lists: dict[str, tuple[Owner, set[str]]] = field(default_factory=dict)
    groups: dict[str, RuleGroup] = field(default_factory=dict)
    associations: dict[str, Association] = field(default_factory=dict)

    def create_list(self, owner: Owner) -> str:
        """Create an empty domain list; its id."""
        made = _new_id("fdl")
        self.lists[made] = (owner, set())
        return made

    def domains(self, caller: Owner, domain_list: str) -> set[str]:
        """The domains of a list of the caller. Nobody sees those of a managed list."""
        if domain_list == MANAGED:
            raise Refused("AccessDeniedException", "You are not authorized to view the domains of a managed list")
        owner, domains = self.lists.get(domain_list, (None, set()))
        if owner != caller:
            raise Refused("ResourceNotFoundException", f"Can't find the domain list {domain_list}")
        return domains

    def create_group(self, owner: Owner) -> RuleGroup:
        """Create an empty rule group."""
        made = RuleGroup(_new_id("frg"), owner)
        self.groups[made.id] = made
        return made

    def group(self, caller: Owner, group: str) -> RuleGroup:
        """A rule group of the caller. Another account's is denied, even if a Profile brings it to the caller."""
        found = self.groups.get(group)
        if found is None:
            raise Refused("ResourceNotFoundException", f"Can't find the rule group {group}")
        if found.owner != caller:
            raise Refused("AccessDeniedException", f"{caller.account} is not authorized to access {group}")
        return found

    def associate(self, caller: Owner, group: str, vpc: str, priority: int) -> Association:
        """Associate a rule group of the caller with a VPC."""
        self.group(caller, group)
        made = Association(_new_id("frgassoc"), caller, group, vpc, priority)
        self.associations[made.id] = made
        return made

    def rules_of_vpc(self, vpc: str, of_profiles: Collection[tuple[int, str]] = ()) -> tuple[FirewallRule, ...]:
        """The rules of a VPC in their order, also of the rule groups that its Profiles bring, with their priorities."""
        with self.lock:
            own = [(each.priority, each.group) for each in self.associations.values() if each.vpc == vpc]
            return tuple(
                FirewallRule(rule.action, self._listed(rule.domain_list), rule.query_type, rule.response)
                for _, group in sorted((*own, *of_profiles))
                for _, rule in sorted(self.groups[group].rules.items())
            )

    def _listed(self, domain_list: str) -> frozenset[str]:
        return MALWARE if domain_list == MANAGED else frozenset(self.lists[domain_list][1])


def _new_id(kind: str) -> str:
    return f"rslvr-{kind}-{secrets.token_hex(8)}"
