"""Fields that several JSON documents share, and JSON as text. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from orgdns.cli.reports.times import time, time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.damping import Damping
    from hub.runtime.model.names import Claim, RecordSet, Refusal
    from hub.runtime.publisher.holders import ClaimStatus
    from orgdns.cli.reports.explain.claims import NameReport

Document = dict[str, Any]


def to_json(document: Document) -> str:
    """The document as text, with control characters and all non-ASCII characters escaped."""
    return json.dumps(document, indent=2, ensure_ascii=True)


def damping_fields(damping: Damping) -> Document | None:
    """Why and until when the events of an instance or a VPC are ignored, or None if they are not."""
    return {"reason": damping.reason, "until": time(damping.until)} if damping.until else None


def damping_text(damping: Damping) -> str:
    """The same as a sentence, empty if events are not ignored."""
    if not damping.until:
        return ""
    until = time(damping.until)
    return f"damped: {damping.reason}; orgdns ignores its events until {until}; the next sweep applies what is true"


def claim_name_fields(claim: Claim) -> Document:
    """The name that a claim is for."""
    return {"name": claim.key.fqdn, "zone_id": claim.key.zone_id}


def claim_fields(claim: Claim) -> Document:
    """The values of a claim, and the rule that gave it."""
    return {
        "values": _values(claim.values),
        "ttl": claim.ttl,
        "rule": claim.rule,
        "note": claim.note,
        "launched_at": time(claim.launched_at),
        "running": claim.running,
    }


def _values(values: Iterable[tuple[str, tuple[str, ...]]]) -> Mapping[str, list[str]]:
    return {str(record_type): list(type_values) for record_type, type_values in values}


def claimant_fields(status: ClaimStatus) -> Document:
    """A claimant of a name, and whether it holds the name."""
    return (
        {"instance": str(status.claim.instance)}
        | claim_fields(status.claim)
        | {"holds": status.holds, "reason": status.reason}
    )


def refusal_fields(refusal: Refusal) -> Document:
    """A refused name, with the rule and the reason."""
    return {"rule": refusal.rule, "name": refusal.name or None, "reason": refusal.reason}


def record_set_fields(record_set: RecordSet) -> Document:
    """A record set."""
    return {
        "type": record_set.type.value,
        "ttl": record_set.ttl,
        "values": list(record_set.values),
        "instance": record_set.holder or None,
    }


def zone_state_fields(report: NameReport) -> Document:
    """The published records of a name and as of when they are known, the changes not made yet, and the conflict."""
    return {
        "published": [record_set_fields(record_set) for record_set in report.published.record_sets],
        "recorded_at": time_or_none(report.recorded_at),
        "audited_at": time_or_none(report.audited_at),
        "pending": report.published.pending,
        "waiting": [
            {"action": change.action.value} | record_set_fields(change.record_set) for change in report.waiting
        ],
        "conflict": report.published.conflict,
        "withheld": {
            "changes": [
                {"action": change.action.value} | record_set_fields(change.record_set) for change in report.withheld
            ],
            "blocked": report.blocked_when_turned_on or None,
        }
        if report.withheld
        else None,
        "changed_by_others": {
            "by": report.drift.by,
            "at": time(report.drift.at),
            "repaired_at": [time(at) for at in report.drift.repaired_at],
            "repair_waits_for_audit": report.repair_waits,
        }
        if report.drift
        else None,
    }
