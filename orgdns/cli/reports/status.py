"""How all is: what waits for a person, what could not be read, and how far a new policy has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.model.status import ZoneStatus
from hub.runtime.sweeper.scheduler import AUDIT_OVERDUE, SWEEP_OVERDUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import Fqdn, Millis
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus


class SubjectUnknown(Exception):
    """The subject is no spoke or zone that the ledger knows; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the ledger tells of spokes, zones and the rounds, at one time; `zone_ids` are the zones by domain."""

    now: Millis
    paused: str | None
    cursor: ScheduleCursor
    spokes: tuple[SpokeStatus, ...]
    zones: tuple[ZoneStatus, ...]
    zone_ids: Mapping[Fqdn, str]

    @property
    def reached(self) -> tuple[SpokeStatus, ...]:
        """The spokes that are not out of reach."""
        return tuple(one for one in self.spokes if not one.fault_since)

    @property
    def unreachable(self) -> tuple[SpokeStatus, ...]:
        """The spokes that are out of reach, those first that are so for longest."""
        return tuple(sorted((one for one in self.spokes if one.fault_since), key=lambda one: one.fault_since))

    @property
    def behind(self) -> tuple[SpokeStatus, ...]:
        """The spokes within reach that were not swept by the deployed policy yet."""
        return tuple(one for one in self.reached if one.policy != self.cursor.policy)

    @property
    def overdue(self) -> tuple[SpokeStatus, ...]:
        """The spokes within reach that were tried, and not seen whole for hours."""
        return tuple(one for one in self.reached if one.tried_at and self.now - one.swept_at > SWEEP_OVERDUE)

    @property
    def overdue_zones(self) -> tuple[ZoneStatus, ...]:
        """The zones that were tried, and not audited for days."""
        return tuple(one for one in self.zones if one.tried_at and self.now - one.audited_at > AUDIT_OVERDUE)

    @property
    def pending_removals(self) -> tuple[SpokeStatus | ZoneStatus, ...]:
        """The spokes and zones in which removals wait for a person, without those that were approved meanwhile."""
        subjects: list[SpokeStatus | ZoneStatus] = [*self.spokes, *self.zones]
        return tuple(one for one in subjects if set(one.pending_removals) - one.approved or self._vpcs_wait(one))

    def vpcs_of(self, subject: SpokeStatus | ZoneStatus) -> list[str]:
        """The VPCs, of a zone, whose associations wait to be ended."""
        return list(subject.pending_vpcs) if isinstance(subject, ZoneStatus) else []

    def _vpcs_wait(self, subject: SpokeStatus | ZoneStatus) -> bool:
        return isinstance(subject, ZoneStatus) and bool(set(subject.pending_vpcs) - subject.approved_vpcs)

    @property
    def missing(self) -> tuple[SpokeStatus, ...]:
        """The spokes of which events were missed, the most first."""
        missed = [one for one in self.spokes if one.missed_ever]
        return tuple(sorted(missed, key=lambda one: (-one.missed_ever, one.spoke)))

    @property
    def well(self) -> bool:
        """Whether nothing needs a person, and nothing is under way."""
        return self.paused is None and not (
            self.behind or self.unreachable or self.overdue or self.overdue_zones or self.pending_removals
        )

    def domain(self, zone_id: str) -> str:
        """A zone as a person reads it."""
        domain = next((domain for domain, one in self.zone_ids.items() if one == zone_id), None)
        return f"{domain.removesuffix('.')} ({zone_id})" if domain else zone_id

    def subject(self, text: str) -> SpokeStatus | ZoneStatus:
        """The spoke of `ACCOUNT/REGION`, or the zone of a domain or an id.

        Raises:
            SubjectUnknown: When the ledger knows no such thing.
        """
        if "/" in text:
            spoke = next((one for one in self.spokes if str(one.spoke) == text), None)
            if spoke is None:
                raise SubjectUnknown(f"the ledger knows no spoke {text}: write ACCOUNT/REGION, as status shows it")
            return spoke
        by_domain = {domain.removesuffix("."): zone_id for domain, zone_id in self.zone_ids.items()}
        zone_id = by_domain.get(text.removesuffix(".").lower(), text)
        zone = next((one for one in self.zones if one.zone_id == zone_id), None)
        if zone is None:
            known = ", ".join(sorted(by_domain))
            raise SubjectUnknown(f"{text} is no zone that was audited: write ACCOUNT/REGION or one of {known}")
        return zone

    def name_of(self, subject: SpokeStatus | ZoneStatus) -> str:
        """A subject as the commands take it."""
        return subject.zone_id if isinstance(subject, ZoneStatus) else str(subject.spoke)
