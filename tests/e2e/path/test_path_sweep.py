"""What no event tells, on the deployed path: sweeps, audits, what they hold back, and a pause."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from hub.runtime import contract
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import (
    by_hand,
    described,
    forget_ended,
    hour,
    lose_events,
    names,
    spoke_status,
    statuses,
    sweep_all,
    zone_status,
)

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def all_events(made: World, clock: MovedClock) -> Iterator[None]:
    """Events that a test lost are lost for that test alone; each begins with everything swept and nothing there."""
    sweep_all(made, clock)
    made.audit()
    yield
    made.router.tamper = lambda event: (event,)
    for account, region in made.vpcs:
        ec2 = made.client("ec2", account, region)
        for reservation in ec2.describe_instances()["Reservations"]:
            made.end(account, region, *(one["InstanceId"] for one in reservation["Instances"]))
    made.converge()


def test_instance_from_before_the_rollout_gets_its_names(made: World, clock: MovedClock, there: Vpc) -> None:
    """An instance of which no event ever came resolves within the hour, and is not counted as missed."""
    lose_events(made)
    (one,) = made.launch(SCIENCE, "eu-west-1", "from-before")
    clock.advance(3600)
    made.converge()
    assert names(made) == set()
    hour(made, clock)
    address = made.address(SCIENCE, "eu-west-1", one)
    assert made.resolve("from-before.eu-west-1.data-science.corp.internal", there) == {address}


def test_events_that_were_lost_are_counted_by_spoke(made: World, clock: MovedClock) -> None:
    """A start, a renaming, a further address and an end of which no event came: found, repaired, counted."""
    renamed, grown, ended = (made.launch(PAYMENTS, REGION, name)[0] for name in ("renamed", "grown", "ended"))
    made.converge()
    before = spoke_status(made, clock).missed_ever
    lose_events(made)
    made.tag(PAYMENTS, REGION, renamed, Name="anew")
    made.end(PAYMENTS, REGION, ended)
    made.launch(PAYMENTS, REGION, "started")
    clock.advance(1200)
    sweep_all(made, clock)
    assert names(made) == {"anew", "grown", "started"}
    assert spoke_status(made, clock).missed_ever == before + 3
    assert spoke_status(made, clock, SEARCH).missed_ever == 0
    assert made.described(PAYMENTS, REGION, grown)


def test_instance_that_is_gone_without_a_trace_loses_its_names(made: World, clock: MovedClock) -> None:
    """An end that was lost, and that EC2 does not show any more: two looks, then its names go."""
    lost, _ = (made.launch(PAYMENTS, REGION, name)[0] for name in ("lost", "stays"))
    made.converge()
    lose_events(made)
    made.end(PAYMENTS, REGION, lost)
    forget_ended(PAYMENTS, REGION)
    sweep_all(made, clock)
    assert names(made) == {"stays"}


def test_sweep_that_would_take_too_much_waits(made: World, clock: MovedClock) -> None:
    """Eleven of twelve instances are gone at once: nothing is removed, a person is asked, and what he approves goes."""
    ids = made.launch(PAYMENTS, REGION, None, count=12, tags={})
    for number, one in enumerate(ids):
        made.tag(PAYMENTS, REGION, one, Name=f"fleet-{number}")
    made.converge()
    everything = names(made)
    lose_events(made)
    made.end(PAYMENTS, REGION, *ids[1:])
    forget_ended(PAYMENTS, REGION)
    sweep_all(made, clock)
    assert names(made) == everything
    status = spoke_status(made, clock)
    assert set(status.pending_removals) == set(ids[1:])
    assert made.logged(contract.SWEEPER_FUNCTION, "removals await approval: run orgdns approve")
    statuses(made, clock).approve(status)
    # The next round asks for what was approved, whoever's turn it is.
    made.sweep()
    clock.advance(10)
    made.converge()
    assert names(made) == {"fleet-0"}
    assert spoke_status(made, clock).pending_removals == ()


def test_spoke_whose_role_is_denied_keeps_its_names_for_a_week(made: World, clock: MovedClock) -> None:
    """Its state and the reason are on the ledger; after the grace the names go, and come back with the role."""
    made.launch(SEARCH, REGION, "behind-a-wall")
    made.converge()
    iam = made.client("iam", SEARCH)
    trust = iam.get_role(RoleName=contract.READER_ROLE)["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    denied = {"Version": "2012-10-17", "Statement": [nobody]}
    iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=json.dumps(denied))
    made.functions.cold_start(contract.SWEEPER_FUNCTION)
    sweep_all(made, clock)
    status = spoke_status(made, clock, SEARCH)
    assert "AccessDenied" in status.fault
    clock.advance(6 * 86_400)
    sweep_all(made, clock)
    assert names(made) == {"behind-a-wall"}
    clock.advance(86_400)
    sweep_all(made, clock)
    assert names(made) == set()
    assert spoke_status(made, clock, SEARCH).withdrawn
    iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=json.dumps(trust))
    sweep_all(made, clock)
    assert names(made) == {"behind-a-wall"}
    assert spoke_status(made, clock, SEARCH).fault == ""


def test_audit_repairs_what_people_edited(made: World, clock: MovedClock, there: Vpc) -> None:
    """A record that was deleted, one that was changed, and one of ours that nobody claims: as claimed afterwards."""
    first, second = (made.launch(PAYMENTS, REGION, name)[0] for name in ("deleted", "edited"))
    made.converge()
    by_hand(made, "DELETE", described(made, "deleted"))
    ours = described(made, "edited")
    by_hand(made, "DELETE", ours)
    by_hand(made, "CREATE", ours | {"ResourceRecords": [{"Value": "192.0.2.99"}]})
    by_hand(made, "CREATE", ours | {"Name": f"nobody.{CORP}."})
    made.audit()
    assert made.resolve(f"deleted.{CORP}", there) == {made.address(PAYMENTS, REGION, first)}
    assert made.resolve(f"edited.{CORP}", there) == {made.address(PAYMENTS, REGION, second)}
    assert names(made) == {"deleted", "edited"}
    assert dict(zone_status(made, clock).differences) == {"edited": 1, "missing": 1, "unclaimed": 1}
    made.audit()
    assert zone_status(made, clock).differences == ()


def test_conflict_ends_when_the_foreign_record_goes(made: World, clock: MovedClock, there: Vpc) -> None:
    """A name that a hand-made record kept from being published is published by the audit after that has gone."""
    foreign = {"Name": f"taken.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    by_hand(made, "CREATE", foreign)
    (one,) = made.launch(PAYMENTS, REGION, "taken")
    made.converge()
    made.audit()
    assert made.resolve(f"taken.{CORP}", there) == {"192.0.2.7"}
    by_hand(made, "DELETE", foreign)
    made.audit()
    assert made.resolve(f"taken.{CORP}", there) == {made.address(PAYMENTS, REGION, one)}
    assert zone_status(made, clock).fault == ""


def test_emptied_ledger_is_rebuilt_without_a_record_changing(made: World, clock: MovedClock) -> None:
    """Sweeps and audits after the ledger was lost change no record, whichever comes first; later events are handled."""
    for number in range(3):
        made.launch(PAYMENTS, REGION, f"kept-{number}")
        made.launch(SEARCH, "eu-west-1", f"kept-{number}")
    made.converge()
    before, batches = made.owners(CORP), len(made.route53.batches)
    made.empty_ledger()
    made.audit()
    sweep_all(made, clock)
    made.audit()
    assert made.owners(CORP) == before
    assert len(made.route53.batches) == batches
    assert zone_status(made, clock).differences == ()
    table = dynamodb_backends[HUB][REGION].tables[contract.LEDGER_TABLE]
    assert any(row for partition in table.items.values() for row in partition.values())
    ids = [one["InstanceId"] for one in instances(made, SEARCH, "eu-west-1")]
    made.end(SEARCH, "eu-west-1", *ids)
    made.converge()
    # The older instances take over: they were there all the time.
    assert names(made) == {f"kept-{number}" for number in range(3)}


def instances(made: World, account: str, region: str) -> list[dict[str, Any]]:
    reservations = made.client("ec2", account, region).describe_instances()["Reservations"]
    return [
        one for reservation in reservations for one in reservation["Instances"] if one["State"]["Name"] == "running"
    ]


def test_instance_that_ended_while_the_ledger_was_lost(made: World, clock: MovedClock) -> None:
    """Its record goes by the audit that follows the sweep of its spoke, and not before."""
    gone, _ = (made.launch(PAYMENTS, REGION, name)[0] for name in ("gone", "lives"))
    made.converge()
    made.empty_ledger()
    lose_events(made)
    made.end(PAYMENTS, REGION, gone)
    made.audit()
    assert names(made) == {"gone", "lives"}
    sweep_all(made, clock)
    made.audit()
    assert names(made) == {"lives"}


def test_name_of_a_stranger_is_not_taken_before_his_spoke_was_swept(made: World, clock: MovedClock) -> None:
    """With an emptied ledger, a new instance of another account does not take a name that may still be claimed."""
    made.launch(SEARCH, "eu-west-1", "held")
    made.converge()
    before = made.owners(CORP)
    made.empty_ledger()
    clock.advance(60)
    made.launch(PAYMENTS, REGION, "held")
    made.converge()
    held = [one for one in made.owners(CORP) if one[0] == f"held.{CORP}."]
    assert held == [one for one in before if one[0] == f"held.{CORP}."]
    sweep_all(made, clock)
    made.audit()
    # Now all claims are known, and the newest holds the name.
    ((_, _, _, owner),) = [one for one in made.owners(CORP) if one[0] == f"held.{CORP}."]
    assert owner is not None
    assert f"/{PAYMENTS}/" in owner


def test_pause_stops_all_writing_and_loses_nothing(made: World, clock: MovedClock, there: Vpc) -> None:
    """For longer than a stream keeps its records: afterwards the zone is as the instances are."""
    (ends,) = made.launch(PAYMENTS, REGION, "ends")
    made.converge()
    statuses(made, clock).pause("the zones are being moved")
    batches = len(made.route53.batches)
    (starts,) = made.launch(PAYMENTS, REGION, "starts")
    made.end(PAYMENTS, REGION, ends)
    made.converge()
    clock.advance(2 * 86_400)
    made.audit()
    sweep_all(made, clock)
    assert len(made.route53.batches) == batches
    assert names(made) == {"ends"}
    assert "the zones are being moved" in zone_status(made, clock).fault
    statuses(made, clock).resume()
    sweep_all(made, clock)
    assert names(made) == {"starts"}
    assert made.resolve(f"starts.{CORP}", there) == {made.address(PAYMENTS, REGION, starts)}
    assert made.waiting(contract.PUBLISHER_DEAD_LETTER_QUEUE) == 0
