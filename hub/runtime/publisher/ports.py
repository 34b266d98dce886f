"""The ports of the publisher: what it needs, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.model.names import Change, Fqdn, NameKey, NameState, Published, Spoke
    from hub.runtime.ports import ZoneRecordSets


class NameLedger(Protocol):
    """The claims on names, and what is published under them; each method raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """Return all claims on a name and what is published under it, read consistently."""
        ...

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Store what the zone holds under these names."""
        ...


class PublishControls(Protocol):
    """What else decides whether a name may be published; each method raises LedgerUnavailable."""

    def paused(self) -> str | None:
        """Return why nothing may be written to the zones now, or None."""
        ...

    def generation(self) -> str:
        """Return the generation of the ledger; empty if none has begun."""
        ...

    def settled(self, spokes: Collection[Spoke]) -> frozenset[Spoke]:
        """Return the spokes, of these, whose claims the ledger has completely: they were swept in its generation."""
        ...


class Zones(Protocol):
    """The private hosted zones."""

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        """Make all changes or none; raises BatchRefused, ZoneUnavailable or ZoneClosed."""
        ...

    def delay(self, changes: int) -> float:
        """Return the seconds that a call with this many changes would wait for its turn."""
        ...

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        """Return what the zone holds under each of the names; raises ZoneUnavailable or ZoneClosed."""
        ...
