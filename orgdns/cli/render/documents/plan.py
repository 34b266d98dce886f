"""The JSON of `orgdns plan`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import claim_name_fields, claimant_fields, record_set_fields, refusal_fields

if TYPE_CHECKING:
    from collections.abc import Collection

    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.plan import AccountSummary, NameDifference, PolicyChange
    from orgdns.cli.reports.plan_vpcs import AssociationChange


def plan_document(change: PolicyChange, of_vpcs: Collection[AssociationChange] = ()) -> Document:
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
        "refused": [{"instance": str(new.instance)} | refusal_fields(new.refusal) for new in change.refused],
        "lost": [claim_name_fields(one.claim) | claimant_fields(one) for one in change.lost],
        "instances": {
            "decided": change.decided,
            "outside_regions": change.undecided.outside,
            "without_facts": change.undecided.unseen,
            "without_units": change.undecided.unplaced,
        },
    }


def _difference(one: NameDifference) -> Document:
    return {
        "name": one.key.fqdn,
        "zone_id": one.key.zone_id,
        "kind": one.kind.value,
        "before": [record_set_fields(record_set) for record_set in one.before],
        "after": [record_set_fields(record_set) for record_set in one.after],
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
