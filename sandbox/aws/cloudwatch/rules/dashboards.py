"""What CloudWatch accepts as the body of a dashboard. Pure.

"Dashboard Body Structure and Syntax"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). CloudWatch
accepts some faults with a warning, and does not document which. Here each fault is an error. Variables, and widgets of
the metrics explorer, are not modeled.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudwatch.metrics import is_modeled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    # A check of a value: whether it is as documented.
    Check = Callable[[object], bool]

Json = dict[str, Any]

_MAX_WIDGETS: Final = 500
_MAX_METRICS: Final = 500
_MAX_ALARMS: Final = 100
_COLUMNS: Final = 24
_MAX_HEIGHT: Final = 1000
_ALARM: Final = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.{1,255}")
_ID: Final = re.compile(r"[a-z][A-Za-z0-9_]*")
_COLOR: Final = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_TIMEZONE: Final = re.compile(r"[+-][0-9]{4}")
_SOURCE: Final = re.compile(r"\s*SOURCE\s+'[^']+'(?:\s*\|\s*SOURCE\s+'[^']+')*\s*\|.+", re.DOTALL)


class DashboardRefused(ValueError):
    """The body of a dashboard that CloudWatch refuses, or that is not modeled. The message says where and why."""


def _text(value: object) -> bool:
    return isinstance(value, str)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _array(value: object) -> bool:
    return isinstance(value, list)


def _period(value: object) -> bool:
    return _within(60)(value) and isinstance(value, int) and value % 60 == 0


def _statistic(value: object) -> bool:
    return isinstance(value, str) and is_modeled(value)


def _within(least: int, most: float = float("inf")) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _one_of(*values: str) -> Check:
    return lambda value: value in values


def _like(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _list(of: Check, least: int, most: int) -> Check:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(of, value))


_DASHBOARD: Final[Mapping[str, Check]] = {
    "widgets": _list(_object, 0, _MAX_WIDGETS),
    "start": _text,
    "end": _text,
    "periodOverride": _one_of("auto", "inherit"),
}
_WIDGET: Final[Mapping[str, Check]] = {
    "type": _one_of("metric", "text", "log", "alarm"),
    "x": _within(0, _COLUMNS - 1),
    "y": _within(0),
    "width": _within(1, _COLUMNS),
    "height": _within(1, _MAX_HEIGHT),
    "properties": _object,
}
_TEXT: Final[Mapping[str, Check]] = {"markdown": _text, "background": _one_of("solid", "transparent")}
_LOG: Final[Mapping[str, Check]] = {
    "accountId": _text,
    "region": _text,
    "title": _text,
    "query": _like(_SOURCE),
    "view": _one_of("table", "timeSeries", "bar", "pie"),
}
_ALARMS: Final[Mapping[str, Check]] = {
    "alarms": _list(_like(_ALARM), 1, _MAX_ALARMS),
    "sortBy": _one_of("default", "stateUpdatedTimestamp", "timestamp"),
    "states": _list(_one_of("ALARM", "INSUFFICIENT_DATA", "OK"), 0, 3),
    "title": _text,
}
_METRIC: Final[Mapping[str, Check]] = {
    "accountId": _text,
    "annotations": _object,
    "legend": _object,
    "liveData": _flag,
    "metrics": _list(_array, 0, _MAX_METRICS),
    "period": _period,
    "region": _text,
    "sparkline": _flag,
    "stacked": _flag,
    "stat": _statistic,
    "timezone": _like(_TIMEZONE),
    "title": _text,
    "view": _one_of("timeSeries", "singleValue", "gauge", "bar", "pie", "table"),
    "yAxis": _object,
}
_RENDERING: Final[Mapping[str, Check]] = {
    "accountId": _text,
    "color": _like(_COLOR),
    "id": _like(_ID),
    "label": _text,
    "period": _period,
    "region": _text,
    "stat": _statistic,
    "visible": _flag,
    "yAxis": _one_of("left", "right"),
}
_EXPRESSION: Final[Mapping[str, Check]] = {**_RENDERING, "expression": _text}
_LEGEND: Final[Mapping[str, Check]] = {"position": _one_of("right", "bottom", "hidden")}
_ANNOTATIONS: Final[Mapping[str, Check]] = {
    "alarms": _list(_like(_ALARM), 1, 1),
    "horizontal": _list(_object, 0, _MAX_METRICS),
}
_HORIZONTAL: Final[Mapping[str, Check]] = {
    "value": _number,
    "label": _text,
    "color": _like(_COLOR),
    "fill": _one_of("above", "below", "none"),
    "visible": _flag,
    "yAxis": _one_of("left", "right"),
}
_AXES: Final[Mapping[str, Check]] = {"left": _object, "right": _object}
_AXIS: Final[Mapping[str, Check]] = {"label": _text, "min": _number, "max": _number, "showUnits": _flag}


def check_dashboard(body: str) -> None:
    """Check the body of a dashboard.

    Raises:
        DashboardRefused: at the first fault.
    """
    try:
        root = json.loads(body)
    except ValueError as malformed:
        raise DashboardRefused(f"the DashboardBody is not JSON: {malformed}") from malformed
    _check(root, "the dashboard", _DASHBOARD, ("widgets",))
    if "end" in root and "start" not in root:
        raise DashboardRefused("the dashboard has an end, and no start")
    for number, widget in enumerate(root["widgets"]):
        _check_widget(widget, f"widgets[{number}]")


def _check_widget(widget: object, place: str) -> None:
    _check(widget, place, _WIDGET, ("type", "properties"))
    assert isinstance(widget, dict)
    if ("x" in widget) != ("y" in widget):
        raise DashboardRefused(f"{place}: x and y belong together")
    if widget.get("x", 0) + widget.get("width", 6) > _COLUMNS:
        raise DashboardRefused(f"{place}: the widget is wider than the {_COLUMNS} columns")
    properties, kind = widget["properties"], widget["type"]
    place = f"{place}.properties"
    match kind:
        case "text":
            _check(properties, place, _TEXT, ("markdown",))
        case "log":
            _check(properties, place, _LOG, ("region", "query"))
        case "alarm":
            _check(properties, place, _ALARMS, ("alarms",))
        case "metric":
            _check_metrics(properties, place)


def _check_metrics(properties: Json, place: str) -> None:
    _check(properties, place, _METRIC, ("region",))
    annotations = properties.get("annotations", {})
    if ("metrics" in properties) == ("alarms" in annotations):
        raise DashboardRefused(f"{place}: a metric widget has metrics, or the annotation of an alarm, and not both")
    _check(annotations, f"{place}.annotations", _ANNOTATIONS)
    for number, line in enumerate(annotations.get("horizontal", ())):
        _check(line, f"{place}.annotations.horizontal[{number}]", _HORIZONTAL, ("value",))
    _check(properties.get("yAxis", {}), f"{place}.yAxis", _AXES)
    for side, axis in properties.get("yAxis", {}).items():
        _check(axis, f"{place}.yAxis.{side}", _AXIS)
    if properties.get("view") == "gauge" and not {"min", "max"} <= properties.get("yAxis", {}).get("left", {}).keys():
        raise DashboardRefused(f"{place}: a gauge needs min and max of the left yAxis")
    _check(properties.get("legend", {}), f"{place}.legend", _LEGEND)
    previous: list[str] = []
    ids: set[str] = set()
    for number, metric in enumerate(properties.get("metrics", ())):
        previous = _check_metric(metric, f"{place}.metrics[{number}]", previous, ids)


def _check_metric(metric: list[object], place: str, previous: list[str], ids: set[str]) -> list[str]:
    """Check a metric or an expression; the metric's parts, with those that it takes from the previous one."""
    if not metric:
        raise DashboardRefused(f"{place}: a metric is an array with a namespace and a name, or with an expression")
    rendering: Json = metric[-1] if isinstance(metric[-1], dict) else {}
    parts = metric[:-1] if rendering else metric
    if parts:
        _check(rendering, place, _RENDERING)
    else:
        _check(rendering, place, _EXPRESSION, ("expression",))
    if (name := rendering.get("id")) in ids:
        raise DashboardRefused(f"{place}: the id {name} is there twice")
    ids |= {name} if name else set()
    if not parts:
        return previous
    if len(parts) % 2:
        raise DashboardRefused(f"{place}: a metric has a namespace, a name, and pairs of dimensions")
    full = []
    for index, part in enumerate(parts):
        if not isinstance(part, str) or not part:
            raise DashboardRefused(f"{place}: the parts of a metric are texts")
        if part == "." and index >= len(previous):
            raise DashboardRefused(f"{place}: nothing before it says what '.' stands for")
        full.append(previous[index] if part == "." else part)
    return full


def _check(value: object, place: str, known: Mapping[str, Check], needed: Collection[str] = ()) -> None:
    """Check that a value is an object with members of the documented form, and no others."""
    if not isinstance(value, dict):
        raise DashboardRefused(f"{place} is not an object")
    if unknown := sorted(value.keys() - known.keys()):
        raise DashboardRefused(f"{place} has members that are unknown, or not modeled: {unknown}")
    if missing := sorted(set(needed) - value.keys()):
        raise DashboardRefused(f"{place} needs {missing}")
    for name, member in value.items():
        if not known[name](member):
            raise DashboardRefused(f"{place}.{name} is not as documented: {json.dumps(member)[:100]}")
