"""Reports as JSON: the fields that `docs/operate.md` promises. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.model.names import Claim, Millis, RecordSet, Refusal
    from hub.runtime.model.status import SpokeStatus, ZoneStatus
    from hub.runtime.model.vpcs import VpcRow
    from hub.runtime.publisher.holders import ClaimStatus
    from orgdns.cli.reports.coverage import Coverage, SpokeCoverage
    from orgdns.cli.reports.dead_letters import DeadEvent, DeadLetters, DeadTask, DiscardedRecords
    from orgdns.cli.reports.explain import ClaimReport, InstanceReport, NameReport
    from orgdns.cli.reports.plan import AccountSummary, NameDifference, PolicyChange
    from orgdns.cli.reports.plan_vpcs import AssociationChange
    from orgdns.cli.reports.resolution import Resolution
    from orgdns.cli.reports.status import Overview

Document = dict[str, Any]


def text(document: Document) -> str:
    """The document as text in which control characters, and all that is not ASCII, are escaped."""
    return json.dumps(document, indent=2, ensure_ascii=True)


def time(millis: Millis) -> str:
    """A time as ISO 8601 has it, in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def explained_instances(reports: Iterable[InstanceReport]) -> Document:
    """What `explain INSTANCE --json` says."""
    return {"instances": [_instance(report) for report in reports]}


def explained_names(reports: Iterable[NameReport]) -> Document:
    """What `explain NAME --json` says."""
    return {"names": [_name(report) for report in reports]}


def planned(change: PolicyChange, of_vpcs: Collection[AssociationChange] = ()) -> Document:
    """What `plan --json` says."""
    return {
        "changes": change.any or bool(of_vpcs),
        "vpcs": [
            {
                "zone": one.domain,
                "zone_id": one.zone_id,
                "gained": [str(ref) for ref in one.gained],
                "lost": [str(ref) for ref in one.lost],
                "left": [str(ref) for ref in one.left],
                "by_other_means": [str(ref) for ref in one.by_other_means],
            }
            for one in of_vpcs
        ],
        "accounts": [_account(summary) for summary in change.accounts],
        "names": [_difference(one) for one in change.names],
        "refused": [{"instance": str(new.instance)} | _refusal(new.refusal) for new in change.refused],
        "lost": [_name_of(one.claim) | _claimant(one) for one in change.lost],
        "instances": {
            "decided": change.decided,
            "outside_regions": change.undecided.outside,
            "without_facts": change.undecided.unseen,
            "without_units": change.undecided.unplaced,
        },
    }


def dead_letters(found: DeadLetters, sent: int, *, left: bool) -> Document:
    """What `dead-letters --json` says; `left` is whether something is there now."""
    return {
        "dead_letters": left,
        "events": [_dead_event(one) for one in found.events],
        "publisher": [_given_up(one) for one in found.discarded_records],
        "sweeps": [_dead_task(one) for one in found.tasks],
        "associations": [_dead_task(one) for one in found.associations],
        "hidden": {letters.value: number for letters, number in found.hidden.items()},
        "sent_again": sent,
    }


def status(seen: Overview) -> Document:
    """What `status --json` says."""
    return {
        "well": seen.well,
        "paused": seen.paused,
        "policy": {
            "since": _time_or_none(seen.cursor.since),
            "spokes": len(seen.reached),
            "spokes_behind": [str(one.spoke) for one in seen.behind],
        },
        "spokes": [_spoke_status(one) for one in seen.spokes],
        "zones": [_zone_status(one) | {"zone": seen.domain(one.zone_id)} for one in seen.zones],
        "unreachable": [str(one.spoke) for one in seen.unreachable],
        "overdue": [*(str(one.spoke) for one in seen.overdue), *(one.zone_id for one in seen.overdue_zones)],
        "pending_removals": [seen.name_of(one) for one in seen.pending_removals],
    }


def coverage(seen: Coverage) -> Document:
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
        "event_at": _time_or_none(one.status.event_at) if one.status else None,
        "swept_at": _time_or_none(one.status.swept_at) if one.status else None,
        "vpcs_seen_at": _time_or_none(one.vpcs_status.seen_at) if one.vpcs_status else None,
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


def resolved(row: VpcRow, fqdn: str, found: Resolution, names: Iterable[NameReport]) -> Document:
    """What `resolve NAME --json` says; `names` is the report on the name in the zone that answers, if it is ours."""
    reports = [_name(report) for report in names]
    return {
        "name": fqdn,
        "vpc": str(row.ref),
        "seen_at": _time_or_none(row.seen_at),
        "answers": bool(reports and reports[0]["published"]),
        "source": found.source.value,
        "reason": found.reason,
        "zone_or_rule": found.id or None,
        "domain": found.domain,
        "method": found.method.value if found.method else None,
        "why_not": list(found.why_not),
        "names": reports,
    }


def approved(seen: Overview, subjects: Iterable[SpokeStatus | ZoneStatus], *, agreed: bool) -> Document:
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
        "tried_at": _time_or_none(one.tried_at),
        "swept_at": _time_or_none(one.swept_at),
        "event_at": _time_or_none(one.event_at),
        "instances": one.instances,
        "names": one.names,
        "missed": one.missed,
        "missed_ever": one.missed_ever,
        "fault": one.fault or None,
        "unreachable_since": _time_or_none(one.fault_since),
        "withdrawn": one.withdrawn,
        "pending_removals": list(one.pending_removals),
        "pending_names": one.pending_names,
    }


