"""The rules that are not for an instance: they give it nothing and report nothing, whatever its tags say. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.policy.candidates import selected_interfaces

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import Account, Instance
    from hub.runtime.policy.decide import Policy
    from hub.runtime.policy.rules import Rule

# A rule can list a thousand accounts.
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class SilentRule:
    """A rule that is not for the instance, and the facts that it is for."""

    rule: str
    reason: str


def silent_rules(policy: Policy, instance: Instance, account: Account) -> tuple[SilentRule, ...]:
    """The rules that are not for the instance, in the order of the policy."""
    return tuple(SilentRule(rule.name, reason) for rule in policy.rules if (reason := _reason(rule, instance, account)))


def _reason(rule: Rule, instance: Instance, account: Account) -> str:
    """Why the rule is not for the instance; empty if it is."""
    scope = rule.scope
    if not replace(scope, regions=None).covers_instance(instance, account):
        return " and ".join(filter(None, (_only("account", scope.accounts), _only("unit", scope.units))))
    if not scope.covers_instance(instance, account):
        return _only("region", scope.regions)
    if selected_interfaces(rule, instance):
        return ""
    if not any(scope.covers_vpc(interface.vpc_id) for interface in instance.interfaces):
        return _only("VPC", scope.vpcs)
    if not any(scope.covers_interface(interface) for interface in instance.interfaces):
        return _only("subnet", scope.subnets)
    return f"it is for interfaces '{rule.interfaces}' with addresses '{rule.addresses}', and there are none"


def _only(noun: str, values: Collection[str] | None) -> str:
    if not values:
        return ""
    shown = sorted(values)[:_SHOWN]
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"it is for the {noun}{'' if len(values) == 1 else 's'} {', '.join(shown)}{more}"
