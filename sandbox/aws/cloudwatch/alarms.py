"""Evaluates the deployed alarms, and notifies their topics.

A simulation of "Alarm evaluation"
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html). The alarms are the emulator's,
so its API returns their states, too. CloudWatch evaluates an alarm each minute, by the minutes that are complete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from moto.cloudwatch.models import cloudwatch_backends
from moto.sns.models import sns_backends

from sandbox.aws.cloudwatch.definitions import Definition, definition
from sandbox.aws.cloudwatch.metrics import MINUTE, statistic_of
from sandbox.aws.cloudwatch.rules.evaluation import State, decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.cloudwatch.definitions import Stat
    from sandbox.aws.cloudwatch.metrics import MetricStore, Place
    from sandbox.aws.cloudwatch.queues import QueueMetrics
    from sandbox.clock import Clock

# An alarm of the emulator, which ships no types.
Moto = Any

_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an alarm's state, when it happened, and why."""

    place: Place
    alarm: str
    before: State
    state: State
    at: float
    reason: str


@dataclass(slots=True)
class Alarms:
    """The alarms of all accounts and regions.

    Attributes:
        history: The changes of their states, in order.
        not_notified: The topics that did not exist when an alarm wanted to notify them. CloudWatch does not detect it
            ("Alarm actions", https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html).
    """

    store: MetricStore
    queues: QueueMetrics
    clock: Clock
    history: list[Change] = field(default_factory=list)
    not_notified: list[str] = field(default_factory=list)
    _minute: float = -1

    def evaluate_once_a_minute(self) -> list[Change]:
        """Evaluate all alarms, but at most once in each minute; the changes of their states."""
        minute = self.clock.now() // MINUTE
        return self.evaluate() if minute != self._minute else []

    def evaluate(self) -> list[Change]:
        """Sample what is measured once a minute, and evaluate all alarms, as of now; the changes of their states."""
        self._minute = self.clock.now() // MINUTE
        self.queues.sample()
        before = len(self.history)
        for place, alarm in list(self._alarms()):
            self._evaluate(place, alarm)
        return self.history[before:]

    def states(self, account: str, region: str) -> dict[str, State]:
        """The states of the alarms of an account and region, by name."""
        alarms = cloudwatch_backends[account][region].alarms.values()
        return {alarm.name: State(alarm.state_value) for alarm in alarms}

    def firing(self, account: str, region: str) -> set[str]:
        """The names of the alarms of an account and region that are in the state ALARM."""
        return {name for name, state in self.states(account, region).items() if state is State.ALARM}

    @staticmethod
    def _alarms() -> Iterator[tuple[Place, Moto]]:
        for account, region, backend in cloudwatch_backends.iter_backends():
            for alarm in backend.alarms.values():
                yield (account, region), alarm

    def _evaluate(self, place: Place, alarm: Moto) -> None:
        watched = definition(alarm)
        now = self.clock.now()
        # A multi-day alarm knows the data up to the last full hour.
        end = now // _HOUR * _HOUR if watched.of_several_days else now // MINUTE * MINUTE
        starts = [end - number * watched.period for number in range(watched.rule.range, 0, -1)]
        present = State(alarm.state_value)
        if watched.samples and self._few_samples(place, watched, starts):
            return
        series = {
            name: tuple(self._point(place, stat, start, watched.period) for start in starts)
            for name, stat in watched.stats.items()
        }
        found = decision(watched.rule, watched.expression.evaluate(series), present)
        if found.state is not present:
            self.history.append(Change(place, alarm.name, present, found.state, now, found.reason))
            alarm.update_state(found.reason, "{}", found.state.value)
            self._act(place, alarm, present)

    def _point(self, place: Place, stat: Stat, start: float, period: int) -> float | None:
        values = self.store.values(place, stat.metric, start, start + period, stat.unit)
        return statistic_of(values, stat.statistic)

    def _few_samples(self, place: Place, watched: Definition, starts: list[float]) -> bool:
        """Whether a percentile of the evaluated periods has samples, but too few for a reliable percentile."""
        (stat,) = watched.stats.values()
        counts = [
            len(self.store.values(place, stat.metric, start, start + watched.period, stat.unit))
            for start in starts[-watched.rule.periods :]
        ]
        return any(0 < count < watched.samples for count in counts)

    def _act(self, place: Place, alarm: Moto, before: State) -> None:
        """Notify the topics of the new state.

        The message has only the fields that CloudWatch sends for every kind of alarm.
        """
        account, region = place
        actions = {
            State.ALARM: alarm.alarm_actions,
            State.OK: alarm.ok_actions,
            State.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }[State(alarm.state_value)]
        if not alarm.actions_enabled:
            return
        message = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "StateChangeTime": datetime.fromtimestamp(self.clock.now(), UTC).isoformat(timespec="milliseconds"),
            "Region": region,
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": before.value,
        }
        topics = sns_backends[account][region].topics
        for topic in actions:
            if topic in topics:
                topics[topic].publish(json.dumps(message), subject=f"{alarm.state_value}: {alarm.name}")
            else:
                self.not_notified.append(topic)
