"""The JSON of `orgdns plan`. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from orgdns.cli.render.documents.fields import claim_name_fields, claimant_fields, record_set_fields, refusal_fields
from orgdns.cli.reports.plan.totals import totals

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.boundary.unreadable import Unreadable
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.plan.changes import AccountSummary, NameDifference, PolicyChange
    from orgdns.cli.reports.plan.quotas import VpcDemand
    from orgdns.cli.reports.plan.vpcs import AssociationChange


def plan_document(
    change: PolicyChange,
    associations: Collection[AssociationChange] = (),
    demands: Collection[VpcDemand] = (),
    unreadable: Collection[Unreadable] = (),
) -> Document:
    """The document of `plan --json`. `unreadable` are the rows of the ledger that the plan leaves out."""
    return {
        "changes": change.any or bool(associations or unreadable),
        "summary": asdict(totals(change, associations, len(unreadable))),
        "vpcs": [
            {
                "zone": association.domain,
                "zone_id": association.zone_id,
                "gained": [str(ref) for ref in association.gained],
                "lost": [str(ref) for ref in association.lost],
                "kept": [str(ref) for ref in association.kept],
                "method_changed": [str(ref) for ref in association.method_changed],
            }
            for association in associations
        ],
        "vpc_quotas": [
            {
                "zone": demand.domain or None,
                "region": demand.region or None,
                "vpcs": demand.vpcs,
                "quota": demand.quota,
                "default_left_out": demand.left_out,
                "account_quota": demand.account_quota,
                "accounts_over_quota": [{"account": account, "vpcs": vpcs} for account, vpcs in demand.accounts],
            }
            for demand in demands
        ],
        "accounts": [_account(summary) for summary in change.accounts],
        "names": [_difference(name) for name in change.names],
        "refused": [{"instance": str(new.instance)} | refusal_fields(new.refusal) for new in change.refused],
        "lost": [claim_name_fields(status.claim) | claimant_fields(status) for status in change.lost],
        "instances": {
            "decided": change.decided,
            "not_covered": change.undecided.not_covered,
            "without_facts": change.undecided.without_facts,
        },
        "unreadable": [{"row": row.what, "reason": row.reason} for row in unreadable],
    }


def _difference(name: NameDifference) -> Document:
    return {
        "name": name.key.fqdn,
        "zone_id": name.key.zone_id,
        "kind": name.kind.value,
        "before": [record_set_fields(record_set) for record_set in name.before],
        "after": [record_set_fields(record_set) for record_set in name.after],
        "blocked": name.blocked,
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
