"""What goes wrong on the path, and how it ends: events lost and twice, workers killed, roles gone, zones throttled."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.runtime import contract
from sandbox.aws.functions.service import Killed
from sandbox.clock import MovedClock
from sandbox.example import NETWORK, PAYMENTS, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.faults import reader_role_denied, rest
from tests.support.path.vpcs import with_a_rule

REGION = "eu-central-1"
CORP = "corp.internal"
Event = dict[str, object]


@pytest.fixture(autouse=True)
def mended(made: World, clock: MovedClock) -> Iterator[None]:
    """What a test broke on purpose is whole again for the next, and nothing waits any more."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    rest(made, clock)


def test_reader_role_that_is_missing_delays_names_and_takes_none(made: World, there: Vpc, clock: MovedClock) -> None:
    """A role that is denied means unknown, never empty: names stay, new ones come when it is back."""
    (old,) = made.launch(SEARCH, REGION, "had-a-role")
    made.converge()
    with reader_role_denied(made, clock, SEARCH):
        made.tag(SEARCH, REGION, old, Name="renamed-without-a-role")
        made.launch(SEARCH, REGION, "new-without-a-role")
        made.launch(PAYMENTS, REGION, "other-account")
        made.converge()
        assert made.resolve(f"had-a-role.{CORP}", there)
        assert made.resolve(f"other-account.{CORP}", there)
        assert not made.resolve(f"new-without-a-role.{CORP}", there)
    clock.advance(600)
    made.converge()
    assert made.resolve(f"new-without-a-role.{CORP}", there)
    assert made.resolve(f"renamed-without-a-role.{CORP}", there)
    assert not made.resolve(f"had-a-role.{CORP}", there)


@pytest.mark.parametrize("function", [contract.OBSERVER_FUNCTION, contract.PUBLISHER_FUNCTION])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_worker_that_is_killed_leaves_nothing_half_done(
    made: World, there: Vpc, clock: MovedClock, function: str, moment: str
) -> None:
    """A worker killed before or after its work is followed by one that ends it, through start, rename and end."""
    strikes = {"left": 0}

    def interrupt(name: str, when: str) -> None:
        if name == function and when == moment and strikes["left"]:
            strikes["left"] -= 1
            raise Killed("on purpose")

    made.functions.interrupt = interrupt
    label = f"{function}-{moment}"
    strikes["left"] = 2
    (one,) = made.launch(PAYMENTS, REGION, label)
    rest(made, clock)
    assert made.resolve(f"{label}.{CORP}", there) == {made.address(PAYMENTS, REGION, one)}
    strikes["left"] = 2
    made.tag(PAYMENTS, REGION, one, Name=f"{label}-2")
    rest(made, clock)
    assert made.resolve(f"{label}-2.{CORP}", there)
    assert not made.resolve(f"{label}.{CORP}", there)
    strikes["left"] = 2
    made.end(PAYMENTS, REGION, one)
    rest(made, clock)
    assert not [owner for _, _, _, owner in made.owners(CORP) if owner and owner.endswith(one)]


def test_throttled_zone_is_written_in_the_end(made: World, there: Vpc, clock: MovedClock) -> None:
    """With each of the account's buckets empty the publisher waits and goes on; nothing is lost."""
    account = made.route53.account(NETWORK)
    while account.requests.take(1):
        pass
    (one,) = made.launch(PAYMENTS, REGION, "throttled")
    rest(made, clock)
    assert made.route53.throttled["ListResourceRecordSets"]
    assert made.resolve(f"throttled.{CORP}", there)
    while account.changes.take(1):
        pass
    made.end(PAYMENTS, REGION, one)
    rest(made, clock)
    assert made.route53.throttled["ChangeResourceRecordSets"]
    assert not made.resolve(f"throttled.{CORP}", there)


def test_busy_zone_is_written_in_the_end(made: World, there: Vpc, clock: MovedClock) -> None:
    """PriorRequestNotComplete is waited for."""
    made.route53.limits.busy_seconds = 3.0
    try:
        for number in range(3):
            made.launch(PAYMENTS, REGION, f"busy-{number}")
            made.converge()
        rest(made, clock)
    finally:
        made.route53.limits.busy_seconds = 0.0
    assert "PriorRequestNotComplete" in {batch.outcome for batch in made.route53.batches}
    assert all(made.resolve(f"busy-{number}.{CORP}", there) for number in range(3))


