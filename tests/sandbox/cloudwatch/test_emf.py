"""The embedded metric format: what a line gives, and what is malformed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.cloudwatch.rules.emf import EmfMalformed, Extracted, extracted

NOW = 1_793_610_000.0


def line(directive: dict[str, Any] | None = None, **members: Any) -> str:  # noqa: ANN401 - any members
    """A line with one metric in one set of dimensions; a member that is ... is left out."""
    given = {
        "Namespace": "orgdns",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "Names", "Unit": "Count"}],
        **(directive or {}),
    }
    document = {
        "_aws": {"Timestamp": int(NOW * 1000), "CloudWatchMetrics": [without_dots(given)]},
        "service": "orgdns",
        "Names": 3,
        **members,
    }
    return json.dumps(without_dots(document))


def without_dots(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ...}


def test_line_gives_its_metric() -> None:
    """The metric has its namespace, name, dimensions and unit, and the time of the line."""
    found = Extracted(metric("orgdns", "Names", service="orgdns"), (3.0,), "Count", NOW)
    assert extracted(line(), NOW) == (found,)


def test_each_set_of_dimensions_is_a_metric() -> None:
    """A set may be empty."""
    found = extracted(line({"Dimensions": [["service"], ["service", "zone"], []]}, zone="z"), NOW)
    assert [each.metric for each in found] == [
        metric("orgdns", "Names", service="orgdns"),
        metric("orgdns", "Names", service="orgdns", zone="z"),
        metric("orgdns", "Names"),
    ]


def test_array_gives_all_its_values() -> None:
    """Powertools collects the values of a metric in an array. A metric without a unit has none."""
    (found,) = extracted(line({"Metrics": [{"Name": "Names"}]}, Names=[1, 2.5]), NOW)
    assert (found.values, found.unit) == ((1.0, 2.5), "None")


def test_directives_and_metrics_are_independent() -> None:
    """A line may have several of both, and members that belong to nobody."""
    document = json.loads(line({"Metrics": [{"Name": "Names"}, {"Name": "Zones"}]}, Zones=1, request="r"))
    other = {"Namespace": "else", "Dimensions": [[]], "Metrics": [{"Name": "Zones", "StorageResolution": 60}]}
    document["_aws"]["CloudWatchMetrics"].append(other)
    found = extracted(json.dumps(document), NOW)
    assert [(each.metric.namespace, each.metric.name) for each in found] == [
        ("orgdns", "Names"),
        ("orgdns", "Zones"),
        ("else", "Zones"),
    ]


@pytest.mark.parametrize(
    "text", ["", "plain", '{"message": "x"}', '["_aws"]', '{"message": "\\"_aws\\""}', '[INFO] {"_aws": 1}', '{"_aws"']
)
def test_other_lines_have_no_metrics(text: str) -> None:
    """A line that is not a JSON object with the metadata is text."""
    assert extracted(text, NOW) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (line(_aws=[]), "_aws is missing, or"),
        (line(_aws={"Timestamp": 1}), "CloudWatchMetrics is missing"),
        (line(_aws={"CloudWatchMetrics": []}), "Timestamp is not a number"),
        (line(_aws={"Timestamp": True, "CloudWatchMetrics": []}), "Timestamp is not a number"),
        (line(_aws={"Timestamp": (NOW + 7201) * 1000, "CloudWatchMetrics": []}), "in the future"),
        (line(_aws={"Timestamp": (NOW - 15 * 86_400) * 1000, "CloudWatchMetrics": []}), "two weeks old"),
        (line(_aws={"Timestamp": NOW * 1000, "CloudWatchMetrics": ["x"]}), "MetricDirective is not an object"),
        (line({"Namespace": ...}), "Namespace is missing"),
        (line({"Namespace": ""}), "1 to 255 characters"),
        (line({"Dimensions": []}), "no DimensionSet"),
        (line({"Dimensions": ["service"]}), "DimensionSet is not a list"),
        (line({"Dimensions": [["zone"]]}), "the dimension 'zone' has no text"),
        (line({"Dimensions": [["service"]]}, service=1), "the dimension 'service' has no text"),
        (line({"Dimensions": [[str(number) for number in range(31)]]}), "at most 30 names"),
        (line({"Metrics": ["Names"]}), "MetricDefinition is not an object"),
        (line({"Metrics": [{}]}), "Name is missing"),
        (line({"Metrics": [{"Name": "Names"}] * 101}), "more than 100 definitions"),
        (line({"Metrics": [{"Name": "Names", "Unit": "Names"}]}), "'Names' is not a unit"),
        (line({"Metrics": [{"Name": "Names", "StorageResolution": 1}]}), "high resolution of Names is not modeled"),
        (line({"Metrics": [{"Name": "Names", "Unit": ["Count"]}]}), "is not a unit"),
        (line(Names=float("nan")), "Names is not a number"),
        (line(Names=10**400), "Names is not a number"),
        (line(Names=...), "Names is not a number"),
        (line(Names="3"), "Names is not a number"),
        (line(Names=True), "Names is not a number"),
        (line(Names=[]), "1 to 100 values"),
        (line(Names=[1] * 101), "1 to 100 values"),
        (line(Names=[1, None]), "Names is not a number"),
    ],
)
def test_malformed_line(text: str, message: str) -> None:
    """What CloudWatch cannot read is named."""
    with pytest.raises(EmfMalformed, match=message):
        extracted(text, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3) | st.just(NOW * 1000),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Name", "Names", "Unit"]), inner),
)


@given(JSON, JSON, JSON, JSON)
def test_any_metadata_is_read_or_malformed(namespace: object, dimensions: object, metrics: object, at: object) -> None:
    """No line raises anything else."""
    directive = {"Namespace": namespace, "Dimensions": dimensions, "Metrics": metrics}
    document = {"_aws": {"Timestamp": at, "CloudWatchMetrics": [directive]}, "Names": 1}
    try:
        extracted(json.dumps(document), NOW)
    except EmfMalformed:
        return
