"""Accounts and regions, zones and VPCs, as the report on an installation shows them. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.near_limit import records_of_zones, vpcs_of_zones
from hub.runtime.model.status import SpokeStatus
from hub.runtime.model.usage import summed
from orgdns.cli.reports.reporting.bounded import Bounded
from orgdns.cli.reports.times import time_or_none
from orgdns.report.model import Listing, OthersChange, Share, Spoke, SpokeState, Unresolved, Vpc, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage
    from orgdns.cli.reports.status.overview import Overview

VPCS: Final = 5_000
# A zone names so many accounts.
_ACCOUNTS: Final = 20


def spokes(coverage: Coverage, overview: Overview) -> Listing[Spoke]:
    """Each account in each region, sorted. None is left out: the map shows all."""
    rows = tuple(_spoke(found, overview) for found in coverage.spokes)
    return Listing(len(rows), dict(sorted(Counter(row.state for row in rows).items())), rows)


def _spoke(found: SpokeCoverage, overview: Overview) -> Spoke:
    health, status = overview.health, found.status or SpokeStatus(found.spoke)
    if found.closed:
        state = SpokeState.CLOSED
    elif found.spoke in health.unreachable:
        state = SpokeState.UNREACHABLE
    elif found.spoke in health.never_swept:
        state = SpokeState.UNKNOWN
    else:
        state = SpokeState.WELL if found.well else SpokeState.ATTENTION
    return Spoke(
        account=found.spoke.account,
        region=found.spoke.region,
        state=state.value,
        reasons=(found.closed,) if found.closed else found.troubles,
        instances=status.instances,
        names=status.names,
        vpcs=sum(row.vpc is not None for row in found.vpcs),
        swept_at=time_or_none(status.swept_at),
        event_at=time_or_none(status.event_at),
        missed=status.missed,
        missed_ever=status.missed_ever,
        undelivered=status.undelivered,
        undelivered_new=status.undelivered_new,
        event_fault=status.undelivered_fault or status.failed_look.reason,
    )


def zones(overview: Overview) -> tuple[Zone, ...]:
    """The zones of the configuration by domain, with what accounts hold in them."""
    audited = {status.zone_id: status for status in overview.zones}
    records = records_of_zones(overview.spokes, overview.zones)
    vpcs = vpcs_of_zones(overview.spokes)
    return tuple(
        _zone(overview, domain.removesuffix("."), zone_id, audited.get(zone_id), (records[zone_id], vpcs[zone_id]))
        for domain, zone_id in sorted(overview.zone_ids.items())
    )


def _zone(overview: Overview, domain: str, zone_id: str, status: ZoneStatus | None, used: tuple[int, int]) -> Zone:
    shares = sorted(_shares(overview.spokes, zone_id), key=lambda share: (-share.records, share.account))
    limits = overview.limits
    return Zone(
        zone=domain,
        zone_id=zone_id,
        names=sum(share.names for share in shares),
        records=used[0],
        records_limit=limits.zone_records if limits else 0,
        vpcs=used[1],
        vpcs_limit=limits.zone_vpcs if limits else 0,
        account_records=limits.account_records if limits else 0,
        accounts=tuple(shares[:_ACCOUNTS]),
        more_accounts=len(shares[_ACCOUNTS:]),
        audited_at=time_or_none(status.audited_at) if status else None,
        fault=(status.fault or status.closed_reason) if status else "",
    )


def _shares(statuses: Iterable[SpokeStatus], zone_id: str) -> Iterator[Share]:
    by_account: dict[str, list[SpokeStatus]] = {}
    for status in statuses:
        if zone_id in status.usage:
            by_account.setdefault(status.spoke.account, []).append(status)
    for account, of_account in by_account.items():
        usage = summed(status.usage for status in of_account)[zone_id]
        if usage:
            yield Share(account, usage.names, usage.records)


def vpcs(coverage: Coverage) -> Listing[Vpc]:
    """The VPCs, those that lack a zone first."""
    kept = Bounded[Vpc](VPCS, lambda vpc: (not vpc.reason, not vpc.resolves, vpc.account, vpc.region, vpc.vpc))
    for spoke in coverage.spokes:
        for row in spoke.vpcs:
            if row.vpc or row.row_fault:
                kept.add(_vpc(row))
    return kept.listing()


def _vpc(row: VpcRow) -> Vpc:
    lacking = [zone for zone in row.zones if zone.wanted is not None and not zone.resolves]
    reasons = [row.row_fault, *(zone.blocked for zone in lacking)]
    return Vpc(
        vpc=row.ref.id,
        name=(row.vpc.tag("Name") or "") if row.vpc else "",
        account=row.ref.account,
        region=row.ref.region,
        cidrs=", ".join(row.vpc.cidrs) if row.vpc else "",
        resolves=", ".join(sorted(zone.domain.removesuffix(".") for zone in row.zones if zone.resolves)),
        lacks=", ".join(sorted(zone.domain.removesuffix(".") for zone in lacking)),
        reason="; ".join(dict.fromkeys(reason for reason in reasons if reason)),
    )


def unresolved(coverage: Coverage) -> Listing[Unresolved]:
    """The VPCs in which names of instances do not resolve."""
    rows = tuple(
        Unresolved(
            vpc=found.vpc_id,
            region=found.region,
            owner=found.owner,
            zones=", ".join(found.zones),
            instances=found.instances,
            names=found.names,
            example=found.example,
            reason=found.reason,
        )
        for found in coverage.instances.unresolved
    )
    return Listing(len(rows) + coverage.instances.more, {}, rows)


def others(overview: Overview) -> tuple[OthersChange, ...]:
    """What others changed in records of orgdns in the last day, latest first."""
    contested = overview.contested_drifts
    return tuple(
        OthersChange(
            zone=overview.domain(zone.zone_id),
            by=drift.by,
            changes=drift.changes,
            since=time_or_none(drift.since),
            at=time_or_none(drift.at),
            waits=(zone, drift) in contested,
        )
        for zone, drift in overview.drifts
    )
