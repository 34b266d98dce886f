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
    """The spokes that the rollout covers."""

    def listed(self) -> frozenset[Spoke]:
        """Return every spoke that has a stack or will have one; raises SpokesUnknown unless the list is complete."""
        ...


class SweepLedger(Protocol):
    """The rows of instances; each method raises LedgerUnavailable."""

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        """Return the rows of those of the instances that have one, read consistently."""
        ...

    def observations_of(self, spoke: Spoke) -> Iterator[Observation]:
        """Yield the rows of a spoke's instances."""
        ...


class Statuses(Protocol):
    """The statuses of spokes and zones in the ledger; each method raises LedgerUnavailable."""

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """Return the status of a spoke; a new status if the ledger has none."""
        ...

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        """Return the statuses of all spokes that the ledger knows."""
        ...

    def put_spoke_status(self, status: SpokeStatus) -> None:
        """Store a spoke's status. Approvals stay until no removal is pending."""
        ...

    def register_spoke(self, spoke: Spoke) -> None:
        """Have a spoke swept from now on, if the ledger does not know it yet."""
        ...

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """Return the status of a zone; a new status if the ledger has none."""
        ...

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """Return the statuses of all zones that the ledger knows."""
        ...

    def put_zone_status(self, status: ZoneStatus) -> None:
        """Store a zone's status. Approvals stay until no removal is pending."""
        ...


class ScheduleLedger(Protocol):
    """How far the schedule of sweeps has come; each method raises LedgerUnavailable."""

    def cursor(self) -> ScheduleCursor:
        """Return where the last run of the schedule ended; a new cursor if there was none."""
        ...

    def put_cursor(self, last: ScheduleCursor) -> None:
        """Store where a run of the schedule ended."""
        ...

    def audits_requested(self) -> bool:
        """Whether a person requested an audit of every zone."""
        ...

    def request_audits(self, *, wanted: bool) -> None:
        """Request an audit of every zone with the next run of the schedule, or take the request back."""
        ...


class AuditLedger(Protocol):
    """The claims on names, and what was published of them; each method raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """Return all claims on a name and what was published of it, read consistently."""
        ...

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        """Return what was published of these names, as far as the ledger remembers it, read consistently."""
        ...

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        """Yield all names of these zones that are claimed or remembered; each state may be a moment old."""
        ...

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with what its zone holds."""
        ...


class ZoneListing(Protocol):
    """The private hosted zones, for reading only."""

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """Yield all names of a zone with its record sets; raises ZoneUnavailable or ZoneClosed where it breaks."""
        ...
