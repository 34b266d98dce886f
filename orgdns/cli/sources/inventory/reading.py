"""Read what a selection needs of the ledger, in the cheapest way that misses nothing.

| selected                         | read                                                                             |
|----------------------------------|----------------------------------------------------------------------------------|
| one name                         | its partition in each zone that encloses it, and the rows of its instances       |
| an instance                      | its row, in every spoke if only the id is known, and the partitions of its names |
| accounts or regions with a small | the partitions of their spokes, and those of the names that their instances      |
| part of all names                | claim                                                                            |
| anything else                    | the whole table, four segments at the same time                                  |

Single rows and partitions are read strongly consistent when somebody asks for one name or instance; everything else is
read eventually consistent, for half of the price.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract
from hub.runtime.aws.ledger.names import name_state
from hub.runtime.aws.ledger.rows import instance_key, instance_of_row, name_key_of, name_pk, observation_of, spoke_pk
from hub.runtime.boundary.schema import ATTRIBUTE, read_row
from hub.runtime.boundary.unreadable import Unreadable, readable
from hub.runtime.model.names import Fqdn, InstanceRef, NameKey
from hub.runtime.names.labels import enclosing
from orgdns.cli.reports.inventory.names import facts_of, refused_rows, rows_of_name
from orgdns.cli.reports.inventory.row import NAMES, NameStatus
from orgdns.cli.sources.lookup import recorded_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.aws.ledger.rows import Row
    from hub.runtime.model.names import Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.status import SpokeStatus
    from orgdns.cli.reports.inventory.selection import Selection
    from orgdns.cli.sources.inventory.pages import Pages
    from orgdns.cli.sources.inventory.store import InventoryStore

# A name of selected spokes takes a query, of at least half a read unit. In a scan it takes about a seventh, with the
# rows of its instance. The partitions are read up to this part of all names, and up to this number.
_PART: Final = 4
_MOST: Final = 100_000
# So many rows that cannot be read are named.
_SHOWN: Final = 20

_KEYS: Final = (contract.PARTITION_KEY, contract.SORT_KEY, ATTRIBUTE)
_FACTS: Final = (*_KEYS, "observed_at", "ended", "facts", "refusals")
_CLAIMED: Final = (*_FACTS, "claims", "held", "withdrawing")
_OF_NAMES: Final = (
    "pending",
    "record_sets",
    "conflict",
    "rules",
    "withheld",
    "blocked",
    "at",
    "live",
    "zone_id",
    "fqdn",
)
_OF_CLAIMS: Final = (
    "instance",
    "values",
    "ttl",
    "rule",
    "launched_at",
    "note",
    "label",
    "running",
    "publish",
    "turned_on",
)
SCANNED: Final = (*_FACTS, *_OF_NAMES, *_OF_CLAIMS)


@dataclass(slots=True)
class Unread:
    """The rows that cannot be read: how many, and the first of them."""

    number: int = 0
    first: list[Unreadable] = field(default_factory=list)

    def add(self, fault: Unreadable) -> None:
        """Count a row."""
        self.number += 1
        if len(self.first) < _SHOWN:
            self.first.append(fault)


@dataclass(frozen=True, slots=True)
class InventoryReader:
    """Reads the rows that a selection needs into a store. Each method raises LedgerUnavailable.

    `zones` are the ids of the hub's zones by domain.
    """

    pages: Pages
    zones: Mapping[Fqdn, str]
    selection: Selection
    store: InventoryStore
    unread: Unread = field(default_factory=Unread)

    def read(self, statuses: Iterable[SpokeStatus], *, paused: bool) -> None:
        """Read what the selection needs, in the cheapest way.

        Args:
            statuses: Those of all spokes.
            paused: Whether publishing is paused: then the zones may keep names that no instance claims any more.
        """
        selection, known = self.selection, {status.spoke: status.names for status in statuses}
        if selection.fqdn is not None:
            self.pages.consistent = True
            domains = enclosing(selection.fqdn, self.zones)
            self._names(NameKey(self.zones[domain], selection.fqdn) for domain in domains)
            self._known_instances()
        elif selection.instance is not None:
            self.pages.consistent = True
            self._instances([selection.instance])
        elif selection.instance_id:
            self._instances(InstanceRef(each.account, each.region, selection.instance_id) for each in known)
        elif selection.spokes_only and not paused and self._few(known):
            self._spokes(spoke for spoke in known if selection.has_spoke(spoke))
        else:
            self._whole()

    def _few(self, known: Mapping[Spoke, int]) -> bool:
        """Whether the selected spokes have so few names that reading them one by one is cheaper than the table."""
        selected = sum(names for spoke, names in known.items() if self.selection.has_spoke(spoke))
        return selected <= min(_MOST, sum(known.values()) / _PART)

    def _whole(self) -> None:
        condition = f"begins_with({contract.SORT_KEY}, :instance)"
        values = {":instance": contract.INSTANCE_PREFIX}
        if self.selection.statuses & NAMES:
            of_name = f"({contract.SORT_KEY} = :published OR begins_with({contract.SORT_KEY}, :claim))"
            values |= {":published": contract.PUBLISHED_KEY, ":claim": contract.CLAIM_PREFIX}
            if self.selection.zone_ids:
                zones = sorted(self.selection.zone_ids)
                places = " OR ".join(f"begins_with({contract.PARTITION_KEY}, :zone{n})" for n in range(len(zones)))
                of_name = f"({of_name} AND ({places}))"
                values |= {f":zone{n}": f"{contract.NAME_PREFIX}{zone}#" for n, zone in enumerate(zones)}
            condition = f"{condition} OR {of_name}"
        for key, rows in self.pages.scan(SCANNED, condition, values):
            self._partition(key, rows)

    def _partition(self, key: str, rows: list[Row]) -> None:
        """Keep what the rows of a partition give."""
        if key.startswith(contract.SPOKE_PREFIX):
            for row in rows:
                self._observed(row)
            return
        name = readable(name_key_of, key, key)
        if isinstance(name, Unreadable):
            self.unread.add(name)
        elif self.selection.has_zone(name.zone_id) and self.selection.has_name(name.fqdn):
            self._name(name, rows)

    def _name(self, key: NameKey, rows: list[Row]) -> None:
        state = name_state(key, rows)
        for fault in state.unreadable:
            self.unread.add(Unreadable(f"{key.fqdn} / {fault.what}", fault.reason))
        for row in rows_of_name(state, recorded_at(rows)):
            self.store.add_name(row)

    def _observed(self, row: Row) -> Observation | None:
        """Keep the facts of an instance, and the names that it was refused. None if its row cannot be read."""
        ref = readable(instance_of_row, row, row[contract.PARTITION_KEY])
        found = read_row(_observation, row, ref)
        if isinstance(found, Unreadable):
            self.unread.add(found)
            return None
        if self.selection.spokes_only and not self.selection.has_spoke(found.ref.spoke):
            return None
        facts = facts_of(found)
        self.store.add_facts(facts)
        if NameStatus.REFUSED in self.selection.statuses and self._has_address(facts.addresses):
            for refused in refused_rows(found, self.zones):
                self.store.add_name(refused)
        return found if self.selection.has_facts(facts) else None

    def _has_address(self, addresses: Iterable[str]) -> bool:
        """Whether an instance has an address in one of the networks: a refused name has none itself."""
        networks = self.selection.networks
        return not networks or any(
            readable(ip_address, each, each) in network for each in addresses for network in networks
        )

    def _spokes(self, spokes: Iterable[Spoke]) -> None:
        keys: set[NameKey] = set()
        for spoke in spokes:
            for row in self.pages.query(spoke_pk(spoke), contract.INSTANCE_PREFIX, _CLAIMED):
                keys.update(self._keys(self._observed(row)))
        self._names(sorted(keys))

    def _instances(self, refs: Iterable[InstanceRef]) -> None:
        keys: set[NameKey] = set()
        for row in self.pages.get(map(instance_key, refs), _CLAIMED):
            keys.update(self._keys(self._observed(row)))
        self._names(sorted(keys))

    def _keys(self, found: Observation | None) -> Iterator[NameKey]:
        """The names that an instance claims or had when it ended, as far as they are selected."""
        if found is None:
            return
        held = (Fqdn(name) for _, names in found.held for name in names)
        of_held = (NameKey(self.zones[domain], name) for name in held for domain in enclosing(name, self.zones))
        for key in (*(claim.key for claim in found.claims), *of_held):
            if self.selection.has_zone(key.zone_id) and self.selection.has_name(key.fqdn):
                yield key

    def _names(self, keys: Iterable[NameKey]) -> None:
        for partition, rows in self.pages.each_partition(map(name_pk, keys)):
            self._partition(partition, rows)

    def _known_instances(self) -> None:
        """Read the rows of the instances of the names in the store."""
        refs = {row.name.instance for row in self.store.rows() if row.name.instance}
        for row in self.pages.get(map(instance_key, sorted(refs)), _FACTS):
            self._observed(row)


def _observation(row: Mapping[str, Any]) -> Observation:
    """The observation in a row of which only some attributes were read."""
    return observation_of({"claims": (), "settled": True, "version": 0, **row})
