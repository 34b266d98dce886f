"""The ports of sweeps, audits and their schedule: what they need, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.drift import Drift, ZoneDrift
    from hub.runtime.model.names import Claim, Fqdn, InstanceRef, Millis, NameKey, NameState, Published, Spoke
    from hub.runtime.model.observation import ClaimId, Observation, StoredClaim
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
    from hub.runtime.ports import ZoneRecordSets


class Spokes(Protocol):
    """The spokes that the rollout covers."""

    def listed(self) -> frozenset[Spoke | Unreadable]:
        """Return every spoke that has a stack or will have one; raises SpokesUnknown unless the list is complete.

        Of a stack instance that cannot be read, the spoke is not known: it may be any that is not listed.
        """
        ...


class UndeliveredEvents(Protocol):
    """The queues of the spokes with the events that did not reach the hub."""

    def undelivered(self, spoke: Spoke) -> int:
        """Return how many events a spoke's queue has, about; raises SpokeUnreachable."""
        ...


class SweepLedger(Protocol):
    """The rows of instances; each method raises LedgerUnavailable."""

    def known_observations(self, refs: Collection[InstanceRef]) -> Mapping[InstanceRef, Observation | Unreadable]:
        """Return the rows of these instances, read consistently; an instance without a row is left out."""
        ...

    def observations_of(self, spoke: Spoke) -> Iterator[Observation | Unreadable]:
        """Yield the rows of a spoke's instances. An unreadable one says the id of its instance."""
        ...


class Statuses(Protocol):
    """The statuses of spokes and zones in the ledger; each method raises LedgerUnavailable."""

    def sweep_begins(self, spoke: Spoke) -> tuple[SpokeStatus, str]:
        """Return the status of a spoke, and the generation of the ledger, which begins now if it has none."""
        ...

    def generation(self, *, begins: bool = False) -> str:
        """Return the generation of the ledger. If none has begun, it is empty, or begins now if `begins`."""
        ...

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        """Return the statuses of all spokes that the ledger knows."""
        ...

    def put_spoke_status(self, status: SpokeStatus) -> None:
        """Store a spoke's status. Approvals stay until no removal is pending."""
        ...

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """Return the status of a spoke; a new status if the ledger has none."""
        ...

    def note_event(self, spoke: Spoke) -> None:
        """Store that an event of a spoke came, so that it is swept within the hour."""
        ...

    def register_spoke(self, spoke: Spoke) -> None:
        """Add a status for a spoke without one, so that it is swept from now on."""
        ...

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """Return the status of a zone; a new status if the ledger has none."""
        ...

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """Return the statuses of all zones that the ledger knows."""
        ...

    def put_zone_status(self, status: ZoneStatus) -> None:
        """Store a zone's status. Approvals stay until no removal is pending. Drift and requests of audits stay."""
        ...


class ScheduleLedger(Protocol):
    """The progress of the schedule; each method raises LedgerUnavailable."""

    def cursor(self) -> ScheduleCursor:
        """Return the progress of the schedule; a new cursor if there is none."""
        ...

    def put_cursor(self, last: ScheduleCursor) -> None:
        """Store the progress of the schedule."""
        ...

    def audits_requested(self) -> bool:
        """Whether a person requested an audit of every zone."""
        ...

    def request_audits(self, *, wanted: bool) -> None:
        """Request an audit of every zone with the next run of the schedule, or take the request back."""
        ...

    def end_approval(self, zone_id: str, vpc: str) -> None:
        """Remove a VPC from those whose associations with a zone await approval to end."""
        ...


class AuditLedger(Protocol):
    """The claims on names, and what is published under them; each method raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """Return all claims on a name and what is published under it, read consistently."""
        ...

    def remembered(self, keys: Collection[NameKey]) -> Mapping[NameKey, Published | Unreadable]:
        """Return what is published under these names, read consistently; a name without such a row is left out."""
        ...

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        """Yield all names of these zones that the ledger has rows of; each state may be a moment old."""
        ...

    def contents(self, zone_ids: Collection[str]) -> Iterator[NameState | Observation | Unreadable]:
        """Yield the same names, and the rows of all instances, in one pass, in any order."""
        ...

    def known_observations(self, refs: Collection[InstanceRef]) -> Mapping[InstanceRef, Observation | Unreadable]:
        """Return the rows of these instances, read consistently; an instance without a row is left out."""
        ...

    def stored_claims(self, claim_ids: Collection[ClaimId]) -> Mapping[ClaimId, StoredClaim | Unreadable]:
        """Return the rows of these claims, read consistently; a claim without a row is left out."""
        ...

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        """Write a row over the one that was read, or a new row; raises Outdated if the ledger has another one."""
        ...

    def copy_claim(self, claim: Claim, version: int) -> int:
        """Write a claim that the ledger lost, for this version of its instance's row, unless it has a later version.

        Return the version that the claim has.
        """
        ...

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with what its zone holds."""
        ...


class DriftLedger(Protocol):
    """What others changed under names; each method raises LedgerUnavailable."""

    def remembered(self, keys: Collection[NameKey]) -> Mapping[NameKey, Published | Unreadable]:
        """Return what is published under these names, read consistently; a name without such a row is left out."""
        ...

    def drifts(self, keys: Collection[NameKey]) -> dict[NameKey, Drift]:
        """Return the drift of these names, read consistently; a name without drift is left out."""
        ...

    def put_drift(self, key: NameKey, drift: Drift) -> None:
        """Store the drift of a name."""
        ...

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with what its zone holds."""
        ...


class DriftStatuses(Protocol):
    """What others changed in zones; each method raises LedgerUnavailable."""

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """Return the status of a zone; a new status if the ledger has none."""
        ...

    def put_drift(self, zone_id: str, drifts: Collection[ZoneDrift]) -> None:
        """Store the drift of a zone. The rest of its status does not change."""
        ...

    def put_audit_request(self, zone_id: str, requested_at: Millis, paid_until: Millis) -> None:
        """Store when an audit of a zone has to begin. The rest of its status does not change."""
        ...


class NamesInZone(Protocol):
    """The private hosted zones, for reading single names."""

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        """Return a zone's record sets under each of these names; raises ZoneUnavailable or ZoneClosed."""
        ...


class ZoneListing(Protocol):
    """The private hosted zones, for reading only."""

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """Yield all names of a zone with its record sets; raises ZoneUnavailable or ZoneClosed if it is incomplete."""
        ...
