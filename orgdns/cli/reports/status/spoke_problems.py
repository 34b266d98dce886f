"""Problems of spokes: pending removals, unreachable accounts, failed looks, lost events, VPCs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.model.health.path import Stage
from hub.runtime.model.names import NEVER
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from orgdns.cli.reports.status.problem import Problem, earliest, first, one
from orgdns.cli.reports.times import time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.cli.reports.status.overview import Overview

TOGETHER: Final = "unreachable for too long, like more than a tenth of the spokes"


def pending(overview: Overview) -> Iterator[Problem]:
    """Removals that await approval."""
    subjects = overview.pending_removals
    names = [overview.name_of(subject) for subject in subjects]
    lines = [_pending_line(overview, subject) for subject in subjects]
    title = "Pending removals that await orgdns approve"
    todo = "find out why so much is missing, then orgdns approve SPOKE or ZONE"
    yield from one("pending-removals", Stage.SWEEPS, title, NEVER, names, lines, todo)


def _pending_line(overview: Overview, subject: SpokeStatus | ZoneStatus) -> str:
    name, parts = overview.name_of(subject), list[str]()
    if isinstance(subject, SpokeStatus):
        parts += [_pending_names(subject, "instances"), *([TOGETHER] if subject.fault_since else [])]
    else:
        if subject.zone_id in overview.health.pending_zones:
            parts.append(_pending_names(subject, "names"))
        if subject.zone_id in overview.health.pending_vpc_zones:
            vpcs = overview.vpcs_of(subject)
            parts.append(f"{len(vpcs):,} VPCs would lose the zone, {first(vpcs)}")
    where = name if isinstance(subject, SpokeStatus) else overview.domain(subject.zone_id)
    return f"{where}: {'; '.join(parts)}: orgdns approve {name}"


def unreachable(overview: Overview) -> Iterator[Problem]:
    """Spokes whose accounts do not answer."""
    lines = [unreachable_line(status) for status in overview.unreachable]
    since = earliest(status.fault_since for status in overview.unreachable)
    todo = (
        "deploy the rollout again (for the management account, orgdns deploy --management), repair the policy that "
        "denies access, or leave the account out"
    )
    names = [str(status.spoke) for status in overview.unreachable]
    yield from one("spokes-unreachable", Stage.SWEEPS, "Unreachable", since, names, lines, todo)


def unreachable_line(status: SpokeStatus) -> str:
    """Return what is known of an unreachable spoke, and what becomes of its names."""
    names = "its names were withdrawn" if status.withdrawn else f"its {status.names:,} names are kept for now"
    if set(status.pending_removals) - status.approved:
        names = f"its {status.pending_names:,} names are kept until orgdns approve {status.spoke}"
    return f"{status.spoke} since {time(status.fault_since)}, {names}: {status.fault}"


def failing_looks(overview: Overview) -> Iterator[Problem]:
    """Spokes whose events wait, because their instances cannot be described."""
    found = [status for status in overview.spokes if status.spoke in overview.health.failing_looks]
    lines = [
        f"{status.spoke} since {time(status.failed_look.since)}, events of {status.failed_look.events:,} instances "
        f"wait, {first(status.failed_look.instances)}: {status.failed_look.reason}"
        for status in found
    ]
    since = earliest(status.failed_look.since for status in found)
    todo = "repair what the reason names; the events come again within minutes"
    title = "Instances that could not be looked at when an event came"
    yield from one("looks-failing", Stage.OBSERVER, title, since, [str(each.spoke) for each in found], lines, todo)


def events(overview: Overview) -> Iterator[Problem]:
    """Events that were lost, or did not reach the hub."""
    health = overview.health
    lost = [status for status in overview.spokes if status.spoke in health.undelivered]
    lines = [
        f"{status.spoke}: undelivered events cannot be counted: {status.undelivered_fault}"
        if status.undelivered_fault
        else f"{status.spoke}: {status.undelivered_new:,} since the sweep before, {status.undelivered:,} in its queue; "
        f"check that the role {overview.names.delivery_role_prefix}{status.spoke.region} may call events:PutEvents"
        for status in lost
    ]
    todo = f"the messages in the spoke's queue {overview.names.undelivered_queue} say why; sweeps find the instances"
    title = "Events that did not reach the hub"
    names = [str(status.spoke) for status in lost]
    yield from one("events-undelivered", Stage.SPOKES, title, NEVER, names, lines, todo)
    missed = [status for status in overview.spokes if status.spoke in health.missing_events]
    lines = [
        f"{status.spoke}: {status.missed:,} changes by the last sweep, of {status.missed_sweeps:,} sweeps in a row"
        for status in missed
    ]
    todo = "compare the rules and the delivery role of the spoke with those of the rollout; deploy it again"
    title = "Changes that no event reports"
    names = [str(status.spoke) for status in missed]
    yield from one("events-missed", Stage.SPOKES, title, NEVER, names, lines, todo)


def unknown_vpcs(overview: Overview) -> Iterator[Problem]:
    """Spokes whose VPCs cannot be described."""
    found = [status for status in overview.spokes if status.spoke in overview.health.unknown_vpcs]
    lines = [f"{status.spoke} since {time(status.vpc_fault_since)}: {status.vpc_fault}" for status in found]
    since = earliest(status.vpc_fault_since for status in found)
    names = [str(status.spoke) for status in found]
    todo = "repair what the reason names; the next sweep describes the VPCs"
    title = "VPCs that cannot be described"
    yield from one("vpcs-unknown", Stage.ASSOCIATIONS, title, since, names, lines, todo)
    found = [status for status in overview.spokes if status.spoke in overview.health.refused_vpcs]
    lines = [f"{status.spoke}: {status.refused_vpcs:,} VPCs: {status.refusal}" for status in found]
    names = [str(status.spoke) for status in found]
    todo = "orgdns coverage ACCOUNT/REGION shows each VPC; the next sweep tries again"
    title = "VPCs whose associations AWS refuses"
    yield from one("associations-refused", Stage.ASSOCIATIONS, title, NEVER, names, lines, todo)


def _pending_names(subject: SpokeStatus | ZoneStatus, kind: str) -> str:
    removals = [removal.removesuffix(".") for removal in subject.pending_removals]
    return f"{subject.pending_names:,} names of {subject.names:,}; {kind} {first(removals)}"
