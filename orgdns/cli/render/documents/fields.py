"""Fields that several JSON documents share, and JSON as text. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.names import Claim, Millis, RecordSet, Refusal
    from hub.runtime.publisher.holders import ClaimStatus
    from orgdns.cli.reports.explain import NameReport

Document = dict[str, Any]


def to_json(document: Document) -> str:
    """The document as text in which control characters, and all that is not ASCII, are escaped."""
    return json.dumps(document, indent=2, ensure_ascii=True)


def time(millis: Millis) -> str:
    """A time as ISO 8601 has it, in UTC."""
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_or_none(millis: Millis) -> str | None:
    """A time, or None for one that never was."""
    return time(millis) if millis else None


def claim_name_fields(claim: Claim) -> Document:
    """The name that is claimed."""
    return {"name": claim.key.fqdn, "zone_id": claim.key.zone_id}


def claim_fields(claim: Claim) -> Document:
    """What is claimed, by which rule."""
    return {
        "values": _values(claim.values),
        "ttl": claim.ttl,
        "rule": claim.rule,
        "note": claim.note,
        "launched_at": time(claim.launched_at),
    }


def _values(values: Iterable[tuple[str, tuple[str, ...]]]) -> Mapping[str, list[str]]:
    return {str(record_type): list(of_type) for record_type, of_type in values}


def claimant_fields(standing: ClaimStatus) -> Document:
    """Who claims a name, and whether it is the holder."""
    return (
        {"instance": str(standing.claim.instance)}
        | claim_fields(standing.claim)
        | {"holds": standing.holds, "reason": standing.reason}
    )


def refusal_fields(refusal: Refusal) -> Document:
    """A name that a rule refuses, and why."""
    return {"rule": refusal.rule, "name": refusal.name or None, "reason": refusal.reason}


def record_set_fields(one: RecordSet) -> Document:
    """A record set."""
    return {"type": one.type.value, "ttl": one.ttl, "values": list(one.values), "set_identifier": one.set_identifier}


def zone_state_fields(report: NameReport) -> Document:
    """What the zone holds of a name, what does not show there yet, and what is in the way."""
    return {
        "published": [record_set_fields(one) for one in report.published.record_sets],
        "pending": report.published.pending,
        "waiting": [
            {"action": change.action.value} | record_set_fields(change.record_set) for change in report.waiting
        ],
        "conflict": report.published.conflict,
    }
