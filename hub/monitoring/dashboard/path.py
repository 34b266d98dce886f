"""The rows on the path of an event and on the objective: how far events come, and how long names take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.monitoring.dashboard.widgets import (
    HOUR,
    AlarmStates,
    Expression,
    Graph,
    Level,
    Line,
    Note,
    queue,
    runs,
    states,
)
from hub.monitoring.dashboard.widgets import of_function as of
from hub.monitoring.services import burning_share
from hub.runtime import contract
from orgdns.cfn.zone_ids import shown_domain, zone_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.monitoring.dashboard.widgets import Row
    from hub.runtime.installation import Names
    from orgdns.config.load import Config

_WELCOME: Final = """\
# orgdns
orgdns gives every EC2 instance of the organization a DNS name.

**If an alarm is red**, open it. Its description names the page of **docs/runbook** that says what to do. \
The command `orgdns status` says what is wrong, where, since when and why.

**If all alarms are green and a name is missing**, ask `orgdns explain NAME`.

The graphs follow an event from left to right, and then go on downward: how long names take, which names wait, \
what Route 53 allows, what events missed, and what costs money.

The hub's template has this dashboard. The next deployment replaces what you change here."""
# The statistics of the seconds that names take, and what they mean.
_STATISTICS: Final = (("p50", "Half of the names"), ("p90", "9 of 10 names"), ("p99", "99 of 100 names"))


def first_row(alarms: Sequence[str]) -> Row:
    """All alarms, and what to do about them."""
    return (AlarmStates("Alarms: those that fire come first", tuple(alarms), 16, 9), Note(_WELCOME, 8, 9))


def path_rows(names: Names) -> Iterator[Row]:
    """Yield the stages of the path, each with what waits before it."""
    yield (Note("## The path of an event: from the spokes to Route 53"),)
    publisher = names.publisher_function
    yield (
        queue("Events in", names.events_queue, 5),
        runs(names.observer_function, 5),
        Graph(
            "Ledger stream: how long changes wait",
            "milliseconds",
            (of(publisher, "IteratorAge", "oldest change", "Maximum"),),
            4,
        ),
        runs(publisher, 5),
        Graph(
            "Heartbeats: one every five minutes takes the whole path",
            "heartbeats",
            (
                Line("Heartbeats", "heartbeats"),
                Line("SecondsToHeartbeat", "slowest (seconds)", "Maximum", right=True),
            ),
            5,
        ),
    )


def objective_rows(config: Config) -> Iterator[Row]:
    """Yield how long names take in each zone, and how many take too long."""
    objective = config.objective
    yield (Note(f"## The objective: {100 * objective.share:.4g} % of names within {objective.seconds} seconds"),)
    level = (Level(objective.seconds, "objective"),)
    yield tuple(
        Graph(f"{names} take at most so many seconds", "seconds", tuple(_seconds_by_zone(config, statistic)), 8, level)
        for statistic, names in _STATISTICS
    )
    late, in_time = (Line("NamesLate", "late", name="late"), Line("NamesInTime", "in time", name="intime"))
    yield (
        Graph(
            "Late names of an hour",
            "percent",
            (late, in_time, Expression("100 * late / (late + intime)", "late")),
            8,
            (
                Level(round(100 * (1 - objective.share), 4), "objective"),
                Level(round(100 * burning_share(config), 4), "alarm"),
            ),
            HOUR,
        ),
        Graph("Names of an hour", "names", (Line("NamesInTime", "in time"), Line("NamesLate", "late")), 8, period=HOUR),
        Graph("Names that wait longer than the objective", "names", states(("NamesOverdue", "overdue")), 8),
    )


def _seconds_by_zone(config: Config, statistic: str) -> Iterator[Line]:
    """Yield a line for each zone: percentiles of several zones cannot be put together."""
    for zone in config.zones:
        of_zone = (("service", contract.SERVICE), ("zone", zone_id(zone)))
        yield Line("SecondsToRecord", shown_domain(zone.domain), statistic, dimensions=of_zone)
