"""What goes wrong on the path, and how it ends: events lost and twice, workers killed, roles gone, zones throttled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from hub.runtime import contract
from hub.runtime.observer.events import hint_of
from sandbox.aws.functions.service import Killed
from sandbox.aws.organization import PARTITION
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World
from tests.e2e.test_path_vpcs import with_a_rule
from tests.support.build import DOCUMENTS

REGION = "eu-central-1"
CORP = "corp.internal"
Event = dict[str, object]


class Held(list[Event]):
    """Events that do not arrive: kept, as a tamper of the router's."""

    def __call__(self, event: Event) -> tuple[Event, ...]:
        self.append(event)
        return ()


@pytest.fixture(autouse=True)
def mended(made: World, clock: MovedClock) -> Iterator[None]:
    """What a test broke on purpose is whole again for the next, and nothing waits any more."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    rest(made, clock)


def rest(made: World, clock: MovedClock) -> None:
    """Let time pass until what waits has been tried again as often as it will be."""
    for _ in range(60):
        made.converge()
        clock.advance(61)
        if not made.waiting(contract.EVENTS_QUEUE) and not made.functions.poll():
            return
    raise AssertionError("something waits for ever")


def send(made: World, body: str) -> None:
    """Put a message on the events queue, as nobody but the hub's own rule may in truth."""
    sqs = made.client("sqs", HUB)
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=contract.EVENTS_QUEUE)["QueueUrl"], MessageBody=body)


def as_role(account: str, role: str) -> dict[str, str]:
    """Credentials of a session of a role, as AssumeRole would give them to whom the role trusts."""
    session = sts_backends[account][PARTITION].assume_role(
        region_name=REGION,
        role_session_name="test",
        role_arn=f"arn:aws:iam::{account}:role/{role}",
        policy=None,
        duration=3600,
        external_id=None,
    )
    return {
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key,
        "aws_session_token": session.session_token,
    }


def test_duplicated_events_change_nothing_more(made: World, there: Vpc) -> None:
    """Each event delivered three times ends as if delivered once, with no further change batch."""
    made.router.tamper = lambda event: (event,) * 3
    (one,) = made.launch(PAYMENTS, REGION, "thrice")
    made.converge()
    assert made.resolve(f"thrice.{CORP}", there) == {made.address(PAYMENTS, REGION, one)}
    sent = len(made.route53.batches)
    made.tag(PAYMENTS, REGION, one, Name="thrice")
    made.converge()
    assert len(made.route53.batches) == sent


def test_events_in_the_wrong_order_end_the_same(made: World, there: Vpc, clock: MovedClock) -> None:
    """An instance whose end arrives before its start leaves no name; one that lives has its last one."""
    held = made.router.tamper = Held()
    (short,) = made.launch(PAYMENTS, REGION, "short-lived")
    (long,) = made.launch(PAYMENTS, REGION, "first-name")
    made.tag(PAYMENTS, REGION, long, Name="last-name")
    made.end(PAYMENTS, REGION, short)
    clock.advance(120)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
    for event in reversed(held):
        made.router.arrive(bus, event)
        made.converge()
    assert made.resolve(f"last-name.{CORP}", there) == {made.address(PAYMENTS, REGION, long)}
    assert not made.resolve(f"first-name.{CORP}", there)
    assert not made.resolve(f"short-lived.{CORP}", there)


def test_events_days_late_bring_nothing_back(made: World, there: Vpc, clock: MovedClock) -> None:
    """An event that arrives when its instance is long forgotten is dropped in the end, with its reason."""
    held = made.router.tamper = Held()
    (one,) = made.launch(PAYMENTS, REGION, "forgotten")
    made.end(PAYMENTS, REGION, one)
    clock.advance(86_400)
    bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
    made.router.arrive(bus, held[0])
    rest(made, clock)
    assert not made.resolve(f"forgotten.{CORP}", there)
    assert made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    assert "the instance does not exist" in {
        line["reason"] for line in made.logged(contract.OBSERVER_FUNCTION, "event dropped")
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no json", "the message is not valid JSON"),
        ("{}", "the event has no detail"),
        (json.dumps({"detail": {}, "source": "my.app"}), "the event does not have exactly one resource"),
        ((DOCUMENTS / "ec2-state-change.json").read_text(), "the organization has no account 123456789012"),
        ((DOCUMENTS / "tag-change.json").read_text(), "the organization has no account 123456789012"),
    ],
)
def test_message_that_can_never_succeed_is_dropped_with_its_reason(made: World, body: str, reason: str) -> None:
    """Not JSON, not ours, an unknown account: counted, logged, and not delivered again."""
    before = len(made.logged(contract.OBSERVER_FUNCTION, "event dropped"))
    send(made, body)
    made.converge()
    dropped = made.logged(contract.OBSERVER_FUNCTION, "event dropped")[before:]
    assert [line["reason"] for line in dropped] == [reason]
    assert made.waiting(contract.EVENTS_QUEUE) == made.waiting(contract.EVENTS_DEAD_LETTER_QUEUE) == 0
    metrics = [line for line in made.functions.logs(contract.OBSERVER_FUNCTION) if isinstance(line, dict)]
    assert any(line.get("EventsDropped") == [1.0] for line in metrics[-2:])


