"""Alarms on what AWS reports of functions, stream and queues, and on the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import GetAtt
from troposphere.cloudwatch import Alarm, Metric, MetricDataQuery, MetricDimension, MetricStat

from hub.runtime import contract
from orgdns.cfn.alarms import PERIOD, alarm_actions, described
from orgdns.cfn.worker import queues_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import Template
    from troposphere.sqs import Queue

    from hub.runtime.installation import Names
    from orgdns.cfn.worker import Worker
    from orgdns.config.load import Config

# Seconds. The historian gathers changes for five minutes. The stream loses what it did not keep in 24 hours.
_HISTORY_SECONDS: Final = 7_200
# Seconds. A change of the ledger waits for seconds, in a burst of a hundred thousand names for half an hour in the
# backlog, and not in the stream.
_STREAM_SECONDS: Final = 600
_COUNTED_RECEIVES: Final = 3
# Seconds for which a message may be delayed (API Reference, SendMessage).
_LONGEST_DELAY: Final = 900
# A month's allowance of late names is gone in two days.
_BURN_RATE: Final = 14.4
_MOST_LATE: Final = 0.9
_FEW_LATE: Final = 5


def add_service_alarms(template: Template, config: Config, workers: Sequence[Worker]) -> None:
    """Add the alarms on what AWS reports of the functions, the stream and the queues, and on the objective."""
    names, functions = config.names, [worker.function for worker in workers]
    for alarm in (
        _of_functions(names, "Errors", "functions-failing", "A function fails again and again.", functions),
        _of_functions(names, "Throttles", "functions-throttled", "Lambda does not start a function.", functions),
        _stream_behind(names),
        *([_history_behind(names)] if config.history.days else []),
        *(_queue_waits(names, queue) for worker in workers for queue in queues_of(worker)),
        _objective(config),
    ):
        template.add_resource(alarm)


def _of_functions(names: Names, metric: str, name: str, trouble: str, functions: Sequence[str]) -> Alarm:
    """The alarm on a metric of all functions together: one that comes again for a quarter of an hour.

    A failed run is repeated, and a function that starts may be throttled for a moment. Neither needs anybody.
    """
    found = [
        MetricDataQuery(
            Id=f"m{number}",
            ReturnData=False,
            MetricStat=MetricStat(
                Metric=Metric(
                    Namespace="AWS/Lambda",
                    MetricName=metric,
                    Dimensions=[MetricDimension(Name="FunctionName", Value=function)],
                ),
                Period=PERIOD,
                Stat="Sum",
            ),
        )
        for number, function in enumerate(functions)
    ]
    total = " + ".join(f"FILL({query.Id}, 0)" for query in found)
    return Alarm(
        f"Functions{metric}Alarm",
        AlarmName=names.of(name),
        AlarmDescription=described(name, f"{trouble} Read the functions' logs, and run orgdns status."),
        Metrics=[*found, MetricDataQuery(Id="total", Expression=total, Label=metric, ReturnData=True)],
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=3,
        TreatMissingData="notBreaching",
        AlarmActions=alarm_actions(),
    )


def _stream_behind(names: Names) -> Alarm:
    """The alarm on the age of the ledger's changes that the publisher handles: of the shard that is furthest behind."""
    trouble = "Changes of the ledger wait for the publisher. Run orgdns status."
    return _behind("StreamBehindAlarm", names, "stream-behind", trouble, names.publisher_function, _STREAM_SECONDS)


def _history_behind(names: Names) -> Alarm:
    """The same of the changes that the historian handles, long before the stream loses them."""
    trouble = "Changes of names are not kept, and are lost after a day. Run orgdns status."
    return _behind("HistoryBehindAlarm", names, "history-behind", trouble, names.historian_function, _HISTORY_SECONDS)


def _behind(title: str, names: Names, name: str, trouble: str, function: str, seconds: int) -> Alarm:
    return Alarm(
        title,
        AlarmName=names.of(name),
        AlarmDescription=described(name, trouble),
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[MetricDimension(Name="FunctionName", Value=function)],
        Statistic="Maximum",
        Period=PERIOD,
        # Milliseconds.
        Threshold=1_000 * seconds,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        TreatMissingData="notBreaching",
        AlarmActions=alarm_actions(),
    )


def _queue_waits(names: Names, queue: Queue) -> Alarm:
    """The alarm on the age of the oldest message of a queue.

    A message that fails comes again after the visibility timeout, and counts until it was received three times
    ("Available CloudWatch metrics for Amazon SQS",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html).
    So only a message that nobody receives becomes older than that.
    """
    seconds = _COUNTED_RECEIVES * queue.VisibilityTimeout + _LONGEST_DELAY
    name = f"{names.within(queue.QueueName)}-waiting"
    return Alarm(
        f"{queue.title}WaitingAlarm",
        AlarmName=names.of(name),
        AlarmDescription=described(
            name, f"Messages wait in the queue for more than {seconds // 60} minutes. Run orgdns status."
        ),
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[MetricDimension(Name="QueueName", Value=GetAtt(queue, "QueueName"))],
        Statistic="Maximum",
        Period=PERIOD,
        Threshold=seconds,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=2,
        TreatMissingData="notBreaching",
        AlarmActions=alarm_actions(),
    )


def burning_share(config: Config) -> float:
    """The share of late names in an hour from which on the alarm on the objective is in ALARM."""
    return round(min(_BURN_RATE * (1 - config.objective.share), _MOST_LATE), 4)


def _objective(config: Config) -> Alarm:
    """The alarm on the objective: in an hour, so many names were late that a month's allowance would last two days.

    "Alerting on SLOs" (https://sre.google/workbook/alerting-on-slos/) explains the burn rate. Few late names are none.
    """
    name = "objective"
    measured = [
        MetricDataQuery(
            Id=query,
            ReturnData=False,
            MetricStat=MetricStat(
                Metric=Metric(
                    Namespace=config.names.metrics_namespace,
                    MetricName=metric,
                    Dimensions=[MetricDimension(Name="service", Value=contract.SERVICE)],
                ),
                Period=3_600,
                Stat="Sum",
            ),
        )
        for query, metric in (("late", "NamesLate"), ("ontime", "NamesInTime"))
    ]
    # Without FILL, an hour without names would leave the alarm as it is.
    share = f"IF(FILL(late, 0) >= {_FEW_LATE}, FILL(late, 0) / (FILL(late, 0) + FILL(ontime, 0)), 0)"
    return Alarm(
        "ObjectiveAlarm",
        AlarmName=config.names.of(name),
        AlarmDescription=described(
            name, f"Too many names take longer than {config.objective.seconds} seconds (objective). Run orgdns status."
        ),
        Metrics=[*measured, MetricDataQuery(Id="share", Expression=share, Label="late", ReturnData=True)],
        Threshold=burning_share(config),
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
        AlarmActions=alarm_actions(),
    )
