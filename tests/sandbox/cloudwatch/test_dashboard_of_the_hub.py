"""The deployed dashboard of the hub, beside what the functions and services of a whole organization measure."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.cloudwatch.metrics import Metric
from sandbox.example import HUB, PAYMENTS
from sandbox.world import World

REGION = "eu-central-1"
# What the sandbox does not measure: the services of the ledger's table and of the logs.
NOT_MEASURED = {"AWS/DynamoDB", "AWS/Logs"}


def shown(made: World) -> list[dict[str, Any]]:
    body = made.client("cloudwatch", HUB).get_dashboard(DashboardName="orgdns")["DashboardBody"]
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def on_dashboard(made: World) -> dict[tuple[str, str], set[Metric]]:
    """The metrics on the dashboard, by namespace and name."""
    found: dict[tuple[str, str], set[Metric]] = {}
    for widget in shown(made):
        for line in widget["properties"].get("metrics", ()):
            if isinstance(line[0], str):
                namespace, name, *parts, _rendering = line
                of = Metric(namespace, name, frozenset(zip(parts[::2], parts[1::2], strict=True)))
                found.setdefault((namespace, name), set()).add(of)
    return found


def names(metric: Metric) -> set[str]:
    """The names of its dimensions."""
    return {name for name, _value in metric.dimensions}


@pytest.fixture(scope="module")
def busy(made: World) -> World:
    """An organization with a name, a sweep of each spoke and an audit of each zone."""
    made.launch(PAYMENTS, REGION, "shown")
    made.pass_time(70)
    made.audit()
    return made


def test_alarms_on_it_are_the_deployed_ones(busy: World) -> None:
    """By their ARNs."""
    alarms = busy.client("cloudwatch", HUB).describe_alarms()["MetricAlarms"]
    assert set(shown(busy)[0]["properties"]["alarms"]) == {alarm["AlarmArn"] for alarm in alarms}


def test_what_is_measured_is_on_it_with_the_same_dimensions(busy: World) -> None:
    """What a graph shows has the dimensions of what the functions, queues and the stream measure under that name."""
    measured = list(busy.metrics.metrics((HUB, REGION)))
    for (namespace, name), metrics in on_dashboard(busy).items():
        written = [names(each) for each in measured if (each.namespace, each.name) == (namespace, name)]
        assert all(not written or names(each) in written for each in metrics), (namespace, name)


def test_the_path_is_measured(busy: World) -> None:
    """Graphs of the path, the objective, the quotas and sweeps have values after an hour in which nothing is wrong."""
    measured = {(each.namespace, each.name) for each in busy.metrics.metrics((HUB, REGION))}
    of_orgdns = {name for namespace, name in measured & on_dashboard(busy).keys() if namespace == "orgdns"}
    assert of_orgdns >= {
        *("Heartbeats", "SecondsToHeartbeat", "SecondsToRecord", "NamesInTime", "NamesLate"),
        *("NamesPublished", "RecordSetsChanged", "Route53Requests", "Route53Changes"),
        *("SpokesSwept", "EventsMissed", "SweepsAndAuditsOverdue", "ZonesAudited", "ZonesClosed"),
    }
    assert {namespace for namespace, _ in on_dashboard(busy).keys() - measured} >= NOT_MEASURED


def test_calls_to_route53_are_counted(busy: World) -> None:
    """A name in two zones takes a change in each, and at least a request for each change batch."""
    batches, before = len(busy.route53.batches), busy.clock.now()
    busy.launch(PAYMENTS, REGION, "counted")
    busy.converge()
    sent = busy.route53.batches[batches:]
    values = {
        metric: sum(busy.metrics.values((HUB, REGION), of, before, before + 60))
        for metric in ("Route53Requests", "Route53Changes")
        for of in [Metric(NAMES.metrics_namespace, metric, frozenset({("service", contract.SERVICE)}))]
    }
    assert values["Route53Changes"] == sum(batch.changes for batch in sent) > 1
    assert values["Route53Requests"] >= len(sent)
