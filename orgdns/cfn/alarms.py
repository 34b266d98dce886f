"""The topic that alarms notify, and the alarm on a queue that should be empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension

if TYPE_CHECKING:
    from troposphere.sqs import Queue

_TOPIC: Final = "AlarmTopicArn"
_HAS_TOPIC: Final = "HasAlarmTopic"
# Seconds.
PERIOD: Final = 5 * 60


def add_alarm_topic(template: Template, group: str) -> None:
    """Add the parameter for the topic that alarms are sent to, in a group of parameters; without it they only show."""
    topic = template.add_parameter(
        Parameter(
            _TOPIC,
            Type="String",
            Default="",
            Description="SNS topic, in the hub region, that is told of alarms. Empty: alarms show in CloudWatch alone.",
            AllowedPattern=r"^$|^arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
            ConstraintDescription="must be empty or the ARN of a standard SNS topic",
        )
    )
    template.add_parameter_to_group(topic, group)
    template.add_condition(_HAS_TOPIC, Not(Equals(Ref(topic), "")))


def alarm_actions() -> If:
    """An alarm's actions: the topic, if the stack was given one."""
    return If(_HAS_TOPIC, [Ref(_TOPIC)], NoValue)


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
        AlarmActions=alarm_actions(),
    )