def test_region_that_is_not_covered_is_dropped(made: World) -> None:
    """An event from a region that the configuration does not name gets no look."""
    event = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
    event |= {"account": PAYMENTS, "region": "sa-east-1"}
    event["resources"] = [f"arn:aws:ec2:sa-east-1:{PAYMENTS}:instance/i-abcd1111"]
    assert hint_of(json.dumps(event)).ref.region == "sa-east-1"
    send(made, json.dumps(event))
    made.converge()
    assert made.logged(contract.OBSERVER_FUNCTION, "event dropped")[-1]["reason"] == (
        "the configuration does not cover the region sa-east-1"
    )


def test_good_messages_go_on_beside_a_bad_one(made: World, there: Vpc) -> None:
    """One message that fails takes no other of its batch along."""
    send(made, "garbage")
    made.launch(PAYMENTS, REGION, "beside-garbage")
    send(made, "more garbage")
    made.converge()
    assert made.resolve(f"beside-garbage.{CORP}", there)


@contextmanager
def reader_role_denied(made: World, clock: MovedClock, account: str) -> Iterator[None]:
    """An account whose reader role trusts nobody, and whose sessions have expired."""
    iam = made.client("iam", account)
    document = iam.get_role(RoleName=contract.READER_ROLE)["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=contract.READER_ROLE,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [nobody]}),
    )
    # A session that was assumed before goes on for its hour, in AWS as here.
    clock.advance(3_700)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=json.dumps(document, default=str))
        assert {denied.action for denied in made.guard.denied} == {"sts:AssumeRole"}
        made.guard.denied.clear()


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


def test_event_that_never_succeeds_ends_as_a_dead_letter(made: World, clock: MovedClock) -> None:
    """What fails five times is kept aside, whole, for a person."""
    with reader_role_denied(made, clock, SEARCH):
        (one,) = made.launch(SEARCH, REGION, "dead-letter")
        rest(made, clock)
    sqs = made.client("sqs", HUB)
    url = sqs.get_queue_url(QueueName=contract.EVENTS_DEAD_LETTER_QUEUE)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {hint_of(message["Body"]).ref.id for message in messages} == {one}
    sqs.purge_queue(QueueUrl=url)


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


