"""The metrics of Lambda functions: those that Lambda sends, those in what the functions log, and those of their logs.

A simulation of "Types of metrics for Lambda functions" and "View metrics for Lambda functions"
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html), as far as orgdns needs them. Each metric has
a value for the function, and another for the version or alias that was invoked. That Errors and Throttles are 0 for a
successful invocation is not documented. Nor is it that a throttled batch of a stream has no IteratorAge.

CloudWatch Logs counts the events of each log group ("Monitoring with CloudWatch metrics",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html): the
function's lines, and those that Lambda writes of each invocation, here one ("Log event levels" in "Configuring JSON and
plain text log formats", https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.cloudwatch.rules.emf import EmfMalformed, extracted

if TYPE_CHECKING:
    from sandbox.aws.cloudwatch.metrics import MetricStore
    from sandbox.clock import Clock

# A function of the emulator, which ships no types.
Moto = Any

NAMESPACE: Final = "AWS/Lambda"
LOGS_NAMESPACE: Final = "AWS/Logs"


@dataclass(frozen=True, slots=True)
class EmfFault:
    """A line of a function's log that is in the embedded metric format, but malformed."""

    function: str
    line: str
    reason: str


@dataclass(slots=True)
class FunctionMetrics:
    """Watches functions, and keeps their metrics in a store.

    Attributes:
        emf_faults: The malformed lines, in order. CloudWatch ignores them, and counts them as EMFParsingErrors and
            EMFValidationErrors ("Monitoring with CloudWatch metrics",
            https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html).
    """

    store: MetricStore
    clock: Clock
    emf_faults: list[EmfFault] = field(default_factory=list)

    def logged(self, function: Moto, line: str) -> None:
        """Count a line of the function's log, and keep the metrics in it."""
        self._count_log_event(function)
        try:
            found = extracted(line, self.clock.now())
        except EmfMalformed as malformed:
            self.emf_faults.append(EmfFault(function.function_name, line, str(malformed)))
            return
        for each in found:
            self.store.put((function.account_id, function.region), each.metric, each.values, each.unit, each.at)

    def started(self, function: Moto) -> None:
        """Count the line that Lambda writes to the function's log when an invocation starts."""
        self._count_log_event(function)

    def invoked(self, function: Moto, qualifier: str, at: float, *, failed: bool) -> None:
        """Count an invocation that began at this time.

        "The timestamp on a metric reflects when the function was invoked", however long it took.
        """
        for name, value in (("Invocations", 1), ("Errors", int(failed)), ("Throttles", 0)):
            self._put(function, qualifier, name, value, "Count", at)

    def throttled(self, function: Moto, qualifier: str) -> None:
        """Count a request that Lambda rejected. It is no invocation, and no error of the function."""
        self._put(function, qualifier, "Throttles", 1, "Count", self.clock.now())

    def received(self, function: Moto, qualifier: str, created: float) -> None:
        """Measure the age of a batch of a stream's records, the last of which was created at this time."""
        now = self.clock.now()
        self._put(function, qualifier, "IteratorAge", max(0.0, now - created) * 1000, "Milliseconds", now)

    def undelivered(self, function: Moto, qualifier: str) -> None:
        """Count a batch that failed, and that its destination did not get."""
        self._put(function, qualifier, "DestinationDeliveryFailures", 1, "Count", self.clock.now())

    def _count_log_event(self, function: Moto) -> None:
        group = metric(LOGS_NAMESPACE, "IncomingLogEvents", LogGroupName=function.logs_group_name)
        self.store.put((function.account_id, function.region), group, [1])

    def _put(self, function: Moto, qualifier: str, name: str, value: float, unit: str, at: float) -> None:
        place = (function.account_id, function.region)
        of = function.function_name
        self.store.put(place, metric(NAMESPACE, name, FunctionName=of), [value], unit, at)
        if qualifier:
            resource = f"{of}:{qualifier}"
            self.store.put(place, metric(NAMESPACE, name, FunctionName=of, Resource=resource), [value], unit, at)
