"""The JSON of `orgdns explain`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import (
    claim_fields,
    claim_name_fields,
    claimant_fields,
    refusal_fields,
    time,
    zone_state_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.explain import ClaimReport, InstanceReport, NameReport


def instances_document(reports: Iterable[InstanceReport]) -> Document:
    """What `explain INSTANCE --json` says."""
    return {"instances": [_instance(report) for report in reports]}


def names_document(reports: Iterable[NameReport]) -> Document:
    """What `explain NAME --json` says."""
    return {"names": [name_fields(report) for report in reports]}


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
        "refused": [refusal_fields(refusal) for refusal in report.refused],
        "declined": [refusal_fields(refusal) for refusal in report.declined],
    }


def _claimed(report: ClaimReport) -> Document:
    standing, name = report.standing, report.name
    return (
        claim_name_fields(report.claim)
        | claim_fields(report.claim)
        | {
            "holds": standing.holds if standing else None,
            "reason": standing.reason if standing else "the claim is being written or withdrawn",
            "holders": [str(holder) for holder in name.holders],
        }
        | zone_state_fields(name)
    )


def name_fields(report: NameReport) -> Document:
    """A name, its claimants, and what its zone holds."""
    return {
        "name": report.key.fqdn,
        "zone": report.domain,
        "zone_id": report.key.zone_id,
        "settled_by": report.conflict_rule.value if report.conflict_rule else None,
        "claimants": [
            claimant_fields(standing) | {"account_label": report.labels.get(standing.claim.instance.account)}
            for standing in report.claim_statuses
        ],
    } | zone_state_fields(report)
