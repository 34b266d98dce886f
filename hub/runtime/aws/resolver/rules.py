"""The Resolver rules of a spoke's VPCs: its own, those that others share with it, and those of its Profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.answers import required, text, text_in
from hub.runtime.aws.resolver.reading import all_listed
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.resolver import ResolverRule, RuleKind
from hub.runtime.names.labels import absolute

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import Fqdn

# Statuses of an association that is not in force (API Reference, ResolverRuleAssociation: Status).
_ENDED: Final = frozenset({"DELETING", "FAILED", "OVERRIDDEN"})
# Every VPC has rules of AWS's own ("Rules that Resolver automatically creates"), such as the one for the internet:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-forward-vpc-to-network-autodefined-rules.html
_AUTODEFINED: Final = "rslvr-autodefined-"
_KINDS: Final = {"FORWARD": RuleKind.FORWARD, "SYSTEM": RuleKind.SYSTEM, "DELEGATE": RuleKind.DELEGATE}


class Rules:
    """The Resolver rules of one spoke. They are listed once, if any VPC has one."""

    def __init__(self, resolver: Any) -> None:  # noqa: ANN401 - boto3 has no types for it
        self._resolver = resolver
        self._known: Mapping[str, Mapping[str, Any]] | None = None
        self._associated: dict[str, set[str]] = {}
        # Associations that cannot be read, by the VPC; it is empty if not even that can be read.
        self._unread: dict[str, set[str]] = {}
        for association in all_listed(resolver, "list_resolver_rule_associations", "ResolverRuleAssociations"):
            found = readable(_association, association, text_in(association, "VPCId"))
            if isinstance(found, Unreadable):
                reason = f"an association of a Resolver rule cannot be read: {found.reason}"
                self._unread.setdefault(found.what, set()).add(reason)
                continue
            vpc_id, rule, status = found
            if status not in _ENDED and not rule.startswith(_AUTODEFINED):
                self._associated.setdefault(vpc_id, set()).add(rule)

    def of_vpc(
        self, vpc_id: str, of_profiles: Collection[tuple[str, str]]
    ) -> tuple[tuple[ResolverRule, ...], tuple[str, ...]]:
        """The rules of a VPC, and which of them cannot be read. `of_profiles` are rules with their Profiles."""
        rules: set[ResolverRule] = set()
        unknown = sorted({*self._unread.get(vpc_id, ()), *self._unread.get("", ())})
        for rule_id, profile in sorted({*((rule, "") for rule in self._associated.get(vpc_id, ())), *of_profiles}):
            rule, by = self._rule(rule_id), f" of the Profile {profile}" if profile else ""
            if rule is None:
                unknown.append(f"the Resolver rule {rule_id}{by} cannot be read: it belongs to another account")
                continue
            found = readable(_kind_and_domain, rule, rule_id)
            if isinstance(found, Unreadable):
                unknown.append(f"the Resolver rule {rule_id}{by} cannot be read: {found.reason}")
            elif found is not None:
                kind, domain = found
                rules.add(ResolverRule(rule_id, domain, kind, profile))
        return tuple(sorted(rules)), tuple(unknown)

    def _rule(self, rule_id: str) -> Mapping[str, Any] | None:
        if self._known is None:
            rules = all_listed(self._resolver, "list_resolver_rules", "ResolverRules")
            # A rule without an id is not found, and so unknown where it is associated.
            self._known = {text_in(rule, "Id"): rule for rule in rules}
        return self._known.get(rule_id)


def _association(association: Mapping[str, Any]) -> tuple[str, str, str]:
    return (
        text(association, "VPCId"),
        text(association, "ResolverRuleId"),
        text(association, "Status", ""),
    )


def _kind_and_domain(rule: Mapping[str, Any]) -> tuple[RuleKind, Fqdn] | None:
    """The kind and the domain of a rule; None if it is of a kind that does not matter."""
    kind = _KINDS.get(required(rule, "RuleType"))
    if kind is None:
        return None
    return kind, absolute(rule.get("DelegationRecord" if kind is RuleKind.DELEGATE else "DomainName", ""))
