"""The JSON of `orgdns coverage`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import damping_fields
from orgdns.cli.reports.coverage import record_in
from orgdns.cli.reports.times import time_or_none

if TYPE_CHECKING:
    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage


def coverage_document(coverage: Coverage) -> Document:
    """The document of `coverage --json`."""
    return {
        "well": coverage.well,
        "paused": coverage.paused,
        "spokes": [_spoke(spoke) for spoke in coverage.spokes],
        "zones": [
            {
                "zone": zone.domain,
                "zone_id": zone.zone_id,
                "wanted": zone.wanted,
                "resolving": zone.resolving,
                "associated": zone.associated,
                "by_profile": zone.by_profile,
                "default": zone.default,
                "removed_by_others": {
                    "vpcs": zone.removed,
                    "times": zone.removals,
                    "last_at": time_or_none(zone.removed_at),
                },
                "nearly_full": zone.nearly_full,
            }
            for zone in coverage.zones
        ],
        "unresolved_names": [
            {
                "vpc": found.vpc_id,
                "region": found.region,
                "owner": found.owner or None,
                "accounts": list(found.accounts),
                "zones": list(found.zones),
                "instances": found.instances,
                "names": found.names,
                "example": found.example,
                "reason": found.reason,
                "trouble": found.trouble,
            }
            for found in coverage.instances.unresolved
        ],
        "more_unresolved_names": coverage.instances.more,
        "unreadable_instances": coverage.instances.unreadable,
    }


def _spoke(coverage: SpokeCoverage) -> Document:
    return {
        "spoke": str(coverage.spoke),
        "well": coverage.well,
        "troubles": list(coverage.troubles),
        "closed": coverage.closed or None,
        "stack": coverage.stack.status if coverage.stack else None,
        "event_at": time_or_none(coverage.status.event_at) if coverage.status else None,
        "swept_at": time_or_none(coverage.status.swept_at) if coverage.status else None,
        "vpcs_seen_at": time_or_none(coverage.vpcs_status.seen_at) if coverage.vpcs_status else None,
        "unreadable_vpcs": coverage.vpcs_status.unreadable if coverage.vpcs_status else 0,
        "vpcs": [_vpc(row) for row in coverage.vpcs if row.vpc],
    }


def _vpc(row: VpcRow) -> Document:
    vpc = row.vpc
    return {
        "vpc": row.ref.id,
        "name": vpc.tag("Name") if vpc else None,
        "cidrs": list(vpc.cidrs) if vpc else [],
        "default": vpc.default if vpc else False,
        "damped": damping_fields(row.damping),
        "dns_servers": list(vpc.dns_servers) if vpc else [],
        "unknown": list(vpc.unknown) if vpc else [],
        "zones": [
            {
                "zone": zone.domain,
                "zone_id": zone.zone_id,
                "wanted": zone.wanted.value if zone.wanted else None,
                "method": zone.method.value if zone.method else None,
                "managed": zone.managed,
                "resolves": zone.resolves,
                "blocked": zone.blocked or None,
                "removed_by_others": record_in(row, zone).removed_by_others,
                "removed_at": time_or_none(record_in(row, zone).removed_at),
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
