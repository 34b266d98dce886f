"""Faults on the deployed path: denied roles, killed workers, throttled, busy and closed zones, edited records."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hub.runtime.aws.ledger.rows import claim_key, mark_key
from hub.runtime.contract import EVENTS_A_BATCH
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Fqdn, InstanceRef, NameKey
from hub.runtime.sdk import OPERATIONS
from sandbox.aws.functions.service import Killed
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SEARCH
from sandbox.world import Vpc, World, world
from tests.support.config.demands import with_keys
from tests.support.path.faults import drain, reader_role_denied
from tests.support.path.sweeps import spoke_status
from tests.support.path.vpcs import add_firewall, add_profile, add_resolver_rule

REGION = "eu-central-1"
CORP = "corp.internal"
Event = dict[str, object]


@pytest.fixture(scope="module")
def made(clock: MovedClock, shards: int) -> Iterator[World]:
    """The example with a key of KMS for everything, so that the grants to use keys are proven, too."""
    with world(with_keys(), clock, shards=shards) as organization:
        yield organization


@pytest.fixture(autouse=True)
def repaired(made: World, clock: MovedClock) -> Iterator[None]:
    """Repair after each test what it broke on purpose, and let the queues drain."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    drain(made, clock)


def test_denied_reader_role_delays_names_and_removes_none(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """A denied role means unknown, never empty. Names stay, and new ones are published once the role is back."""
    (old,) = made.launch(SEARCH, REGION, "had-a-role")
    made.converge()
    with reader_role_denied(made, clock, SEARCH):
        made.tag(SEARCH, REGION, old, Name="renamed-without-a-role")
        made.launch(SEARCH, REGION, "new-without-a-role")
        made.launch(PAYMENTS, REGION, "other-account")
        made.converge()
        assert made.resolve(f"had-a-role.{CORP}", remote_vpc)
        assert made.resolve(f"other-account.{CORP}", remote_vpc)
        assert not made.resolve(f"new-without-a-role.{CORP}", remote_vpc)
    clock.advance(750)
    made.converge()
    assert made.resolve(f"new-without-a-role.{CORP}", remote_vpc)
    assert made.resolve(f"renamed-without-a-role.{CORP}", remote_vpc)
    assert not made.resolve(f"had-a-role.{CORP}", remote_vpc)


def test_event_that_is_not_noted_comes_again(made: World, clock: MovedClock) -> None:
    """The spoke of an instance must not stay quiet because the ledger did not take the time of the event."""
    iam, role = made.client("iam", HUB), NAMES.observer_role
    clock.advance(3_600)
    began = int(clock.now() * 1000)
    deny = {"Effect": "Deny", "Action": "dynamodb:UpdateItem", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role, PolicyName="deny", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    made.launch(PAYMENTS, REGION, "not-noted")
    made.converge()
    iam.delete_role_policy(RoleName=role, PolicyName="deny")
    assert {denied.action for denied in made.guard.denied} == {"dynamodb:UpdateItem"}
    made.guard.denied.clear()
    clock.advance(750)
    made.converge()
    assert spoke_status(made, clock, PAYMENTS, REGION).event_at >= began


@pytest.mark.parametrize("function", [NAMES.observer_function, NAMES.publisher_function])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_worker_that_is_killed_leaves_nothing_half_done(
    made: World, remote_vpc: Vpc, clock: MovedClock, function: str, moment: str
) -> None:
    """After a worker is killed before or after its work, the next one completes launch, rename and termination."""
    kills = {"remaining": 0}

    def interrupt(name: str, when: str) -> None:
        if name == function and when == moment and kills["remaining"]:
            kills["remaining"] -= 1
            raise Killed("on purpose")

    made.functions.interrupt = interrupt
    label = f"{function}-{moment}"
    kills["remaining"] = 2
    (instance,) = made.launch(PAYMENTS, REGION, label)
    drain(made, clock)
    assert made.resolve(f"{label}.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
    kills["remaining"] = 2
    made.tag(PAYMENTS, REGION, instance, Name=f"{label}-2")
    drain(made, clock)
    assert made.resolve(f"{label}-2.{CORP}", remote_vpc)
    assert not made.resolve(f"{label}.{CORP}", remote_vpc)
    kills["remaining"] = 2
    made.end(PAYMENTS, REGION, instance)
    drain(made, clock)
    assert not [owner for _, _, _, owner in made.owners(CORP) if owner and owner.endswith(instance)]


def test_throttled_zone_is_published_later(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """While Route 53 throttles the account, the publisher waits. Then it publishes everything."""
    account = made.route53.account(NETWORK)
    while account.requests.take(1):
        pass
    (instance,) = made.launch(PAYMENTS, REGION, "throttled")
    drain(made, clock)
    assert made.route53.throttled["ListResourceRecordSets"]
    assert made.resolve(f"throttled.{CORP}", remote_vpc)
    while account.changes.take(1):
        pass
    made.end(PAYMENTS, REGION, instance)
    drain(made, clock)
    assert made.route53.throttled["ChangeResourceRecordSets"]
    assert not made.resolve(f"throttled.{CORP}", remote_vpc)


def test_busy_zone_is_published_later(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """The publisher retries after PriorRequestNotComplete."""
    made.route53.limits.busy_seconds = 3.0
    try:
        for number in range(3):
            made.launch(PAYMENTS, REGION, f"busy-{number}")
            made.converge()
        drain(made, clock)
    finally:
        made.route53.limits.busy_seconds = 0.0
    assert "PriorRequestNotComplete" in {batch.outcome for batch in made.route53.batches}
    assert all(made.resolve(f"busy-{number}.{CORP}", remote_vpc) for number in range(3))


def test_record_edited_by_hand_is_not_overwritten_blindly(made: World, remote_vpc: Vpc) -> None:
    """A refused DELETE reveals a record of ours that was edited. The next change of the name repairs it."""
    (instance,) = made.launch(PAYMENTS, REGION, "edited")
    made.converge()
    zone = made.zone_ids[CORP]
    route53 = made.client("route53", NETWORK)
    (record_set,) = [
        found
        for found in route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=f"edited.{CORP}.")[
            "ResourceRecordSets"
        ]
        if found["Name"] == f"edited.{CORP}."
    ]
    edited = record_set | {"ResourceRecords": [{"Value": "192.0.2.99"}]}
    batch = [{"Action": "DELETE", "ResourceRecordSet": record_set}, {"Action": "CREATE", "ResourceRecordSet": edited}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
    made.end(PAYMENTS, REGION, instance)
    made.launch(PAYMENTS, REGION, "beside-edited")
    made.converge()
    assert not made.resolve(f"edited.{CORP}", remote_vpc)
    assert made.resolve(f"beside-edited.{CORP}", remote_vpc)


def test_closed_zone_does_not_delay_other_zones(made: World, remote_vpc: Vpc, clock: MovedClock) -> None:
    """If the writer role loses one zone, the other zone is published at once, and each name's reason is logged."""
    role = f"arn:aws:iam::{NETWORK}:role/{NAMES.writer_role}"
    zone = f"arn:aws:route53:::hostedzone/{made.zone_ids['instances.internal']}"
    deny = {"Effect": "Deny", "Action": "route53:ChangeResourceRecordSets", "Resource": zone}
    iam = made.client("iam", NETWORK)
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=NAMES.writer_role, PolicyName="closed", PolicyDocument=document)
    try:
        (instance,) = made.launch(PAYMENTS, REGION, "open-zone")
        made.converge()
        assert made.resolve(f"open-zone.{CORP}", remote_vpc)
        # A denial can come from an old session, or from permissions that have not propagated yet, so it is retried
        # for a while. After that, other zones must not wait.
        for _ in range(12):
            clock.advance(15)
            made.converge()
        made.launch(PAYMENTS, REGION, "after-open-zone")
        made.converge()
        assert made.resolve(f"after-open-zone.{CORP}", remote_vpc)
        assert not made.resolve(f"{instance}.instances.internal", remote_vpc)
        line = next(
            logged
            for logged in made.logged(NAMES.publisher_function, "zone closed")
            if logged["dns_name"] == f"{instance}.instances.internal."
        )
        assert "orgdns cannot write the zone" in str(line["reason"])
    finally:
        iam.delete_role_policy(RoleName=NAMES.writer_role, PolicyName="closed")
    assert {denied.role_arn for denied in made.guard.denied} == {role}
    made.guard.denied.clear()
    made.end(PAYMENTS, REGION, instance)
    made.converge()
    assert not [name for name, _, _, owner in made.owners("instances.internal") if owner and owner.endswith(instance)]


def test_roles_use_exactly_their_grants(made: World, clock: MovedClock) -> None:
    """Over this module, each role's calls are exactly its grants: none is denied, and no grant is unused."""
    made.launch(PAYMENTS, REGION, "set-aside")

    def interrupt(name: str, when: str) -> None:
        if name == NAMES.publisher_function and when == "before":
            raise Killed("for half a day")

    made.functions.interrupt = interrupt
    made.converge()
    clock.advance(13 * 3600)
    made.converge()
    assert made.waiting(NAMES.publisher_dead_letter_queue)
    foreign = {
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
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": foreign}]},
    )
    # More than a batch of events, so that the observer receives some of them itself.
    made.launch(PAYMENTS, REGION, "stranger", count=EVENTS_A_BATCH + 1)
    vpc = made.add_vpc(SEARCH, REGION, associated=False)
    add_resolver_rule(made, vpc, "elsewhere.example")
    add_firewall(made, vpc, "BLOCK", "*.elsewhere.example")
    add_profile(made, vpc)
    made.converge()
    made.client("ec2", SEARCH, REGION).create_tags(Resources=[vpc.id], Tags=[{"Key": "dns", "Value": "private"}])
    made.converge()
    made.delete_vpc(vpc)
    made.converge()
    made.sweep()
    made.audit()
    clock.advance(3600)
    made.converge()
    (instance,) = made.launch(PAYMENTS, REGION, "six")
    (interface,) = made.described(PAYMENTS, REGION, instance)["NetworkInterfaces"]
    made.client("ec2", PAYMENTS, REGION).assign_ipv6_addresses(
        NetworkInterfaceId=interface["NetworkInterfaceId"], Ipv6Addresses=["2001:db8::6"]
    )
    made.converge()
    name = NameKey(made.zone_ids[CORP], Fqdn(f"six.{CORP}."))
    claim = claim_key(name, InstanceRef(PAYMENTS, REGION, instance))
    made.client("dynamodb", HUB).delete_item(
        TableName=NAMES.ledger_table, Key={part: {"S": text} for part, text in claim.items()}
    )
    # More names at once than the shards let through.
    for number in range(160):
        mark = mark_key(NameKey(made.zone_ids[CORP], Fqdn(f"nobody{number}.{CORP}.")))
        made.client("dynamodb", HUB).put_item(
            TableName=NAMES.ledger_table, Item={part: {"S": text} for part, text in mark.items()}
        )
    made.converge()
    # The historian keeps what it gathered, and compacts the day once it is over.
    clock.advance(600)
    made.converge()
    clock.advance(26 * 3600)
    made.launch(PAYMENTS, REGION, "next-day")
    made.converge()
    clock.advance(600)
    made.converge()
    for role in sorted(made.guard.roles):
        assert made.guard.used_actions(role) == made.guard.granted_actions(role), role
    assert made.guard.denied == []
    # What the packaged SDK contains. A Profile of orgdns, and the reverse zones that need UpdateResolverConfig, are
    # tested with the configuration of test_path_profiles.py.
    packaged = {service: set(operations) for service, operations in OPERATIONS.items()}
    packaged["route53profiles"] -= {"AssociateProfile", "DisassociateProfile", "ListProfiles"}
    assert made.guard.operations.pop("route53resolver") == packaged.pop("route53resolver") - {"UpdateResolverConfig"}
    assert made.guard.operations == packaged
