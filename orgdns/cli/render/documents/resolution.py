"""The JSON of `orgdns resolve`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.explain import name_fields
from orgdns.cli.reports.times import time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.explain.claims import NameReport
    from orgdns.cli.reports.resolution import Resolution


def resolution_document(row: VpcRow, fqdn: str, found: Resolution, names: Iterable[NameReport]) -> Document:
    """The document of `resolve --json`; `names` is the report on the name, if an orgdns zone answers."""
    reports = [name_fields(report) for report in names]
    return {
        "name": fqdn,
        "vpc": str(row.ref),
        "seen_at": time_or_none(row.seen_at),
        "answers": bool(reports and reports[0]["published"]),
        "certain": found.certain,
        "unknown": list(found.unknown),
        "source": found.source.value,
        "reason": found.reason,
        "zone_or_rule": found.id or None,
        "domain": found.domain,
        "method": found.method.value if found.method else None,
        "why_not": list(found.why_not),
        "names": reports,
    }
