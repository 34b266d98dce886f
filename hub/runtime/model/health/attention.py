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
    and `AUDIT_OVERDUE`. A spoke that was empty is swept once a day, so `EMPTY_OVERDUE` counts, and `SWEEP_OVERDUE` from
    the time at which an event of it arrived. An unreachable spoke does not count here either.
pending removals
    A spoke or zone with removals, or a zone with ends of VPC associations, that await approval. What a person approved
    no longer counts, although it stays in the ledger until the next sweep, audit or association task makes the
    removal: the alarm clears when nothing remains for a person to decide.
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

from hub.runtime.model.drift import contested
from hub.runtime.model.health.near_limit import accounts_near_limit, zones_near_limit
from hub.runtime.model.vpcs import is_profile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hub.runtime.model.health.near_limit import NearLimit
    from hub.runtime.model.names import Millis, Spoke
    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from hub.runtime.model.usage import Limits

# A spoke is swept once an hour, an empty spoke and a zone once a day: each is overdue after three times as long.
# Milliseconds.
SWEEP_OVERDUE: Final = 3 * 3_600_000
EMPTY_OVERDUE: Final = 3 * 86_400_000
AUDIT_OVERDUE: Final = 3 * 86_400_000


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
    accounts_near_limit: tuple[NearLimit, ...] = ()
    zones_near_limit: tuple[NearLimit, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing needs a person, and every reachable spoke is on the current policy."""
        return not (
            self.unreachable
            or self.on_old_policy
            or self.overdue
            or self.overdue_zones
            or self.pending_spokes
            or self.pending_zones
            or self.pending_vpc_zones
            or self.unreadable
            or self.unreadable_zones
            or self.contested_zones
            or self.accounts_near_limit
            or self.zones_near_limit
        )


def health(
    spokes: Iterable[SpokeStatus],
    zones: Collection[ZoneStatus],
    listed: Collection[Spoke],
    policy: str,
    now: Millis,
    limits: Limits | None = None,
    zone_ids: Collection[str] | None = None,
) -> Health:
    """The state of all spokes and zones at one time.

    `listed` are the spokes that have a stack of the rollout, and `policy` is the digest of the current policy. Without
    `limits` nothing is near a limit. `zone_ids` are the zones of the configuration, or None for those in `zones`.
    """
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
        overdue_zones=frozenset(
            zone.zone_id for zone in zones if zone.tried_at and now - zone.audited_at > AUDIT_OVERDUE
        ),
        pending_spokes=frozenset(
            spoke for spoke, status in statuses.items() if set(status.pending_removals) - status.approved
        ),
        pending_zones=frozenset(zone.zone_id for zone in zones if set(zone.pending_removals) - zone.approved),
        pending_vpc_zones=frozenset(zone.zone_id for zone in zones if set(zone.pending_vpcs) - zone.approved_vpcs),
        unreadable=unknown | {spoke for spoke, status in statuses.items() if status.unreadable},
        unreadable_zones=frozenset(zone.zone_id for zone in zones if zone.unreadable or zone.row_fault),
        contested_zones=frozenset(zone.zone_id for zone in zones if contested(zone.drift, zone.audited_at, now)),
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


def _configured(found: Iterable[NearLimit], zone_ids: Collection[str]) -> tuple[NearLimit, ...]:
    """Leave out the zones that the configuration no longer has."""
    return tuple(near for near in found if is_profile(near.zone_id) or near.zone_id in zone_ids)
