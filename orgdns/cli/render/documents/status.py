"""The JSON of `orgdns status` and `orgdns approve`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.reports.status.problems import problems
from orgdns.cli.reports.times import time, time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.status.overview import Overview


def status_document(overview: Overview) -> Document:
    """The document of `status --json`."""
    found = problems(overview)
    return {
        "well": not found,
        "problems": [
            {
                "kind": problem.kind,
                "stage": problem.stage.value,
                "title": problem.title,
                "since": time_or_none(problem.since),
                "affected": list(problem.affected),
                "lines": list(problem.lines),
                "todo": problem.todo,
            }
            for problem in found
        ],
        "paused": overview.pause.reason if overview.pause else None,
        "paused_since": time_or_none(overview.pause.at) if overview.pause else None,
        "paused_by": (overview.pause.by or None) if overview.pause else None,
        "path": {
            "heartbeat_sent_at": time_or_none(overview.path.sent_at),
            "observed_at": time_or_none(overview.path.observed_at),
            "published_at": time_or_none(overview.path.answered_at),
        },
        "stream_faults": list(overview.path_facts.stream_faults),
        "backlog": {
            "messages": overview.backlog.messages,
            "accounts": [{"account": account, "names": names} for account, names in overview.backlog.causes],
        },
        "version": {"functions": overview.cursor.version or None, "ledger_schema": overview.cursor.schema or None},
        "policy": {
            "since": time_or_none(overview.cursor.since),
            "spokes": len(overview.reached),
            "spokes_behind": [str(status.spoke) for status in overview.behind],
        },
        "dry_run": {
            "zones": [overview.domain(zone_id) for zone_id in overview.cursor.dry_zones],
            "rules": list(overview.cursor.dry_rules),
            "associations": [overview.domain(zone_id) for zone_id in overview.cursor.dry_associations],
        },
        "spokes": [_spoke(status) for status in overview.spokes],
        "zones": [_zone(status) | {"zone": overview.domain(status.zone_id)} for status in overview.zones],
        "unreachable": [str(status.spoke) for status in overview.unreachable],
        "closed": [str(status.spoke) for status in overview.closed],
        "overdue": [
            *(str(status.spoke) for status in overview.overdue),
            *(status.zone_id for status in overview.overdue_zones),
        ],
        "pending_removals": [overview.name_of(status) for status in overview.pending_removals],
        "unreadable": [overview.name_of(status) for status in overview.unreadable],
        "schedule_fault": overview.cursor.row_fault or None,
        "contested_zones": sorted(overview.health.contested_zones),
        "damped": [
            {"account": damped.account, "instances": damped.instances, "vpcs": damped.vpcs}
            for damped in overview.damped
        ],
        "near_limit": [
            {
                "zone": overview.domain(near.zone_id),
                "zone_id": near.zone_id,
                "account": near.account or None,
                "counted": near.kind.value,
                "used": near.used,
                "limit": near.limit,
            }
            for near in overview.near_limit
        ],
    }


def approval_document(overview: Overview, subjects: Iterable[SpokeStatus | ZoneStatus], *, agreed: bool) -> Document:
    """The document of `approve --json`."""
    pending_removals = [
        {
            "subject": overview.name_of(subject),
            "names": subject.pending_names,
            "pending_removals": list(subject.pending_removals),
            "pending_vpcs": overview.vpcs_of(subject),
        }
        for subject in subjects
    ]
    return {"approved": agreed, "subjects": pending_removals}


def _spoke(status: SpokeStatus) -> Document:
    return {
        "spoke": str(status.spoke),
        "tried_at": time_or_none(status.tried_at),
        "swept_at": time_or_none(status.swept_at),
        "event_at": time_or_none(status.event_at),
        "instances": status.instances,
        "names": status.names,
        "damped_instances": status.damped,
        "damped_vpcs": status.damped_vpcs,
        "missed": status.missed,
        "missed_ever": status.missed_ever,
        "missed_sweeps": status.missed_sweeps,
        "undelivered": status.undelivered,
        "undelivered_new": status.undelivered_new,
        "undelivered_fault": status.undelivered_fault or None,
        "failed_look": {
            "reason": status.failed_look.reason,
            "at": time(status.failed_look.at),
            "since": time(status.failed_look.since),
            "instances": status.failed_look.events,
            "first_instances": list(status.failed_look.instances),
        }
        if status.failed_look.reason
        else None,
        "vpc_fault": status.vpc_fault or None,
        "refused_vpcs": status.refused_vpcs,
        "refusal": status.refusal or None,
        "fault": status.fault or None,
        "unreadable": status.unreadable,
        "unreadable_instances": list(status.unreadable_first),
        "row_fault": status.row_fault or None,
        "unreachable_since": time_or_none(status.fault_since),
        "withdrawn": status.withdrawn,
        "pending_removals": list(status.pending_removals),
        "pending_names": status.pending_names,
        "approved_by": status.approved_by or None,
        "approved_at": time_or_none(status.approved_at),
        "usage": {zone_id: {"names": usage.names, "records": usage.records} for zone_id, usage in status.usage.items()},
        "vpcs": dict(status.vpcs),
    }


def _zone(status: ZoneStatus) -> Document:
    return {
        "zone_id": status.zone_id,
        "tried_at": time_or_none(status.tried_at),
        "audited_at": time_or_none(status.audited_at),
        "names": status.names,
        "records": status.record_sets,
        "differences": dict(status.differences),
        "repaired": dict(status.repaired),
        "checked_at": time_or_none(status.checked_at),
        "closed_since": time_or_none(status.closed_since),
        "closed_reason": status.closed_reason or None,
        "closed_names": status.closed_names,
        "fault": status.fault or None,
        "unreadable": status.unreadable,
        "unreadable_names": list(status.unreadable_first),
        "row_fault": status.row_fault or None,
        "pending_removals": list(status.pending_removals),
        "pending_names": status.pending_names,
        "approved_by": status.approved_by or None,
        "approved_at": time_or_none(status.approved_at),
        "pending_vpcs": list(status.pending_vpcs),
        "changed_by_others": [
            {
                "by": drift.by,
                "since": time_or_none(drift.since),
                "at": time_or_none(drift.at),
                "changes": drift.changes,
                "repairs_left_to_audits_at": time_or_none(drift.damped_at),
            }
            for drift in status.drift
        ],
        "audit_requested_at": time(status.audit_requested_at)
        if status.audit_requested_at >= max(status.tried_at, 1)
        else None,
    }
