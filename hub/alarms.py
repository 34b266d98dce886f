"""Alarms on queues that should be empty and figures that should be zero, each of which says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from troposphere.cloudwatch import Alarm, MetricDimension

from hub.runtime import contract
from orgdns.cfn.alarms import PERIOD, alarm_actions

if TYPE_CHECKING:
    from troposphere import Template

# The figures of each round of sweeps stand until the next; two rounds in a row are no accident.
_OF_ROUNDS: Final = (
    (
        "PendingRemovals",
        "pending-removals",
        "A sweep or audit would remove many names, and waits for a person: orgdns approve lets it.",
    ),
    (
        "SpokesUnreachable",
        "spokes-unreachable",
        "Accounts or regions cannot be read: their names are kept for the configured days, and then withdrawn.",
    ),
    (
        "SweepsAndAuditsOverdue",
        "sweeps-overdue",
        "Spokes were not swept for hours, or zones not audited for days.",
    ),
)


def add_state_alarms(template: Template, *, associates: bool) -> None:
    """Add the alarms on what the functions count; `associates` where there is an associator.

    Powertools writes its metrics with one dimension, the service ("Metrics", https://docs.powertools.aws.dev/lambda/).
    """
    for metric, name, description in _OF_ROUNDS:
        # Without figures no rounds come: that is a fault, too.
        silence = "breaching" if metric == "SweepsAndAuditsOverdue" else "notBreaching"
        _add_metric_alarm(
            template,
            metric,
            name,
            f"{description} Run orgdns status: it says which, and why.",
            Statistic="Maximum",
            EvaluationPeriods=2,
            TreatMissingData=silence,
        )
    _add_metric_alarm(
        template,
        "NamesInFullZones",
        "zone-full",
        "A zone is at its quota of records, and new names are left out. Run orgdns explain NAME, and have the quota "
        "raised: Route 53 lets a zone have more than 10,000 records on request.",
        Statistic="Sum",
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
    )
    if associates:
        _add_metric_alarm(
            template,
            "ZonesFullOfVpcs",
            "vpcs-full",
            "A zone is at its quota of VPCs, or a VPC at its quota of Profiles. Run orgdns coverage: it says which; "
            "beyond 300 VPCs a zone, resolve it by profile.",
            Statistic="Sum",
            EvaluationPeriods=1,
            TreatMissingData="notBreaching",
        )


def _add_metric_alarm(
    template: Template,
    metric: str,
    name: str,
    description: str,
    **properties: Any,  # noqa: ANN401  CloudWatch's own
) -> None:
    template.add_resource(
        Alarm(
            f"{metric}Alarm",
            AlarmName=f"{contract.PREFIX}-{name}",
            AlarmDescription=f"{description} See docs/operate.md.",
            Namespace=contract.METRICS_NAMESPACE,
            MetricName=metric,
            Dimensions=[MetricDimension(Name="service", Value=contract.PREFIX)],
            Period=2 * PERIOD,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=alarm_actions(),
            **properties,
        )
    )
