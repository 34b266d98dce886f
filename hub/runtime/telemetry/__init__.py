"""The logs and metrics of the functions: for people, alarms and dashboards."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from hub.runtime import contract
from hub.runtime.boundary.texts import bounded_fields
from hub.runtime.installation import DEFAULT_INSTALLATION, Names
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.sweeper.differences import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import Change, Spoke
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.sweeper.bookkeeping import SweepOutcome
    from hub.runtime.sweeper.drift_repair import DriftOutcome
    from hub.runtime.sweeper.repair.decision import Repaired
    from hub.runtime.sweeper.schedule.scheduler import ScheduleOutcome


def serialized(line: Mapping[str, object]) -> str:
    """Return a log line as JSON. Its length is bounded, whatever its fields contain."""
    return json.dumps(bounded_fields(line), separators=(",", ":"), ensure_ascii=False)


class _QuietProvider(AmazonCloudWatchEMFProvider):
    """Writes nothing after an invocation that counted nothing: powertools would write a warning, which is no JSON."""

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:  # noqa: FBT001, FBT002 - as in powertools
        """Write the metrics of an invocation, if there are any."""
        if self.metric_set:
            super().flush_metrics(raise_on_empty_metrics)


# The installation's name. Powertools reads this variable, too.
NAMESPACE: Final = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", DEFAULT_INSTALLATION)
logger: Final = Logger(service=contract.SERVICE, json_serializer=serialized)
metrics: Final = Metrics(provider=_QuietProvider(namespace=NAMESPACE, service=contract.SERVICE))

# Names, instances or changes in one log line.
SHOWN_NAMES: Final = 10
AWAITS_APPROVAL: Final = "removals await approval: run orgdns approve"


def report_instance(outcome: InstanceOutcome) -> None:
    """Count and log the result for an instance."""
    fields: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
    if outcome.result is InstanceResult.RECORDED:
        metrics.add_metric("InstancesRecorded", MetricUnit.Count, 1)
        logger.info("instance recorded", extra=fields | {"dns_names": outcome.names})
    elif outcome.result is InstanceResult.UNREADABLE:
        metrics.add_metric("InstancesUnreadable", MetricUnit.Count, 1)
        logger.warning("instance unreadable", extra=fields)
    elif outcome.result is InstanceResult.DAMPED:
        metrics.add_metric("InstancesDamped", MetricUnit.Count, 1)
        logger.warning("instance damped", extra=fields)
    else:
        logger.info("instance unchanged", extra=fields)
    for refusal in outcome.refusals:
        refused = fields | {"rule": refusal.rule, "reason": refusal.reason, "dns_name": refusal.name}
        if refusal.declined:
            logger.debug("name not requested", extra=refused)
            continue
        metrics.add_metric("NamesRefused", MetricUnit.Count, 1)
        logger.info("name refused", extra=refused)


def report_events(outcome: InstanceOutcome, events: int) -> None:
    """Count and log the events of an instance that are dropped or come again."""
    fields: dict[str, object] = {"instance": str(outcome.ref), "reason": outcome.reason}
    if outcome.result is InstanceResult.RETRY:
        metrics.add_metric("EventsRetried", MetricUnit.Count, events)
        logger.warning("event will be retried", extra=fields)
    elif outcome.result is InstanceResult.STILL_DAMPED:
        metrics.add_metric("EventsDamped", MetricUnit.Count, events)
        logger.debug("event dropped", extra=fields)
    else:
        dropped = outcome.result is InstanceResult.DROPPED
        metrics.add_metric("EventsDropped" if dropped else "EventsNotCovered", MetricUnit.Count, events)
        logger.warning("event dropped", extra=fields)


def report_not_noted(spoke: Spoke, reason: str) -> None:
    """Count and log that the ledger could not store when the last event of a spoke came: its events come again."""
    metrics.add_metric("EventsNotNoted", MetricUnit.Count, 1)
    why = f"the time of the last event could not be stored: {reason}"
    logger.warning("event will be retried", extra={"spoke": str(spoke), "reason": why})


def report_events_fault(reason: str) -> None:
    """Count and log that the observer could not receive, or delete, further messages of its queue."""
    metrics.add_metric("FurtherMessagesFailed", MetricUnit.Count, 1)
    logger.warning("events will be delivered again", extra={"reason": reason})


# What an audit finds that others changed. An event tells of it within seconds, if one comes.
_CHANGED_BY_OTHERS: Final = frozenset({Difference.MISSING, Difference.EDITED, Difference.FOREIGN})
_NO_EVENT: Final = (
    "the stack of zone changes is not deployed in the networking account, no trail logs the calls there, or the role "
    f"{Names(NAMESPACE).zone_changes_role} may not call events:PutEvents"
)


def report_sweep(outcome: SweepOutcome) -> None:
    """Count and log the result of the sweep of a spoke."""
    status = outcome.status
    fields: dict[str, object] = {"spoke": str(status.spoke), "changed": outcome.changed, "names": status.names}
    if not outcome.complete:
        metrics.add_metric("SpokesNotSwept", MetricUnit.Count, 1)
        logger.warning("spoke not swept", extra=fields | {"reason": status.fault, "withdrawn": status.withdrawn})
    else:
        metrics.add_metric("SpokesSwept", MetricUnit.Count, 1)
        # Changes that no event reported in time: the measure of lost events.
        metrics.add_metric("EventsMissed", MetricUnit.Count, outcome.missed)
        logger.info("spoke swept", extra=fields | {"instances": status.instances, "missed": outcome.missed})
    if status.pending_removals:
        pending = {"pending_names": status.pending_names, "pending_instances": status.pending_removals}
        logger.error(AWAITS_APPROVAL, extra=fields | pending)


def report_audit(status: ZoneStatus) -> None:
    """Count and log the result of the audit of a zone."""
    fields: dict[str, object] = {"zone": status.zone_id, "names": status.names}
    if status.fault:
        metrics.add_metric("ZonesNotAudited", MetricUnit.Count, 1)
        logger.warning("zone not audited", extra=fields | {"reason": status.fault})
        return
    metrics.add_metric("ZonesAudited", MetricUnit.Count, 1)
    metrics.add_metric("NamesThatDiffer", MetricUnit.Count, sum(number for _, number in status.differences))
    metrics.add_metric("LedgerRowsRepaired", MetricUnit.Count, sum(number for _, number in status.repaired))
    found = {"differences": dict(status.differences), "repaired": dict(status.repaired)}
    logger.info("zone audited", extra=fields | found)
    if others := {kind: number for kind, number in status.differences if kind in _CHANGED_BY_OTHERS}:
        logger.warning("changes of others without an event", extra=fields | {"changes": others, "reason": _NO_EVENT})
    if status.pending_removals:
        pending = {"pending_names": status.pending_names, "first_pending": status.pending_removals[:SHOWN_NAMES]}
        logger.error(AWAITS_APPROVAL, extra=fields | pending)


def report_repair(repaired: Repaired) -> None:
    """Log that an audit repaired a row of the ledger."""
    claim = repaired.claim
    fields = {"repaired": repaired.kind.value, "instance": str(claim.instance), "dns_name": claim.key.fqdn}
    logger.warning("ledger row repaired", extra=fields | {"zone": claim.key.zone_id})


def report_drift(outcome: DriftOutcome) -> None:
    """Count and log what someone else changed in a zone, who it was, and whether it is repaired now."""
    change = outcome.change
    fields: dict[str, object] = {"zones": change.zone_ids, "changed_by": change.by}
    if change.unreadable:
        metrics.add_metric("ChangesUnreadable", MetricUnit.Count, change.unreadable)
    if outcome.audit:
        logger.warning("audit requested", extra=fields | {"reason": outcome.audit})
    number = len(outcome.repaired) + len(outcome.damped) + len(outcome.in_dry_run)
    if not number:
        return
    metrics.add_metric("NamesChangedByOthers", MetricUnit.Count, number)
    names = {"repaired": outcome.repaired[:SHOWN_NAMES], "wait_for_audit": outcome.damped[:SHOWN_NAMES]}
    kept = {"in_dry_run": outcome.in_dry_run[:SHOWN_NAMES]}
    logger.warning("records changed by someone else", extra=fields | names | kept)


def report_schedule(outcome: ScheduleOutcome) -> None:
    """Log what a run of the schedule enqueued, and measure the health of spokes and zones, which alarms watch."""
    health = outcome.health
    for metric, value in health.counts.items():
        metrics.add_metric(metric, MetricUnit.Count, value)
    fields = {
        "sweeps": outcome.sweeps,
        "audits": outcome.audits,
        "spokes": len(health.known),
        "on_old_policy": len(health.on_old_policy),
    }
    logger.info("sweeps scheduled", extra=fields)
    if outcome.faults:
        metrics.add_metric("ScheduleFaults", MetricUnit.Count, len(outcome.faults))
        shown = {"faults": len(outcome.faults), "first": outcome.faults[:SHOWN_NAMES]}
        logger.warning("not all could be scheduled", extra=shown)
    for near in (*health.accounts_near_limit, *health.zones_near_limit):
        numbers: dict[str, object] = {"counted": near.kind.value, "used": near.used, "limit": near.limit}
        of_zone = numbers | {"zone": near.zone_id}
        if near.account:
            logger.warning("account near its limit", extra=of_zone | {"account": near.account})
        else:
            logger.warning("zone near its limit", extra=of_zone)


def report_audits_scheduled() -> None:
    """Count and log that audits of all zones were enqueued."""
    metrics.add_metric("AuditsScheduled", MetricUnit.Count, 1)
    logger.info("audits scheduled")


def report_free_label(held: HeldLabel) -> None:
    """Log that another account can take a label now."""
    logger.info("label is free", extra={"label": held.label, "former_account": held.account_id})


def report_name(outcome: NameOutcome, claimants: set[str]) -> None:
    """Count and log the outcome for a name; `claimants` are the instances whose claims changed."""
    fields: dict[str, object] = {
        "dns_name": outcome.key.fqdn,
        "zone": outcome.key.zone_id,
        "instances": _first(sorted(claimants)),
        "reason": outcome.reason,
    }
    _report_beside(outcome, fields)
    match outcome.result:
        case NameResult.RETRY:
            metrics.add_metric("NamesRetried", MetricUnit.Count, 1)
            logger.warning("name will be retried", extra=fields)
        case NameResult.PAUSED:
            metrics.add_metric("NamesNotPublishedWhilePaused", MetricUnit.Count, 1)
            logger.info("name not published", extra=fields)
        case NameResult.DEFERRED:
            # All of a run together are counted and logged (`report_deferred`).
            logger.debug("name deferred", extra=fields | {"account": outcome.account})
        case NameResult.CLOSED:
            metrics.add_metric("NamesInClosedZones", MetricUnit.Count, 1)
            logger.error("zone closed", extra=fields)
        case NameResult.CONFLICT:
            metrics.add_metric("NamesInConflict", MetricUnit.Count, 1)
            if outcome.zone_full:
                metrics.add_metric("NamesInFullZones", MetricUnit.Count, 1)
            logger.warning("name in conflict", extra=fields)
        case NameResult.UNREADABLE:
            metrics.add_metric("NamesUnreadable", MetricUnit.Count, 1)
            logger.warning("name unreadable", extra=fields)
        case NameResult.PUBLISHED:
            metrics.add_metric("NamesPublished", MetricUnit.Count, 1)
            metrics.add_metric("RecordSetsChanged", MetricUnit.Count, len(outcome.changes))
            logger.info("name published", extra=fields | {"changes": _first(list(map(_change_text, outcome.changes)))})
        case NameResult.UNCHANGED:
            logger.debug("name unchanged", extra=fields)


def _report_beside(outcome: NameOutcome, fields: dict[str, object]) -> None:
    """Count and log what happened to a name beside its result, or instead of a change."""
    if outcome.result is NameResult.WITHHELD:
        logger.info("name in dry run", extra=fields)
    if outcome.restored:
        metrics.add_metric("ClaimsRestored", MetricUnit.Count, len(outcome.restored))
        logger.warning("missing claims restored", extra=fields | {"restored": list(map(str, outcome.restored))})
    if outcome.left_out:
        metrics.add_metric("MembersLeftOut", MetricUnit.Count, outcome.left_out)
        logger.warning("shared name full", extra=fields | {"left_out": outcome.left_out})


def _change_text(change: Change) -> str:
    record_set = change.record_set
    return f"{change.action} {record_set.type} {' '.join(record_set.values)} {record_set.holder}"


def _first(texts: Sequence[str]) -> list[str]:
    """The first of many texts, and how many more there are."""
    more = len(texts) - SHOWN_NAMES
    return [*texts[:SHOWN_NAMES], *([f"and {more} more"] if more > 0 else [])]
