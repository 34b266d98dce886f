"""Which spokes and zones need attention, decided once for the metrics, for `orgdns status` and for `orgdns coverage`.

Pure. An alarm, the report that it sends a person to, and the list of accounts must name the same spokes and zones, so
all three read this module. The rules:

known
    A spoke counts if it is listed, that is, has a stack of the rollout, or if its names are not withdrawn yet. A spoke
    whose names were withdrawn and that is not listed belongs to an account that left: nothing remains to do there.
unreachable
    A known spoke whose reader role is missing or denies access, until somebody repairs that or leaves the account out;
    or whose account or region is closed to orgdns, until its names are withdrawn.
closed
    A known spoke whose names were withdrawn because it is a suspended account that StackSets still lists, or a region
    that is disabled in one account. Nothing is left to do, so it sets off no alarm, which would hide the next one, and
    counts for nothing else either. A role that is missing or denies access closes nothing: its instances run without
    names, and whoever denies access must not silence the alarm by waiting.
on an old policy
    A known, reachable spoke whose last complete sweep used another policy, or that has not been swept yet. An
    unreachable spoke does not count: it is counted once, as unreachable, and no policy waits for it.
overdue
    A known, reachable spoke that had sweeps, but no complete sweep for `SWEEP_OVERDUE`; a zone likewise, by its audits
    and `AUDIT_OVERDUE`, or three times as long as its audits are apart if the last one failed. A spoke that was empty
    is swept once a day, so `EMPTY_OVERDUE` counts, and `SWEEP_OVERDUE` from the time at which an event of it arrived.
    An unreachable spoke does not count here either.
pending removals
    A spoke or zone with removals, or a zone with ends of VPC associations, that await approval. What a person approved
    no longer counts, although it stays in the ledger until the next sweep, audit or association task makes the
    removal: the alarm clears when nothing remains for a person to decide.
not audited
    A zone of the configuration that had no complete audit yet: whether its records are as the ledger says is not known.
not scheduled
    Sweeps and audits are not enqueued: the schedule had no run for `SCHEDULE_OVERDUE`.
failing looks
    A spoke whose instances the observer could not describe when an event came, within the last minutes and since the
    last complete sweep: the events wait. An unreachable spoke counts once, as unreachable.
missing events
    A spoke in which the last sweep found changes that no event reported, as did the sweep before, or
    `MANY_MISSED` of them at once. One lost event is healed by the sweep that finds it.
undelivered events
    A spoke whose queue of events that did not reach the hub has grown since the sweep before, or cannot be counted.
    Old events in it are evidence, and need nobody: sweeps have found what they report.
unknown VPCs
    A spoke whose VPCs the last sweep could not describe. An unreachable spoke counts once, as unreachable.
refused VPCs
    A spoke with VPCs that need an association, or its end, which AWS refused the last time.
closed zones
    A zone that the writer role may not read or change. It counts until the check of a heartbeat finds it open.
contested
    A zone in which others keep changing names of orgdns, so that repairs wait for an audit, or did in the last hour.
    The zone no longer counts when an audit has repaired the names and nobody changes them.
unreadable
    A spoke whose last sweep found instances, or rows of instances, that it could not read, also after its other names
    were withdrawn; a known spoke whose status cannot be read; a zone likewise, by the names of its last audit. Nothing
    that belongs to them is removed. A spoke or zone whose status cannot be read counts for nothing else.
near a limit
    An account that uses most of what it may hold in a zone, or a zone that uses most of what Route 53 lets it hold:
    `hub.runtime.model.health.near_limit` counts. What the ledger still says of a spoke that keeps nothing, or of a zone
    that the configuration no longer has, does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.model.drift import contested
from hub.runtime.model.health.near_limit import accounts_near_limit, zones_near_limit
from hub.runtime.model.vpcs import is_profile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.health.near_limit import NearLimit
    from hub.runtime.model.names import Millis, Spoke
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
    from hub.runtime.model.usage import Limits

# A spoke is swept once an hour, an empty spoke and a zone once a day: each is overdue after three times as long.
# Milliseconds.
SWEEP_OVERDUE: Final = 3 * 3_600_000
EMPTY_OVERDUE: Final = 3 * 86_400_000
AUDIT_OVERDUE: Final = 3 * 86_400_000
# The schedule runs every five minutes. Milliseconds.
SCHEDULE_OVERDUE: Final = 3 * contract.SCHEDULE_MINUTES * 60_000
# A message of the events queue comes again after twelve and a half minutes, so a look that fails for longer fails
# again. Milliseconds.
LOOK_OVER: Final = 15 * 60_000
# So many missed changes in one sweep are no single lost events.
MANY_MISSED: Final = 5


@dataclass(frozen=True, slots=True)
class Health:
    """Spokes and zone ids by what they need. The module's docstring gives the rules.

    `never_swept` are the spokes on an old policy that have had no sweep yet.
    `pending_zones` are the zones in which removals of names await approval, `pending_vpc_zones` those in which ends of
    VPC associations do. A zone may be in both.
    """

    known: frozenset[Spoke] = frozenset()
    unreachable: frozenset[Spoke] = frozenset()
    closed: frozenset[Spoke] = frozenset()
    on_old_policy: frozenset[Spoke] = frozenset()
    never_swept: frozenset[Spoke] = frozenset()
    overdue: frozenset[Spoke] = frozenset()
    overdue_zones: frozenset[str] = frozenset()
    pending_spokes: frozenset[Spoke] = frozenset()
    pending_zones: frozenset[str] = frozenset()
    pending_vpc_zones: frozenset[str] = frozenset()
    unreadable: frozenset[Spoke] = frozenset()
    unreadable_zones: frozenset[str] = frozenset()
    contested_zones: frozenset[str] = frozenset()
    not_audited: frozenset[str] = frozenset()
    not_scheduled: bool = False
    failing_looks: frozenset[Spoke] = frozenset()
    missing_events: frozenset[Spoke] = frozenset()
    undelivered: frozenset[Spoke] = frozenset()
    unknown_vpcs: frozenset[Spoke] = frozenset()
    refused_vpcs: frozenset[Spoke] = frozenset()
    closed_zones: frozenset[str] = frozenset()
    accounts_near_limit: tuple[NearLimit, ...] = ()
    zones_near_limit: tuple[NearLimit, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many spokes and zones need what, by the metric that counts them."""
        return {
            "SpokesUnreachable": len(self.unreachable),
            "SweepsAndAuditsOverdue": len(self.overdue) + len(self.overdue_zones),
            "PendingRemovals": len(self.pending_spokes) + len(self.pending_zones | self.pending_vpc_zones),
            "SpokesOnOldPolicy": len(self.on_old_policy),
            "ZonesWithDampedRepairs": len(self.contested_zones),
            "SpokesAndZonesUnreadable": len(self.unreadable) + len(self.unreadable_zones),
            "SpokesWithFailedLooks": len(self.failing_looks),
            "SpokesMissingEvents": len(self.missing_events),
            "SpokesWithUndeliveredEvents": len(self.undelivered),
            "SpokesWithUnknownVpcs": len(self.unknown_vpcs),
            "SpokesWithRefusedAssociations": len(self.refused_vpcs),
            "ZonesClosed": len(self.closed_zones),
            "AccountsNearLimit": len(self.accounts_near_limit),
            "ZonesNearLimit": len(self.zones_near_limit),
        }

    @property
    def good(self) -> bool:
        """Whether nothing needs a person or is unknown, and every reachable spoke is on the current policy."""
        return not (any(self.counts.values()) or self.not_audited or self.not_scheduled)


