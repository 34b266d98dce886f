"""Builders of rules and policies, and readers of their decisions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hub.runtime.model.names import (
    Account,
    Fqdn,
    Instance,
)
from hub.runtime.names.templates import Template
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.rules import Rule
from tests.support.build import (
    CORP,
    PAYMENTS,
    ZONE_IDS,
    covering,
    instance,
    interface,
)

REVERSE, REVERSE_ALL = Fqdn("1.10.in-addr.arpa."), Fqdn("10.in-addr.arpa.")
REVERSE_6 = Fqdn("8.b.d.0.1.0.0.2.ip6.arpa.")
IDS = dict(ZONE_IDS) | {REVERSE: "Z0REVERSE", REVERSE_ALL: "Z0REVERSEALL", REVERSE_6: "Z0REVERSE6"}
ETH1 = interface("10.1.2.1", "10.1.2.2", index=1, subnet_id="subnet-2")


def rule(*templates: str, name: str = "rule", ttl: int = 60, **more: object) -> Rule:
    parsed = tuple(Template.parse(text, [CORP]) for text in templates or ("{name}.corp.internal",))
    return Rule(name, parsed, ttl, **more)  # type: ignore[arg-type]  # a rule's own arguments


def policy(*rules: Rule, **more: object) -> Policy:
    return Policy(covering("eu-central-1"), (CORP,), rules, **more)  # type: ignore[arg-type]  # a policy's own


def decide(
    source: Policy | Rule,
    subject: Instance | None = None,
    account: Account = PAYMENTS,
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Decision:
    whole = policy(source) if isinstance(source, Rule) else source
    return whole.decide(subject or instance(account=account.id), account, IDS, labels)


def names(decision: Decision) -> list[str]:
    return [claim.key.fqdn.removesuffix(".corp.internal.") for claim in decision.claims]


def reasons(decision: Decision) -> str:
    return "; ".join(refusal.reason for refusal in decision.refusals)
