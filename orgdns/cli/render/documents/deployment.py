"""A deployment as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orgdns.cli.render.documents.fields import Document
    from orgdns.deployment.cloudformation.progress import Event
    from orgdns.deployment.planning import Plan
    from orgdns.deployment.preflight import Finding
    from orgdns.deployment.removal.everything import Removal


def deployment_document(
    plan: Plan, findings: Iterable[Finding], names: Document | None, *, deployed: bool, failed: Iterable[Event] = ()
) -> Document:
    """What happens to each stack, what the checks found, the effect on names, and what failed."""
    return {
        "changes": plan.any,
        "deployed": deployed,
        "checks": [{"problem": finding.blocks, "text": finding.text} for finding in findings],
        "stacks": [
            {
                "stack": each.stack.name,
                "account": each.stack.account.value,
                "region": each.stack.region,
                "step": each.step.value,
                "after": each.after or None,
                "notes": list(each.notes),
                "changes": [
                    {
                        "action": change.action,
                        "type": change.type,
                        "logical_id": change.logical_id,
                        "replacement": change.replacement or "False",
                    }
                    for change in each.changes
                ],
            }
            for each in plan.stacks
        ],
        "names": names,
        "failed": [{"subject": event.subject, "status": event.status, "reason": event.reason} for event in failed],
    }


def removal_document(removal: Removal, left: Iterable[str], *, removed: bool) -> Document:
    """What is removed, what stays and why, and what could not be removed."""
    return {
        "changes": removal.any,
        "removed": removed,
        "stacks": [
            {
                "stack": each.stack.name,
                "account": each.stack.account.value,
                "region": each.stack.region,
                "resources": each.resources,
                "remaining": [
                    {"type": kept.type, "name": kept.name, "reason": kept.reason, "command": kept.command}
                    for kept in each.remaining
                ],
            }
            for each in removal.stacks
        ],
        "records": dict(removal.records) if removal.records is not None else None,
        "associations": None
        if removal.associations is None
        else [{"zone_id": each.to, "vpc": str(each.vpc)} for each in removal.associations],
        "by_profile": [
            {"profile_id": each.to, "vpc": str(each.vpc), "command": each.command} for each in removal.by_profile
        ],
        "left": list(left),
    }
