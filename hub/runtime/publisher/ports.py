"""The ports of the publisher: what it needs, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from hub.runtime.rate_limit import Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.names import Change, Claim, Fqdn, InstanceRef, Millis, NameKey, NameState, Published, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.tasks import DeferredName, Release
    from hub.runtime.ports import ZoneRecordSets
    from hub.runtime.publisher.foreign import ZoneReading
    from hub.runtime.rate_limit import Demand


class NameLedger(Protocol):
    """The claims on names, what is published under them, and the rows of instances; each raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """Return all claims on a name and what is published under it, read consistently."""
        ...

    def known_observations(self, refs: Collection[InstanceRef]) -> Mapping[InstanceRef, Observation | Unreadable]:
        """Return the rows of these instances, read consistently; an instance without a row is left out."""
        ...

    def copy_claim(self, claim: Claim, version: int) -> int:
        """Write a claim that the ledger lost, for this version of its instance's row, unless it has a later version.

        Return the version that the claim has.
        """
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

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        """Return the generation, and the spokes, of these, that were swept in it: the ledger has all their claims."""
        ...


class Zones(Protocol):
    """The private hosted zones."""

    @property
    def most_changes(self) -> int:
        """The most changes of a batch that does not need more tokens than the pace has at once."""
        ...

    def change(
        self,
        zone_id: str,
        changes: Collection[Change],
        urgency: Urgency = Urgency.PATIENT,
        *,
        wait: float | None = None,
    ) -> Millis | None:
        """Make all changes or none; raises BatchRefused, ZoneUnavailable or ZoneClosed.

        Return when Route 53 accepted them, or None if it did not say that. Raises NoTurn if the call would have to wait
        longer than so many seconds.
        """
        ...

    def allowance(self, wait: float, *, prompt: bool) -> int:
        """Return the most changes, all prompt or none, that a call may make if it waits for so many seconds at most."""
        ...

    def delay(self, changes: int) -> float:
        """Return the seconds that a call with this many changes would wait for its turn."""
        ...

    def record_sets(
        self,
        zone_id: str,
        names: Collection[Fqdn],
        wait: float | None = None,
        urgency: Urgency = Urgency.PATIENT,
    ) -> dict[Fqdn, ZoneRecordSets]:
        """Return what the zone holds under each of the names; raises ZoneUnavailable or ZoneClosed.

        With `wait`, each call waits for its turn at most so many seconds; raises NoTurn if that does not suffice.
        """
        ...

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """Return all names of the zone with their record sets, page by page; raises as `record_sets` does."""
        ...


class BacklogQueue(Protocol):
    """The queue of names that are published later."""

    def put(self, releases: Iterable[Release]) -> Mapping[NameKey, str]:
        """Put names on the queue; return those that it did not take, each with the reason."""
        ...


class ZoneReadings(Protocol):
    """What the backlog read of whole zones."""

    def reading(self, zone_id: str) -> ZoneReading | None:
        """Return the last reading of a zone, if there is one; raises LedgerUnavailable."""
        ...


class BacklogRows(ZoneReadings, Protocol):
    """The ledger's rows of the backlog; each method raises LedgerUnavailable."""

    def put_reading(self, zone_id: str, reading: ZoneReading) -> None:
        """Store a reading of a zone in place of the last one."""
        ...

    def release(self, names: Iterable[tuple[DeferredName, str]]) -> None:
        """Bring names back to the publisher, each with the account because of which it was in the backlog."""
        ...

    def count(self, names: Mapping[str, int]) -> None:
        """Count names that went to the backlog, by account."""
        ...


class Turns(Protocol):
    """The pace that all functions share."""

    def take(self, demand: Demand, wait: float | None = None) -> None:
        """Wait for the tokens, at most so many seconds, and take them; raises NoTurn, LedgerUnavailable or Outdated."""
        ...
