"""Alarms on the functions' metrics that should be zero. Each description says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troposphere.cloudwatch import Alarm, MetricDimension

from hub.runtime import contract
from orgdns.cfn.alarms import PERIOD, alarm_actions

if TYPE_CHECKING:
    from troposphere import Template


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


# The sweeper reports the first seven with each run of the sweep schedule: two periods in a row rule out one bad run.
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
# The associator reports these.
_OF_ASSOCIATIONS: Final = (
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


def add_metric_alarms(template: Template, *, associates: bool) -> None:
    """Add the alarms on the functions' metrics. `associates` says whether the stack has an associator.

    Powertools writes metrics with one dimension, the service ("Metrics", https://docs.powertools.aws.dev/lambda/).
    """
    for alarm in (*_ALARMS, *(_OF_ASSOCIATIONS if associates else ())):
        template.add_resource(
            Alarm(
                f"{alarm.metric}Alarm",
                AlarmName=f"{contract.PREFIX}-{alarm.name}",
                AlarmDescription=f"{alarm.description} See docs/operate.md.",
                Namespace=contract.METRICS_NAMESPACE,
                MetricName=alarm.metric,
                Dimensions=[MetricDimension(Name="service", Value=contract.PREFIX)],
                Period=2 * PERIOD,
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
                AlarmActions=alarm_actions(),
                Statistic=alarm.statistic,
                EvaluationPeriods=alarm.evaluation_periods,
                TreatMissingData=alarm.treat_missing_data,
                **({"DatapointsToAlarm": alarm.datapoints_to_alarm} if alarm.datapoints_to_alarm else {}),
            )
        )
