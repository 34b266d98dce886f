"""The JSON of `orgdns explain`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import (
    claim_fields,
    claim_name_fields,
    claimant_fields,
    damping_fields,
    refusal_fields,
    zone_state_fields,
)
from orgdns.cli.reports.times import time, time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.explain.addresses import AddressReport
    from orgdns.cli.reports.explain.claims import ClaimReport, InstanceReport, NameReport
    from orgdns.cli.reports.explain.live import LiveReport


def instances_document(reports: Iterable[InstanceReport]) -> Document:
    """The document of `explain INSTANCE --json`."""
    return {"instances": [_instance(report) for report in reports]}


def names_document(reports: Iterable[NameReport]) -> Document:
    """The document of `explain NAME --json`."""
    return {"names": [name_fields(report) for report in reports]}


def address_document(report: AddressReport) -> Document:
    """The document of `explain ADDRESS --json`."""
    return {
        "address": report.address,
        "ptr_name": report.ptr_name,
        "held_by": [
            {
                "instance": str(use.observation.ref),
                "account_label": use.observation.account.label if use.observation.account else None,
                "current": use.current,
                "state": use.observation.instance.state.value if use.observation.instance else None,
                "vpcs": list(use.vpcs),
                "seen_at": time_or_none(use.observation.observed_at),
                "ended": use.observation.ended,
                "names": list(use.names),
            }
            for use in report.uses
        ],
        "unreadable": [{"row": fault.what, "reason": fault.reason} for fault in report.unreadable],
    } | names_document(report.ptr)


def live_document(report: LiveReport) -> Document:
    """What AWS shows now, beside one of these documents."""
    return {
        "agrees": report.agrees,
        "asked_at": time(report.asked_at),
        "compared": [
            {
                "subject": compared.subject,
                "findings": [
                    {"verdict": finding.verdict.value, "text": finding.text, "todo": finding.todo or None}
                    for finding in compared.findings
                ],
            }
            for compared in report.compared
        ],
    }


def _instance(report: InstanceReport) -> Document:
    observation = report.observation
    instance, account = observation.instance, observation.account
    return {
        "instance": str(observation.ref),
        "account": {"id": observation.ref.account, "label": account.label if account else None},
        "region": observation.ref.region,
        "seen_at": time_or_none(observation.observed_at),
        "ended": observation.ended,
        "claims_written": observation.settled,
        "damped": damping_fields(observation.damping),
        "state": instance.state.value if instance else None,
        "launched_at": time(instance.launched_at) if instance else None,
        "addresses": [address for interface in instance.interfaces for address in (*interface.ipv4, *interface.ipv6)]
        if instance
        else [],
        "tags": dict(instance.tags) if instance else {},
        "claims": [_claimed(claimed) for claimed in report.claims],
        "refused": [refusal_fields(refusal) for refusal in report.refused],
        "declined": [refusal_fields(refusal) for refusal in report.declined],
        "fault": report.fault or None,
    }


def _claimed(report: ClaimReport) -> Document:
    status, name = report.status, report.name
    return (
        claim_name_fields(report.claim)
        | claim_fields(report.claim)
        | {
            "holds": status.holds if status else None,
            "in_dry_run": report.claim.instance in name.in_dry_run,
            "blocked": (name.blocked(status) or None) if status else None,
            "reason": status.reason if status else "the claim is being written or withdrawn",
            "holders": [str(holder) for holder in name.holders],
        }
        | zone_state_fields(name)
    )


def name_fields(report: NameReport) -> Document:
    """A name, its claimants, and its records."""
    return {
        "name": report.key.fqdn,
        "zone": report.domain,
        "zone_id": report.key.zone_id,
        "conflict_rule": report.conflict_rule.value if report.conflict_rule else None,
        "claimants": [
            claimant_fields(status)
            | {
                "in_dry_run": status.claim.instance in report.in_dry_run,
                "blocked": report.blocked(status) or None,
                "account_label": report.labels.get(status.claim.instance.account),
            }
            for status in report.claim_statuses
        ],
        "unreadable": list(report.unreadable),
    } | zone_state_fields(report)
