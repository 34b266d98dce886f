"""Extracts metrics from log lines in the embedded metric format. Pure.

"Specification: Embedded metric format"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudwatch.metrics import NO_UNIT, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_METADATA: Final = "_aws"
_MAX_METRICS: Final = 100
_MAX_VALUES: Final = 100
_MAX_DIMENSIONS: Final = 30
_MAX_NAMESPACE: Final = 255
# "MetricDatum" (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html): the unit, the
# range of values, and how old or new a value may be.
_SIZES: Final = tuple(f"{prefix}{noun}" for noun in ("bits", "bytes") for prefix in ("Kilo", "Mega", "Giga", "Tera"))
_QUANTITIES: Final = ("Bits", "Bytes", "Count", *_SIZES)
UNITS: Final = frozenset(
    {
        *("Microseconds", "Milliseconds", "Seconds", "Percent", NO_UNIT),
        *_QUANTITIES,
        *(f"{quantity}/Second" for quantity in _QUANTITIES),
    }
)
_LARGEST: Final = 2.0**360
_OLDEST_SECONDS: Final = 14 * 24 * 3600
_NEWEST_SECONDS: Final = 2 * 3600


class EmfMalformed(ValueError):
    """A line in the embedded metric format that CloudWatch cannot read. The message says why."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The values of one metric in a line, and their time."""

    metric: Metric
    values: tuple[float, ...]
    unit: str
    at: float


def extracted(line: str, now: float) -> tuple[Extracted, ...]:
    """The metrics in a line; none if the line is not in the embedded metric format.

    Each set of dimensions makes a metric of its own. A line with any fault gives no metric: AWS does not document
    whether the rest of such a line counts.

    Raises:
        EmfMalformed: if the line has metadata for CloudWatch, but not of the documented form.
    """
    if f'"{_METADATA}"' not in line:
        return ()
    try:
        root = json.loads(line)
    except ValueError:
        # Such a line is text.
        return ()
    if not isinstance(root, dict) or _METADATA not in root:
        return ()
    metadata = _member(root, _METADATA, dict)
    directives = _member(metadata, "CloudWatchMetrics", list)
    at = _number(metadata.get("Timestamp"), "Timestamp") / 1000
    if not now - _OLDEST_SECONDS <= at <= now + _NEWEST_SECONDS:
        raise EmfMalformed("Timestamp is more than two weeks old, or more than two hours in the future")
    return tuple(found for directive in directives for found in _of_directive(directive, root, at))


def _of_directive(directive: object, root: Mapping[str, Any], at: float) -> Iterator[Extracted]:
    if not isinstance(directive, dict):
        raise EmfMalformed("a MetricDirective is not an object")
    namespace = _member(directive, "Namespace", str)
    if not 0 < len(namespace) <= _MAX_NAMESPACE:
        raise EmfMalformed(f"Namespace must have 1 to {_MAX_NAMESPACE} characters")
    sets = [_dimensions(names, root) for names in _member(directive, "Dimensions", list)]
    if not sets:
        raise EmfMalformed("Dimensions has no DimensionSet, not even an empty one")
    definitions = _member(directive, "Metrics", list)
    if len(definitions) > _MAX_METRICS:
        raise EmfMalformed(f"Metrics has more than {_MAX_METRICS} definitions")
    for definition in definitions:
        if not isinstance(definition, dict):
            raise EmfMalformed("a MetricDefinition is not an object")
        name = _member(definition, "Name", str)
        values, unit = _values(root, name), definition.get("Unit", NO_UNIT)
        if not isinstance(unit, str) or unit not in UNITS:
            raise EmfMalformed(f"{unit!r} is not a unit of CloudWatch")
        if definition.get("StorageResolution", 60) != 60:  # noqa: PLR2004 - seconds, the standard resolution
            raise EmfMalformed(f"the high resolution of {name} is not modeled")
        for dimensions in sets:
            yield Extracted(Metric(namespace, name, dimensions), values, unit, at)


def _dimensions(names: object, root: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    if not isinstance(names, list) or len(names) > _MAX_DIMENSIONS:
        raise EmfMalformed(f"a DimensionSet is not a list of at most {_MAX_DIMENSIONS} names")
    found = set()
    for name in names:
        value = root.get(name) if isinstance(name, str) else None
        if not isinstance(value, str) or not value:
            raise EmfMalformed(f"the dimension {name!r} has no text on the root node")
        found.add((name, value))
    return frozenset(found)


def _values(root: Mapping[str, Any], name: str) -> tuple[float, ...]:
    target = root.get(name)
    values = target if isinstance(target, list) else [target]
    if not 0 < len(values) <= _MAX_VALUES:
        raise EmfMalformed(f"{name} must have 1 to {_MAX_VALUES} values")
    return tuple(_number(value, name) for value in values)


def _member(of: Mapping[str, Any], name: str, kind: type) -> Any:  # noqa: ANN401 - a value of that kind
    value = of.get(name)
    if not isinstance(value, kind):
        raise EmfMalformed(f"{name} is missing, or is not of the documented type")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise EmfMalformed(f"{name} is not a number")
    return float(value)
