"""The alarms in ALARM of which no other problem tells. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.path import Stage
from orgdns.cli.reports.status.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from orgdns.cli.reports.status.overview import Overview

# The stages of the alarms on what AWS reports. The others have a problem of their own.
_STAGES: Final = {
    "events-waiting": Stage.EVENTS,
    "events-dead-letters": Stage.OBSERVER,
    "sweeps-waiting": Stage.SWEEPS,
    "sweeps-dead-letters": Stage.SWEEPS,
    "sweeps-overdue": Stage.SWEEPS,
    "associations-waiting": Stage.ASSOCIATIONS,
    "associations-dead-letters": Stage.ASSOCIATIONS,
    "associations-removed": Stage.ASSOCIATIONS,
    "vpcs-full": Stage.ASSOCIATIONS,
    "history-behind": Stage.HISTORY,
    "reports-waiting": Stage.REPORTS,
    "reports-dead-letters": Stage.REPORTS,
    "stream-behind": Stage.STREAM,
    "zone-full": Stage.ZONES,
}


def alarms(overview: Overview, told: Collection[str]) -> Iterator[Problem]:
    """The alarms of which nothing else tells: `told` are the kinds of the other problems."""
    for alarm in overview.alarms.firing:
        if alarm.name not in told:
            stage = _STAGES.get(alarm.name, Stage.PUBLISHER)
            title = f"The alarm {alarm.name} is in ALARM"
            yield Problem(alarm.name, stage, title, alarm.since, (), (alarm.reason,), alarm.meaning)
