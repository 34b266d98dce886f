"""Problems of the path as a whole: interruptions, a pause, names that wait, and what is not known yet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.model.health.path import Stage, path_problems
from hub.runtime.model.names import NEVER
from orgdns.cli.reports.status.permissions import stages
from orgdns.cli.reports.status.problem import Problem, one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.cli.reports.status.overview import Overview


def path(overview: Overview) -> Iterator[Problem]:
    """Where the path is interrupted."""
    for found in path_problems(overview.path, overview.now, overview.path_facts):
        kind = "names-overdue" if found.stage is Stage.PUBLISHER and overview.path.stalled(overview.now) else ""
        title = f"The path stands still at the {found.stage}"
        yield Problem(
            kind or "path-interrupted", found.stage, title, found.since, (found.stage.value,), (found.what,), found.todo
        )


def facts(overview: Overview) -> Iterator[Problem]:
    """What the ledger's table lacks, and what the command may not read."""
    if fault := overview.path_facts.table_fault:
        title = "The ledger is not protected"
        yield Problem("ledger-unprotected", Stage.LEDGER, title, NEVER, (), (fault,), "protect the table again")
    unknown = tuple(
        each for each in (overview.path_facts.unknown, overview.alarms.fault, overview.permissions.fault) if each
    )
    if unknown:
        todo = "give the operator the permission: docs/operate.md has the policy"
        yield Problem("unknown", Stage.LEDGER, "Cannot be read with these credentials", NEVER, (), unknown, todo)


def mappings(overview: Overview) -> Iterator[Problem]:
    """Functions that do not get the messages of their queues, or the ledger's changes."""
    stage_of = stages(overview.names)
    for function, fault in overview.path_facts.queue_faults:
        title = f"The function {function} gets nothing to process"
        todo = "enable the mapping, or give the function's role what the reason names"
        yield Problem("mapping-stopped", stage_of[function], title, NEVER, (function,), (fault,), todo)


def permissions(overview: Overview) -> Iterator[Problem]:
    """Roles that seem to lack a permission."""
    for sign, since in overview.permissions.signs:
        line = f"{sign.what}: the role {sign.role} needs {sign.needed}"
        title = f"The role {sign.role} seems to lack a permission"
        todo = "give the role the permission again: deploy the hub template again"
        yield Problem("permissions-missing", sign.stage, title, since, (sign.role,), (line,), todo)


def paused(overview: Overview) -> Iterator[Problem]:
    """That publishing is paused."""
    if (pause := overview.pause) is None:
        return
    who = f", by {pause.by}" if pause.by else ""
    line = f"{pause.reason}{who}"
    yield Problem(
        "paused", Stage.PUBLISHER, "Publishing is paused", pause.at, (), (line,), "orgdns resume ends the pause"
    )


def waiting(overview: Overview) -> Iterator[Problem]:
    """The names that wait in the backlog."""
    if not overview.backlog.messages:
        return
    causes = overview.backlog.causes
    lines = tuple(f"{account}: {names:,} names went to the backlog in the last two hours" for account, names in causes)
    title = f"Waiting, in some {overview.backlog.messages:,} messages, because of accounts"
    todo = "an honest burst ends by itself; if it lasts, ask the account's owner what keeps changing names"
    accounts = tuple(account for account, _ in causes)
    none = ("the ledger does not say which",)
    yield Problem("names-deferred", Stage.PUBLISHER, title, NEVER, accounts, lines or none, todo)


def not_yet(overview: Overview) -> Iterator[Problem]:
    """What is not known yet: spokes that were not swept by the current policy, and zones without an audit."""
    swept = overview.behind
    since = overview.cursor.since
    lines = [f"{status.spoke}{'' if status.swept_at else ', not swept yet'}" for status in swept]
    title, todo = "Spokes that are not on the current policy yet", "wait; a sweep of every spoke takes up to an hour"
    yield from one("not-swept", Stage.SWEEPS, title, since, [str(each.spoke) for each in swept], lines, todo)
    zones = sorted(overview.health.not_audited)
    lines = [f"{overview.domain(zone_id)}: whether its records are right is not known yet" for zone_id in zones]
    todo = "orgdns audit audits all zones now; the schedule does it once a day"
    yield from one("not-audited", Stage.AUDITS, "Zones that were not audited yet", NEVER, zones, lines, todo)
