"""The JSON of `orgdns pending`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import record_set_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.boundary.unreadable import Unreadable
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.pending import Pending, PendingAssociation, PendingName, Total


def pending_document(found: Pending, unreadable: Collection[Unreadable] = ()) -> Document:
    """The document of `pending --json`. `unreadable` are the rows of the ledger that it leaves out."""
    return {
        "pending": found.any,
        "total": _numbers(found.total),
        "stopped_by_guards": found.stopped,
        "zones": [{"zone": total.subject} | _numbers(total) for total in found.zones],
        "accounts": [{"account": total.subject} | _numbers(total) for total in found.accounts],
        "names": [_name(each) for each in found.names],
        "associations": [_association(each) for each in found.associations],
        "unreadable": [{"row": row.what, "reason": row.reason} for row in unreadable],
    }


def _numbers(total: Total) -> Document:
    return {
        "create": total.created,
        "delete": total.deleted,
        "associate": total.associated,
        "end": total.ended,
        "blocked": total.blocked,
    }


def _name(name: PendingName) -> Document:
    return {
        "name": name.key.fqdn,
        "zone_id": name.key.zone_id,
        "rules": list(name.rules),
        "accounts": list(name.accounts),
        "changes": [{"action": change.action.value} | record_set_fields(change.record_set) for change in name.changes],
        "blocked": [{"by": kind.value, "reason": reason} for kind, reason in name.blocks],
    }


def _association(association: PendingAssociation) -> Document:
    return {
        "vpc": str(association.vpc),
        "zone": association.domain,
        "zone_id": association.zone_id,
        "action": "end" if association.ends else "associate",
        "by": association.method.value,
        "blocked": association.block or None,
    }
