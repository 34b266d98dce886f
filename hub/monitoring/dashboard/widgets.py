"""The widgets of a dashboard as values, and what CloudWatch reads of them. Pure.

"Dashboard Body Structure and Syntax"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). Texts may
have references for `Fn::Sub`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.runtime import contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLUMNS: Final = 24
# In units of the dashboard's grid.
_HEIGHT: Final = 6
# Seconds.
SHORT: Final = 300
HOUR: Final = 3_600
_REGION: Final = "${AWS::Region}"
_ORGDNS: Final = (("service", contract.SERVICE),)


@dataclass(frozen=True, slots=True)
class Line:
    """A metric in a graph, by default one that the functions write, with their only dimension.

    Attributes:
        metric: The name of the metric.
        label: What the graph calls it.
        statistic: The statistic of each period.
        namespace: The namespace of the metric, or empty for that of the functions.
        dimensions: All dimensions of the metric.
        name: What expressions call it. A metric that they use is not shown itself.
        right: Whether its scale is the one on the right.
    """

    metric: str
    label: str
    statistic: str = "Sum"
    namespace: str = ""
    dimensions: tuple[tuple[str, str], ...] = _ORGDNS
    name: str = ""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """A line that is computed from others, or found by a search."""

    expression: str
    label: str


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line in a graph."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Lines over time. The period is in seconds, and `unit` is written beside the scale on the left."""

    title: str
    unit: str
    lines: tuple[Line | Expression, ...]
    width: int
    levels: tuple[Level, ...] = ()
    period: int = SHORT
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True)
class Note:
    """A text in Markdown."""

    markdown: str
    width: int = COLUMNS
    height: int = 1


@dataclass(frozen=True, slots=True)
class AlarmStates:
    """The states of alarms, which are named by their logical ids. Those that fire come first."""

    title: str
    alarms: tuple[str, ...]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LogTable:
    """What a query of CloudWatch Logs Insights finds in a log group."""

    title: str
    log_group: str
    query: str
    width: int
    height: int = _HEIGHT


Widget = Graph | Note | AlarmStates | LogTable
Row = tuple[Widget, ...]


def of_function(function: str, metric: str, label: str, statistic: str = "Sum", *, right: bool = False) -> Line:
    """A metric of a Lambda function."""
    return Line(metric, label, statistic, "AWS/Lambda", (("FunctionName", function),), right=right)


def runs(function: str, width: int) -> Graph:
    """How often a function runs, fails and is throttled."""
    lines = (("Invocations", "runs"), ("Errors", "failed"), ("Throttles", "throttled"))
    title = function.rpartition("-")[2].capitalize()
    return Graph(title, "runs", tuple(of_function(function, *line) for line in lines), width)


def queue(title: str, name: str, width: int) -> Graph:
    """How many messages come into a queue, and how long the oldest one waits."""
    of_queue = (("QueueName", name),)
    sent = Line("NumberOfMessagesSent", "messages", "Sum", "AWS/SQS", of_queue)
    age = Line("ApproximateAgeOfOldestMessage", "oldest (seconds)", "Maximum", "AWS/SQS", of_queue, right=True)
    return Graph(title, "messages", (sent, age), width)


def counts(*lines: tuple[str, str]) -> tuple[Line, ...]:
    """Metrics that the functions count, each with its label."""
    return tuple(Line(metric, label) for metric, label in lines)


def states(*lines: tuple[str, str]) -> tuple[Line, ...]:
    """Metrics of how many spokes or zones need something, each with its label: each run of the schedule counts them."""
    return tuple(Line(metric, label, "Maximum") for metric, label in lines)


def body(rows: Iterable[Row], namespace: str) -> str:
    """The body of a dashboard: a line for each widget, so that changes are readable.

    `namespace` is that of the metrics which the functions write.
    """
    shown = [json.dumps(widget, separators=(",", ":")) for widget in _placed(rows, namespace)]
    # The periods stay those of the widgets, whatever time range is chosen: their titles and levels depend on them.
    return '{"periodOverride":"inherit","widgets":[\n' + ",\n".join(shown) + "\n]}\n"


def _placed(rows: Iterable[Row], namespace: str) -> Iterator[dict[str, Any]]:
    """Yield the widgets, each with its place: rows from top to bottom, widgets from left to right."""
    y = 0
    for row in rows:
        x = 0
        for widget in row:
            kind, properties = _content(widget, namespace)
            place = {"x": x, "y": y, "width": widget.width, "height": widget.height}
            yield {"type": kind, **place, "properties": properties}
            x += widget.width
        y += max(widget.height for widget in row)


def _content(widget: Widget, namespace: str) -> tuple[str, dict[str, Any]]:
    """The type of a widget, and its properties."""
    match widget:
        case Note():
            return "text", {"markdown": widget.markdown, "background": "transparent"}
        case AlarmStates():
            alarms = [f"${{{title}.Arn}}" for title in widget.alarms]
            return "alarm", {"title": widget.title, "sortBy": "stateUpdatedTimestamp", "alarms": alarms}
        case LogTable():
            query = f"SOURCE '{widget.log_group}' | {widget.query}"
            return "log", {"title": widget.title, "region": _REGION, "view": "table", "query": query}
        case Graph():
            return "metric", _graph(widget, namespace)


def _graph(graph: Graph, namespace: str) -> dict[str, Any]:
    left = {"label": graph.unit, "min": 0, "showUnits": False}
    right = {"right": {"min": 0, "showUnits": False}} if _uses_right(graph.lines) else {}
    levels = [{"value": level.value, "label": level.label} for level in graph.levels]
    return {
        "title": graph.title,
        "region": _REGION,
        "view": "timeSeries",
        "period": graph.period,
        "yAxis": {"left": left} | right,
        **({"annotations": {"horizontal": levels}} if levels else {}),
        "metrics": [_line(line, namespace) for line in graph.lines],
    }


def _uses_right(lines: Sequence[Line | Expression]) -> bool:
    return any(isinstance(line, Line) and line.right for line in lines)


def _line(line: Line | Expression, namespace: str) -> list[Any]:
    if isinstance(line, Expression):
        return [{"expression": line.expression, "label": line.label}]
    rendering: dict[str, Any] = {"label": line.label, "stat": line.statistic}
    if line.name:
        rendering |= {"id": line.name, "visible": False}
    if line.right:
        rendering["yAxis"] = "right"
    return [
        line.namespace or namespace,
        line.metric,
        *(part for dimension in line.dimensions for part in dimension),
        rendering,
    ]