class TestSomebodyElse:
    """Whoever can put an event or tag an instance takes no name that policy does not give."""

    @pytest.fixture
    def victim(self, made: World, there: Vpc) -> Iterator[Callable[[], set[str]]]:
        (one,) = made.launch(PAYMENTS, REGION, "victim")
        made.converge()
        self.instance = one
        yield lambda: made.resolve(f"victim.{CORP}", there)
        made.end(PAYMENTS, REGION, one)

    def forged(self, account: str = PAYMENTS) -> dict[str, object]:
        return {
            "Source": "aws.ec2",
            "DetailType": contract.STATE_DETAIL_TYPE,
            "Resources": [f"arn:aws:ec2:{REGION}:{account}:instance/{self.instance}"],
            "Detail": json.dumps({"instance-id": self.instance, "state": "terminated"}),
        }

    def test_cannot_put_an_event_of_ec2(self, made: World, victim: Callable[[], set[str]]) -> None:
        """PutEvents refuses AWS's own sources, on whatever bus."""
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
        for name in ("default", bus):
            answer = made.client("events", SCIENCE, REGION).put_events(Entries=[self.forged() | {"EventBusName": name}])
            assert answer["FailedEntryCount"] == 1
        made.converge()
        assert victim()

    def test_cannot_put_an_event_of_its_own_to_the_hub(self, made: World, victim: Callable[[], set[str]]) -> None:
        """The hub's bus admits no event that its sender put himself."""
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
        own = self.forged() | {"Source": "my.app", "EventBusName": bus}
        answer = made.client("events", SCIENCE, REGION).put_events(Entries=[own])
        assert answer["FailedEntryCount"] == 1
        assert answer["Entries"][0]["ErrorCode"] == "AccessDeniedException"
        made.converge()
        assert victim()

    def test_cannot_forward_an_event_of_its_own(self, made: World, victim: Callable[[], set[str]]) -> None:
        """A rule of one's own, with the delivery role that its administrator may use, forwards no made-up event."""
        events = made.client("events", SCIENCE, REGION)
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{contract.EVENT_BUS}"
        role = f"arn:aws:iam::{SCIENCE}:role/{contract.DELIVERY_ROLE_PREFIX}{REGION}"
        events.put_rule(Name="mine", EventPattern=json.dumps({"source": ["my.app"]}))
        events.put_targets(Rule="mine", Targets=[{"Id": "hub", "Arn": bus, "RoleArn": role}])
        before = len(made.router.undelivered)
        own = self.forged() | {"Source": "my.app"}
        assert events.put_events(Entries=[own])["FailedEntryCount"] == 0
        assert len(made.router.undelivered) == before + 1
        made.converge()
        assert victim()
        events.remove_targets(Rule="mine", Ids=["hub"])
        events.delete_rule(Name="mine")

    def test_cannot_end_another_accounts_instance(self, made: World, victim: Callable[[], set[str]]) -> None:
        """Even an event of its own account that names another's instance is refused at the hub."""
        event = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
        event |= {"account": SCIENCE, "region": REGION, "resources": self.forged()["Resources"]}
        event["detail"] = {"instance-id": self.instance, "state": "terminated"}
        send(made, json.dumps(event))
        made.converge()
        assert victim()

    def test_cannot_take_the_name_by_a_tag(self, made: World, victim: Callable[[], set[str]]) -> None:
        """An account without short names does not get one, however newer its instance is."""
        held = victim()
        made.launch(SCIENCE, REGION, "victim")
        made.converge()
        assert victim() == held

    def test_cannot_take_the_name_by_renaming_the_account(self, made: World, clock: MovedClock, there: Vpc) -> None:
        """An account's administrator may rename it to another account's name, and gets none of its names by that."""
        (held,) = made.launch(PAYMENTS, REGION, "vault")
        made.converge()
        thief = made.organization.backend.get_account_by_id(SCIENCE)
        name, thief.name = thief.name, "PAYMENTS"
        try:
            clock.advance(3_600)
            made.launch(SCIENCE, REGION, "vault")
            made.converge()
            assert made.resolve(f"vault.{REGION}.payments.{CORP}", there) == {made.address(PAYMENTS, REGION, held)}
            refused = made.logged(contract.OBSERVER_FUNCTION, "name refused")[-1]
            assert PAYMENTS in str(refused["reason"])
        finally:
            thief.name = name
            clock.advance(3_600)


def test_writer_role_can_do_what_it_must_and_nothing_else(made: World) -> None:
    """No UPSERT, no other type, no name outside the domain, no other zone: denied by IAM, whatever the code does."""
    credentials = as_role(NETWORK, contract.WRITER_ROLE)
    route53 = boto3.client("route53", region_name="us-east-1", **credentials)  # type: ignore[call-overload]  # the keys are right
    zone = made.zone_ids[CORP]
    good = {
        "Name": f"allowed.{CORP}",
        "Type": "A",
        "TTL": 60,
        "SetIdentifier": "orgdns/444444444444/eu-central-1/i-00000000000000001",
        "MultiValueAnswer": True,
        "ResourceRecords": [{"Value": "10.0.0.1"}],
    }

    def change(action: str, **changes: object) -> str:
        batch = [{"Action": action, "ResourceRecordSet": good | changes}]
        try:
            route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    assert change("CREATE") == "done"
    assert change("DELETE") == "done"
    assert change("UPSERT") == "AccessDenied"
    assert change("CREATE", Type="TXT", ResourceRecords=[{"Value": '"x"'}]) == "AccessDenied"
    assert change("CREATE", Type="CNAME", ResourceRecords=[{"Value": "evil.example."}]) == "AccessDenied"
    assert change("CREATE", Name="allowed.instances.internal") == "AccessDenied"
    assert change("CREATE", Name=CORP) == "AccessDenied"
    with pytest.raises(ClientError, match="AccessDenied"):
        route53.get_hosted_zone(Id=zone)
    made.guard.denied.clear()


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
