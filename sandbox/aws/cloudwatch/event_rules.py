"""The metrics of EventBridge's rules.

A simulation of "Monitoring Amazon EventBridge"
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html), as far as alarms need them. EventBridge
sends these metrics only if they are not zero. Those of a rule of the default bus have the dimension RuleName, those of
another bus also EventBusName.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudwatch.metrics import metric

if TYPE_CHECKING:
    from sandbox.aws.cloudwatch.metrics import MetricStore

# A rule of the emulator, which ships no types.
Moto = Any

NAMESPACE: Final = "AWS/Events"


@dataclass(frozen=True, slots=True)
class RuleMetrics:
    """Watches rules, and keeps their metrics in a store."""

    store: MetricStore

    def invoked(self, rule: Moto, *, failed: bool) -> None:
        """Count that a rule invoked a target, or failed permanently."""
        self._count(rule, "Invocations")
        if failed:
            self._count(rule, "FailedInvocations")

    def buried(self, rule: Moto, *, failed: bool) -> None:
        """Count that an event went to the dead-letter queue of its target, or could not."""
        self._count(rule, "InvocationsFailedToBeSentToDlq" if failed else "InvocationsSentToDlq")

    def _count(self, rule: Moto, name: str) -> None:
        bus = {} if rule.event_bus_name == "default" else {"EventBusName": rule.event_bus_name}
        of = metric(NAMESPACE, name, RuleName=rule.name, **bus)
        self.store.put((rule.account_id, rule.region_name), of, [1], "Count")
