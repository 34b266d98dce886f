"""What the functions log and count of what was done: for people, alarms and dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from hub.runtime import contract
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult
from hub.runtime.publisher.outcome import NameOutcome, NameResult

if TYPE_CHECKING:
    from hub.runtime.associator.discovery import DiscoveryOutcome
    from hub.runtime.associator.run import VpcOutcome
    from hub.runtime.model.names import Change
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.sweeper.scheduler import ScheduleOutcome

logger: Final = Logger(service=contract.PREFIX)
metrics: Final = Metrics(namespace=contract.METRICS_NAMESPACE, service=contract.PREFIX)


def report_instance(outcome: InstanceOutcome) -> None:
    """Count and log what became of an instance that was seen."""
    seen: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
    if outcome.result is InstanceResult.RECORDED:
        metrics.add_metric("InstancesRecorded", MetricUnit.Count, 1)
        logger.info("instance recorded", extra=seen | {"dns_names": outcome.names})
    else:
        logger.info("instance unchanged", extra=seen)
    for refusal in outcome.refusals:
        told = seen | {"rule": refusal.rule, "reason": refusal.reason}
        if refusal.declined:
            logger.debug("name not asked for", extra=told)
            continue
        metrics.add_metric("NamesRefused", MetricUnit.Count, 1)
        logger.info("name refused", extra=told)


def report_discovery(swept: DiscoveryOutcome) -> None:
    """Count and log how looking at the VPCs of a spoke went."""
    status = swept.status
    seen: dict[str, object] = {"spoke": str(status.spoke), "vpcs": status.vpcs, "enqueued": swept.asked}
    metrics.add_metric("ZonesBlockedInVpcs", MetricUnit.Count, status.blocked)
    if status.fault:
        metrics.add_metric("VpcsNotSeen", MetricUnit.Count, 1)
        logger.warning("VPCs not seen", extra=seen | {"reason": status.fault})
        return
    logger.info("VPCs seen", extra=seen | {"blocked": status.blocked})


def report_vpc(done: VpcOutcome) -> None:
    """Count and log what was done in a VPC."""
    seen: dict[str, object] = {"vpc": str(done.ref), "done": [f"{step.act} {step.of}".strip() for step in done.steps]}
    if done.steps:
        metrics.add_metric("AssociationsChanged", MetricUnit.Count, len(done.steps))
        logger.info("VPC seen to", extra=seen | {"gone": done.gone})
    for step, reason in done.faults:
        metrics.add_metric("AssociationsRefused", MetricUnit.Count, 1)
        logger.warning("association refused", extra=seen | {"step": f"{step.act} {step.of}".strip(), "reason": reason})
    if done.full:
        metrics.add_metric("ZonesFullOfVpcs", MetricUnit.Count, 1)
    if done.awaiting_approval:
        logger.error("removals wait for orgdns approve", extra=seen | {"zones": done.awaiting_approval})
    if done.retry:
        logger.warning("VPC kept for later", extra=seen | {"reason": done.retry})


def report_audit(status: ZoneStatus) -> None:
    """Count and log how the audit of a zone went."""
    seen: dict[str, object] = {"zone": status.zone_id, "names": status.names}
    if status.fault:
        metrics.add_metric("ZonesNotAudited", MetricUnit.Count, 1)
        logger.warning("zone not audited", extra=seen | {"reason": status.fault})
        return
    metrics.add_metric("ZonesAudited", MetricUnit.Count, 1)
    metrics.add_metric("NamesThatDiffer", MetricUnit.Count, sum(number for _, number in status.differences))
    logger.info("zone audited", extra=seen | {"differences": dict(status.differences)})
    if status.pending_removals:
        pending = {"pending_names": status.pending_names, "first_pending": status.pending_removals[:10]}
        logger.error("removals wait for orgdns approve", extra=seen | pending)


def report_schedule(asked: ScheduleOutcome) -> None:
    """Log what a round asked for, and measure how all is: the alarms watch these figures."""
    for metric, value in (
        ("SpokesUnreachable", asked.unreachable),
        ("SweepsAndAuditsOverdue", asked.overdue),
        ("PendingRemovals", asked.pending_removals),
        ("SpokesBehindPolicy", asked.behind),
    ):
        metrics.add_metric(metric, MetricUnit.Count, value)
    logger.info(
        "sweeps asked for",
        extra={"sweeps": asked.sweeps, "audits": asked.audits, "spokes": asked.spokes, "behind": asked.behind},
    )


def report_name(outcome: NameOutcome, seen: dict[str, object]) -> None:
    """Count and log what became of a name."""
    if outcome.left_out:
        metrics.add_metric("MembersLeftOut", MetricUnit.Count, outcome.left_out)
        logger.warning("shared name full", extra=seen | {"left_out": outcome.left_out})
    match outcome.result:
        case NameResult.RETRY:
            metrics.add_metric("NamesRetried", MetricUnit.Count, 1)
            logger.warning("name kept for later", extra=seen)
        case NameResult.PAUSED:
            metrics.add_metric("NamesNotPublishedWhilePaused", MetricUnit.Count, 1)
            logger.info("name not published", extra=seen)
        case NameResult.CLOSED:
            metrics.add_metric("NamesInClosedZones", MetricUnit.Count, 1)
            logger.error("zone closed", extra=seen)
        case NameResult.CONFLICT:
            metrics.add_metric("NamesInConflict", MetricUnit.Count, 1)
            if outcome.zone_full:
                metrics.add_metric("NamesInFullZones", MetricUnit.Count, 1)
            logger.warning("name in conflict", extra=seen)
        case NameResult.PUBLISHED:
            metrics.add_metric("NamesPublished", MetricUnit.Count, 1)
            metrics.add_metric("RecordSetsChanged", MetricUnit.Count, len(outcome.changes))
            logger.info("name published", extra=seen | {"changes": [_told(change) for change in outcome.changes]})
        case NameResult.UNCHANGED:
            logger.debug("name unchanged", extra=seen)


def _told(change: Change) -> str:
    record_set = change.record_set
    return f"{change.action} {record_set.type} {' '.join(record_set.values)} {record_set.set_identifier}"
