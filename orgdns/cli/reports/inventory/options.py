"""What the options of a command select. All faults are reported at once, with the nearest known value. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Final, TypeVar

from hub.runtime.model.names import InstanceRef, InstanceState
from hub.runtime.names.labels import NameRefused, enclosing, encoded, letters_of, parse_domain, shown
from orgdns.cli.reports.inventory.row import CONFLICTS, NAMES, NameStatus
from orgdns.cli.reports.inventory.selection import Selection, TagPattern, wildcards
from orgdns.cli.reports.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from hub.runtime.model.names import Fqdn, Spoke

_ID: Final = re.compile(r"i-[0-9a-f]{8,17}")
_VPC: Final = re.compile(r"vpc-[0-9a-f]{8,17}")
_UNIT: Final = re.compile(r"(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})")
_Value = TypeVar("_Value")
# So many known values are named.
_SHOWN: Final = 10


class InvalidSelection(Exception):
    """Options are wrong. The message has a line for each fault."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person wrote: the texts of each option. `published` means only names that resolve."""

    pattern: str | None = None
    zones: Sequence[str] = ()
    accounts: Sequence[str] = ()
    units: Sequence[str] = ()
    regions: Sequence[str] = ()
    vpcs: Sequence[str] = ()
    tags: Sequence[str] = ()
    states: Sequence[str] = ()
    cidrs: Sequence[str] = ()
    conflict: bool = False
    refused: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows: zones by domain, spokes, and the accounts that have a label by their name."""

    zones: Mapping[Fqdn, str]
    spokes: Collection[Spoke]
    labels: Mapping[str, str] = field(default_factory=dict)


def selection_of(options: Options, known: Known, faults: Sequence[str] = ()) -> Selection:
    """What the options select.

    Args:
        options: The texts.
        known: What they may name.
        faults: The faults of other options of the command, to be reported beside those of these.

    Raises:
        InvalidSelection: if options are wrong; the exception lists all faults.
    """
    wrong = list(faults)
    fqdn, pattern, instance_id, instance = None, None, "", None
    if options.pattern is not None:
        try:
            fqdn, pattern, instance_id, instance = _subject(options.pattern, known.zones)
        except _Wrong as fault:
            wrong.append(f"PATTERN: {fault}")
    selected = Selection(
        fqdn=fqdn,
        pattern=pattern,
        instance_id=instance_id,
        instance=instance,
        zone_ids=frozenset(_read("--zone", options.zones, partial(_zone, known), wrong)),
        accounts=frozenset(_read("--account", options.accounts, partial(_account, known), wrong)),
        units=frozenset(_read("--unit", options.units, _unit, wrong)),
        regions=frozenset(_read("--region", options.regions, partial(_region, known), wrong)),
        vpcs=frozenset(_read("--vpc", options.vpcs, _vpc, wrong)),
        states=frozenset(_read("--state", options.states, _state, wrong)),
        tags=tuple(_read("--tag", options.tags, _tag, wrong)),
        networks=tuple(_read("--cidr", options.cidrs, _network, wrong)),
        statuses=_statuses(options),
    )
    if wrong:
        raise InvalidSelection("\n".join(wrong))
    return selected


class _Wrong(Exception):
    """A text is wrong; the message says why."""


def _read(option: str, texts: Iterable[str], read: Callable[[str], _Value], wrong: list[str]) -> Iterator[_Value]:
    for text in texts:
        try:
            yield read(text)
        except _Wrong as fault:
            wrong.append(f"{option}: {fault}")


def _statuses(options: Options) -> frozenset[NameStatus]:
    if options.published:
        return frozenset({NameStatus.PUBLISHED})
    selected = CONFLICTS if options.conflict else frozenset()
    return (selected | {NameStatus.REFUSED} if options.refused else selected) or NAMES


def _subject(
    text: str, zones: Mapping[Fqdn, str]
) -> tuple[Fqdn | None, re.Pattern[str] | None, str, InstanceRef | None]:
    """The name, the pattern or the instance that a text means."""
    lower = text.lower().removesuffix(".")
    if "*" in lower or "?" in lower:
        return None, wildcards(lower), "", None
    if _ID.fullmatch(lower):
        return None, None, lower, None
    if "/" in lower:
        parts = lower.split("/")
        ref = InstanceRef.named("/".join(parts[-3:]))
        if ref is None:
            hint = f": use --cidr {text}" if _is_network(text) else ""
            raise _Wrong(f"{shown(text)} is neither a name nor an instance, which is ACCOUNT/REGION/i-...{hint}")
        return None, None, "", ref
    if _is_network(text):
        raise _Wrong(f"{text} is an address: use --cidr {text}, or orgdns whois {text}")
    try:
        labels = [each if each.isascii() else encoded(letters_of(each).text) for each in lower.split(".")]
        fqdn = parse_domain(".".join(labels))
    except NameRefused as refused:
        raise _Wrong(f"no name is like this: {refused}") from refused
    if not enclosing(fqdn, zones):
        raise _Wrong(
            f"{lower} is outside every zone: write a whole name, or a pattern such as '{lower}.*'. "
            f"The zones are {_some(_domains(zones))}"
        )
    return fqdn, None, "", None


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _zone(known: Known, text: str) -> str:
    by_domain = _domains(known.zones)
    if text in by_domain.values():
        return text
    found = by_domain.get(text.lower().removesuffix("."))
    if found is None:
        meant = nearest(text, by_domain)
        raise _Wrong(f"{shown(text)} is not a zone of the hub{meant}: there are {_some(by_domain)}")
    return found


def _account(known: Known, text: str) -> str:
    accounts = {spoke.account for spoke in known.spokes}
    if text in accounts:
        return text
    found = known.labels.get(text.lower())
    if found is None:
        meant = nearest(text, (*accounts, *known.labels))
        raise _Wrong(
            f"{shown(text)} is neither the id nor the label of an account that the ledger knows{meant}: "
            f"it knows {len(accounts):,} accounts, which orgdns coverage lists"
        )
    return found


def _region(known: Known, text: str) -> str:
    regions = {spoke.region for spoke in known.spokes}
    if text not in regions:
        meant = nearest(text, regions)
        raise _Wrong(f"the ledger knows no account in {shown(text)}{meant}: there are {_some(regions)}")
    return text


def _unit(text: str) -> str:
    if not _UNIT.fullmatch(text):
        raise _Wrong(
            f"{shown(text)} is not the id of a unit or a root, such as ou-ab12-workload or r-ab12: "
            "Organizations shows the ids"
        )
    return text


def _vpc(text: str) -> str:
    if not _VPC.fullmatch(text):
        raise _Wrong(f"{shown(text)} is not the id of a VPC, such as vpc-0a1b2c3d4e5f60718")
    return text


def _state(text: str) -> str:
    states = [state.value for state in InstanceState if not state.final]
    if text not in states:
        meant = nearest(text, states)
        raise _Wrong(f"{shown(text)} is not a state of an instance with names{meant}: there are {', '.join(states)}")
    return text


def _tag(text: str) -> TagPattern:
    key, equals, value = text.partition("=")
    if not key:
        raise _Wrong(f"{shown(text)} has no key: write KEY or KEY=PATTERN")
    return TagPattern(key, wildcards(value if equals else "*"))


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        network = ip_interface(text).network
    except ValueError as other:
        raise _Wrong(f"{shown(text)} is neither a network, such as 10.7.0.0/16, nor an address") from other
    raise _Wrong(f"{text} has bits beyond its prefix (did you mean {network}?)")


def _domains(zones: Mapping[Fqdn, str]) -> dict[str, str]:
    return {domain.removesuffix("."): zone_id for domain, zone_id in zones.items()}


def _some(values: Iterable[str]) -> str:
    ordered = sorted(values)
    more = len(ordered) - _SHOWN
    return ", ".join(ordered[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