def _zone_status(one: ZoneStatus) -> Document:
    return {
        "zone_id": one.zone_id,
        "tried_at": _time_or_none(one.tried_at),
        "audited_at": _time_or_none(one.audited_at),
        "names": one.names,
        "differences": dict(one.differences),
        "fault": one.fault or None,
        "pending_removals": list(one.pending_removals),
        "pending_names": one.pending_names,
        "pending_vpcs": list(one.pending_vpcs),
    }


def _time_or_none(millis: Millis) -> str | None:
    return time(millis) if millis else None


def _instance(report: InstanceReport) -> Document:
    seen = report.seen
    instance, account = seen.instance, seen.account
    return {
        "instance": str(seen.ref),
        "account": {"id": seen.ref.account, "label": account.label if account else None},
        "region": seen.ref.region,
        "seen_at": time(seen.observed_at),
        "ended": seen.ended,
        "settled": seen.settled,
        "state": instance.state.value if instance else None,
        "launched_at": time(instance.launched_at) if instance else None,
        "addresses": [address for interface in instance.interfaces for address in (*interface.ipv4, *interface.ipv6)]
        if instance
        else [],
        "tags": dict(instance.tags) if instance else {},
        "claims": [_claimed(claimed) for claimed in report.claims],
        "refused": [_refusal(refusal) for refusal in report.refused],
        "declined": [_refusal(refusal) for refusal in report.declined],
    }


def _claimed(report: ClaimReport) -> Document:
    standing, name = report.standing, report.name
    return (
        _name_of(report.claim)
        | _terms(report.claim)
        | {
            "holds": standing.holds if standing else None,
            "reason": standing.reason if standing else "the claim is being written or withdrawn",
            "holders": [str(holder) for holder in name.holders],
        }
        | _zone_state(name)
    )


def _name(report: NameReport) -> Document:
    return {
        "name": report.key.fqdn,
        "zone": report.domain,
        "zone_id": report.key.zone_id,
        "settled_by": report.conflict_rule.value if report.conflict_rule else None,
        "claimants": [
            _claimant(standing) | {"account_label": report.labels.get(standing.claim.instance.account)}
            for standing in report.claim_statuses
        ],
    } | _zone_state(report)


def _zone_state(report: NameReport) -> Document:
    return {
        "published": [_record_set(one) for one in report.published.record_sets],
        "pending": report.published.pending,
        "waiting": [{"action": change.action.value} | _record_set(change.record_set) for change in report.waiting],
        "conflict": report.published.conflict,
    }


def _claimant(standing: ClaimStatus) -> Document:
    return (
        {"instance": str(standing.claim.instance)}
        | _terms(standing.claim)
        | {"holds": standing.holds, "reason": standing.reason}
    )


def _name_of(claim: Claim) -> Document:
    return {"name": claim.key.fqdn, "zone_id": claim.key.zone_id}


def _terms(claim: Claim) -> Document:
    return {
        "values": _values(claim.values),
        "ttl": claim.ttl,
        "rule": claim.rule,
        "note": claim.note,
        "launched_at": time(claim.launched_at),
    }


def _values(values: Iterable[tuple[str, tuple[str, ...]]]) -> Mapping[str, list[str]]:
    return {str(record_type): list(of_type) for record_type, of_type in values}


def _refusal(refusal: Refusal) -> Document:
    return {"rule": refusal.rule, "name": refusal.name or None, "reason": refusal.reason}


def _record_set(one: RecordSet) -> Document:
    return {"type": one.type.value, "ttl": one.ttl, "values": list(one.values), "set_identifier": one.set_identifier}


def _difference(one: NameDifference) -> Document:
    return {
        "name": one.key.fqdn,
        "zone_id": one.key.zone_id,
        "kind": one.kind.value,
        "before": [_record_set(record_set) for record_set in one.before],
        "after": [_record_set(record_set) for record_set in one.after],
        "blocked": one.blocked,
    }


def _account(summary: AccountSummary) -> Document:
    return {
        "account": summary.account,
        "label": summary.label,
        "created": summary.created,
        "deleted": summary.deleted,
        "handed_to": summary.handed_to,
        "handed_from": summary.handed_from,
        "changed": summary.changed,
        "refused": summary.refused,
        "lost": summary.lost,
    }


def _dead_event(one: DeadEvent) -> Document:
    return {
        "message_id": one.message_id,
        "instance": str(one.instance) if one.instance else None,
        "kind": one.kind or None,
        "time": one.time or None,
        "received": one.received,
        "undelivered": one.undelivered,
        "reason": one.reason,
    }


def _dead_task(one: DeadTask) -> Document:
    return {"message_id": one.message_id, "task": one.task, "reason": one.reason}


def _given_up(one: DiscardedRecords) -> Document:
    return {
        "message_id": one.message_id,
        "given_up_at": one.given_up_at,
        "first_record_at": one.first_record_at,
        "last_record_at": one.last_record_at,
        "records": one.records,
        "shard": one.shard,
        "first_sequence_number": one.first_sequence_number,
        "last_sequence_number": one.last_sequence_number,
        "reason": one.reason,
    }
