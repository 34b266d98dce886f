"""What services refuse of a call or of a resource: by their API's model, and beyond it. Pure.

The services check the constraints of their models before anything else ("Common errors" in each API reference:
ValidationError, "The input fails to satisfy the constraints specified by an AWS service"), and botocore's clients do
not: ranges, lengths, patterns and values. A pattern in a model is one of Java's regular expressions for the whole
value. One that Python cannot read is left out. The rules between fields, and what a model allows in other cases only,
follow below. A template's numbers may be texts, because parameters are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Shapes whose values the service does not compare with the model, with the reason.
EXCEPTIONS: Final[Mapping[tuple[str, str], str]] = {
    ("s3", "BucketLocationConstraint"): "S3 knows regions that are newer than the list in its model",
}
# The error code of each service for such a request: from its API reference ("Common errors", or the errors of the
# operations), and from what clients report of Organizations (github.com/boto/boto3/issues/4565), CloudWatch Logs
# (github.com/awslabs/aws-embedded-metrics-java/issues/65) and Route 53
# (github.com/crossplane-contrib/provider-aws/issues/1826). All others answer as most do: reported, for example, of
# Lambda (github.com/hashicorp/terraform-provider-aws/issues/23310) and Profiles (.../issues/39793).
_CODES: Final = {
    "cloudformation": "ValidationError",
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "organizations": "InvalidInputException",
    "ram": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "InvalidArgument",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
_CODE: Final = "ValidationException"
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# A shape of botocore, which this module only reads.
Shape = Any


def error_code(service: str) -> str:
    """The code of the error with which a service refuses what its model forbids."""
    return _CODES.get(service, _CODE)


def violations(service: str, shape: Shape, value: object, place: str = "") -> Iterator[str]:
    """What the model of a shape forbids about a value, worded as AWS words it.

    A value that is a function of CloudFormation, known only at the deployment, must be left out by the caller.
    """
    if (service, shape.name) in EXCEPTIONS:
        return
    for constraint in _broken(shape, value):
        yield f"Value '{value}' at '{place}' failed to satisfy constraint: Member must {constraint}"
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in shape.required_members:
            if name not in value:
                where = f"{place}.{name}".lstrip(".")
                yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"
    for inner_shape, inner, where in _parts(shape, value, place):
        yield from violations(service, inner_shape, inner, where)


def _parts(shape: Shape, value: object, place: str) -> Iterator[tuple[Shape, object, str]]:
    """What a value contains, each with its shape and its place."""
    match shape.type_name, value:
        case "structure", dict():
            for name, inner in value.items():
                if name in shape.members:
                    yield shape.members[name], inner, f"{place}.{name}".lstrip(".")
        case "list", list() | tuple():
            for number, inner in enumerate(value, 1):
                yield shape.member, inner, f"{place}.{number}.member"
        case "map", dict():
            for key, inner in value.items():
                yield shape.key, key, f"{place}.key"
                yield shape.value, inner, f"{place}.{key}"


def _broken(shape: Shape, value: object) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in _NUMBERS:
        yield from _out_of_range(least, most, value)
    elif isinstance(value, str | list | tuple | dict) and shape.type_name in {"string", "list", "map"}:
        if least is not None and len(value) < least:
            yield f"have length greater than or equal to {least}"
        if most is not None and len(value) > most:
            yield f"have length less than or equal to {most}"
    if shape.type_name == "string" and isinstance(value, str):
        if shape.enum and value not in shape.enum:
            yield f"satisfy enum value set: [{', '.join(shape.enum)}]"
        pattern = shape.metadata.get("pattern")
        compiled = _compiled(pattern) if pattern else None
        if compiled and not compiled.fullmatch(value):
            yield f"satisfy regular expression pattern: {pattern}"


def _out_of_range(least: float | None, most: float | None, value: object) -> Iterator[str]:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        # The value of a parameter of a template.
        value = float(value)
    if isinstance(value, int | float):
        if least is not None and value < least:
            yield f"have value greater than or equal to {least}"
        if most is not None and value > most:
            yield f"have value less than or equal to {most}"


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


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
