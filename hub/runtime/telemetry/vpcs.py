"""The logs and metrics of VPCs: of their description, and of their associations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime.associator.plan import Act
from hub.runtime.telemetry import AWAITS_APPROVAL, SHOWN_NAMES, logger, metrics

if TYPE_CHECKING:
    from hub.runtime.associator.discovery import DiscoveryOutcome
    from hub.runtime.associator.plan import Step
    from hub.runtime.associator.run import VpcOutcome

# What takes a zone from a VPC.
_ENDS = frozenset({Act.DISASSOCIATE, Act.DISASSOCIATE_PROFILE})


def report_discovery(outcome: DiscoveryOutcome) -> None:
    """Count and log the result of describing a spoke's VPCs."""
    status = outcome.status
    fields: dict[str, object] = {"spoke": str(status.spoke), "vpcs": status.vpcs, "enqueued": outcome.enqueued}
    metrics.add_metric("ZonesBlockedInVpcs", MetricUnit.Count, status.blocked)
    if outcome.unreadable:
        metrics.add_metric("VpcsUnreadable", MetricUnit.Count, len(outcome.unreadable))
        first = {each.what or "without an id": each.reason for each in outcome.unreadable[:SHOWN_NAMES]}
        logger.warning("VPCs cannot be read", extra=fields | {"unreadable": len(outcome.unreadable), "first": first})
    if outcome.denied:
        first_denied = outcome.denied[:SHOWN_NAMES]
        logger.warning(
            "VPCs described in part", extra=fields | {"denied": len(outcome.denied), "reasons": first_denied}
        )
    if status.fault:
        metrics.add_metric("VpcsNotDescribed", MetricUnit.Count, 1)
        logger.warning("VPCs not described", extra=fields | {"reason": status.fault})
        return
    logger.info("VPCs described", extra=fields | {"blocked": status.blocked})


def report_vpc(outcome: VpcOutcome) -> None:
    """Count and log the outcome for a VPC."""
    fields: dict[str, object] = {"vpc": str(outcome.ref), "steps": [_step_text(step) for step in outcome.steps]}
    if outcome.steps:
        metrics.add_metric("AssociationsChanged", MetricUnit.Count, len(outcome.steps))
        logger.info("VPC updated", extra=fields | {"removed": outcome.removed})
    for step, reason in outcome.faults:
        _report_refused(step, fields | {"step": _step_text(step), "reason": reason})
    for removed, times in outcome.removed_by_others:
        metrics.add_metric("AssociationsRemovedByOthers", MetricUnit.Count, 1)
        logger.warning("association removed by others", extra=fields | {"zone_or_profile": removed, "times": times})
    if outcome.full:
        metrics.add_metric("ZonesFullOfVpcs", MetricUnit.Count, 1)
    if outcome.awaiting_approval:
        logger.error(AWAITS_APPROVAL, extra=fields | {"zones": outcome.awaiting_approval})
    _report_unchanged(outcome, fields)
    if outcome.retry:
        logger.warning("VPC will be retried", extra=fields | {"reason": outcome.retry})
    _report_damping(outcome, fields)


def _report_unchanged(outcome: VpcOutcome, fields: dict[str, object]) -> None:
    """Count and log why a VPC, or the rest of it, stays as it is."""
    if outcome.paused:
        metrics.add_metric("VpcsNotChangedWhilePaused", MetricUnit.Count, 1)
        logger.info("VPC not changed", extra=fields | {"reason": outcome.paused})
    if outcome.denied:
        metrics.add_metric("VpcsDenied", MetricUnit.Count, 1)
        logger.warning("VPC cannot be described", extra=fields | {"reason": outcome.denied})
    if outcome.not_covered:
        metrics.add_metric("VpcsNotCovered", MetricUnit.Count, 1)
        logger.warning("VPC not covered", extra=fields | {"reason": outcome.not_covered})
    if outcome.unreadable:
        metrics.add_metric("VpcsUnreadable", MetricUnit.Count, 1)
        logger.warning("VPC cannot be read", extra=fields | {"reason": outcome.unreadable})


def _report_refused(step: Step, fields: dict[str, object]) -> None:
    """Count and log a step that AWS refused."""
    if step.act in _ENDS:
        metrics.add_metric("AssociationEndsRefused", MetricUnit.Count, 1)
        logger.warning("end of an association refused", extra=fields)
    elif step.act is Act.CLEAR:
        metrics.add_metric("AuthorizationsLeft", MetricUnit.Count, 1)
        logger.warning("an authorization is left", extra=fields)
    elif step.act is Act.DISABLE_AUTODEFINED_RULES:
        metrics.add_metric("AutodefinedRulesLeft", MetricUnit.Count, 1)
        logger.warning("autodefined rules not disabled", extra=fields)
    else:
        metrics.add_metric("AssociationsRefused", MetricUnit.Count, 1)
        logger.warning("association refused", extra=fields)


def _report_damping(outcome: VpcOutcome, fields: dict[str, object]) -> None:
    """Count and log that the events of a VPC are ignored for a while."""
    if outcome.damped:
        metrics.add_metric("VpcsDamped", MetricUnit.Count, 1)
        logger.warning("VPC damped", extra=fields | {"reason": outcome.damped})
    if outcome.ignored:
        metrics.add_metric("EventsDamped", MetricUnit.Count, 1)


def _step_text(step: Step) -> str:
    return f"{step.act} {step.target}".strip()
