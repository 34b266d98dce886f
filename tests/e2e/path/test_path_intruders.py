"""Whoever can put an event, tag an instance or be a role gets nothing that policy does not give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from hub.runtime import contract
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK, PAYMENTS, SCIENCE
from sandbox.world import Vpc, World
from tests.support.build import DOCUMENTS
from tests.support.path.faults import as_role, rest, send

REGION = "eu-central-1"
CORP = "corp.internal"


@pytest.fixture(autouse=True)
def mended(made: World, clock: MovedClock) -> Iterator[None]:
    """What a test broke on purpose is whole again for the next, and nothing waits any more."""
    yield
    made.router.tamper = lambda event: (event,)
    made.functions.interrupt = lambda _function, _moment: None
    rest(made, clock)


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
