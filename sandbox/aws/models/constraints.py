"""What the models of AWS's APIs forbid and botocore's clients do not check: ranges, lengths, patterns and values. Pure.

The services check these constraints of their models before anything else ("Common errors" in each API reference:
ValidationError, "The input fails to satisfy the constraints specified by an AWS service"). A pattern in a model is one
of Java's regular expressions for the whole value. One that Python cannot read is left out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
