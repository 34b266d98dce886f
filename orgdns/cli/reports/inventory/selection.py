"""Which rows of the inventory a person selects. Pure.

Several values of one option are alternatives, but an instance must have all of the tags. Different options must all
fit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from orgdns.cli.reports.inventory.row import NAMES, NameStatus

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from hub.runtime.model.names import Fqdn, InstanceRef, Spoke
    from orgdns.cli.reports.inventory.row import InstanceFacts, InventoryRow, NameRow


@dataclass(frozen=True, slots=True)
class TagPattern:
    """A tag that an instance must have, with a value that fits the pattern."""

    key: str
    value: re.Pattern[str]


@dataclass(frozen=True)
class Selection:
    """What a person selects; None or nothing selects everything.

    `fqdn` is one name without wildcards, and `instance` an instance of which also the account and the region are known.
    At most one of `fqdn`, `pattern`, `instance_id` and `instance` is set.
    """

    fqdn: Fqdn | None = None
    pattern: re.Pattern[str] | None = None
    instance_id: str = ""
    instance: InstanceRef | None = None
    zone_ids: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    vpcs: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    tags: tuple[TagPattern, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    statuses: frozenset[NameStatus] = NAMES

    @cached_property
    def needs_facts(self) -> bool:
        """Whether only the facts of the instance decide."""
        return bool(self.units or self.vpcs or self.states or self.tags)

    @property
    def spokes_only(self) -> bool:
        """Whether accounts or regions are selected, so that the rows of other spokes need not be read."""
        return bool(self.accounts or self.regions)

    def has_spoke(self, spoke: Spoke) -> bool:
        """Whether instances of a spoke may be selected."""
        return (not self.accounts or spoke.account in self.accounts) and (
            not self.regions or spoke.region in self.regions
        )

    def has_zone(self, zone_id: str) -> bool:
        """Whether names of a zone may be selected."""
        return not self.zone_ids or zone_id in self.zone_ids

    def has_name(self, fqdn: str) -> bool:
        """Whether a name may be selected."""
        if self.fqdn is not None:
            return fqdn == self.fqdn
        return self.pattern is None or self.pattern.fullmatch(fqdn.removesuffix(".")) is not None

    def has_row(self, row: NameRow) -> bool:
        """Whether a row may be selected, as far as it shows that itself. `has_facts` decides about its instance."""
        return (
            row.status in self.statuses
            and self.has_zone(row.zone_id)
            and self.has_name(row.fqdn)
            and self._has_owner(row.instance)
            and (not self.networks or row.status is NameStatus.REFUSED or self._has_address(row))
        )

    def has_facts(self, facts: InstanceFacts | None) -> bool:
        """Whether the facts of an instance fit; only of an instance that the ledger knows can they fit anything."""
        if not self.needs_facts:
            return True
        if facts is None:
            return False
        return (
            (not self.units or not self.units.isdisjoint(facts.units))
            and (not self.vpcs or not self.vpcs.isdisjoint(facts.vpcs))
            and (not self.states or facts.state in self.states)
            and (not self.tags or self._has_tags(dict(facts.tags)))
        )

    def has(self, row: InventoryRow) -> bool:
        """Whether a row with its instance is selected."""
        return self.has_row(row.name) and self.has_facts(row.facts)

    def _has_owner(self, ref: InstanceRef | None) -> bool:
        if self.instance_id and (ref is None or ref.id != self.instance_id):
            return False
        if self.instance is not None and ref != self.instance:
            return False
        return not self.spokes_only or (ref is not None and self.has_spoke(ref.spoke))

    def _has_tags(self, tags: dict[str, str]) -> bool:
        return all(each.key in tags and each.value.fullmatch(tags[each.key]) for each in self.tags)

    def _has_address(self, row: NameRow) -> bool:
        return any(address in network for address in row.addresses for network in self.networks)


def wildcards(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` stands for any text, dots included, and `?` for one character."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in re.split(r"([*?])", pattern))
    return re.compile("".join(parts), re.DOTALL)
