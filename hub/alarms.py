"""Alarms on queues that should be empty and figures that should be zero, each of which says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension

from hub.runtime import contract

if TYPE_CHECKING:
    from troposphere.sqs import Queue

TOPIC: Final = "AlarmTopicArn"
HAS_TOPIC: Final = "HasAlarmTopic"
PERIOD: Final = 5 * 60


def add_alarm_topic(template: Template, group: str) -> None:
    """Add the parameter for the topic that alarms are sent to, in a group of parameters; without it they only show."""
    topic = template.add_parameter(
        Parameter(
            TOPIC,
            Type="String",
            Default="",
            Description="SNS topic, in the hub region, that is told of alarms. Empty: alarms show in CloudWatch alone.",
            AllowedPattern=r"^$|^arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
            ConstraintDescription="must be empty or the ARN of a standard SNS topic",
        )
    )
    template.add_parameter_to_group(topic, group)
    template.add_condition(HAS_TOPIC, Not(Equals(Ref(topic), "")))


def dead_letter_alarm(of: Queue, what: str) -> Alarm:
    """The alarm on a dead-letter queue: on as long as a message is there.

    The number of visible messages, as messages that SQS itself moves are not counted as sent ("Creating alarms for
    dead-letter queues using Amazon CloudWatch",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html).
    A queue that nobody used for hours reports nothing at all, which here is as it should be ("Available CloudWatch
    metrics for Amazon SQS",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
    """
    return Alarm(
        f"{of.title}Alarm",
        AlarmName=of.QueueName,
        AlarmDescription=f"{what} Run orgdns dead-letters: it says which, and what to do. See docs/operate.md.",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[MetricDimension(Name="QueueName", Value=GetAtt(of, "QueueName"))],
        Statistic="Maximum",
        Period=PERIOD,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=If(HAS_TOPIC, [Ref(TOPIC)], NoValue),
    )


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
            AlarmActions=If(HAS_TOPIC, [Ref(TOPIC)], NoValue),
            **properties,
        )
    )
