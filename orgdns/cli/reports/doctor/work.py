"""Checks of what the ledger knows about the hub's work: zones, spokes, limits, Profiles. Pure.

Only the functions may assume the roles of the networking account and of the spokes, so an operator cannot try them, and
usually may not read them either. What the functions last did with these roles says more: an audit reads a zone through
the zone-reader role, and a sweep reads a spoke through the reader role. So these checks judge the audits and the
sweeps. A Profile is shared from the networking account, which the hub cannot read either: whether VPCs use it tells.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from hub.runtime.contract import SCHEDULE_MINUTES
from hub.runtime.model.vpcs import AssociationMethod, is_profile
from orgdns.cli.reports.doctor.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.reports.status.overview import Overview

# A run of the schedule may wait behind sweeps for some minutes. Milliseconds.
SCHEDULE_OVERDUE: Final = 6 * SCHEDULE_MINUTES * 60_000


def zones(state: Overview) -> Verdict:
    """Each configured zone had a complete audit within three days, and the last one did not fail."""

    def problems() -> Iterator[str]:
        known = {zone.zone_id: zone for zone in state.zones}
        overdue = state.health.overdue_zones
        for zone_id in sorted(state.zone_ids.values()):
            zone, name = known.get(zone_id), state.domain(zone_id)
            if zone and zone.row_fault:
                yield f"the status of {name} cannot be read: {zone.row_fault}"
            elif zone and zone.fault:
                yield f"the last audit of {name} failed: {zone.fault}"
            elif zone is None or not zone.audited_at:
                yield f"{name} was not audited yet: orgdns audit starts an audit; if it is new, wait for some minutes"
            elif zone_id in overdue:
                yield f"{name} had no complete audit for days: see the log of the sweeper"

    return Verdict(f"{len(state.zone_ids):,} zones are audited", tuple(problems()))


def spokes(state: Overview) -> Verdict:
    """The schedule runs, and sweeps reach the spokes. After a deployment, the first sweeps of all take an hour."""
    swept = sum(bool(status.swept_at) for status in state.spokes)

    def problems() -> Iterator[str]:
        if state.cursor.row_fault:
            yield f"the row of the schedule cannot be read: {state.cursor.row_fault}"
        elif state.now - state.cursor.at > SCHEDULE_OVERDUE:
            yield (
                f"the schedule of sweeps did not run for {SCHEDULE_OVERDUE // 60_000} minutes: see the log and the "
                "dead letters of the sweeper"
            )
        if not swept:
            yield "no spoke was swept yet: if the hub is new, wait for an hour"
        for number, trouble in ((len(state.unreachable), "are unreachable"), (len(state.overdue), "are overdue")):
            if number:
                yield f"{number:,} of {len(state.spokes):,} spokes {trouble}: orgdns status names them, and says why"

    return Verdict(f"{swept:,} of {len(state.spokes):,} spokes were swept, and all of them answer", tuple(problems()))


def limits(state: Overview) -> Verdict:
    """No zone, Profile or account is near a limit."""
    problems = tuple(
        f"{f'the account {near.account} in ' if near.account else ''}"
        f"{near.zone_id if is_profile(near.zone_id) else state.domain(near.zone_id)} has {near.used:,} of "
        f"{near.limit:,} {near.kind}: see docs/operate.md, Limits of accounts and zones"
        for near in state.near_limit
    )
    return Verdict("no zone or account is near a limit", problems)


def profiles(rows: tuple[VpcRow, ...]) -> Verdict:
    """In each region in which VPCs should use the Profile, some VPC does."""
    wanted, works, reasons = Counter[str](), Counter[str](), dict[str, str]()
    for row in rows:
        for zone in row.zones:
            if zone.wanted is AssociationMethod.PROFILE:
                wanted[row.ref.region] += 1
                works[row.ref.region] += zone.method is AssociationMethod.PROFILE
                if zone.blocked:
                    reasons.setdefault(row.ref.region, zone.blocked)
    problems = tuple(
        f"no VPC in {region} uses the Profile: {reasons.get(region) or 'wait for the next sweep'} (docs/vpcs.md)"
        for region in sorted(wanted)
        if not works[region]
    )
    if not wanted:
        return Verdict("no zone is resolved by a Profile")
    return Verdict(f"VPCs use the Profiles of {', '.join(sorted(wanted))}", problems)
