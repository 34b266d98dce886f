"""The state of all spokes and zones: what awaits approval, what is unreachable, how far a new policy has come. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hub.runtime.installation import DEFAULT_NAMES, Names
from hub.runtime.model.drift import contested, recent_drifts
from hub.runtime.model.health.attention import Health, health
from hub.runtime.model.health.path import PathFacts
from hub.runtime.model.path import PathState
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from orgdns.cli.reports.nearest import nearest
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.drift import ZoneDrift
    from hub.runtime.model.health.near_limit import NearLimit
    from hub.runtime.model.names import Fqdn, Millis, Spoke
    from hub.runtime.model.status import Pause, ScheduleCursor
    from hub.runtime.model.usage import Limits
    from orgdns.cli.reports.status.permissions import Sign


class SubjectUnknown(Exception):
    """The ledger knows no such spoke or zone; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The names that wait because their accounts changed names faster than their rate allows.

    `messages` is the approximate number of messages, each with up to a hundred names. `counts` are the names of each
    account that went to the backlog in this hour and the one before.
    """

    messages: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """The accounts because of which names wait, those with the most names first; none if no name waits."""
        return tuple(sorted(self.counts.items(), key=lambda each: (-each[1], each[0]))) if self.messages else ()


@dataclass(frozen=True, slots=True)
class FiringAlarm:
    """An alarm in ALARM: its name without the prefix, since when, what it means, and CloudWatch's reason."""

    name: str
    since: Millis
    meaning: str
    reason: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms in ALARM; `fault` says why they are not known."""

    firing: tuple[FiringAlarm, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The signs that a role lacks a permission, each with the time since when; `fault` says why they are not known."""

    signs: tuple[tuple[Sign, Millis], ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class DampedAccount:
    """How many instances and VPCs of an account the last sweeps found damped: their events are ignored for a while."""

    account: str
    instances: int
    vpcs: int


@dataclass(frozen=True)
class Overview:
    """What the ledger holds about spokes, zones and the schedule, at one time.

    `zone_ids` are the zones by domain. `listed` are the spokes that have a stack of the rollout; it matters only for a
    spoke whose names were withdrawn, which counts as closed or unreachable if it is listed. `limits` are those of
    accounts and zones. `path` is what the ledger says of the path, `path_facts` what AWS says of its parts, and
    `backlog` says which names wait. `alarms` are those that CloudWatch shows in ALARM, and `permissions` are the
    signs that a role lacks one. `names` are the names of the installation's resources.
    """

    now: Millis
    pause: Pause | None
    cursor: ScheduleCursor
    spokes: tuple[SpokeStatus, ...]
    zones: tuple[ZoneStatus, ...]
    zone_ids: Mapping[Fqdn, str]
    listed: frozenset[Spoke] = frozenset()
    limits: Limits | None = None
    backlog: Backlog = Backlog()
    path: PathState = field(default_factory=PathState)
    path_facts: PathFacts = field(default_factory=PathFacts)
    alarms: Alarms = Alarms()
    permissions: Permissions = Permissions()
    names: Names = DEFAULT_NAMES

    @cached_property
    def health(self) -> Health:
        """What needs a person: the rules are those of the metrics and their alarms.

        Computed once: the reports ask for it again for each spoke and zone.
        """
        zone_ids = frozenset(self.zone_ids.values())
        return health(self.spokes, self.zones, self.listed, self.cursor, self.now, self.limits, zone_ids)

    @property
    def reached(self) -> tuple[SpokeStatus, ...]:
        """The known spokes that are reachable."""
        found = self.health
        return self._statuses(found.known - found.unreachable - found.closed)

    @property
    def unreachable(self) -> tuple[SpokeStatus, ...]:
        """The unreachable spokes, the longest unreachable first."""
        return tuple(sorted(self._statuses(self.health.unreachable), key=lambda status: status.fault_since))

    @property
    def closed(self) -> tuple[SpokeStatus, ...]:
        """The spokes that are still unreachable after their names were withdrawn, the longest unreachable first."""
        return tuple(sorted(self._statuses(self.health.closed), key=lambda status: status.fault_since))

    @property
    def behind(self) -> tuple[SpokeStatus, ...]:
        """The reachable spokes that are on an old policy."""
        return self._statuses(self.health.on_old_policy)

    @property
    def overdue(self) -> tuple[SpokeStatus, ...]:
        """The reachable spokes that had no complete sweep for hours."""
        return self._statuses(self.health.overdue)

    @property
    def overdue_zones(self) -> tuple[ZoneStatus, ...]:
        """The zones that had no complete audit for days."""
        return self._zone_statuses(self.health.overdue_zones)

    @property
    def pending_removals(self) -> tuple[SpokeStatus | ZoneStatus, ...]:
        """The spokes and zones in which something awaits approval."""
        found = self.health
        zones = found.pending_zones | found.pending_vpc_zones
        return *self._statuses(found.pending_spokes), *self._zone_statuses(zones)

    @property
    def approved(self) -> tuple[SpokeStatus | ZoneStatus, ...]:
        """The spokes and zones with removals that a person approved, and that are not made yet."""
        subjects: list[SpokeStatus | ZoneStatus] = [*self.spokes, *self.zones]
        return tuple(
            subject
            for subject in subjects
            if subject.approved_at and not subject.approved.isdisjoint(subject.pending_removals)
        )

    @property
    def unreadable(self) -> tuple[SpokeStatus | ZoneStatus, ...]:
        """The spokes and zones of which something cannot be read, or the status itself."""
        return *self._statuses(self.health.unreadable), *self._zone_statuses(self.health.unreadable_zones)

    @property
    def near_limit(self) -> tuple[NearLimit, ...]:
        """The zones, and the accounts in zones, that use most of a limit: those that use the most of it first."""
        found = (*self.health.zones_near_limit, *self.health.accounts_near_limit)
        return tuple(sorted(found, key=lambda near: (-near.used / near.limit, near)))

    @property
    def damped(self) -> tuple[DampedAccount, ...]:
        """The accounts with damped instances or VPCs, those with most first."""
        instances, vpcs = Counter[str](), Counter[str]()
        for status in self.spokes:
            instances[status.spoke.account] += status.damped
            vpcs[status.spoke.account] += status.damped_vpcs
        found = (DampedAccount(account, instances[account], vpcs[account]) for account in instances)
        some = (each for each in found if each.instances or each.vpcs)
        return tuple(sorted(some, key=lambda each: (-each.instances - each.vpcs, each.account)))

    @property
    def drifts(self) -> tuple[tuple[ZoneStatus, ZoneDrift], ...]:
        """What others changed in zones in the last day, latest first."""
        found = [(zone, drift) for zone in self.zones for drift in recent_drifts(zone.drift, self.now)]
        return tuple(sorted(found, key=lambda each: -each[1].at))

    @property
    def contested_drifts(self) -> tuple[tuple[ZoneStatus, ZoneDrift], ...]:
        """Of these, what others keep changing, so that repairs wait for audits."""
        return tuple((zone, drift) for zone, drift in self.drifts if contested([drift], zone.audited_at, self.now))

    def drift_line(self, zone: ZoneStatus, drift: ZoneDrift) -> str:
        """What someone else changed in a zone, as a person reads it."""
        return (
            f"{self.domain(zone.zone_id)}: {drift.by} changed names {drift.changes:,} times since {time(drift.since)}, "
            f"last at {time(drift.at)}"
        )

    @property
    def dry_run(self) -> tuple[str, ...]:
        """What is in dry run by the last run of the schedule, as a person reads it."""
        cursor, zones = self.cursor, set(self.zone_ids.values())
        everything = "every zone" if zones <= set(cursor.dry_zones) else ""
        unassociated = "every zone" if zones <= set(cursor.dry_associations) else ""
        lines = [f"nothing is written to {everything or self.domain(each)}" for each in cursor.dry_zones]
        lines += [f"the rule {rule} publishes nothing" for rule in cursor.dry_rules]
        lines += [f"no VPC is associated with {unassociated or self.domain(each)}" for each in cursor.dry_associations]
        return tuple(dict.fromkeys(lines))

    @property
    def missing(self) -> tuple[SpokeStatus, ...]:
        """The spokes for which sweeps found changes that no event reported, those with most changes first."""
        missed = [status for status in self.spokes if status.missed_ever]
        return tuple(sorted(missed, key=lambda status: (-status.missed_ever, status.spoke)))

    def vpcs_of(self, subject: SpokeStatus | ZoneStatus) -> list[str]:
        """The VPCs whose associations with a zone are pending removals, approved or not; none for a spoke."""
        return list(subject.pending_vpcs) if isinstance(subject, ZoneStatus) else []

    def domain(self, zone_id: str) -> str:
        """A zone as a person reads it."""
        domain = next((domain for domain, known_id in self.zone_ids.items() if known_id == zone_id), None)
        return f"{domain.removesuffix('.')} ({zone_id})" if domain else zone_id

    def subject(self, text: str) -> SpokeStatus | ZoneStatus:
        """The spoke of `ACCOUNT/REGION`, or the zone of a domain or an id.

        Raises:
            SubjectUnknown: if the ledger knows no such spoke or zone.
        """
        if "/" in text:
            spoke = next((status for status in self.spokes if str(status.spoke) == text), None)
            if spoke is None:
                meant = nearest(text, (str(status.spoke) for status in self.spokes))
                raise SubjectUnknown(
                    f"the ledger knows no spoke {text}{meant}: write ACCOUNT/REGION, as status shows it"
                )
            return spoke
        by_domain = {domain.removesuffix("."): zone_id for domain, zone_id in self.zone_ids.items()}
        zone_id = by_domain.get(text.removesuffix(".").lower(), text)
        zone = next((status for status in self.zones if status.zone_id == zone_id), None)
        if zone is None:
            known = ", ".join(sorted(by_domain))
            raise SubjectUnknown(
                f"{text} is not an audited zone{nearest(text, by_domain)}: write ACCOUNT/REGION or one of {known}"
            )
        return zone

    def name_of(self, subject: SpokeStatus | ZoneStatus) -> str:
        """A subject as the commands take it."""
        return subject.zone_id if isinstance(subject, ZoneStatus) else str(subject.spoke)

    def _statuses(self, spokes: Iterable[Spoke]) -> tuple[SpokeStatus, ...]:
        known = {status.spoke: status for status in self.spokes}
        # A stack may be younger than the last run of the scheduler, which registers its spoke in the ledger.
        return tuple(known.get(spoke) or SpokeStatus(spoke) for spoke in sorted(spokes))

    def _zone_statuses(self, zone_ids: Iterable[str]) -> tuple[ZoneStatus, ...]:
        known = {status.zone_id: status for status in self.zones}
        return tuple(known[zone_id] for zone_id in sorted(zone_ids))
