"""The SNS topic that alarms notify, and the alarm on a dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Equals, GetAtt, If, Not, NoValue, Parameter, Ref, Template
from troposphere.cloudwatch import Alarm, MetricDimension

if TYPE_CHECKING:
    from troposphere.sqs import Queue

    from hub.runtime.installation import Names

ALARM_TOPIC: Final = "AlarmTopicArn"
_HAS_TOPIC: Final = "HasAlarmTopic"
# Seconds.
PERIOD: Final = 5 * 60


def add_alarm_topic(template: Template, group: str) -> None:
    """Add the parameter for the topic to a group of parameters. Without a topic, alarms show in CloudWatch only."""
    topic = template.add_parameter(
        Parameter(
            ALARM_TOPIC,
            Type="String",
            Default="",
            Description="SNS topic in the hub region to notify of alarms. If empty, alarms show in CloudWatch only.",
            AllowedPattern=r"^$|^arn:aws[a-z-]*:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
            ConstraintDescription="must be empty or the ARN of a standard SNS topic",
        )
    )
    template.add_parameter_to_group(topic, group)
    template.add_condition(_HAS_TOPIC, Not(Equals(Ref(topic), "")))


def alarm_actions() -> If:
    """The actions of an alarm: notify the topic, if the stack has one."""
    return If(_HAS_TOPIC, [Ref(ALARM_TOPIC)], NoValue)


def described(name: str, trouble: str) -> str:
    """The description of an alarm: what it means, and the page that says what to do."""
    return f"{trouble} See docs/runbook/{name}.md."


def dead_letter_alarm(names: Names, dead_letters: Queue, failures: str) -> Alarm:
    """The alarm on a dead-letter queue, active while the queue has a message.

    It watches the number of visible messages, because SQS does not count a message that it moves itself as sent
    ("Creating alarms for dead-letter queues using Amazon CloudWatch",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html).
    SQS reports nothing for a queue that was idle for hours, so missing data is fine ("Available CloudWatch metrics for
    Amazon SQS",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
    """
    return Alarm(
        f"{dead_letters.title}Alarm",
        AlarmName=dead_letters.QueueName,
        AlarmDescription=described(names.within(dead_letters.QueueName), f"{failures} Run orgdns dead-letters."),
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[MetricDimension(Name="QueueName", Value=GetAtt(dead_letters, "QueueName"))],
        Statistic="Maximum",
        Period=PERIOD,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=alarm_actions(),
    )
