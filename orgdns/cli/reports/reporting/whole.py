"""The whole report on an installation, from its parts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgdns import __version__
from orgdns.cli.reports.reporting import places
from orgdns.cli.reports.status.problems import problems
from orgdns.cli.reports.times import time, time_or_none
from orgdns.report.model import Header, Problem, Report

if TYPE_CHECKING:
    from orgdns.cli.reports.coverage import Coverage
    from orgdns.cli.reports.reporting.names import NamesTally
    from orgdns.cli.reports.status.overview import Overview
    from orgdns.report.model import Changes, Trend


@dataclass(frozen=True, slots=True)
class Place:
    """Where the hub is, and of which organization; its id is empty if it is not known."""

    region: str
    organization: str = ""


def whole_report(
    place: Place, overview: Overview, coverage: Coverage, tally: NamesTally, trend: Trend, changes: Changes
) -> Report:
    """The report, once the tally has counted the whole ledger."""
    return Report(
        header=_header(place, overview),
        accounts=dict(sorted(tally.accounts.items())),
        spokes=places.spokes(coverage, overview),
        zones=places.zones(overview),
        trend=trend,
        names=tally.names(),
        findings=tally.findings(),
        vpcs=places.vpcs(coverage),
        unresolved=places.unresolved(coverage),
        changes=changes,
        others=places.others(overview),
    )


def _header(place: Place, overview: Overview) -> Header:
    path = overview.path
    return Header(
        installation=overview.names.installation,
        region=place.region,
        made_at=time(overview.now),
        version=__version__,
        functions=overview.cursor.version,
        organization=place.organization,
        paused=overview.pause.reason if overview.pause else None,
        dry_run=overview.dry_run,
        heartbeat_at=time_or_none(path.answered_at),
        path=(path.answered_at - path.answered) / 1_000 if path.answered_at else None,
        problems=tuple(
            Problem(
                runbook=problem.kind,
                stage=problem.stage.value,
                title=problem.title,
                since=time_or_none(problem.since),
                affected=problem.affected,
                lines=problem.lines,
                todo=problem.todo,
            )
            for problem in problems(overview)
        ),
    )
