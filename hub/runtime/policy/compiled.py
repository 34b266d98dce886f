"""The compiled policy: JSON in the package of the functions, which no validation library has to read. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hub.runtime.model.names import ConflictRule, Fqdn, Selection, WhenStopped
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.names.templates import Template
from hub.runtime.policy.coverage import Coverage
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import ReverseZone, Rule, Scope, TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection

if TYPE_CHECKING:
    from collections.abc import Iterable


def to_json(policy: Policy) -> str:
    """The policy as JSON. Equal policies give equal bytes."""
    # Of a policy's values, JSON lacks only the sets.
    return json.dumps(asdict(policy), default=sorted, indent=1) + "\n"


def from_json(text: str) -> Policy:
    """The policy that `to_json` wrote.

    Nothing is checked: only checked policies are written, and the code that reads one comes in the same package.
    """
    read: dict[str, Any] = json.loads(text)
    return Policy(
        coverage=Coverage(**{name: frozenset(values) for name, values in read["coverage"].items()}),
        domains=tuple(Fqdn(domain) for domain in read["domains"]),
        rules=tuple(_rule(rule) for rule in read["rules"]),
        unit_labels=tuple((unit, label) for unit, label in read["unit_labels"]),
        reserved=tuple(read["reserved"]),
        reverse_zones=tuple(ReverseZone(Fqdn(zone["domain"]), _scope(zone["scope"])) for zone in read["reverse_zones"]),
        adopting=tuple(Fqdn(domain) for domain in read["adopting"]),
        association_policies=tuple(_association_policy(each) for each in read["association_policies"]),
        unreserved=frozenset(read["unreserved"]),
        networks=tuple((Fqdn(domain), tuple(networks)) for domain, networks in read["networks"]),
        account_labels=tuple((account, label) for account, label in read["account_labels"]),
        unpublished=tuple(Fqdn(domain) for domain in read["unpublished"]),
        associate=read["associate"],
    )


def _association_policy(read: dict[str, Any]) -> AssociationPolicy:
    return AssociationPolicy(
        domain=Fqdn(read["domain"]),
        method=AssociationMethod(read["method"]),
        selections=tuple(_selection(selection) for selection in read["selections"]),
        exceptions=tuple(_selection(selection) for selection in read["exceptions"]),
        owns_all=read["owns_all"],
        disables_autodefined_rules=read["disables_autodefined_rules"],
        associate=read["associate"],
    )


def _selection(read: dict[str, Any]) -> VpcSelection:
    return VpcSelection(
        scope=_scope(read["scope"]),
        tag=_condition(read["tag"]),
        default=read["default"],
        cidrs=_set(read["cidrs"]),
    )


def _rule(read: dict[str, Any]) -> Rule:
    return Rule(
        name=read["name"],
        templates=tuple(Template(template["text"], Fqdn(template["domain"])) for template in read["templates"]),
        ttl=read["ttl"],
        conflict=ConflictRule(read["conflict"]),
        scope=_scope(read["scope"]),
        opt_in=_condition(read["opt_in"]),
        opt_out=_condition(read["opt_out"]),
        aliases=read["aliases"],
        allow=None if read["allow"] is None else tuple(read["allow"]),
        deny=tuple(read["deny"]),
        interfaces=Selection(read["interfaces"]),
        addresses=Selection(read["addresses"]),
        stopped=WhenStopped(read["stopped"]),
        reverse=None if read["reverse"] is None else ConflictRule(read["reverse"]),
        publish=read["publish"],
    )


def _scope(read: dict[str, Any]) -> Scope:
    return Scope(**{name: _set(values) for name, values in read.items()})


def _set(values: Iterable[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _condition(read: dict[str, Any] | None) -> TagCondition | None:
    return None if read is None else TagCondition(**read)


def policy_digest(policy: str, zone_ids: str) -> str:
    """Return a digest of the compiled policy and the zones' ids. It identifies the policy that a sweep used."""
    return sha256(f"{policy}\n{zone_ids}".encode()).hexdigest()[:16]
