"""Known defects of similar tools, each shown to be absent on the whole path.

Defects of a single module are tested with that module: unpaginated listings and deletion of the first listed record
(`test_aws.py`), an endless wait for a tag (`test_observer.py`), empty batches and dropped oversized groups
(`test_batches.py`), `route53:*` (`test_roles.py`).
"""

from __future__ import annotations

import time

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"


def test_no_wait_for_a_tag_that_never_comes(made: World, remote_vpc: Vpc) -> None:
    """An instance without a Name tag is handled at once, and gets its name after it is tagged."""
    before = time.time()
    (instance,) = made.launch(PAYMENTS, REGION)
    made.converge()
    assert time.time() == before
    made.tag(PAYMENTS, REGION, instance, Name="tagged-later")
    made.converge()
    assert made.resolve(f"tagged-later.{CORP}", remote_vpc)


def test_no_long_sleep(made: World, remote_vpc: Vpc) -> None:
    """From launch to answer nothing sleeps for long: every sleep moves the clock, and a call waits for its turn."""
    before = time.time()
    made.launch(PAYMENTS, REGION, "at-once")
    made.converge()
    assert made.resolve(f"at-once.{CORP}", remote_vpc)
    # Names of two zones in up to four shards: their calls to one zone keep a distance.
    assert time.time() - before <= 1


def test_twin_in_another_account_keeps_the_name(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """A terminated instance does not take the name from its twin in another account and region."""
    (old,) = made.launch(PAYMENTS, REGION, "twin")
    made.converge()
    clock.advance(1)
    (new,) = made.launch(SEARCH, "us-east-1", "twin")
    made.end(PAYMENTS, REGION, old)
    made.converge()
    assert made.resolve(f"twin.{CORP}", remote_vpc) == {made.address(SEARCH, "us-east-1", new)}


def test_apostrophe_in_a_tag_does_not_prevent_removal(made: World) -> None:
    """A name with an apostrophe is published and removed like any other."""
    (instance,) = made.launch(PAYMENTS, REGION, "bob's box")
    made.converge()
    assert f"bob-s-box.{CORP}." in {name for name, _, _, _ in made.owners(CORP)}
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert f"bob-s-box.{CORP}." not in {name for name, _, _, _ in made.owners(CORP)}


def test_removal_keeps_records_of_other_types_and_names(made: World) -> None:
    """Hand-made records beside or below a name stay when the name is removed."""
    zone = made.zone_ids[CORP]
    text = {"Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": '"kept"'}]}
    batch = [
        {"Action": "CREATE", "ResourceRecordSet": text | {"Name": f"{name}.{CORP}"}}
        for name in ("typed", "below.typed", "typed2")
    ]
    made.client("route53", made.config.network.account).change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": batch}
    )
    (instance,) = made.launch(PAYMENTS, REGION, "typed")
    made.converge()
    assert sum(name == f"typed.{CORP}." for name, _, _, _ in made.owners(CORP)) == 2
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    kept = {name for name, kind, _, _ in made.owners(CORP) if kind == "TXT"}
    assert {f"typed.{CORP}.", f"below.typed.{CORP}.", f"typed2.{CORP}."} <= kept


def test_no_state_in_tags_of_a_zone_and_no_upsert(made: World) -> None:
    """Zones have no tags of ours, and a change takes one token. State in tags or an UPSERT would cost more."""
    zone = made.zone_ids[CORP]
    route53 = made.client("route53", made.config.network.account)
    assert route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"] == []
    before = len(made.route53.batches)
    (instance,) = made.launch(SCIENCE, REGION, "cheap")
    made.converge()
    # One token for each zone: the tag's name, and the name with the instance id.
    assert sum(batch.changes for batch in made.route53.batches[before:]) == 2
    assert instance


def test_failed_messages_are_retried(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """A failed event is delivered again after the visibility timeout, and other events succeed meanwhile."""
    ec2 = made.client("ec2", PAYMENTS, REGION)
    withheld: list[dict[str, object]] = []

    def withhold(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        withheld.append(event)
        return ()

    made.router.tamper = withhold
    (instance,) = made.launch(PAYMENTS, REGION, "again")
    made.router.tamper = lambda event: (event,)
    fake = "i-0123456789abcdef0"
    bus = f"arn:aws:events:{REGION}:{made.config.hub.account}:event-bus/{NAMES.event_bus}"
    early = dict(withheld[-1])
    early["resources"] = [f"arn:aws:ec2:{REGION}:{PAYMENTS}:instance/{fake}"]
    early["detail"] = {"instance-id": fake, "state": "running"}
    made.router.arrive(bus, early)
    made.router.arrive(bus, early)
    made.router.arrive(bus, withheld[-1])
    made.converge()
    # Both messages about the unknown instance stay on the queue.
    assert made.waiting(NAMES.events_queue) == 2
    assert made.resolve(f"again.{CORP}", remote_vpc)
    assert ec2.describe_instances(InstanceIds=[instance])
    attempts = [
        line
        for line in made.functions.logs(NAMES.observer_function)
        if isinstance(line, dict) and fake in str(line.get("instance"))
    ]
    clock.advance(750)
    made.converge()
    later_attempts = [
        line
        for line in made.functions.logs(NAMES.observer_function)
        if isinstance(line, dict) and fake in str(line.get("instance"))
    ]
    assert (len(attempts), len(later_attempts)) == (1, 2)
