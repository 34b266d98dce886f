"""What sweeps, audits and their schedule need of the world. Pure: nothing here says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.model.names import Fqdn, InstanceRef, NameKey, NameState, Published, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
    from hub.runtime.ports import ZoneRecordSets


class Spokes(Protocol):
    """The spokes that are rolled out."""

    def listed(self) -> frozenset[Spoke]:
        """Every spoke that has a stack, or is to have one; raises SpokesUnknown unless the list was complete."""
        ...


class SweepLedger(Protocol):
    """The sweeper's side of the ledger."""

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        """The rows of those of the instances that have one, read consistently; raises LedgerUnavailable."""
        ...

    def observations_of(self, spoke: Spoke) -> Iterator[Observation]:
        """The rows of a spoke's instances, as they are asked for; raises LedgerUnavailable where it breaks."""
        ...


class Statuses(Protocol):
    """How each spoke and each zone is, in the ledger; each raises LedgerUnavailable."""

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """What is known of a spoke; a new status where nothing is."""
        ...

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        """What is known of every spoke."""
        ...

    def put_spoke_status(self, status: SpokeStatus) -> None:
        """Remember how a spoke is; what a person approved stays until nothing waits for it."""
        ...

    def register_spoke(self, spoke: Spoke) -> None:
        """Have a spoke swept from now on, if it is not known yet."""
        ...

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """What is known of a zone; a new status where nothing is."""
        ...

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """What is known of every zone."""
        ...

    def put_zone_status(self, status: ZoneStatus) -> None:
        """Remember how a zone is; what a person approved stays until nothing waits for it."""
        ...


class ScheduleLedger(Protocol):
    """Where the rounds of sweeps have come to, in the ledger."""

    def cursor(self) -> ScheduleCursor:
        """The last round; a new one where there was none; raises LedgerUnavailable."""
        ...

    def put_cursor(self, last: ScheduleCursor) -> None:
        """Remember a round; raises LedgerUnavailable."""
        ...

    def audits_requested(self) -> bool:
        """Whether a person asked for an audit of every zone; raises LedgerUnavailable."""
        ...

    def request_audits(self, *, wanted: bool) -> None:
        """Have every zone audited with the next round, or not any more; raises LedgerUnavailable."""
        ...


class AuditLedger(Protocol):
    """The auditor's side of the ledger; each raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it, read consistently."""
        ...

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        """What was published of those of the names of which that is remembered, read consistently."""
        ...

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        """All names of these zones that are claimed or remembered, as they are asked for, perhaps a moment old."""
        ...

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with what its zone holds."""
        ...


class ZoneListing(Protocol):
    """The private hosted zones, for reading alone."""

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """All names of a zone with what it holds of each; raises ZoneUnavailable or ZoneClosed where it breaks."""
        ...
