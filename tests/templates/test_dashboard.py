"""The dashboard of the hub: what CloudWatch accepts, and metrics and alarms that exist."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.stack import hub_template
from orgdns.config.load import parse
from orgdns.config.partitions import partition_of
from sandbox.aws.cloudwatch.rules.dashboards import check_dashboard
from tests.support.build import ROOT
from tests.support.generated import HUB, example, large, of_type, read
from tests.support.lint.templates import contents

Json = dict[str, Any]
HUBS = sorted(name for name in contents() if name.rpartition("/")[2].startswith("hub."))
# "CloudWatch service quotas"
# (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html): of a dashboard. AWS documents
# no quota of the bytes of its body; the whole template has at most 1,000,000.
MOST_WIDGETS, MOST_METRICS, MOST_METRICS_OF_A_WIDGET = 500, 2_500, 500
BYTES = 100_000
# Metrics that AWS writes, with the type of the resource and its property that their dimension names.
OF_AWS = {
    "AWS/Lambda": ("FunctionName", "AWS::Lambda::Function", "FunctionName"),
    "AWS/SQS": ("QueueName", "AWS::SQS::Queue", "QueueName"),
    "AWS/DynamoDB": ("TableName", "AWS::DynamoDB::Table", "TableName"),
    "AWS/Logs": ("LogGroupName", "AWS::Logs::LogGroup", "LogGroupName"),
}
# The metrics of these namespaces that CloudWatch has, by the pages of the services.
METRICS_OF_AWS = {
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "IteratorAge"},
    "AWS/SQS": {"NumberOfMessagesSent", "ApproximateAgeOfOldestMessage"},
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    "AWS/Logs": {"IncomingBytes"},
}
# The dimensions of metrics that have more than the service.
FURTHER_DIMENSIONS = {"SecondsToRecord": {"zone"}, "NamesDeferred": {"account"}}
REFERENCE = re.compile(r"\$\{([^}]+)\}")


def board(template: Json, region: str = "eu-central-1") -> str:
    """The body of the template's dashboard in a region, with its references resolved."""
    (dashboard,) = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Dashboard"]
    assert dashboard["Properties"]["DashboardName"] == "orgdns"
    partition = partition_of(region)

    def value(found: re.Match[str]) -> str:
        title, _, attribute = found[1].partition(".")
        if attribute == "Arn":
            name = template["Resources"][title]["Properties"]["AlarmName"]
            return f"arn:{partition}:cloudwatch:{region}:{HUB}:alarm:{name}"
        if title == "AWS::Region":
            return region
        assert template["Parameters"][title]["AllowedPattern"].startswith("^Z")
        return f"Z{title}"

    return REFERENCE.sub(value, dashboard["Properties"]["DashboardBody"]["Fn::Sub"])


def widgets(template: Json) -> list[Json]:
    found: list[Json] = json.loads(board(template))["widgets"]
    return found


def lines(template: Json) -> list[list[Any]]:
    """The metrics and expressions of all graphs."""
    return [line for widget in widgets(template) for line in widget["properties"].get("metrics", ())]


@cache
def zones_75() -> Json:
    """The hub's template with 75 zones."""
    template: Json = hub_template(parse(large(75, id=True))).to_dict()
    return template


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1"])
@pytest.mark.parametrize("name", HUBS)
def test_cloudwatch_accepts_it(name: str, region: str) -> None:
    """The body has the documented form, in each partition."""
    check_dashboard(board(contents()[name], region))


@pytest.mark.parametrize("name", [*HUBS, "75 zones"])
def test_it_keeps_the_quotas(name: str) -> None:
    """Of widgets, of metrics and of bytes, also with many zones."""
    template = zones_75() if name == "75 zones" else contents()[name]
    shown = widgets(template)
    assert len(shown) <= MOST_WIDGETS
    assert len(lines(template)) <= MOST_METRICS
    assert all(len(widget["properties"].get("metrics", ())) <= MOST_METRICS_OF_A_WIDGET for widget in shown)
    assert len(board(template).encode()) <= BYTES


@pytest.mark.parametrize("name", HUBS)
def test_widgets_fill_their_rows_and_do_not_overlap(name: str) -> None:
    """Each row has 24 columns, and no widget covers a part of another."""
    places = [tuple(widget[key] for key in ("x", "y", "width", "height")) for widget in widgets(contents()[name])]
    for row in {y for _, y, _, _ in places}:
        assert sum(width for _, y, width, _ in places if y == row) == 24
    for (x, y, width, height), (other_x, other_y, other_width, other_height) in combinations(places, 2):
        beside = x + width <= other_x or other_x + other_width <= x
        assert beside or y + height <= other_y or other_y + other_height <= y


