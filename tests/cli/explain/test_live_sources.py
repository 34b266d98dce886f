"""How Route 53 and EC2 are asked: whole answers, the right account, and plain words for what could not be asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hub.runtime.model.names import Fqdn, InstanceRef
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.ports import ZoneRecordSets
from orgdns.cli.reports.explain.live import NotAsked
from orgdns.cli.sources.live import LiveAws
from tests.support.build import CORP_ZONE, key, record_set, ref

Client = Any  # boto3's clients are made when the program runs
NAME = key().fqdn


def client(service: str) -> Client:
    make: Any = boto3.client
    return make(service, region_name="eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret")


class Session:
    """A session whose clients are stubbed."""

    def __init__(self) -> None:
        self.clients = {service: client(service) for service in ("route53", "ec2", "sts")}
        self.stubs = {service: Stubber(made) for service, made in self.clients.items()}
        self.regions: list[str] = []
        for stub in self.stubs.values():
            stub.activate()

    def client(self, service: str, region_name: str, config: object) -> Client:
        del config
        self.regions.append(region_name)
        return self.clients[service]

    def belongs_to(self, account: str) -> Session:
        answer = {"Account": account, "UserId": "u", "Arn": f"arn:aws:iam::{account}:user/u"}
        self.stubs["sts"].add_response("get_caller_identity", answer)
        return self


def aws(network: Session, *accounts: Session) -> LiveAws:
    return LiveAws(network, accounts, "eu-central-1", OWNER)  # type: ignore[arg-type]  # sessions that are stubbed


def wire(number: int, name: str = NAME, **more: object) -> dict[str, Any]:
    ours = record_set(number)
    records = [{"Value": value} for value in ours.values]
    described = {"Name": name, "Type": "A", "TTL": ours.ttl, "ResourceRecords": records}
    return described | {"SetIdentifier": OWNER.set_identifier(ours.holder), "MultiValueAnswer": True} | more


def page(*described: dict[str, Any], following: dict[str, str] | None = None) -> dict[str, Any]:
    answer = {"ResourceRecordSets": list(described), "IsTruncated": bool(following), "MaxItems": "100"}
    return answer | (following or {})


def test_all_pages_of_a_name_are_read() -> None:
    """A shared name may continue on further pages. The listing goes on with other names, which are not read."""
    session = Session()
    request = {"HostedZoneId": CORP_ZONE, "StartRecordName": NAME, "MaxItems": "100"}
    following = {"NextRecordName": NAME, "NextRecordType": "A", "NextRecordIdentifier": "orgdns/x"}
    session.stubs["route53"].add_response("list_resource_record_sets", page(wire(1), following=following), request)
    second = request | {"StartRecordType": "A", "StartRecordIdentifier": "orgdns/x"}
    others = {"NextRecordName": "x.corp.internal.", "NextRecordType": "A"}
    answer = page(wire(2, "WEB.corp.internal"), wire(3, "web2.corp.internal."), following=others)
    session.stubs["route53"].add_response("list_resource_record_sets", answer, second)
    assert aws(session).zone(CORP_ZONE, NAME) == ZoneRecordSets((record_set(1), record_set(2)))
    session.stubs["route53"].assert_no_pending_responses()


def test_escapes_of_route_53_are_decoded() -> None:
    """Route 53 writes a star, and other characters, as octal codes."""
    session = Session()
    star = Fqdn("*.corp.internal.")
    described = {"Name": "\\052.corp.internal.", "Type": "TXT", "TTL": 5, "ResourceRecords": [{"Value": '"x"'}]}
    session.stubs["route53"].add_response("list_resource_record_sets", page(described))
    found = aws(session).zone(CORP_ZONE, star)
    assert isinstance(found, ZoneRecordSets)
    assert [(each.fqdn, each.type) for each in found.foreign] == [(star, "TXT")]


def test_listing_that_never_ends_is_no_answer() -> None:
    """A page token that comes twice would be asked for forever."""
    session = Session()
    following = {"NextRecordName": NAME, "NextRecordType": "A", "NextRecordIdentifier": "orgdns/x"}
    for _ in range(2):
        session.stubs["route53"].add_response("list_resource_record_sets", page(wire(1), following=following))
    found = aws(session).zone(CORP_ZONE, NAME)
    assert isinstance(found, NotAsked)
    assert "the same page token twice" in found.reason


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchHostedZone", "Throttling"])
def test_zone_that_refuses_says_what_to_do(code: str) -> None:
    """The hub's credentials do not reach the zones: the option and the permission are named."""
    session = Session()
    session.stubs["route53"].add_client_error("list_resource_record_sets", code, "as AWS puts it")
    found = aws(session).zone(CORP_ZONE, NAME)
    assert isinstance(found, NotAsked)
    assert all(part in found.reason for part in ("--network-profile", "route53:ListResourceRecordSets", code))


def test_instances_are_asked_for_in_their_accounts() -> None:
    """With credentials of another account, EC2 would show nothing, and the instance would seem to have ended."""
    own, other = Session().belongs_to("444444444444"), Session().belongs_to("222222222222")
    answer: dict[str, Any] = {"Reservations": []}
    own.stubs["ec2"].add_response("describe_instances", answer)
    asked = aws(Session(), other, own).instances([ref(1), InstanceRef("555555555555", "eu-west-1", "i-0123456789")])
    assert asked[ref(1)] is None
    not_asked = asked[InstanceRef("555555555555", "eu-west-1", "i-0123456789")]
    assert isinstance(not_asked, NotAsked)
    assert not_asked.reason == (
        "give --account-profile a profile of the account 555555555555: these credentials belong to 222222222222; "
        "these credentials belong to 444444444444"
    )
    assert own.regions[-1] == ref(1).region


def test_account_that_refuses_says_what_to_do() -> None:
    """The permission and the region are named; credentials that are not valid are told as such."""
    session = Session().belongs_to("444444444444")
    session.stubs["ec2"].add_client_error("describe_instances", "UnauthorizedOperation", "no")
    found = aws(Session(), session).instances([ref(1)])[ref(1)]
    assert isinstance(found, NotAsked)
    assert "ec2:DescribeInstances in eu-central-1" in found.reason
    expired = Session()
    expired.stubs["sts"].add_client_error("get_caller_identity", "ExpiredToken", "expired")
    found = aws(Session(), expired).instances([ref(1)])[ref(1)]
    assert isinstance(found, NotAsked)
    assert "ExpiredToken" in found.reason


def test_hub_stands_in_for_profiles_that_are_not_given() -> None:
    """The current credentials are tried: in a small organization they may be enough."""
    hub: Any = SimpleNamespace(region_name="eu-central-1")
    found = LiveAws.of(hub, None, (), OWNER)
    assert (found.network, list(found.accounts), found.region) == (hub, [hub], "eu-central-1")
