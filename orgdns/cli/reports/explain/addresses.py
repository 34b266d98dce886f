"""Which instances have an address, or had it last, according to the ledger. Pure.

Several may: the networks of VPCs can overlap, and EC2 gives the address of an ended instance to the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.names.labels import reverse_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.observation import Observation
    from orgdns.cli.reports.explain.claims import NameReport


@dataclass(frozen=True, slots=True)
class AddressUse:
    """An instance that has an address, as last described, or had it last, and the names that lead or led to it."""

    observation: Observation
    names: tuple[Fqdn, ...]

    @property
    def current(self) -> bool:
        """Whether the instance had the address when it was described last, and has not ended since."""
        return self.observation.instance is not None

    @property
    def vpcs(self) -> tuple[str, ...]:
        """The VPCs of the instance; none if it has ended."""
        instance = self.observation.instance
        return tuple(dict.fromkeys(each.vpc_id for each in instance.interfaces)) if instance else ()


@dataclass(frozen=True, slots=True)
class AddressReport:
    """The instances that have or had an address, and the reports on its PTR name.

    `ptr` are those of the reverse zones that enclose the PTR name; none if there is no such zone. `unreadable` are the
    rows of instances that cannot be read: they may have the address, too.
    """

    address: str
    uses: tuple[AddressUse, ...]
    ptr: tuple[NameReport, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def ptr_name(self) -> Fqdn:
        """The name of the address's PTR records."""
        return reverse_name(self.address)


def canonical(text: str) -> str | None:
    """An address as the ledger has it, or None if a text is not an address."""
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def address_report(
    address: str, rows: Iterable[Observation | Unreadable], ptr: tuple[NameReport, ...] = ()
) -> AddressReport:
    """The report on an address: the instances that have it come first, then those that were seen last."""
    uses: list[AddressUse] = []
    unreadable: list[Unreadable] = []
    for row in rows:
        if isinstance(row, Unreadable):
            unreadable.append(row)
            continue
        uses += (AddressUse(row, names) for held, names in row.addresses if canonical(held) == address)
    ordered = sorted(uses, key=lambda use: (not use.current, -use.observation.observed_at, use.observation.ref))
    return AddressReport(address, tuple(ordered), ptr, tuple(unreadable))
