"""What needs a person, worst first: since when, who is affected, what is known, and the next command. Pure.

What orgdns does not know is a problem, too. `status` shows this list and takes its exit code from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orgdns.cli.reports.status.alarm_problems import alarms
from orgdns.cli.reports.status.path_problems import facts, mappings, not_yet, path, paused, permissions, waiting
from orgdns.cli.reports.status.spoke_problems import events, failing_looks, pending, unknown_vpcs, unreachable
from orgdns.cli.reports.status.zone_problems import closed_zones, contested, near_limit, overdue, unreadable

if TYPE_CHECKING:
    from orgdns.cli.reports.status.overview import Overview
    from orgdns.cli.reports.status.problem import Problem


def problems(overview: Overview) -> tuple[Problem, ...]:
    """Return the problems, worst first: what stops everything, what stops a part, what may stop it, what is unknown.

    Last come alarms that fire for something else, such as a function that fails, or for what is over: they end minutes
    later. So whoever an alarm sends here finds it.
    """
    found = [
        problem
        for found in (
            path(overview),
            mappings(overview),
            facts(overview),
            permissions(overview),
            paused(overview),
            closed_zones(overview),
            pending(overview),
            unreachable(overview),
            failing_looks(overview),
            overdue(overview),
            unreadable(overview),
            contested(overview),
            near_limit(overview),
            events(overview),
            unknown_vpcs(overview),
            waiting(overview),
            not_yet(overview),
        )
        for problem in found
    ]
    return (*found, *alarms(overview, {problem.kind for problem in found}))
