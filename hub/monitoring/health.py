"""Alarms on the functions' own metrics. Each description says what to do, and names its page in the runbook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troposphere.cloudwatch import Alarm, MetricDimension

from hub.runtime import contract
from orgdns.cfn.alarms import PERIOD, alarm_actions, described

if TYPE_CHECKING:
    from troposphere import Template

    from orgdns.config.load import Config


@dataclass(frozen=True, slots=True)
class _MetricAlarm:
    """An alarm on a metric above zero. The attributes are CloudWatch's."""

    metric: str
    name: str
    description: str
    statistic: str = "Maximum"
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    treat_missing_data: str = "notBreaching"
    period: int = 2 * PERIOD
    comparison: str = "GreaterThanThreshold"
    threshold: float = 0


# The sweeper reports most of these with each run of the sweep schedule: two periods in a row rule out one bad run.
_ALARMS: Final = (
    _MetricAlarm(
        "PendingRemovals",
        "pending-removals",
        "A removal of many names or VPCs awaits orgdns approve. Run orgdns status to see which.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesUnreachable",
        "spokes-unreachable",
        "Accounts or regions are unreachable, and lose their names after guards.grace_days. Run orgdns status.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SweepsAndAuditsOverdue",
        "sweeps-overdue",
        "Spokes were not swept for hours, zones not audited for days, or the sweeper does not run. Run orgdns status.",
        evaluation_periods=2,
        # The metric is missing if the schedule or the sweeper does not run.
        treat_missing_data="breaching",
    ),
    _MetricAlarm(
        "AccountsNearLimit",
        "accounts-near-limit",
        "An account holds most of what it may hold in a zone (guards). Run orgdns status to see which.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesNearLimit",
        "zones-near-limit",
        "A zone or Profile holds most of what Route 53 lets it hold. Run orgdns status, and request a higher quota.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesWithDampedRepairs",
        "records-contested",
        "Someone else keeps changing records of orgdns, and repairs wait for audits. Run orgdns status to see who.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesAndZonesUnreadable",
        "unreadable",
        "Instances, rows of the ledger or records cannot be read, and keep what they have. Run orgdns status.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesClosed",
        "zones-closed",
        "The writer role may not read or change a zone, and its names wait. Run orgdns status to see which, and why.",
    ),
    _MetricAlarm(
        "SpokesWithFailedLooks",
        "looks-failing",
        "Instances cannot be described when their events come, and the events wait. Run orgdns status to see why.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesMissingEvents",
        "events-missed",
        "Sweep after sweep finds changes in a spoke that no event reported. Run orgdns status to see where.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesWithUndeliveredEvents",
        "events-undelivered",
        "Events of a spoke do not reach the hub, or cannot be counted. Run orgdns status to see where.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "Heartbeats",
        "path-interrupted",
        "No heartbeat took the path from the event bus to the publisher for ten minutes. Run orgdns status.",
        statistic="Sum",
        evaluation_periods=2,
        # The metric is missing if any stage does not work.
        treat_missing_data="breaching",
        period=PERIOD,
        comparison="LessThanThreshold",
        threshold=1,
    ),
    _MetricAlarm(
        "NamesOverdue",
        "names-overdue",
        "Names wait for longer than the objective, and the publisher goes on trying. Run orgdns status to see why.",
        evaluation_periods=2,
        period=PERIOD,
    ),
    _MetricAlarm(
        "NamesInFullZones",
        "zone-full",
        "A zone is full of records, and new names are not published. Run orgdns explain NAME; request a higher quota.",
        statistic="Sum",
    ),
)
# Periods of ten minutes, two hours in all: an hourly sweep tries again what was refused. Without them, an alarm would
# end and start anew each hour. One breaching period of them is enough ("Evaluating an alarm",
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
_TWO_SWEEPS: Final = 13
# Of a hub with an associator.
_OF_ASSOCIATIONS: Final = (
    _MetricAlarm(
        "SpokesWithUnknownVpcs",
        "vpcs-unknown",
        "The VPCs of a spoke cannot be described, so that none gets or loses a zone. Run orgdns status to see why.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesWithRefusedAssociations",
        "associations-refused",
        "AWS refuses to associate VPCs with zones, or to end that. Run orgdns coverage to see which, and why.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesFullOfVpcs",
        "vpcs-full",
        "A zone is full of VPCs, or a VPC has two Profiles already. Run orgdns coverage to see which.",
        statistic="Sum",
        evaluation_periods=_TWO_SWEEPS,
        datapoints_to_alarm=1,
    ),
    _MetricAlarm(
        "AssociationsRemovedByOthers",
        "associations-removed",
        "Someone else ended associations that orgdns made, and it made them again. Run orgdns coverage.",
        statistic="Sum",
        evaluation_periods=_TWO_SWEEPS,
        datapoints_to_alarm=1,
    ),
)


def add_metric_alarms(template: Template, config: Config, *, associates: bool) -> None:
    """Add the alarms on the functions' metrics. `associates` says whether the stack has an associator.

    Powertools writes metrics with one dimension, the service ("Metrics", https://docs.powertools.aws.dev/lambda/).
    """
    for alarm in (*_ALARMS, *(_OF_ASSOCIATIONS if associates else ())):
        template.add_resource(
            Alarm(
                f"{alarm.metric}Alarm",
                AlarmName=config.names.of(alarm.name),
                AlarmDescription=described(alarm.name, alarm.description),
                Namespace=config.names.metrics_namespace,
                MetricName=alarm.metric,
                Dimensions=[MetricDimension(Name="service", Value=contract.SERVICE)],
                Period=alarm.period,
                Threshold=alarm.threshold,
                ComparisonOperator=alarm.comparison,
                AlarmActions=alarm_actions(),
                Statistic=alarm.statistic,
                EvaluationPeriods=alarm.evaluation_periods,
                TreatMissingData=alarm.treat_missing_data,
                **({"DatapointsToAlarm": alarm.datapoints_to_alarm} if alarm.datapoints_to_alarm else {}),
            )
        )
