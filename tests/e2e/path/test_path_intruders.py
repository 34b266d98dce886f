"""Sending events, setting tags or assuming a role gains no name that policy does not give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE
from sandbox.world import Vpc, World
from tests.support.build import DOCUMENTS
from tests.support.path.faults import as_role, drain, send

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def repaired(made: World, clock: MovedClock) -> Iterator[None]:
    """Repair after each test what it broke on purpose, and let the queues drain."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    drain(made, clock)


class TestForeignAccount:
    """An account that sends events or tags its instances takes no name from another account."""

    @pytest.fixture
    def victim(self, made: World, remote_vpc: Vpc) -> Iterator[Callable[[], set[str]]]:
        (instance,) = made.launch(PAYMENTS, REGION, "victim")
        made.converge()
        self.instance = instance
        yield lambda: made.resolve(f"victim.{CORP}", remote_vpc)
        made.end(PAYMENTS, REGION, instance)

    def forged_event(self, account: str = PAYMENTS) -> dict[str, object]:
        return {
            "Source": "aws.ec2",
            "DetailType": contract.STATE_DETAIL_TYPE,
            "Resources": [f"arn:aws:ec2:{REGION}:{account}:instance/{self.instance}"],
            "Detail": json.dumps({"instance-id": self.instance, "state": "terminated"}),
        }

    def test_cannot_put_an_event_of_ec2(self, made: World, victim: Callable[[], set[str]]) -> None:
        """PutEvents refuses AWS's own sources on every bus."""
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
        for name in ("default", bus):
            answer = made.client("events", SCIENCE, REGION).put_events(
                Entries=[self.forged_event() | {"EventBusName": name}]
            )
            assert answer["FailedEntryCount"] == 1
        made.converge()
        assert victim()

    def test_cannot_put_a_custom_event_to_the_hub(self, made: World, victim: Callable[[], set[str]]) -> None:
        """The hub's bus admits no event that a sender puts itself."""
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
        own = self.forged_event() | {"Source": "my.app", "EventBusName": bus}
        answer = made.client("events", SCIENCE, REGION).put_events(Entries=[own])
        assert answer["FailedEntryCount"] == 1
        assert answer["Entries"][0]["ErrorCode"] == "AccessDeniedException"
        made.converge()
        assert victim()

    def test_cannot_forward_a_custom_event(self, made: World, victim: Callable[[], set[str]]) -> None:
        """A rule in the account that uses the delivery role forwards no custom event."""
        events = made.client("events", SCIENCE, REGION)
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
        role = f"arn:aws:iam::{SCIENCE}:role/{NAMES.delivery_role_prefix}{REGION}"
        events.put_rule(Name="mine", EventPattern=json.dumps({"source": ["my.app"]}))
        events.put_targets(Rule="mine", Targets=[{"Id": "hub", "Arn": bus, "RoleArn": role}])
        before = len(made.router.undelivered)
        own = self.forged_event() | {"Source": "my.app"}
        assert events.put_events(Entries=[own])["FailedEntryCount"] == 0
        assert len(made.router.undelivered) == before + 1
        made.converge()
        assert victim()
        events.remove_targets(Rule="mine", Ids=["hub"])
        events.delete_rule(Name="mine")

    def test_cannot_report_another_accounts_instance_as_terminated(
        self, made: World, victim: Callable[[], set[str]]
    ) -> None:
        """The hub refuses an event from one account about an instance of another."""
        event = json.loads((DOCUMENTS / "ec2-state-change.json").read_text())
        event |= {"account": SCIENCE, "region": REGION, "resources": self.forged_event()["Resources"]}
        event["detail"] = {"instance-id": self.instance, "state": "terminated"}
        send(made, json.dumps(event))
        made.converge()
        assert victim()

    def test_cannot_take_the_name_by_a_tag(self, made: World, victim: Callable[[], set[str]]) -> None:
        """An account without short names does not get one, even with a newer instance."""
        before = victim()
        made.launch(SCIENCE, REGION, "victim")
        made.converge()
        assert victim() == before

    def test_cannot_take_the_name_by_renaming_the_account(
        self, made: World, clock: MovedClock, remote_vpc: Vpc
    ) -> None:
        """An account that is renamed to another account's name gets none of that account's names."""
        (instance,) = made.launch(PAYMENTS, REGION, "vault")
        made.converge()
        thief = made.organization.backend.get_account_by_id(SCIENCE)
        name, thief.name = thief.name, "PAYMENTS"
        try:
            clock.advance(3_600)
            made.launch(SCIENCE, REGION, "vault")
            made.converge()
            assert made.resolve(f"vault.{REGION}.payments.{CORP}", remote_vpc) == {
                made.address(PAYMENTS, REGION, instance)
            }
            refused = made.logged(NAMES.observer_function, "name refused")[-1]
            assert PAYMENTS in str(refused["reason"])
        finally:
            thief.name = name
            clock.advance(3_600)


def test_writer_role_can_only_change_our_record_sets(made: World) -> None:
    """IAM denies UPSERT, other types and names outside the domains, whatever the code does.

    One grant names several zones and their domains; Route 53 itself refuses a name of another zone.
    """
    credentials = as_role(NETWORK, NAMES.writer_role)
    route53 = boto3.client("route53", region_name="us-east-1", **credentials)  # type: ignore[call-overload]  # the keys are valid
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
    assert change("CREATE", Name="allowed.elsewhere.internal") == "AccessDenied"
    assert change("CREATE", Name="allowed.instances.internal") == "InvalidChangeBatch"
    assert change("CREATE", Name=CORP) == "AccessDenied"
    with pytest.raises(ClientError, match="AccessDenied"):
        route53.get_hosted_zone(Id=zone)
    made.guard.denied.clear()
