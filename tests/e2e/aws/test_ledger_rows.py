"""Someone deletes or edits rows of the ledger in DynamoDB: sweeps and audits repair them on the deployed path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, PAYMENTS
from sandbox.world import Vpc, World
from tests.support.path.sweeps import names, spoke_status, statuses, sweep_all, zone_status

REGION = "eu-central-1"
CORP = "corp.internal"
GHOST = "i-0000000000000dead"


@pytest.fixture(autouse=True)
def at_rest(made: World, clock: MovedClock) -> Iterator[None]:
    """Start each test with swept spokes and no instance."""
    sweep_all(made, clock)
    made.audit()
    yield
    ec2 = made.client("ec2", PAYMENTS, REGION)
    for reservation in ec2.describe_instances()["Reservations"]:
        made.end(PAYMENTS, REGION, *(instance["InstanceId"] for instance in reservation["Instances"]))
    made.converge()
    assert made.waiting(NAMES.sweeps_dead_letter_queue) == 0
    assert made.waiting(NAMES.publisher_dead_letter_queue) == 0


def claim_key(made: World, name: str, instance: str) -> dict[str, Any]:
    partition = f"{contract.NAME_PREFIX}{made.zone_ids[CORP]}#{name}.{CORP}."
    return {"pk": {"S": partition}, "sk": {"S": f"{contract.CLAIM_PREFIX}{PAYMENTS}/{REGION}/{instance}"}}


def instance_key(instance: str) -> dict[str, Any]:
    return {
        "pk": {"S": f"{contract.SPOKE_PREFIX}{PAYMENTS}#{REGION}"},
        "sk": {"S": f"{contract.INSTANCE_PREFIX}{instance}"},
    }


def published_key(made: World, name: str) -> dict[str, Any]:
    return claim_key(made, name, "") | {"sk": {"S": contract.PUBLISHED_KEY}}


def row(made: World, key: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made.client("dynamodb", HUB).get_item(TableName=NAMES.ledger_table, Key=key)["Item"]
    return found


def put(made: World, item: dict[str, Any]) -> None:
    made.client("dynamodb", HUB).put_item(TableName=NAMES.ledger_table, Item=item)
    made.converge()


def delete(made: World, key: dict[str, Any]) -> None:
    made.client("dynamodb", HUB).delete_item(TableName=NAMES.ledger_table, Key=key)
    made.converge()


def test_p8_a_deleted_claim_comes_back(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The audit puts it back, also if the publisher did not hear of it; the repair is logged, counted and shown."""
    (instance,) = made.launch(PAYMENTS, REGION, "kept")
    made.converge()
    key = claim_key(made, "kept", instance)
    before = row(made, key)
    tombstone = key | {"live": {"BOOL": False}, "version": before["version"]}
    # The publisher would put it back, but it does not read the ledger during a pause.
    statuses(made, clock).pause("the table is being edited")
    put(made, tombstone)
    statuses(made, clock).resume()
    made.audit()
    # The version is that of the instance's row, which has settled since. The claim says that it is a copy: no event
    # asks for it.
    del before["asked_at"], before["cause"]
    assert row(made, key) == before | {"version": row(made, key)["version"], "copied": {"BOOL": True}}
    assert made.resolve(f"kept.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    assert dict(zone_status(made, clock).repaired) == {"claims restored": 1}
    assert made.logged(NAMES.sweeper_function, "ledger row repaired")
    made.audit()
    assert zone_status(made, clock).repaired == ()


def test_p8_a_lost_row_does_not_keep_an_old_name(made: World, clock: MovedClock) -> None:
    """The instance is renamed after its row was lost: the audit finds the old claim, and the sweep withdraws it."""
    (instance,) = made.launch(PAYMENTS, REGION, "old")
    made.converge()
    delete(made, instance_key(instance))
    made.tag(PAYMENTS, REGION, instance, Name="new")
    made.converge()
    assert names(made) == {"new", "old"}
    made.audit()
    assert names(made) == {"new", "old"}
    sweep_all(made, clock)
    assert names(made) == {"new"}
    made.audit()
    assert zone_status(made, clock).repaired == ()


def test_p8_a_dead_claim_blocks_nobody_for_good(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """The claim of an instance that does not exist holds the name, as the oldest: an audit and a sweep withdraw it."""
    (instance,) = made.launch(PAYMENTS, REGION, "mine")
    made.converge()
    mine = row(made, claim_key(made, "mine", instance))
    dead = {"instance": {"S": f"{PAYMENTS}/{REGION}/{GHOST}"}, "conflict": {"S": "oldest"}, "launched_at": {"N": "1"}}
    put(made, mine | claim_key(made, "mine", GHOST) | dead | {"version": {"N": "40"}})
    made.audit()
    sweep_all(made, clock)
    assert made.resolve(f"mine.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    assert {owner for name, _, _, owner in made.owners(CORP) if name == f"mine.{CORP}."} == {
        f"orgdns/{PAYMENTS}/{REGION}/{instance}"
    }
    assert row(made, claim_key(made, "mine", GHOST))["live"] == {"BOOL": False}
    assert spoke_status(made, clock).pending_removals == ()


def test_p8_an_older_version_of_a_row_does_not_outlast_a_sweep(made: World, clock: MovedClock) -> None:
    """The instance has another name since: the old one is not published again, and the new one stays."""
    (instance,) = made.launch(PAYMENTS, REGION, "before")
    made.converge()
    older = row(made, instance_key(instance))
    made.tag(PAYMENTS, REGION, instance, Name="after")
    made.converge()
    assert names(made) == {"after"}
    put(made, older)
    made.audit()
    assert names(made) == {"after"}
    sweep_all(made, clock)
    made.audit()
    assert names(made) == {"after"}
    latest = row(made, instance_key(instance))
    assert int(latest["version"]["N"]) > int(row(made, claim_key(made, "before", instance))["version"]["N"])
    assert latest["settled"] == {"BOOL": True}


def test_p8_what_is_published_is_restored_from_the_zone(made: World, clock: MovedClock) -> None:
    """The row is deleted, stays pending, or names a record set or an owner that does not exist: no record changes."""
    for name in ("deleted", "pending", "edited"):
        made.launch(PAYMENTS, REGION, name)
    made.converge()
    before, owners, batches = {}, made.owners(CORP), len(made.route53.batches)
    for name in ("deleted", "pending", "edited"):
        before[name] = row(made, published_key(made, name))
    delete(made, published_key(made, "deleted"))
    put(made, before["pending"] | {"pending": {"BOOL": True}})
    (record_set,) = before["edited"]["record_sets"]["L"]
    ghost = {"M": record_set["M"] | {"set_identifier": {"S": f"orgdns/{PAYMENTS}/{REGION}/{GHOST}"}}}
    put(made, before["edited"] | {"record_sets": {"L": [record_set, ghost]}})
    put(made, before["edited"] | published_key(made, "nobody") | {"record_sets": {"L": [ghost]}})
    made.audit()
    made.audit()
    assert (made.owners(CORP), len(made.route53.batches)) == (owners, batches)
    for name, published in before.items():
        assert row(made, published_key(made, name))["record_sets"] == published["record_sets"]
        assert row(made, published_key(made, name))["pending"] == {"BOOL": False}
    assert row(made, published_key(made, "nobody"))["record_sets"] == {"L": []}
    assert zone_status(made, clock).differences == ()