def health(
    spokes: Iterable[SpokeStatus],
    zones: Collection[ZoneStatus],
    listed: Collection[Spoke],
    cursor: ScheduleCursor,
    now: Millis,
    limits: Limits | None = None,
    zone_ids: Collection[str] | None = None,
) -> Health:
    """The state of all spokes and zones at one time.

    `listed` are the spokes that have a stack of the rollout, and `cursor` says what the current policy is, and when the
    schedule ran last. Without `limits` nothing is near a limit. `zone_ids` are the zones of the configuration, or None
    for those in `zones`.
    """
    policy = cursor.policy
    statuses = {status.spoke: status for status in spokes}
    known = frozenset({*listed, *(spoke for spoke, status in statuses.items() if not status.withdrawn)})
    of_known = [status for spoke, status in statuses.items() if spoke in known]
    tried = [status for status in of_known if status.tried_at and not status.fault_since]
    unknown = frozenset(status.spoke for status in of_known if status.row_fault)
    unanswering = frozenset(status.spoke for status in of_known if status.fault_since)
    closed = frozenset(status.spoke for status in of_known if status.fault_since and status.closed and status.withdrawn)
    configured = frozenset(zone.zone_id for zone in zones) if zone_ids is None else frozenset(zone_ids)
    holding = [status for status in statuses.values() if not status.over]
    near_accounts = accounts_near_limit(holding, limits) if limits else ()
    near_zones = zones_near_limit(holding, zones, limits) if limits else ()
    return Health(
        known=known,
        unreachable=unanswering - closed,
        closed=closed,
        on_old_policy=known - unanswering - unknown - {status.spoke for status in tried if status.policy == policy},
        never_swept=known - unanswering - unknown - {status.spoke for status in tried},
        overdue=frozenset(status.spoke for status in tried if _overdue(status, now)),
        overdue_zones=frozenset(zone.zone_id for zone in zones if zone.tried_at and _audit_overdue(zone, now)),
        pending_spokes=frozenset(
            spoke for spoke, status in statuses.items() if set(status.pending_removals) - status.approved
        ),
        pending_zones=frozenset(zone.zone_id for zone in zones if set(zone.pending_removals) - zone.approved),
        pending_vpc_zones=frozenset(zone.zone_id for zone in zones if set(zone.pending_vpcs) - zone.approved_vpcs),
        unreadable=unknown | {spoke for spoke, status in statuses.items() if status.unreadable},
        unreadable_zones=frozenset(zone.zone_id for zone in zones if zone.unreadable or zone.row_fault),
        contested_zones=frozenset(zone.zone_id for zone in zones if contested(zone.drift, zone.audited_at, now)),
        not_audited=configured - {zone.zone_id for zone in zones if zone.audited_at or zone.row_fault},
        not_scheduled=now - cursor.at > SCHEDULE_OVERDUE and not cursor.row_fault,
        failing_looks=frozenset(status.spoke for status in of_known if _looks_fail(status, now)) - unanswering,
        missing_events=frozenset(status.spoke for status in of_known if _misses_events(status)) - unanswering,
        undelivered=frozenset(status.spoke for status in of_known if status.undelivered_new or status.undelivered_fault)
        - unanswering,
        unknown_vpcs=frozenset(status.spoke for status in of_known if status.vpc_fault) - unanswering,
        refused_vpcs=frozenset(status.spoke for status in of_known if status.refused_vpcs) - unanswering,
        closed_zones=frozenset(zone.zone_id for zone in zones if zone.closed_since and zone.zone_id in configured),
        accounts_near_limit=_configured(near_accounts, configured),
        zones_near_limit=_configured(near_zones, configured),
    )


