"""The instances that names are published for, as tools that connect to hosts need them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from orgdns.cli.reports.inventory.row import NameStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hub.runtime.model.names import Fqdn, InstanceRef
    from orgdns.cli.reports.inventory.row import InstanceFacts, InventoryRow, NameRow

# A name without a character that means something to the format of any tool. Every name that policy gives is like this.
_PLAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+")


@dataclass(slots=True)
class LeftOut:
    """The names that a format cannot hold: how many, and the first of them."""

    number: int = 0
    first: str = ""

    def add(self, name: str) -> None:
        """Count a name."""
        self.number += 1
        self.first = self.first or name


@dataclass(frozen=True, slots=True)
class Host:
    """An instance with the names that lead to it.

    `name` is one that leads to no other instance, or the id of the instance if there is none; `own` are all such
    names, and `names` also those that it shares. They have no dot at the end. `address` is what `name` leads to.
    """

    ref: InstanceRef
    name: str
    address: str
    names: tuple[str, ...]
    own: tuple[str, ...]
    zones: tuple[str, ...]
    facts: InstanceFacts | None = None


@dataclass(frozen=True, slots=True)
class Plain:
    """Passes on published names with addresses that every format can hold, and counts the others."""

    left_out: LeftOut = field(default_factory=LeftOut)

    def rows(self, rows: Iterable[InventoryRow]) -> Iterator[InventoryRow]:
        """The rows that can be written."""
        for row in rows:
            if row.name.status is NameStatus.PUBLISHED:
                if plain(row.name):
                    yield row
                else:
                    self.left_out.add(row.name.fqdn)


def plain(row: NameRow) -> bool:
    """Whether a record set has nothing but a plain name and addresses, or plain names, as values."""
    if not is_plain(row.fqdn):
        return False
    match row.type:
        case "A" | "AAAA":
            version = 4 if row.type == "A" else 6
            return [address.version for address in row.addresses] == [version] * len(row.values)
        case "PTR":
            return all(map(is_plain, row.values))
    return False


def is_plain(name: str) -> bool:
    """Whether an absolute name has only letters, digits, hyphens and underscores in its labels."""
    return _PLAIN.fullmatch(name) is not None


def hosts_of(rows: Iterable[InventoryRow], ambiguous: Collection[str] = ()) -> Iterator[Host]:
    """The instances of these rows, which are sorted by instance. Rows without an address or an instance give none.

    `ambiguous` are the names that several zones have, and that may lead to other instances there.
    """
    for ref, group in groupby(rows, key=lambda row: row.name.instance):
        found = [row for row in group if row.name.type in {"A", "AAAA"} and row.name.values]
        if ref is not None and found:
            yield _host(ref, found, ambiguous)


def _host(ref: InstanceRef, rows: list[InventoryRow], ambiguous: Collection[str]) -> Host:
    own = [row for row in rows if row.name.holders == 1 and row.name.fqdn not in ambiguous]
    best = min(own or rows, key=lambda row: _preference(ref, row.name.fqdn, row.name.type))
    return Host(
        ref=ref,
        name=_short(best.name.fqdn) if own else ref.id,
        address=best.name.values[0],
        names=tuple(sorted({_short(row.name.fqdn) for row in rows})),
        own=tuple(sorted({_short(row.name.fqdn) for row in own})),
        zones=tuple(sorted({_short(row.domain) for row in rows if row.domain})),
        facts=rows[0].facts,
    )


def _preference(ref: InstanceRef, fqdn: Fqdn, record_type: str) -> tuple[bool, int, int, str, str]:
    """The order of names: those for people first, then short ones. A is before AAAA."""
    return fqdn.startswith(f"{ref.id}."), fqdn.count("."), len(fqdn), fqdn, record_type


def _short(name: str) -> str:
    return name.removesuffix(".")
