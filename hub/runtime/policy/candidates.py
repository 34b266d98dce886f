"""The name candidates of a rule for an instance, each with its addresses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Instance, Interface, Selection
from hub.runtime.names.labels import NameRefused
from hub.runtime.names.templates import tag_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.policy.rules import Rule

# More than a person needs. Each alias takes rows of the ledger and records of the zone.
MAX_ALIASES: Final = 32


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable without a value, and the reason; `untagged` if a tag is missing."""

    reason: str
    untagged: bool = False


class Untagged(NameRefused):
    """A tag for the name is missing, so the instance does not request the name."""


Values = dict[str, "str | Missing"]


@dataclass(frozen=True, slots=True)
class NameCandidate:
    """One name that a rule can give: the values of its variables, and the interfaces with its addresses."""

    values: Mapping[str, str | Missing]
    interfaces: tuple[Interface, ...]

    def value(self, variable: str) -> str:
        """The value of a variable.

        Raises:
            Untagged: if a tag is missing.
            NameRefused: if there is no value for another reason.
        """
        value = self.values[variable]
        if isinstance(value, Missing):
            raise (Untagged if value.untagged else NameRefused)(value.reason)
        return value


def name_candidates(
    rule: Rule, instance: Instance, facts: Values, interfaces: tuple[Interface, ...]
) -> Iterator[NameCandidate]:
    """The candidates of the rule: one name, or one for each alias, device index or address in its templates."""
    tags = {variable: tag_value(instance, key) for variable in rule.variables if (key := tag_key(variable))}
    for values, group in _groups(rule, interfaces):
        common = facts | tags | values
        if rule.aliases is None:
            yield NameCandidate(common, group)
            continue
        aliases = list(dict.fromkeys((instance.tag(rule.aliases) or "").replace(",", " ").split()))
        absent = Missing(f"the instance has no tag {rule.aliases!r} that lists a name", untagged=True)
        if not aliases:
            yield NameCandidate(common | {"alias": absent}, group)
        for alias in aliases[:MAX_ALIASES]:
            yield NameCandidate(common | {"alias": alias}, group)
        if len(aliases) > MAX_ALIASES:
            cut = Missing(f"the tag {rule.aliases!r} lists {len(aliases)} names; the limit is {MAX_ALIASES}")
            yield NameCandidate(dict.fromkeys(rule.variables, cut), group)


def tag_value(instance: Instance, key: str) -> str | Missing:
    """The value of a tag, or the reason why there is none. An empty tag requests nothing."""
    value = instance.tag(key)
    if value is None:
        return Missing(f"the instance has no tag {key!r}", untagged=True)
    return value if value.strip() else Missing(f"the tag {key!r} is empty", untagged=True)


def selected_interfaces(rule: Rule, instance: Instance) -> tuple[Interface, ...]:
    """The interfaces that the rule uses, each with only the addresses that the rule uses."""
    interfaces = {
        Selection.PRIMARY: instance.interfaces[:1],
        Selection.FURTHER: instance.interfaces[1:],
        Selection.ALL: instance.interfaces,
    }[rule.interfaces]
    return tuple(
        selected
        for interface in interfaces
        if rule.scope.covers_interface(interface) and ((selected := _addresses(rule, interface)).ipv4 or selected.ipv6)
    )


def _addresses(rule: Rule, interface: Interface) -> Interface:
    match rule.addresses:
        case Selection.PRIMARY:
            return replace(interface, ipv4=interface.ipv4[:1])
        case Selection.FURTHER:
            return replace(interface, ipv4=interface.ipv4[1:], ipv6=())
        case Selection.ALL:
            return interface


def _groups(rule: Rule, interfaces: tuple[Interface, ...]) -> Iterator[tuple[Values, tuple[Interface, ...]]]:
    """The interfaces in groups, each of which gets its own name, and the values that tell the names apart."""
    if "private_ipv4" in rule.variables:
        for interface in interfaces:
            for address in interface.ipv4:
                values: Values = {
                    "private_ipv4": address.replace(".", "-"),
                    "device_index": str(interface.device_index),
                }
                yield values, (replace(interface, ipv4=(address,), ipv6=()),)
        if not any(interface.ipv4 for interface in interfaces):
            absent = Missing("the instance has no private IPv4 address")
            for by_index, group in _by_index(interfaces):
                yield by_index | {"private_ipv4": absent}, group
    elif "device_index" in rule.variables:
        yield from _by_index(interfaces)
    else:
        yield {}, interfaces


def _by_index(interfaces: tuple[Interface, ...]) -> Iterator[tuple[Values, tuple[Interface, ...]]]:
    # On an instance with several network cards, two interfaces may have the same device index.
    for index in sorted({interface.device_index for interface in interfaces}):
        yield (
            {"device_index": str(index)},
            tuple(interface for interface in interfaces if interface.device_index == index),
        )
