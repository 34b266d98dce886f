"""The JSON of `orgdns coverage`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import time_or_none

if TYPE_CHECKING:
    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage


def coverage_document(seen: Coverage) -> Document:
    """What `coverage --json` says."""
    return {
        "well": seen.well,
        "spokes": [_spoke_coverage(one) for one in seen.spokes],
        "zones": [
            {
                "zone": zone.domain,
                "zone_id": zone.zone_id,
                "wanted": zone.wanted,
                "resolving": zone.resolving,
                "associated": zone.associated,
                "by_profile": zone.by_profile,
                "nearly_full": zone.nearly_full,
            }
            for zone in seen.zones
        ],
    }


def _spoke_coverage(one: SpokeCoverage) -> Document:
    return {
        "spoke": str(one.spoke),
        "well": one.well,
        "troubles": list(one.troubles),
        "stack": one.stack.status if one.stack else None,
        "event_at": time_or_none(one.status.event_at) if one.status else None,
        "swept_at": time_or_none(one.status.swept_at) if one.status else None,
        "vpcs_seen_at": time_or_none(one.vpcs_status.seen_at) if one.vpcs_status else None,
        "vpcs": [_vpc(row) for row in one.vpcs if row.vpc],
    }


def _vpc(row: VpcRow) -> Document:
    vpc = row.vpc
    return {
        "vpc": row.ref.id,
        "name": vpc.tag("Name") if vpc else None,
        "cidrs": list(vpc.cidrs) if vpc else [],
        "zones": [
            {
                "zone": zone.domain,
                "zone_id": zone.zone_id,
                "wanted": zone.wanted.value if zone.wanted else None,
                "method": zone.method.value if zone.method else None,
                "managed": zone.managed,
                "resolves": zone.resolves,
                "blocked": zone.blocked or None,
                "notes": list(zone.notes),
            }
            for zone in row.zones
        ],
        "other_zones": [
            {"zone": zone.domain, "zone_id": zone.id, "owner": zone.owner}
            for zone in (vpc.zones if vpc else ())
            if zone.id not in {own.zone_id for own in row.zones}
        ],
    }
