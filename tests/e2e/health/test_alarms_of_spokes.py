"""Alarms on spokes and VPCs: each fires after the real thing is broken, and clears after it is repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import World
from tests.support.path.broken import denied, minutes_until, schedule_disabled, spoke_rules_disabled
from tests.support.path.faults import Withheld
from tests.support.path.health import REGION, firing, operator, told
from tests.support.path.odd import ODDITIES, answered

Broken = Callable[[World], AbstractContextManager[None]]
CORP = "corp.internal"


def odd(described: dict[str, object]) -> None:
    """The answer of DescribeInstances has an instance in a state of a later API."""
    for reservation in described["Reservations"]:  # type: ignore[attr-defined]  # a list
        for instance in reservation["Instances"]:
            ODDITIES["a state of a later API"](instance)


@contextmanager
def many_gone(made: World) -> Iterator[None]:
    """End many instances at once, of which no event tells; then a person approves the removals."""
    ids = made.launch(SEARCH, REGION, count=14)
    made.converge()
    events, made.router.tamper = made.router.tamper, Withheld()
    made.end(SEARCH, REGION, *ids)
    made.router.tamper = events
    yield
    statuses = operator(made).ledger().statuses
    for status in statuses.spoke_statuses():
        if status.pending_removals:
            statuses.approve(status, "arn:aws:iam::222222222222:user/me")


@contextmanager
def associations_ended(made: World) -> Iterator[None]:
    """Another tool ends an association that orgdns made."""
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False)
    made.pass_time(61)
    made.client("route53", PAYMENTS).disassociate_vpc_from_hosted_zone(
        HostedZoneId=made.zone_ids[CORP], VPC={"VPCId": vpc.id, "VPCRegion": REGION}
    )
    yield


@contextmanager
def full_of_vpcs(made: World) -> Iterator[None]:
    """The zones hold as many VPCs as Route 53 allows, when one more should resolve them."""
    limits = made.route53.limits
    made.route53.limits = replace(limits, vpcs=1)
    vpc = made.add_vpc(PAYMENTS, REGION, associated=False)
    try:
        yield
    finally:
        made.route53.limits = limits
        made.delete_vpc(vpc)


@contextmanager
def refused(made: World) -> Iterator[None]:
    """A new VPC should resolve the zones, and the account's role may not associate it."""
    with denied(made, PAYMENTS, NAMES.vpc_role, "route53:AssociateVPCWithHostedZone"):
        made.add_vpc(PAYMENTS, REGION, associated=False)
        yield


@contextmanager
def events_lost(made: World) -> Iterator[None]:
    """The rules of a spoke are off while instances start."""
    with spoke_rules_disabled(made, SEARCH):
        made.launch(SEARCH, REGION, count=6)
        yield


@contextmanager
def events_refused(made: World) -> Iterator[None]:
    """The role that delivers the events of a spoke may not put them on the hub's bus."""
    with denied(made, SEARCH, f"{NAMES.delivery_role_prefix}{REGION}", "events:PutEvents"):
        made.launch(SEARCH, REGION, count=2)
        yield


@contextmanager
def looks_denied(made: World) -> Iterator[None]:
    """The reader role of a spoke may not describe instances when one starts."""
    with denied(made, PAYMENTS, NAMES.reader_role, "ec2:DescribeInstances"):
        made.launch(PAYMENTS, REGION, "looked-at-later")
        yield


# By alarm: what is broken, and the minutes until the alarm fires, and until it ends after the repair.
SCENARIOS: dict[str, tuple[Broken, int, int]] = {
    "looks-failing": (looks_denied, 30, 45),
    "spokes-unreachable": (
        lambda made: denied(made, PAYMENTS, NAMES.reader_role, "ec2:DescribeInstances"),
        95,
        95,
    ),
    "events-missed": (events_lost, 95, 95),
    "events-undelivered": (events_refused, 95, 95),
    "vpcs-unknown": (lambda made: denied(made, PAYMENTS, NAMES.reader_role, "ec2:DescribeVpcs"), 95, 95),
    "associations-refused": (refused, 150, 95),
    "associations-removed": (associations_ended, 95, 200),
    "vpcs-full": (full_of_vpcs, 95, 200),
    "pending-removals": (many_gone, 95, 45),
    "unreadable": (lambda _made: answered("DescribeInstances", odd), 95, 95),
    "sweeps-overdue": (partial(schedule_disabled, name=contract.SWEEP_SCHEDULE), 50, 45),
}
# The alarms that this module makes fire.
TRIED = frozenset(SCENARIOS)


@pytest.mark.parametrize("alarm", SCENARIOS)
def test_alarm_fires_and_clears(made: World, alarm: str) -> None:
    """Status tells the same as the alarm, at the latest when it fires."""
    broken, until, after = SCENARIOS[alarm]
    with broken(made):
        minutes_until(made, lambda: alarm in firing(made), until)
        assert alarm in {kind for kind, _ in told(made)}
    minutes_until(made, lambda: alarm not in firing(made), after)
    minutes_until(made, lambda: not (told(made) or firing(made)), 200)
