"""Which names an instance may claim, decided by facts before tags. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.runtime import contract
from hub.runtime.model import Account, Claim, ConflictRule, Fqdn, Instance, NameKey, RecordType
from hub.runtime.naming import NameRefused, Template

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the accounts and regions it speaks for, and the name that it gives their instances.

    `accounts` or `regions` of None means all of them.
    """

    name: str
    template: Template
    ttl: int
    conflict: ConflictRule = ConflictRule.NEWEST
    accounts: frozenset[str] | None = None
    regions: frozenset[str] | None = None

    def speaks_for(self, instance: Instance) -> bool:
        """Whether the instance lies in the rule's accounts and regions."""
        return (self.accounts is None or instance.ref.account in self.accounts) and (
            self.regions is None or instance.ref.region in self.regions
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule spoke for the instance, and still gave it no name; the reason is for a person to read."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy gives an instance."""

    claims: tuple[Claim, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The compiled policy: what travels in the package as JSON."""

    regions: frozenset[str]
    domains: tuple[Fqdn, ...]
    rules: tuple[Rule, ...]

    def to_json(self) -> str:
        """The one text of this policy: equal policies have equal texts."""
        compiled = {
            "version": 1,
            "regions": sorted(self.regions),
            "domains": sorted(self.domains),
            "rules": [
                {
                    "name": rule.name,
                    "template": rule.template.text,
                    "domain": rule.template.domain,
                    "ttl": rule.ttl,
                    "conflict": rule.conflict.value,
                    "accounts": None if rule.accounts is None else sorted(rule.accounts),
                    "regions": None if rule.regions is None else sorted(rule.regions),
                }
                for rule in self.rules
            ],
        }
        return json.dumps(compiled, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """The policy that `to_json` wrote; nothing is checked again, since only checked ones are ever written."""
        compiled: dict[str, Any] = json.loads(text)
        return cls(
            regions=frozenset(compiled["regions"]),
            domains=tuple(Fqdn(domain) for domain in compiled["domains"]),
            rules=tuple(
                Rule(
                    name=rule["name"],
                    template=Template(rule["template"], Fqdn(rule["domain"])),
                    ttl=rule["ttl"],
                    conflict=ConflictRule(rule["conflict"]),
                    accounts=None if rule["accounts"] is None else frozenset(rule["accounts"]),
                    regions=None if rule["regions"] is None else frozenset(rule["regions"]),
                )
                for rule in compiled["rules"]
            ),
        )

    def decide(self, instance: Instance, account: Account, zone_ids: Mapping[Fqdn, str]) -> Decision:
        """The claims of an instance, one a name, and the reason for each name that a rule did not give.

        Where several rules give one name, the first one holds, with the lowest TTL of them all.
        """
        values = _values(instance)
        if not values:
            return Decision(refusals=(Refusal("*", "the instance has no private address"),))
        claims: dict[NameKey, Claim] = {}
        refusals: list[Refusal] = []
        for rule in self.rules:
            if not rule.speaks_for(instance):
                continue
            try:
                fqdn = rule.template.name(_variables(rule.template, instance, account))
            except NameRefused as refused:
                refusals.append(Refusal(rule.name, str(refused)))
                continue
            key = NameKey(zone_ids[rule.template.domain], fqdn)
            earlier = claims.get(key)
            claims[key] = Claim(
                key=key,
                instance=instance.ref,
                values=values,
                ttl=min(rule.ttl, earlier.ttl) if earlier else rule.ttl,
                conflict=earlier.conflict if earlier else rule.conflict,
                rule=earlier.rule if earlier else rule.name,
                launched_at=instance.launched_at,
            )
        return Decision(tuple(claims[key] for key in sorted(claims)), tuple(refusals))


def _values(instance: Instance) -> tuple[tuple[RecordType, tuple[str, ...]], ...]:
    """The addresses of an instance by record type; a type without an address is left out."""
    by_type = (
        (RecordType.A, (instance.private_ipv4,) if instance.private_ipv4 else ()),
        (RecordType.AAAA, tuple(sorted(instance.ipv6))),
    )
    return tuple((record_type, values) for record_type, values in by_type if values)


def _variables(template: Template, instance: Instance, account: Account) -> dict[str, str]:
    """The values that a template needs.

    Raises:
        NameRefused: When the instance lacks one of them.
    """
    name = instance.tag(contract.NAME_TAG)
    if name is None and "name" in template.variables:
        raise NameRefused(f"the instance has no tag {contract.NAME_TAG!r}")
    if account.label is None and "account_name" in template.variables:
        raise NameRefused(account.reason)
    return {
        "name": name or "",
        "instance_id": instance.ref.id,
        "region": instance.ref.region,
        "account_id": account.id,
        "account_name": account.label or "",
    }
