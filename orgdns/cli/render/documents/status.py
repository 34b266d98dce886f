"""The JSON of `orgdns status` and `orgdns approve`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.status import Overview


def status_document(seen: Overview) -> Document:
    """What `status --json` says."""
    return {
        "well": seen.well,
        "paused": seen.paused,
        "policy": {
            "since": time_or_none(seen.cursor.since),
            "spokes": len(seen.reached),
            "spokes_behind": [str(one.spoke) for one in seen.behind],
        },
        "spokes": [_spoke_status(one) for one in seen.spokes],
        "zones": [_zone_status(one) | {"zone": seen.domain(one.zone_id)} for one in seen.zones],
        "unreachable": [str(one.spoke) for one in seen.unreachable],
        "overdue": [*(str(one.spoke) for one in seen.overdue), *(one.zone_id for one in seen.overdue_zones)],
        "pending_removals": [seen.name_of(one) for one in seen.pending_removals],
    }


def approval_document(seen: Overview, subjects: Iterable[SpokeStatus | ZoneStatus], *, agreed: bool) -> Document:
    """What `approve --json` says."""
    pending_removals = [
        {
            "subject": seen.name_of(one),
            "names": one.pending_names,
            "pending_removals": list(one.pending_removals),
            "pending_vpcs": seen.vpcs_of(one),
        }
        for one in subjects
    ]
    return {"approved": agreed, "subjects": pending_removals}


def _spoke_status(one: SpokeStatus) -> Document:
    return {
        "spoke": str(one.spoke),
        "tried_at": time_or_none(one.tried_at),
        "swept_at": time_or_none(one.swept_at),
        "event_at": time_or_none(one.event_at),
        "instances": one.instances,
        "names": one.names,
        "missed": one.missed,
        "missed_ever": one.missed_ever,
        "fault": one.fault or None,
        "unreachable_since": time_or_none(one.fault_since),
        "withdrawn": one.withdrawn,
        "pending_removals": list(one.pending_removals),
        "pending_names": one.pending_names,
    }


def _zone_status(one: ZoneStatus) -> Document:
    return {
        "zone_id": one.zone_id,
        "tried_at": time_or_none(one.tried_at),
        "audited_at": time_or_none(one.audited_at),
        "names": one.names,
        "differences": dict(one.differences),
        "fault": one.fault or None,
        "pending_removals": list(one.pending_removals),
        "pending_names": one.pending_names,
        "pending_vpcs": list(one.pending_vpcs),
    }
