"""The ports of what the publisher reports about itself and the zones. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn, Millis
    from hub.runtime.model.path import Stall
    from hub.runtime.model.status import ZoneStatus


class PathLedger(Protocol):
    """The rows about the path; each method raises LedgerUnavailable."""

    def answered(self, sent_at: Millis) -> None:
        """Record that a heartbeat reached the publisher."""
        ...

    def put_stall(self, stall: Stall) -> None:
        """Record what keeps the publisher waiting."""
        ...

    def put_zone_open(self, zone_id: str) -> None:
        """Record that Route 53 lets the writer role change a zone."""
        ...

    def put_zone_closed(self, zone_id: str, reason: str, names: int) -> None:
        """Record that it does not, and add to the number of names that wait for the zone."""
        ...


class ZoneStatuses(Protocol):
    """The statuses of the zones; each method raises LedgerUnavailable."""

    def paused(self) -> str | None:
        """Return why publishing is paused, or None."""
        ...

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """Return the status of every zone that has one."""
        ...

    def put_audit_request(self, zone_id: str, requested_at: Millis, paid_until: Millis) -> None:
        """Record when an audit of a zone has to begin."""
        ...


class CheckedZones(Protocol):
    """The zones, through the writer role."""

    def check(self, zone_id: str, domain: Fqdn, *, writes: bool = True) -> None:
        """Return if the writer role may change the zone, or only read it if it is not to write.

        Raises ZoneClosed if not, ZoneUnavailable if that is unknown, and NoTurn if others take all turns for a while.
        """
        ...