def test_record_edited_by_hand_is_not_overwritten_blindly(made: World, there: Vpc) -> None:
    """A record of ours that somebody edited is found by the refused DELETE, and put right with the next change."""
    (one,) = made.launch(PAYMENTS, REGION, "edited")
    made.converge()
    zone = made.zone_ids[CORP]
    route53 = made.client("route53", NETWORK)
    (ours,) = [
        record_set
        for record_set in route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=f"edited.{CORP}.")[
            "ResourceRecordSets"
        ]
        if record_set["Name"] == f"edited.{CORP}."
    ]
    other = ours | {"ResourceRecords": [{"Value": "192.0.2.99"}]}
    batch = [{"Action": "DELETE", "ResourceRecordSet": ours}, {"Action": "CREATE", "ResourceRecordSet": other}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
    made.end(PAYMENTS, REGION, one)
    made.launch(PAYMENTS, REGION, "beside-edited")
    made.converge()
    assert not made.resolve(f"edited.{CORP}", there)
    assert made.resolve(f"beside-edited.{CORP}", there)


def test_zone_that_is_closed_keeps_no_other_zone_waiting(made: World, there: Vpc, clock: MovedClock) -> None:
    """The writer role loses one zone: names of the other zone answer at once, and the reason is told for each name."""
    role = f"arn:aws:iam::{NETWORK}:role/{contract.WRITER_ROLE}"
    zone = f"arn:aws:route53:::hostedzone/{made.zone_ids['instances.internal']}"
    deny = {"Effect": "Deny", "Action": "route53:ChangeResourceRecordSets", "Resource": zone}
    iam = made.client("iam", NETWORK)
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=contract.WRITER_ROLE, PolicyName="closed", PolicyDocument=document)
    try:
        (one,) = made.launch(PAYMENTS, REGION, "open-zone")
        made.converge()
        assert made.resolve(f"open-zone.{CORP}", there)
        # A denial may be that of an old session, or of permissions that are not everywhere yet: for a while it is
        # tried again. Then others must not wait any longer.
        for _ in range(12):
            clock.advance(15)
            made.converge()
        made.launch(PAYMENTS, REGION, "after-open-zone")
        made.converge()
        assert made.resolve(f"after-open-zone.{CORP}", there)
        assert not made.resolve(f"{one}.instances.internal", there)
        told = next(
            line
            for line in made.logged(contract.PUBLISHER_FUNCTION, "zone closed")
            if line["dns_name"] == f"{one}.instances.internal."
        )
        assert "orgdns cannot write the zone" in str(told["reason"])
    finally:
        iam.delete_role_policy(RoleName=contract.WRITER_ROLE, PolicyName="closed")
    assert {denied.role_arn for denied in made.guard.denied} == {role}
    made.guard.denied.clear()
    made.end(PAYMENTS, REGION, one)
    made.converge()
    assert not [name for name, _, _, owner in made.owners("instances.internal") if owner and owner.endswith(one)]


def test_roles_are_granted_what_they_use_and_use_what_they_are_granted(made: World, clock: MovedClock) -> None:
    """After all that happened here, each role's calls are exactly its grants: none denied, none never used."""
    made.launch(PAYMENTS, REGION, "set-aside")

    def interrupt(name: str, when: str) -> None:
        if name == contract.PUBLISHER_FUNCTION and when == "before":
            raise Killed("for half a day")

    made.functions.interrupt = interrupt
    made.converge()
    clock.advance(13 * 3600)
    made.converge()
    assert made.waiting(contract.PUBLISHER_DEAD_LETTER_QUEUE)
    stranger = {
        "Name": f"stranger.{CORP}.",
        "Type": "A",
        "TTL": 60,
        "SetIdentifier": "orgdns/666666666666/us-east-1/i-00000000000000001",
        "MultiValueAnswer": True,
        "ResourceRecords": [{"Value": "10.0.0.1"}],
    }
    made.functions.interrupt = lambda _function, _moment: None
    made.client("route53", NETWORK).change_resource_record_sets(
        HostedZoneId=made.zone_ids[CORP],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": stranger}]},
    )
    made.launch(PAYMENTS, REGION, "stranger")
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    with_a_rule(made, vpc, "elsewhere.example")
    made.converge()
    made.client("ec2", SEARCH, REGION).create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "private"}])
    made.converge()
    made.delete_vpc(vpc)
    made.converge()
    made.sweep()
    made.audit()
    clock.advance(3600)
    made.converge()
    for role in sorted(made.guard.roles):
        assert made.guard.used_actions(role) == made.guard.granted_actions(role), role
    assert made.guard.denied == []
