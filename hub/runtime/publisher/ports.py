"""What the publisher needs of the world. Pure: nothing here says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import Change, Fqdn, NameKey, NameState, Published, Spoke
    from hub.runtime.ports import ZoneRecordSets


class NameLedger(Protocol):
    """The publisher's side of the ledger."""

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it, read consistently."""
        ...

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Remember what the zone holds of these names."""
        ...


class PublishControls(Protocol):
    """What else a publisher has to know; each raises LedgerUnavailable."""

    def paused(self) -> str | None:
        """Why nothing may be written to the zones now, or None."""
        ...

    def settled(self, spokes: Collection[Spoke]) -> frozenset[Spoke]:
        """Those of the spokes whose claims the ledger knows for sure to be all there are."""
        ...


class Zones(Protocol):
    """The private hosted zones."""

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        """Make all changes or none; raises BatchRefused, ZoneUnavailable or ZoneClosed."""
        ...

    def delay(self, changes: int) -> float:
        """How many seconds a call with so many changes would wait for its turn."""
        ...

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        """What the zone holds under each of the names now; raises ZoneUnavailable or ZoneClosed."""
        ...
