"""Sweeps, audits, pending removals and a pause on the deployed path: what no event reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.sweeps import (
    by_hand,
    described_record_set,
    forget_ended,
    hour,
    lose_events,
    names,
    spoke_status,
    statuses,
    sweep,
    sweep_all,
    zone_status,
)

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(scope="module", autouse=True)
def all_swept(made: World, clock: MovedClock) -> None:
    """Begin with swept spokes."""
    sweep_all(made, clock)


@pytest.fixture(autouse=True)
def all_events(made: World, clock: MovedClock, all_swept: None) -> Iterator[None]:
    """Deliver events again after each test, and start each test with no instance in swept spokes."""
    del all_swept
    sweep(made, clock, PAYMENTS, SEARCH)
    made.audit()
    yield
    made.router.tamper = lambda event: (event,)
    made.trails.missing.clear()
    for account, region in made.vpcs:
        ec2 = made.client("ec2", account, region)
        for reservation in ec2.describe_instances()["Reservations"]:
            made.end(account, region, *(instance["InstanceId"] for instance in reservation["Instances"]))
    made.converge()


def test_instance_older_than_the_rollout_gets_its_names(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """An instance without any event resolves within the hour."""
    lose_events(made)
    (instance,) = made.launch(SCIENCE, "eu-west-1", "from-before")
    clock.advance(3600)
    made.converge()
    assert names(made) == set()
    hour(made, clock)
    address = made.address(SCIENCE, "eu-west-1", instance)
    assert made.resolve("from-before.eu-west-1.data-science.corp.internal", remote_vpc) == {address}


def test_lost_events_are_counted_by_spoke(made: World, clock: MovedClock) -> None:
    """The sweep finds, repairs and counts a launch, a rename and a termination whose events were lost."""
    renamed, grown, ended = (made.launch(PAYMENTS, REGION, name)[0] for name in ("renamed", "grown", "ended"))
    made.converge()
    before = spoke_status(made, clock).missed_ever
    lose_events(made)
    made.tag(PAYMENTS, REGION, renamed, Name="anew")
    made.end(PAYMENTS, REGION, ended)
    made.launch(PAYMENTS, REGION, "started")
    clock.advance(1200)
    sweep(made, clock, PAYMENTS, SEARCH)
    assert names(made) == {"anew", "grown", "started"}
    assert spoke_status(made, clock).missed_ever == before + 3
    assert spoke_status(made, clock, SEARCH).missed_ever == 0
    assert made.described(PAYMENTS, REGION, grown)


def test_instance_that_ec2_no_longer_shows_loses_its_names(made: World, clock: MovedClock) -> None:
    """If the event of a termination is lost and EC2 no longer shows the instance, the sweep removes its names."""
    lost, _ = (made.launch(PAYMENTS, REGION, name)[0] for name in ("lost", "stays"))
    made.converge()
    lose_events(made)
    made.end(PAYMENTS, REGION, lost)
    forget_ended(PAYMENTS, REGION)
    sweep(made, clock, PAYMENTS, SEARCH)
    assert names(made) == {"stays"}


def test_sweep_with_too_many_removals_waits_for_approval(made: World, clock: MovedClock) -> None:
    """If eleven of twelve instances are missing at once, nothing is removed until a person approves."""
    ids = made.launch(PAYMENTS, REGION, None, count=12, tags={})
    for number, instance in enumerate(ids):
        made.tag(PAYMENTS, REGION, instance, Name=f"fleet-{number}")
    made.converge()
    everything = names(made)
    lose_events(made)
    made.end(PAYMENTS, REGION, *ids[1:])
    forget_ended(PAYMENTS, REGION)
    sweep(made, clock, PAYMENTS, SEARCH)
    assert names(made) == everything
    status = spoke_status(made, clock)
    assert set(status.pending_removals) == set(ids[1:])
    assert made.logged(NAMES.sweeper_function, "removals await approval: run orgdns approve")
    statuses(made, clock).approve(status)
    # The next round enqueues approved spokes first.
    made.sweep()
    clock.advance(10)
    made.converge()
    assert names(made) == {"fleet-0"}
    assert spoke_status(made, clock).pending_removals == ()


def test_spoke_with_a_denied_role_keeps_its_names_for_a_week(made: World, clock: MovedClock) -> None:
    """The ledger has its state and the reason. After the grace period the names are removed until the role is back."""
    made.launch(SEARCH, REGION, "behind-a-wall")
    made.converge()
    iam = made.client("iam", SEARCH)
    trust = iam.get_role(RoleName=NAMES.reader_role)["Role"]["AssumeRolePolicyDocument"]
    deny_all = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    denied = {"Version": "2012-10-17", "Statement": [deny_all]}
    iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=json.dumps(denied))
    made.functions.cold_start(NAMES.sweeper_function)
    sweep(made, clock, SEARCH)
    status = spoke_status(made, clock, SEARCH)
    assert "AccessDenied" in status.fault
    clock.advance(6 * 86_400)
    sweep(made, clock, SEARCH)
    assert names(made) == {"behind-a-wall"}
    clock.advance(86_400)
    sweep(made, clock, SEARCH)
    assert names(made) == set()
    assert spoke_status(made, clock, SEARCH).withdrawn
    iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=json.dumps(trust))
    sweep(made, clock, SEARCH)
    assert names(made) == {"behind-a-wall"}
    assert spoke_status(made, clock, SEARCH).fault == ""


def test_audit_repairs_what_people_edited(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """Without a trail, the audit restores deleted and edited records, and removes one of ours that nobody claims."""
    made.trails.missing.add(NETWORK)
    first, second = (made.launch(PAYMENTS, REGION, name)[0] for name in ("deleted", "edited"))
    made.converge()
    by_hand(made, "DELETE", described_record_set(made, "deleted"))
    ours = described_record_set(made, "edited")
    by_hand(made, "DELETE", ours)
    by_hand(made, "CREATE", ours | {"ResourceRecords": [{"Value": "192.0.2.99"}]})
    by_hand(made, "CREATE", ours | {"Name": f"nobody.{CORP}."})
    made.audit()
    assert made.resolve(f"deleted.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, first)}
    assert made.resolve(f"edited.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, second)}
    assert names(made) == {"deleted", "edited"}
    assert dict(zone_status(made, clock).differences) == {"edited": 1, "missing": 1, "unclaimed": 1}
    made.audit()
    assert zone_status(made, clock).differences == ()


def test_conflict_ends_after_the_foreign_record_is_removed(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The audit publishes a conflicting name after the hand-made record has been removed."""
    foreign = {"Name": f"taken.{CORP}.", "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    by_hand(made, "CREATE", foreign)
    (instance,) = made.launch(PAYMENTS, REGION, "taken")
    made.converge()
    made.audit()
    assert made.resolve(f"taken.{CORP}", remote_vpc) == {"192.0.2.7"}
    by_hand(made, "DELETE", foreign)
    made.audit()
    assert made.resolve(f"taken.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    assert zone_status(made, clock).fault == ""


def test_emptied_ledger_is_rebuilt_without_a_record_changing(made: World, clock: MovedClock) -> None:
    """Sweeps and audits rebuild a lost ledger without changing a record, and later events work."""
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
    table = dynamodb_backends[HUB][REGION].tables[NAMES.ledger_table]
    assert any(row for partition in table.items.values() for row in partition.values())
    ids = [instance["InstanceId"] for instance in running_instances(made, SEARCH, "eu-west-1")]
    made.end(SEARCH, "eu-west-1", *ids)
    made.converge()
    # The older instances were claimants all the time, so they take over.
    assert names(made) == {f"kept-{number}" for number in range(3)}


def running_instances(made: World, account: str, region: str) -> list[dict[str, Any]]:
    reservations = made.client("ec2", account, region).describe_instances()["Reservations"]
    return [
        instance
        for reservation in reservations
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]


def test_instance_that_ended_while_the_ledger_was_lost(made: World, clock: MovedClock) -> None:
    """Its record is removed by the audit after its spoke's sweep, not before."""
    ended, _ = (made.launch(PAYMENTS, REGION, name)[0] for name in ("ended", "lives"))
    made.converge()
    made.empty_ledger()
    lose_events(made)
    made.end(PAYMENTS, REGION, ended)
    made.audit()
    assert names(made) == {"ended", "lives"}
    sweep_all(made, clock)
    made.audit()
    assert names(made) == {"lives"}


def test_name_of_an_unknown_owner_is_kept_until_its_spoke_is_swept(made: World, clock: MovedClock) -> None:
    """With an empty ledger, a new instance of another account does not take a name that may still be claimed."""
    made.launch(SEARCH, "eu-west-1", "held")
    made.converge()
    before = made.owners(CORP)
    made.empty_ledger()
    clock.advance(60)
    made.launch(PAYMENTS, REGION, "held")
    made.converge()
    name = f"held.{CORP}."
    assert [row for row in made.owners(CORP) if row[0] == name] == [row for row in before if row[0] == name]
    sweep_all(made, clock)
    made.audit()
    # All claims are known now, and the newest instance holds the name.
    ((_, _, _, owner),) = [row for row in made.owners(CORP) if row[0] == name]
    assert owner is not None
    assert f"/{PAYMENTS}/" in owner


def test_pause_stops_all_writing_and_loses_nothing(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """After a pause longer than a stream's retention, the zone matches the instances again."""
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
    assert made.resolve(f"starts.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, starts)}
    assert made.waiting(NAMES.publisher_dead_letter_queue) == 0
