"""The bodies of dashboards: the examples of AWS's documentation, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.rules.dashboards import DashboardRefused, check_dashboard

ALARM = "arn:aws:cloudwatch:us-east-1:012345678901:alarm:deep"


def widget(kind: str = "metric", properties: dict[str, Any] | None = None, **place: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    of_kind: dict[str, dict[str, Any]] = {
        "metric": {"metrics": [["AWS/SQS", "NumberOfMessagesSent", "QueueName", "q"]], "region": "us-east-1"},
        "text": {"markdown": "Hello"},
        "log": {"region": "us-east-1", "query": "SOURCE 'a' | SOURCE 'b' | filter x > 0\n| stats count()"},
        "alarm": {"alarms": [ALARM]},
        "explorer": {},
    }
    members = {"type": kind, "x": 0, "y": 0, "width": 6, "height": 6, **place}
    merged = {**of_kind[kind], **(properties or {})}
    members["properties"] = {name: value for name, value in merged.items() if value is not ...}
    return {name: value for name, value in members.items() if value is not ...}


def metrics(*entries: object, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any member
    return widget(properties={"metrics": list(entries), **properties})


def check(*widgets: dict[str, Any], **members: Any) -> None:  # noqa: ANN401 - any member
    check_dashboard(json.dumps({"widgets": list(widgets), **members}))


@pytest.mark.parametrize(
    "accepted",
    [
        widget("text", {"background": "transparent"}),
        widget("text", x=..., y=..., width=..., height=...),
        widget("text", x=23, y=500, width=1, height=1000),
        widget("log", {"title": "Errors", "view": "table"}),
        widget("alarm", {"title": "All", "sortBy": "timestamp", "states": ["ALARM", "INSUFFICIENT_DATA"]}),
        metrics(["AWS/EC2", "CPUUtilization"], period=300, stat="p99", view="singleValue", sparkline=True),
        metrics(
            ["AWS/EC2", "DiskReadBytes", "InstanceId", "i-1", {"id": "m1", "color": "#9467bd", "visible": False}],
            [".", ".", ".", "i-2", {"id": "m2", "yAxis": "right", "stat": "Maximum", "period": 3600}],
            [{"expression": "SUM(METRICS())", "label": "Sum", "id": "e3"}],
            stacked=True,
            legend={"position": "right"},
            liveData=False,
            timezone="+0130",
            yAxis={"left": {"min": 0, "max": 100, "label": "bytes"}, "right": {"showUnits": False}},
            annotations={"horizontal": [{"value": 20.5, "label": "Critical", "fill": "above", "visible": True}]},
        ),
        widget(properties={"metrics": ..., "annotations": {"alarms": [ALARM]}, "title": "Deep"}),
        metrics(["a", "b"], view="gauge", yAxis={"left": {"min": 0, "max": 1}}),
    ],
)
def test_documented_widgets_are_accepted(accepted: dict[str, Any]) -> None:
    """One of each kind, with the members that the documentation has."""
    check(accepted, start="-PT6H", periodOverride="inherit")


def test_dashboard_may_be_empty() -> None:
    """It needs the array of widgets, and no more."""
    check()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "the dashboard is not an object"),
        ("{}", r"the dashboard needs \['widgets'\]"),
        ('{"widgets": {}}', "the dashboard.widgets is not as documented"),
        ('{"widgets": ["text"]}', "the dashboard.widgets is not as documented"),
        ('{"widgets": [], "variables": []}', r"unknown, or not modeled: \['variables'\]"),
        ('{"widgets": [], "periodOverride": "never"}', "periodOverride is not as documented"),
        ('{"widgets": [], "end": "2026-11-02T09:00:00Z"}', "an end, and no start"),
    ],
)
def test_malformed_dashboard(body: str, message: str) -> None:
    """The message says what is wrong with the whole."""
    with pytest.raises(DashboardRefused, match=message):
        check_dashboard(body)


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (widget("explorer"), "type is not as documented"),
        (widget("text", type=...), "needs .'type'"),
        (widget("text", color="red"), "unknown, or not modeled: .'color'"),
        (widget("text", x=24), "x is not as documented"),
        (widget("text", x=19), "wider than the 24 columns"),
        (widget("text", width=25), "width is not as documented"),
        (widget("text", height=0), "height is not as documented"),
        (widget("text", height=True), "height is not as documented"),
        (widget("text", y=...), "x and y belong together"),
        (widget("text", {"markdown": ...}), "needs .'markdown'"),
        (widget("text", {"markdown": 1}), "properties.markdown is not as documented"),
        (widget("log", {"query": "fields @message"}), "query is not as documented"),
        (widget("log", {"region": ...}), "needs .'region'"),
        (widget("alarm", {"alarms": []}), "alarms is not as documented"),
        (widget("alarm", {"alarms": ["deep"]}), "alarms is not as documented"),
        (widget("alarm", {"states": ["FINE"]}), "states is not as documented"),
        (widget(properties={"region": ...}), "needs .'region'"),
        (widget(properties={"metrics": ...}), "metrics, or the annotation of an alarm"),
        (widget(properties={"annotations": {"alarms": [ALARM]}}), "and not both"),
        (widget(properties={"annotations": {"vertical": []}}), "not modeled: .'vertical'"),
        (widget(properties={"annotations": {"horizontal": [{"label": "x"}]}}), "needs .'value'"),
        (widget(properties={"annotations": {"horizontal": [{"value": "1"}]}}), "value is not as documented"),
        (widget(properties={"period": 90}), "period is not as documented"),
        (widget(properties={"stat": "Median"}), "stat is not as documented"),
        (widget(properties={"view": "table view"}), "view is not as documented"),
        (widget(properties={"view": "gauge"}), "a gauge needs min and max"),
        (widget(properties={"legend": {"position": "left"}}), "legend.position is not as documented"),
        (widget(properties={"yAxis": {"left": {"min": "0"}}}), "yAxis.left.min is not as documented"),
        (widget(properties={"yAxis": {"top": {}}}), "not modeled: .'top'"),
        (metrics("AWS/SQS"), "metrics is not as documented"),
        (metrics([]), "an array with a namespace"),
        (metrics(["AWS/SQS", "Sent", "QueueName"]), "pairs of dimensions"),
        (metrics(["AWS/SQS", 1]), "the parts of a metric are texts"),
        (metrics([".", "Sent"]), "nothing before it says"),
        (metrics(["a", "b"], [".", ".", ".", "c"]), "nothing before it says"),
        (metrics(["a", "b", {"id": "M1"}]), "id is not as documented"),
        (metrics(["a", "b", {"id": "m1"}], ["a", "c", {"id": "m1"}]), "the id m1 is there twice"),
        (metrics(["a", "b", {"expression": "m1"}]), "not modeled: .'expression'"),
        (metrics([{"label": "Sum"}]), "needs .'expression'"),
        (metrics(["a", "b", {"color": "red"}]), "color is not as documented"),
    ],
)
def test_malformed_widget(refused: dict[str, Any], message: str) -> None:
    """The message says what is wrong, and in which widget."""
    with pytest.raises(DashboardRefused, match=rf"^widgets\[1\].*{message}"):
        check(widget("text"), refused)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 30) | st.sampled_from(["metric", "text", ".", "p99"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "x", "y", "properties", "metrics", "region", "annotations"]), inner)
    ),
)


@given(JSON)
def test_any_widget_is_accepted_or_refused(anything: object) -> None:
    """No body raises anything else."""
    try:
        check_dashboard(json.dumps({"widgets": [anything]}))
    except DashboardRefused:
        return
