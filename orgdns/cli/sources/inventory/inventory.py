"""The inventory of the deployed hub: what may be selected, and the rows that are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hub.runtime.aws.ledger.labels import DynamoLabels
from orgdns.cli.reports.inventory.options import Known
from orgdns.cli.sources.inventory.pages import Pages
from orgdns.cli.sources.inventory.reading import InventoryReader
from orgdns.cli.sources.inventory.store import InventoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.status import SpokeStatus
    from orgdns.cli.reports.inventory.options import Options
    from orgdns.cli.reports.inventory.selection import Selection
    from orgdns.cli.sources.hub import Hub
    from orgdns.cli.sources.inventory.reading import Unread
    from orgdns.cli.sources.ledger import HubLedger

# Called again and again with the names and the read units so far.
Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What was selected, its rows, the rows of the ledger that cannot be read, and the read units consumed."""

    selection: Selection
    store: InventoryStore
    unread: Unread
    units: float


@dataclass(frozen=True)
class InventorySource:
    """The ledger of the deployed hub."""

    account: Hub
    hub: HubLedger

    @classmethod
    def of(cls, account: Hub) -> InventorySource:
        """The ledger of the hub in this account.

        Raises:
            HubUnknown: if the hub cannot be found or read.
        """
        return cls(account, account.ledger())

    @cached_property
    def statuses(self) -> tuple[SpokeStatus, ...]:
        """The statuses of all spokes. There may be thousands, and few selections need them.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        return tuple(self.hub.statuses.spoke_statuses())

    def known(self, options: Options) -> Known:
        """What these options may name.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        zones = self.hub.deployed.zone_ids
        if not (options.accounts or options.regions):
            return Known(zones, ())
        labels = {held.label: held.account_id for held in DynamoLabels(self.hub.table).labels() if held.account_id}
        return Known(zones, [status.spoke for status in self.statuses], labels)

    @contextmanager
    def read(self, selection: Selection, progress: Progress) -> Iterator[Inventory]:
        """The rows that are selected, until the end of the block.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        zones = self.hub.deployed.zone_ids
        with InventoryStore(selection, {zone_id: domain for domain, zone_id in zones.items()}) as store:
            pages = Pages(
                self.account.rows_client(), self.hub.table.name, lambda read: progress(store.names, read.units)
            )
            reader = InventoryReader(pages, zones, selection, store)
            paused = selection.spokes_only and self.hub.statuses.pause_state() is not None
            needed = selection.spokes_only or selection.instance_id
            reader.read(self.statuses if needed else (), paused=paused)
            yield Inventory(selection, store, reader.unread, pages.units)
