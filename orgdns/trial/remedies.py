"""What to do to get a name that a rule refused, or that an instance declined. Pure.

The runtime's reason says what is in the way. This adds who can change it, from the rule and the facts that the reason
came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime import contract
from hub.runtime.model.names import Fqdn
from hub.runtime.names.templates import Name, tag_key
from hub.runtime.policy import addresses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.model.names import Account, Instance, Refusal
    from hub.runtime.policy.rules import Rule


def remedy(
    refusal: Refusal, rule: Rule | None, instance: Instance, account: Account, networks: Mapping[Fqdn, tuple[str, ...]]
) -> str:
    """What to do about a refusal of a rule; empty if the reason says it.

    `networks` are those whose addresses a zone publishes, for the zones that list some.
    """
    if rule is None:
        # The reason is about the whole instance: it has no address, or too many names.
        return ""
    if refusal.declined:
        return _consent(rule, instance)
    if not refusal.name:
        return _value(rule, account)
    if _is_of_an_address(refusal, rule, instance, networks):
        return ""
    name = Name(Fqdn(refusal.name))
    if any(rule.barred(name, template) for template in rule.templates):
        return f"choose another name, or change 'allow' and 'deny' of the rule {rule.name}"
    return "choose another name"


def _consent(rule: Rule, instance: Instance) -> str:
    """What the owner of the instance can do to request the name."""
    if rule.opt_in and not rule.opt_in.met(instance):
        value = f"={rule.opt_in.value}" if rule.opt_in.value is not None else ""
        return f"set the tag {rule.opt_in.key}{value}"
    if rule.opt_out and rule.opt_out.met(instance):
        return f"remove the tag {rule.opt_out.key}"
    if missing := [key for key in _tags_of_name(rule) if not (instance.tag(key) or "").strip()]:
        if contract.GROUP_TAG in missing:
            return f"launch it in an Auto Scaling group, or give the rule {rule.name} a 'fallback'"
        return f"set the tag {' or '.join(missing)}, or give the rule {rule.name} a 'fallback'"
    return f"start the instance, or write 'stopped: keep' in the rule {rule.name}"


def _tags_of_name(rule: Rule) -> Iterator[str]:
    """The keys of the tags that the name consists of."""
    variables = {variable for template in rule.templates for variable in template.variables}
    keys = {"name": contract.NAME_TAG, "asg": contract.GROUP_TAG, "alias": rule.aliases or ""}
    for variable in sorted(variables):
        if key := tag_key(variable) or keys.get(variable):
            yield key


def _value(rule: Rule, account: Account) -> str:
    """What to do if a variable has a value that cannot be part of a name."""
    if account.label is None and "account_name" in rule.variables:
        return f"give the account {account.id} a label in organization.account_labels, or rename it"
    return f"correct the value, or give the rule {rule.name} a 'fallback'"


def _is_of_an_address(
    refusal: Refusal, rule: Rule, instance: Instance, networks: Mapping[Fqdn, tuple[str, ...]]
) -> bool:
    """Whether the refusal is about an address that the zone does not publish."""
    for template in rule.templates:
        _, outside = addresses.split(instance.interfaces, networks.get(template.domain, addresses.DEFAULT))
        if refusal.reason in addresses.reasons(outside, template.domain):
            return True
    return False
