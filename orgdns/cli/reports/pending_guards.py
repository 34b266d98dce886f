"""Which of the removals that a dry run keeps back the guards would stop once it is turned on. Pure.

The guard itself decides, with what an audit and the associator give it: all removals of a zone, those that no dry run
concerns included, what the zone has, and what was removed in the last 24 hours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.guard import WINDOW, Cause, Removal
from hub.runtime.names.dry_run import turned_on
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.differences import accounts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.guard import Guard
    from hub.runtime.model.names import Millis, NameKey, NameState
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.vpcs import VpcRow


@dataclass(slots=True)
class _Zone:
    """What a zone has, by account, what it would lose, and what it lost."""

    present: Counter[str] = field(default_factory=Counter)
    leaving: dict[str, Removal] = field(default_factory=dict)
    left: list[Removal] = field(default_factory=list)


def names_awaiting_approval(
    names: Iterable[NameState], zones: Mapping[str, ZoneStatus], guard: Guard
) -> dict[NameKey, str]:
    """The names that would lose all record sets of orgdns, and that an audit would not remove without approval."""
    found: defaultdict[str, _Zone] = defaultdict(_Zone)
    keys: dict[tuple[str, str], NameKey] = {}
    for state in names:
        if not (record_sets := state.published.record_sets):
            continue
        zone, account = found[state.key.zone_id], accounts_of(record_sets)
        zone.present[account] += 1
        if not desired_record_sets(turned_on(state.claims)):
            zone.leaving[state.key.fqdn] = Removal(account)
            keys[state.key.zone_id, state.key.fqdn] = state.key
    return {
        keys[zone_id, subject]: _reason(found[zone_id], "names", guard)
        for zone_id in found
        for subject in _awaiting(found[zone_id], guard, zones[zone_id].approved if zone_id in zones else ())
    }


def vpcs_awaiting_approval(
    rows: Iterable[VpcRow], zones: Mapping[str, ZoneStatus], guard: Guard, now: Millis
) -> dict[tuple[str, str], str]:
    """The zones and VPCs whose association the associator would not end without approval."""
    found: defaultdict[str, _Zone] = defaultdict(_Zone)
    for row in rows:
        for state in row.zones:
            zone = found[state.zone_id]
            if state.method and state.managed:
                zone.present[row.ref.account] += 1
                if state.wanted is None and state.leaving:
                    requested = state.leaving is Cause.OWNER
                    zone.leaving[str(row.ref)] = Removal(row.ref.account, requested=requested)
        for zone_id, record in row.records.items():
            if record.left_for and record.left_at > now - WINDOW:
                removed = Removal(row.ref.account, requested=record.left_for is Cause.OWNER)
                found[zone_id].left.append(removed)
    return {
        (zone_id, subject): _reason(found[zone_id], "VPCs", guard)
        for zone_id in found
        for subject in _awaiting(found[zone_id], guard, zones[zone_id].approved_vpcs if zone_id in zones else ())
    }


def _awaiting(zone: _Zone, guard: Guard, approved: Iterable[str]) -> frozenset[str]:
    return guard.awaiting_approval(zone.leaving, zone.present, frozenset(approved), zone.left)


def _reason(zone: _Zone, what: str, guard: Guard) -> str:
    return (
        f"the guards would stop it until orgdns approve: the zone would lose {len(zone.leaving):,} of "
        f"{zone.present.total():,} {what}, and more than {guard.names:,} and {guard.share:.0%} need approval "
        "(guards.removal_names, guards.removal_share)"
    )