def _overdue(status: SpokeStatus, now: Millis) -> bool:
    """Whether a spoke should have had a complete sweep by now.

    A spoke that was empty has sweeps once an hour from an event on; of these, only the last one is known.
    """
    if not status.empty or now - status.swept_at > EMPTY_OVERDUE:
        return now - status.swept_at > SWEEP_OVERDUE
    heard = max(status.swept_at, status.event_at, status.call_sweeps.begins_at)
    return status.heard_since and now - heard > SWEEP_OVERDUE


def _audit_overdue(zone: ZoneStatus, now: Millis) -> bool:
    """Whether a zone should have had a complete audit by now. One that fails is repeated as soon as the zone is due."""
    return now - zone.audited_at > (min(AUDIT_OVERDUE, 3 * zone.audit_millis) if zone.fault else AUDIT_OVERDUE)


def _looks_fail(status: SpokeStatus, now: Millis) -> bool:
    look = status.failed_look
    return bool(look.reason) and look.at > status.swept_at and now - look.at <= LOOK_OVER


def _misses_events(status: SpokeStatus) -> bool:
    return status.missed_sweeps > 1 or status.missed >= MANY_MISSED


def _configured(found: Iterable[NearLimit], zone_ids: Collection[str]) -> tuple[NearLimit, ...]:
    """Leave out the zones that the configuration no longer has."""
    return tuple(near for near in found if is_profile(near.zone_id) or near.zone_id in zone_ids)
