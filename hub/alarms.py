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
    treat_missing_data: str = "notBreaching"


# The sweeper reports the first six with each run of the sweep schedule: two periods in a row rule out one bad run.
_ALARMS: Final = (
    _MetricAlarm(
        "PendingRemovals",
        "pending-removals",
        "A sweep or audit awaits approval, because it would remove many names. Run orgdns status to see which; "
        "orgdns approve lets it remove them.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SpokesUnreachable",
        "spokes-unreachable",
        "Some accounts or regions are unreachable. Their names stay for the configured days, then orgdns withdraws "
        "them. Run orgdns status to see which, and why.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "SweepsAndAuditsOverdue",
        "sweeps-overdue",
        "Spokes have not been swept for hours, zones have not been audited for days, or the sweeper does not run. "
        "Run orgdns status to see which, and why.",
        evaluation_periods=2,
        # The metric is missing if the schedule or the sweeper does not run.
        treat_missing_data="breaching",
    ),
    _MetricAlarm(
        "AccountsNearLimit",
        "accounts-near-limit",
        "An account holds most of the names, records or VPCs that it may hold in a zone. orgdns refuses what is above "
        "the limit. Run orgdns status to see which account; see guards in the configuration to raise the limit.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesNearLimit",
        "zones-near-limit",
        "A zone or a Profile holds most of the records or VPCs that Route 53 lets it hold. Run orgdns status to see "
        "which. Request a higher quota, and enter it as zone_records, zone_vpcs or profile_vpcs in guards.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "ZonesWithDampedRepairs",
        "records-contested",
        "Someone else keeps changing records of orgdns in a zone, and repairs wait for audits. Run orgdns status to "
        "see who; docs/beside.md says how their tool leaves these records alone.",
        evaluation_periods=2,
    ),
    _MetricAlarm(
        "NamesInFullZones",
        "zone-full",
        "A zone has reached its quota of records, and new names are not published. Run orgdns explain NAME to see "
        "which zone, and request a higher quota: Route 53 allows more than 10,000 records in a zone on request.",
        statistic="Sum",
    ),
)
# The associator reports these.
_OF_ASSOCIATIONS: Final = (
    _MetricAlarm(
        "ZonesFullOfVpcs",
        "vpcs-full",
        "A zone has reached its quota of VPCs, or a VPC its quota of Profiles. Run orgdns coverage to see which. "
        "For more than 300 VPCs, resolve the zone by profile.",
        statistic="Sum",
    ),
    _MetricAlarm(
        "AssociationsRemovedByOthers",
        "associations-removed",
        "Another tool or a person ended associations that orgdns made, and orgdns made them again. In between, VPCs "
        "did not resolve the zone. Run orgdns coverage to see which zone, and see docs/vpcs.md for other tools.",
        statistic="Sum",
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
            )
        )
