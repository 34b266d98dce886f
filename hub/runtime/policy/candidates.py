"""What a rule asks for an instance: the names that it would give, each with its addresses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import Instance, Interface, Selection
from hub.runtime.names.labels import NameRefused
from hub.runtime.names.templates import tag_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hub.runtime.policy.rules import Rule

# More of them than a person would ask for; each costs rows of the ledger and records of the zone.
MAX_ALIASES: Final = 32


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that has no value here, and why; `untagged` when it is a tag that is not there."""

    reason: str
    untagged: bool = False


class Untagged(NameRefused):
    """A tag that the name is made of is not there: nobody asked for the name."""


Values = dict[str, "str | Missing"]


@dataclass(frozen=True, slots=True)
class NameCandidate:
    """One name that a rule would give: what its variables stand for, and the interfaces with the addresses for it."""

    values: Mapping[str, str | Missing]
    interfaces: tuple[Interface, ...]

    def value(self, variable: str) -> str:
        """What a variable stands for.

        Raises:
            NameRefused: When it has no value; Untagged when that is for want of a tag.
        """
        value = self.values[variable]
        if isinstance(value, Missing):
            raise (Untagged if value.untagged else NameRefused)(value.reason)
        return value


def name_candidates(
    rule: Rule, instance: Instance, facts: Values, interfaces: tuple[Interface, ...]
) -> Iterator[NameCandidate]:
    """What the rule would give: one name, or one for each alias, index or address that its templates name."""
    tags = {variable: tag_value(instance, key) for variable in rule.variables if (key := tag_key(variable))}
    for values, of_group in _groups(rule, interfaces):
        common = facts | tags | values
        if rule.aliases is None:
            yield NameCandidate(common, of_group)
            continue
        aliases = list(dict.fromkeys((instance.tag(rule.aliases) or "").replace(",", " ").split()))
        absent = Missing(f"the instance has no tag {rule.aliases!r} that lists a name", untagged=True)
        if not aliases:
            yield NameCandidate(common | {"alias": absent}, of_group)
        for alias in aliases[:MAX_ALIASES]:
            yield NameCandidate(common | {"alias": alias}, of_group)
        if len(aliases) > MAX_ALIASES:
            cut = Missing(f"the tag {rule.aliases!r} lists {len(aliases)} names; the first {MAX_ALIASES} count")
            yield NameCandidate(dict.fromkeys(rule.variables, cut), of_group)


def tag_value(instance: Instance, key: str) -> str | Missing:
    """The value of a tag, or that it is not there."""
    value = instance.tag(key)
    return value if value is not None else Missing(f"the instance has no tag {key!r}", untagged=True)


def selected_interfaces(rule: Rule, instance: Instance) -> tuple[Interface, ...]:
    """The interfaces that the rule speaks of, each with the addresses that it speaks of."""
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
    """The interfaces in groups, each of which gets a name of its own, and what sets their names apart."""
    if "private_ipv4" in rule.variables:
        for interface in interfaces:
            for address in interface.ipv4:
                one = replace(interface, ipv4=(address,), ipv6=())
                yield {"private_ipv4": address.replace(".", "-"), "device_index": str(interface.device_index)}, (one,)
        if not any(interface.ipv4 for interface in interfaces):
            absent = Missing("the instance has no private IPv4 address")
            for values, of_index in _by_index(interfaces):
                yield values | {"private_ipv4": absent}, of_index
    elif "device_index" in rule.variables:
        yield from _by_index(interfaces)
    else:
        yield {}, interfaces


def _by_index(interfaces: tuple[Interface, ...]) -> Iterator[tuple[Values, tuple[Interface, ...]]]:
    # An instance with several network cards may have an index twice.
    for index in sorted({interface.device_index for interface in interfaces}):
        of_index = tuple(interface for interface in interfaces if interface.device_index == index)
        yield {"device_index": str(index)}, of_index
