"""What services refuse of a resource beyond their models: ranges, lists, and rules between fields. Pure.

A template's numbers may be texts, because parameters are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# "SetQueueAttributes" (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
_OF_QUEUES: Final = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
# "Lambda quotas" (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). The model allows what
# Lambda Managed Instances allow.
_OF_FUNCTIONS: Final = {"MemorySize": (128, 10_240), "Timeout": (1, 900)}
# "PutRetentionPolicy"
# (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html).
_RETENTIONS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1_096, 1_827, 2_192, 2_557, 2_922, 3_288, 3_653),
)
# "PutMetricAlarm" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html).
_SHORT_PERIODS: Final = (10, 20, 30)
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def _number(value: object) -> float | None:
    """The number that a template has, or None for what is not known before the deployment."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None


def _of_ranges(ranges: Mapping[str, tuple[int, int]], properties: Mapping[str, Any]) -> Iterator[str]:
    for name, (least, most) in ranges.items():
        value = _number(properties.get(name))
        if value is not None and not least <= value <= most:
            yield f"{name} is {value:g}, and must be from {least} to {most}"


def _of_queue(properties: Mapping[str, Any]) -> Iterator[str]:
    yield from _of_ranges(_OF_QUEUES, properties)


def _of_function(properties: Mapping[str, Any]) -> Iterator[str]:
    if "CapacityProviderConfig" not in properties:
        yield from _of_ranges(_OF_FUNCTIONS, properties)


def _of_log_group(properties: Mapping[str, Any]) -> Iterator[str]:
    days = _number(properties.get("RetentionInDays"))
    if days is not None and days not in _RETENTIONS:
        yield f"RetentionInDays is {days:g}, and must be one of {', '.join(map(str, _RETENTIONS))}"


def _of_alarm(properties: Mapping[str, Any]) -> Iterator[str]:
    period, periods, breaching = (
        _number(properties.get(name)) for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm")
    )
    if period is not None and period not in _SHORT_PERIODS and period % _MINUTE:
        yield "the period of an alarm is 10, 20, 30 or any multiple of 60 seconds"
    if period is not None and periods is not None:
        most = _DAY if period < _HOUR else 7 * _DAY
        if period * periods > most:
            yield f"Period times EvaluationPeriods is {period * periods:g} seconds, and must be at most {most}"
    if breaching is not None and periods is not None and breaching > periods:
        yield "DatapointsToAlarm must not be more than EvaluationPeriods"


def _of_rule(properties: Mapping[str, Any]) -> Iterator[str]:
    """As of "PutRule" (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html)."""
    if not properties.keys() & {"EventPattern", "ScheduleExpression"}:
        yield "a rule needs an EventPattern or a ScheduleExpression"
    if "ScheduleExpression" in properties and properties.get("EventBusName", "default") != "default":
        yield "ScheduleExpression is supported only on the default event bus"


def _of_table(properties: Mapping[str, Any]) -> Iterator[str]:
    """As of "CreateTable" (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html)."""
    indexes = [*properties.get("GlobalSecondaryIndexes", ()), *properties.get("LocalSecondaryIndexes", ())]
    schemas = [schema for each in (properties, *indexes) if (schema := each.get("KeySchema"))]
    used = {key.get("AttributeName") for schema in schemas for key in schema}
    defined = {each.get("AttributeName") for each in properties.get("AttributeDefinitions", ())}
    for schema in schemas:
        if [key.get("KeyType") for key in schema] not in (["HASH"], ["HASH", "RANGE"]):
            yield "a KeySchema is one HASH key, or a HASH key and a RANGE key after it"
    if used != defined:
        yield f"the keys are {sorted(map(str, used))}, and AttributeDefinitions has {sorted(map(str, defined))}"
    on_demand = properties.get("BillingMode") == "PAY_PER_REQUEST"
    if on_demand == ("ProvisionedThroughput" in properties):
        yield "ProvisionedThroughput is for the BillingMode PROVISIONED only, which needs it"


RULES: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[str]]]] = {
    "AWS::CloudWatch::Alarm": _of_alarm,
    "AWS::DynamoDB::Table": _of_table,
    "AWS::Events::Rule": _of_rule,
    "AWS::Lambda::Function": _of_function,
    "AWS::Logs::LogGroup": _of_log_group,
    "AWS::SQS::Queue": _of_queue,
}
