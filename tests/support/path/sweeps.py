"""Sweeps, audits, statuses and hand-made records on the deployed path."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends

from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Sweep
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS
from sandbox.world import World
from tests.support.path.faults import send

REGION = "eu-central-1"
CORP = "corp.internal"


def sweep_all(made: World, clock: MovedClock) -> None:
    """Sweep every spoke, as after a deployment: the schedule's cursor holds no policy."""
    statuses(made, clock).put_cursor(ScheduleCursor())
    made.sweep()
    clock.advance(60)
    made.converge()


def sweep(made: World, clock: MovedClock, *accounts: str) -> None:
    """Sweep a spoke of each of these accounts, by default that of the payments, a minute after what happened before.

    The tasks are those of the schedule. Fifteen sweeps, of every spoke of the example, would take a second and more.
    """
    clock.advance(60)
    for account in accounts or (PAYMENTS,):
        send(made, body_of(Sweep(Spoke(account, REGION))), NAMES.sweeps_queue)
    made.converge()


def hour(made: World, clock: MovedClock) -> None:
    """Run the sweep schedule and the tasks that it enqueues for an hour."""
    for _ in range(12):
        made.sweep()
        clock.advance(300)
        made.converge()


def statuses(made: World, clock: MovedClock, stream: str = "") -> DynamoStatuses:
    client = made.client("dynamodb", HUB)
    now = clock.now
    return DynamoStatuses(Table(client, NAMES.ledger_table, lambda: Millis(int(now() * 1000)), clock.advance, stream))


def ledger(made: World) -> DynamoLedger:
    return DynamoLedger(Table(made.client("dynamodb", HUB), NAMES.ledger_table, lambda: Millis(0), lambda _: None))


def spoke_status(made: World, clock: MovedClock, account: str = PAYMENTS, region: str = REGION) -> SpokeStatus:
    return statuses(made, clock).spoke_status(Spoke(account, region))


def zone_status(made: World, clock: MovedClock) -> ZoneStatus:
    return statuses(made, clock).zone_status(made.zone_ids[CORP])


def names(made: World) -> set[str]:
    """The zone's short names, relative to the zone."""
    return {name.removesuffix(f".{CORP}.") for name, *_ in made.owners(CORP) if name.count(".") == 3}


def by_hand(made: World, action: str, record_set: dict[str, Any]) -> None:
    """Change a record set as the networking team can in the console."""
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP],
        ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record_set}]},
    )


def described_record_set(made: World, name: str) -> dict[str, Any]:
    """A record set as ListResourceRecordSets returns it."""
    answer = made.client("route53", NETWORK).list_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], StartRecordName=f"{name}.{CORP}."
    )
    record_set: dict[str, Any] = answer["ResourceRecordSets"][0]
    assert record_set["Name"] == f"{name}.{CORP}."
    return record_set


def forget_ended(account: str, region: str) -> None:
    """Remove terminated instances from EC2's answers, which show them for about an hour."""
    backend = ec2_backends[account][region]
    for key, reservation in list(backend.reservations.items()):
        reservation.instances = [instance for instance in reservation.instances if instance.state != "terminated"]
        if not reservation.instances:
            del backend.reservations[key]


def lose_events(made: World) -> None:
    """Deliver no event from now on."""
    made.router.tamper = lambda _event: ()
