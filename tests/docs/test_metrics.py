"""The catalog of metrics is what the functions write and what alarms watch."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.reference.metrics.of_health import OF_AWS
from orgdns.reference.metrics.page import METRICS
from tests.docs.pages import page
from tests.support.generated import of_type
from tests.support.reference.counted import counted
from tests.support.reference.sources import calls_outside_functions


def watched() -> dict[tuple[str, str], set[str]]:
    """The alarms of the committed hub template, without the prefix, by the namespace and metric that they watch."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for alarm in of_type("hub", "AWS::CloudWatch::Alarm").values():
        name = NAMES.within(alarm["AlarmName"])
        queries = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query]
        for metric in queries or [alarm]:
            found[metric["Namespace"], metric["MetricName"]].add(name)
    return found


def dimensions(namespace: str, name: str) -> set[str]:
    """The dimensions by which alarms watch a metric."""
    alarms: list[dict[str, Any]] = list(of_type("hub", "AWS::CloudWatch::Alarm").values())
    metrics = [
        query["MetricStat"]["Metric"] for each in alarms for query in each.get("Metrics", ()) if "MetricStat" in query
    ]
    metrics += [each for each in alarms if "Namespace" in each]
    of_this = [each for each in metrics if (each["Namespace"], each["MetricName"]) == (namespace, name)]
    return {dimension["Name"] for each in of_this for dimension in each["Dimensions"]}


def test_each_metric_is_in_the_catalog_and_nothing_else() -> None:
    """The sources write the metrics of the catalog: names, units, dimensions, and the functions that write them."""
    listed = {
        (metric.name, metric.unit, names): frozenset(metric.functions)
        for metric in METRICS
        for names in metric.dimensions
    }
    assert counted() == listed
    assert calls_outside_functions() == 0


def test_each_name_is_listed_once() -> None:
    """No metric has two rows."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_each_alarm_watches_a_metric_of_the_catalog() -> None:
    """The catalog has the alarms that the hub template has, each with its metric."""
    listed = {(NAMES.metrics_namespace, metric.name): {metric.alarm} for metric in METRICS if metric.alarm}
    listed |= {(each.namespace, each.name): set(each.alarms) for each in OF_AWS}
    assert watched() == listed


def test_alarms_watch_what_is_written() -> None:
    """An alarm on a metric of orgdns watches dimensions with which the metric is written; those of AWS have one."""
    for metric in METRICS:
        if metric.alarm:
            assert dimensions(NAMES.metrics_namespace, metric.name) in [set(names) for names in metric.dimensions]
    for each in OF_AWS:
        assert dimensions(each.namespace, each.name) == {each.dimension}


def test_the_page_has_each_metric() -> None:
    """The committed page has a row for each."""
    text = page("docs/metrics.md")
    names = [*(metric.name for metric in METRICS), *(each.name for each in OF_AWS)]
    assert [name for name in names if f"\n| `{name}` | " not in text] == []