@pytest.mark.parametrize("name", HUBS)
def test_all_alarms_are_on_it(name: str) -> None:
    """The first widget shows every alarm of the template, and those that fire come first."""
    template = contents()[name]
    first = widgets(template)[0]
    assert (first["type"], first["properties"]["sortBy"]) == ("alarm", "stateUpdatedTimestamp")
    shown = {arn.rpartition(":")[2] for arn in first["properties"]["alarms"]}
    assert len(shown) == len(first["properties"]["alarms"])
    alarms = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    assert shown == {alarm["Properties"]["AlarmName"] for alarm in alarms}


def written() -> str:
    """The code that writes metrics, and the values that name some of them."""
    runtime = ROOT / "hub" / "runtime"
    modules = (*(runtime / "telemetry").glob("*.py"), runtime / "model" / "health" / "attention.py")
    return "".join(module.read_text() for module in modules)


@pytest.mark.parametrize("name", HUBS)
def test_functions_write_the_metrics(name: str) -> None:
    """Each metric of orgdns on the dashboard is one that the functions write, with all of its dimensions."""
    code = written()
    own = [line for line in lines(contents()[name]) if line[0] == NAMES.metrics_namespace]
    assert own
    for _, metric, *dimensions, _rendering in own:
        assert f'"{metric}"' in code
        given = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        assert given["service"] == contract.SERVICE
        assert given.keys() - {"service"} == FURTHER_DIMENSIONS.get(metric, set())


def test_search_has_the_dimensions_of_its_metric() -> None:
    """The expression that finds the accounts whose names wait names the metric and all of its dimensions."""
    expressions = [line[0]["expression"] for line in lines(read("hub")) if isinstance(line[0], dict)]
    (search,) = [expression for expression in expressions if "SEARCH" in expression]
    assert '{orgdns,service,account} MetricName="NamesDeferred"' in search


@pytest.mark.parametrize("name", HUBS)
def test_resources_of_the_template_have_the_metrics(name: str) -> None:
    """Each metric of AWS on the dashboard is one of a function, queue, table or log group of the template."""
    template = contents()[name]
    of_aws = [line for line in lines(template) if isinstance(line[0], str) and line[0].startswith("AWS/")]
    assert {line[0] for line in of_aws} == OF_AWS.keys()
    for namespace, metric, dimension, value, _rendering in of_aws:
        expected, kind, key = OF_AWS[namespace]
        assert metric in METRICS_OF_AWS[namespace]
        assert dimension == expected
        of_kind = [each["Properties"][key] for each in template["Resources"].values() if each["Type"] == kind]
        assert value in of_kind


@pytest.mark.parametrize(("config", "associates"), [("example", True), ("unassociated", False)])
def test_associations_only_with_an_associator(config: str, associates: bool) -> None:  # noqa: FBT001 - a parameter
    """A hub that associates no VPCs shows nothing of associations."""
    assert any("Associat" in str(widget) for widget in widgets(read("hub", config))) is associates


def test_each_zone_has_its_line() -> None:
    """The three graphs of the seconds that names take have a line for each zone, with its domain and its id."""
    config = parse(large(75, id=True))
    by_zone = [line for line in lines(zones_75()) if line[1:2] == ["SecondsToRecord"]]
    assert len(by_zone) == 3 * 75
    ids = {zone.domain.removesuffix("."): zone.id for zone in config.zones}
    for statistic in ("p50", "p90", "p99"):
        of_this = {line[-1]["label"]: line[5] for line in by_zone if line[-1]["stat"] == statistic}
        assert of_this == ids


def test_levels_are_those_of_the_configuration() -> None:
    """The objective, the alarm on it, and what orgdns may take of Route 53's quotas."""
    shown = {
        widget["properties"]["title"]: [level["value"] for level in widget["properties"]["annotations"]["horizontal"]]
        for widget in widgets(read("hub"))
        if "annotations" in widget["properties"]
    }
    config = example()
    alarm = 100 * of_type("hub", "AWS::CloudWatch::Alarm")["ObjectiveAlarm"]["Threshold"]
    seconds = [value for title, value in shown.items() if "at most so many seconds" in title]
    assert seconds == 3 * [[config.objective.seconds]]
    assert shown["Late names of an hour"] == [pytest.approx(100 * (1 - config.objective.share)), pytest.approx(alarm)]
    share = config.network.route53_share
    assert shown["Requests a second, on average of five minutes"] == [pytest.approx(10 * share), 10]
    assert shown["Changes a second, on average of five minutes"] == [pytest.approx(100 * share), 100]
