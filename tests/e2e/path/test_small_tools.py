"""The defects that the small tools of this field have, each shown not to be ours on the whole path.

Those that are a matter of one module have their test there: unpaginated listings and deleting what a list returned
first (`test_adapters.py`), an endless wait for a tag (`test_observe.py`), empty batches and groups too large that are
dropped (`test_plan.py`), `route53:*` (`test_templates_roles.py`).
"""

from __future__ import annotations

import time

from hub.runtime import contract
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World

REGION = "eu-central-1"
CORP = "corp.internal"


def test_no_wait_for_a_tag_that_never_comes(made: World, there: Vpc) -> None:
    """An instance without a Name is settled at once, and gets its name when the tag comes."""
    before = time.time()
    (one,) = made.launch(PAYMENTS, REGION)
    made.converge()
    assert time.time() == before
    made.tag(PAYMENTS, REGION, one, Name="tagged-later")
    made.converge()
    assert made.resolve(f"tagged-later.{CORP}", there)


def test_no_long_sleep(made: World, there: Vpc) -> None:
    """From start to answer our own waiting is nothing, by the clock that every sleep would move."""
    before = time.time()
    made.launch(PAYMENTS, REGION, "at-once")
    made.converge()
    assert made.resolve(f"at-once.{CORP}", there)
    assert time.time() == before


def test_twin_in_another_account_is_seen(made: World, clock: MovedClock, there: Vpc) -> None:
    """The end of an instance does not take the name from its twin in another account and region."""
    (old,) = made.launch(PAYMENTS, REGION, "twin")
    made.converge()
    clock.advance(1)
    (new,) = made.launch(SEARCH, "us-east-1", "twin")
    made.end(PAYMENTS, REGION, old)
    made.converge()
    assert made.resolve(f"twin.{CORP}", there) == {made.address(SEARCH, "us-east-1", new)}


def test_apostrophe_in_a_tag_does_not_break_the_end(made: World) -> None:
    """A name with an apostrophe is registered and de-registered like any other."""
    (one,) = made.launch(PAYMENTS, REGION, "bob's box")
    made.converge()
    assert f"bob-s-box.{CORP}." in {name for name, _, _, _ in made.owners(CORP)}
    made.end(PAYMENTS, REGION, one)
    made.converge()
    assert f"bob-s-box.{CORP}." not in {name for name, _, _, _ in made.owners(CORP)}


def test_end_deletes_no_record_of_another_type_or_name(made: World) -> None:
    """What somebody wrote beside or below a name of ours stays when the name goes."""
    zone = made.zone_ids[CORP]
    text = {"Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": '"kept"'}]}
    batch = [
        {"Action": "CREATE", "ResourceRecordSet": text | {"Name": f"{name}.{CORP}"}}
        for name in ("typed", "below.typed", "typed2")
    ]
    made.client("route53", made.config.network.account).change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": batch}
    )
    (one,) = made.launch(PAYMENTS, REGION, "typed")
    made.converge()
    assert sum(name == f"typed.{CORP}." for name, _, _, _ in made.owners(CORP)) == 2
    made.end(PAYMENTS, REGION, one)
    made.converge()
    kept = {name for name, kind, _, _ in made.owners(CORP) if kind == "TXT"}
    assert {f"typed.{CORP}.", f"below.typed.{CORP}.", f"typed2.{CORP}."} <= kept


def test_no_state_in_tags_of_a_zone_and_no_upsert(made: World) -> None:
    """The zones carry no tags of ours for each claim, and a change costs one token each way, as no UPSERT would."""
    zone = made.zone_ids[CORP]
    route53 = made.client("route53", made.config.network.account)
    assert route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"] == []
    account = made.route53.account(made.config.network.account)
    before = account.changes.tokens
    (one,) = made.launch(SCIENCE, REGION, "cheap")
    made.converge()
    # One in each zone: its own name, and the one by its id.
    assert before - account.changes.tokens == 2
    assert one


def test_failed_messages_are_really_tried_again(made: World, clock: MovedClock, there: Vpc) -> None:
    """An event that failed is delivered again, and succeeds when what was missing is there."""
    ec2 = made.client("ec2", PAYMENTS, REGION)
    held: list[dict[str, object]] = []

    def hold(event: dict[str, object]) -> tuple[dict[str, object], ...]:
        held.append(event)
        return ()

    made.router.tamper = hold
    (one,) = made.launch(PAYMENTS, REGION, "again")
    made.router.tamper = lambda event: (event,)
    fake = "i-0123456789abcdef0"
    bus = f"arn:aws:events:{REGION}:{made.config.hub.account}:event-bus/{contract.EVENT_BUS}"
    early = dict(held[-1])
    early["resources"] = [f"arn:aws:ec2:{REGION}:{PAYMENTS}:instance/{fake}"]
    early["detail"] = {"instance-id": fake, "state": "running"}
    made.router.arrive(bus, early)
    made.router.arrive(bus, early)
    made.router.arrive(bus, held[-1])
    made.converge()
    # Each of its messages is kept.
    assert made.waiting(contract.EVENTS_QUEUE) == 2
    assert made.resolve(f"again.{CORP}", there)
    assert ec2.describe_instances(InstanceIds=[one])
    tries = [
        line
        for line in made.functions.logs(contract.OBSERVER_FUNCTION)
        if isinstance(line, dict) and fake in str(line.get("instance"))
    ]
    clock.advance(600)
    made.converge()
    again = [
        line
        for line in made.functions.logs(contract.OBSERVER_FUNCTION)
        if isinstance(line, dict) and fake in str(line.get("instance"))
    ]
    assert (len(tries), len(again)) == (1, 2)
