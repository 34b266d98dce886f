"""Hands for tests of sweeps and audits on the deployed path."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends

from hub.runtime import contract
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS
from sandbox.world import World

REGION = "eu-central-1"
CORP = "corp.internal"


def sweep_all(made: World, clock: MovedClock) -> None:
    """Have every spoke swept, as after a deployment: the round before has forgotten which policy it was for."""
    statuses(made, clock).put_cursor(ScheduleCursor())
    made.sweep()
    clock.advance(60)
    made.converge()


def hour(made: World, clock: MovedClock) -> None:
    """Let the schedule ask for sweeps as often as it does in an hour, and do what it asks for."""
    for _ in range(12):
        made.sweep()
        clock.advance(300)
        made.converge()


def statuses(made: World, clock: MovedClock) -> DynamoStatuses:
    client = made.client("dynamodb", HUB)
    return DynamoStatuses(Table(client, contract.LEDGER_TABLE, lambda: Millis(int(clock.now() * 1000)), clock.advance))


def spoke_status(made: World, clock: MovedClock, account: str = PAYMENTS, region: str = REGION) -> SpokeStatus:
    return statuses(made, clock).spoke_status(Spoke(account, region))


def zone_status(made: World, clock: MovedClock) -> ZoneStatus:
    return statuses(made, clock).zone_status(made.zone_ids[CORP])


def names(made: World) -> set[str]:
    """The names of the zone, without those that every instance gets."""
    return {name.removesuffix(f".{CORP}.") for name, *_ in made.owners(CORP) if name.count(".") == 3}


def by_hand(made: World, action: str, record_set: dict[str, Any]) -> None:
    """Change a record as the networking team could in the console."""
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP],
        ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record_set}]},
    )


def described(made: World, name: str) -> dict[str, Any]:
    """A record set as Route 53 shows it."""
    answer = made.client("route53", NETWORK).list_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP], StartRecordName=f"{name}.{CORP}."
    )
    found: dict[str, Any] = answer["ResourceRecordSets"][0]
    assert found["Name"] == f"{name}.{CORP}."
    return found


def forget_ended(account: str, region: str) -> None:
    """EC2 shows an ended instance for about an hour."""
    backend = ec2_backends[account][region]
    for key, reservation in list(backend.reservations.items()):
        reservation.instances = [one for one in reservation.instances if one.state != "terminated"]
        if not reservation.instances:
            del backend.reservations[key]


def lose_events(made: World) -> None:
    made.router.tamper = lambda _event: ()
