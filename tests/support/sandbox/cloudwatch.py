"""Functions, queues and alarms that are watched, for the tests of CloudWatch."""

from __future__ import annotations

from typing import Any

import boto3

from sandbox.aws.cloudwatch.alarms import Alarms
from sandbox.aws.cloudwatch.functions import FunctionMetrics
from sandbox.aws.cloudwatch.metrics import Metric, MetricStore, metric, statistic_of
from sandbox.aws.cloudwatch.queues import QueueMetrics
from sandbox.aws.cloudwatch.rules.evaluation import State
from tests.support.sandbox.functions import ACCOUNT, REGION, World

PLACE = (ACCOUNT, REGION)
DEPTH = metric("Test", "Depth", service="s")


class Watched:
    """A queue, a table and functions, whose metrics alarms watch."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = world.clock
        self.store = MetricStore(world.clock)
        self.queues = QueueMetrics(self.store, world.clock)
        self.functions = FunctionMetrics(self.store, world.clock)
        self.world.functions.watcher = self.functions
        self.alarms = Alarms(self.store, self.queues, world.clock)
        self.client = boto3.client("cloudwatch", region_name=REGION)

    def value(self, of: Metric, statistic: str = "Sum") -> float | None:
        """A statistic of all values of a metric."""
        return statistic_of(self.store.values(PLACE, of, 0, self.clock.now() + 60), statistic)

    def pass_time(self, minutes: int = 1, *depths: float) -> list[str]:
        """Let minutes pass, with values of the metric `DEPTH` in each; the changes of alarms."""
        changes = []
        for _ in range(minutes):
            if depths:
                self.store.put(PLACE, DEPTH, depths)
            self.clock.advance(60)
            changes += [f"{change.before.value} -> {change.state.value}" for change in self.alarms.evaluate()]
        return changes

    def alarm(self, name: str = "deep", **parameters: Any) -> None:  # noqa: ANN401 - any parameter
        """Create an alarm on the metric `DEPTH`; None leaves a parameter out."""
        one = {
            "Namespace": DEPTH.namespace,
            "MetricName": DEPTH.name,
            "Dimensions": [{"Name": "service", "Value": "s"}],
            "Statistic": "Maximum",
            "Period": 60,
        }
        rule = {"EvaluationPeriods": 1, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold"}
        given = {name: value for name, value in {**one, **rule, **parameters}.items() if value is not None}
        self.client.put_metric_alarm(AlarmName=name, **given)

    def state(self, name: str = "deep") -> State:
        """The state of an alarm."""
        return self.alarms.states(*PLACE)[name]
