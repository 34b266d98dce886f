from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.stub import Stubber
from moto import mock_aws

from hub.runtime import contract
from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.aws.instances import SpokeInstances
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.rows import name_key_of
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.sessions import KEPT_CLIENTS, SPOKE_CONFIG, AssumedClients, RoleUnavailable, error_code
from hub.runtime.aws.zones import WriterZones, record_set_of
from hub.runtime.model.names import (
    SIMPLE,
    Account,
    Action,
    Change,
    Claim,
    ForeignRecordSet,
    InstanceRef,
    InstanceState,
    Interface,
    Millis,
    Published,
    RecordSet,
    RecordType,
    Refusal,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.ports import AccountUnknown, BatchRefused, Outdated, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from hub.runtime.rate_limit import Pace
from tests.support.build import CORP_ZONE, SCIENCE, claim, instance, interface, key, record_set, ref
from tests.support.memory import MemoryClock

SESSION = boto3.Session("testing", "testing", region_name="eu-central-1")
SPOKE = Spoke("444444444444", "eu-central-1")
LAUNCHED = datetime(2026, 11, 2, 9, tzinfo=UTC)


class OneClient:
    """Stands where roles are assumed, and gives the one client of the test."""

    def __init__(self, client: Any, error: Exception | None = None) -> None:  # noqa: ANN401 - any service's client
        self.given = client
        self.error = error
        self.asked: list[tuple[str, str]] = []
        self.old_session = False

    def client(self, role_arn: str, region: str, _service: str) -> Any:  # noqa: ANN401 - as above
        self.asked.append((role_arn, region))
        if self.error:
            raise self.error
        return self.given

    def forget_if_denied(self, role_arn: str, error: ClientError) -> bool:
        assert role_arn
        return self.old_session and error_code(error) == "AccessDenied"


def described(number: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - EC2's own JSON
    return {
        "InstanceId": ref(number).id,
        "State": {"Code": 16, "Name": "running"},
        "LaunchTime": LAUNCHED,
        "PrivateIpAddress": f"10.0.0.{number}",
        "Tags": [{"Key": "Name", "Value": "web"}],
    } | changes


class TestInstances:
    @pytest.fixture
    def ec2(self) -> Iterator[tuple[SpokeInstances, Stubber, OneClient]]:
        client = SESSION.client("ec2")
        one = OneClient(client)
        with Stubber(client) as stubber:
            yield SpokeInstances(one), stubber, one  # type: ignore[arg-type]  # stands where roles are assumed

    def test_every_page_is_read(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """A listing of several pages is read to its end, as the account's reader role."""
        instances, stubber, one = ec2
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1)]}], "NextToken": "more"}
        )
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [described(2), described(3)]}]})
        assert set(instances.describe(SPOKE, [ref(number).id for number in (1, 2, 3)])) == {
            ref(number).id for number in (1, 2, 3)
        }
        stubber.assert_no_pending_responses()
        assert set(one.asked) == {("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1")}

    def test_listing_that_was_cut_is_no_listing(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """A page that fails makes the whole listing unknown."""
        instances, stubber, _ = ec2
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1)]}], "NextToken": "more"}
        )
        stubber.add_client_error("describe_instances", "UnauthorizedOperation")
        with pytest.raises(SpokeUnreachable, match=r"444444444444/eu-central-1.*UnauthorizedOperation"):
            instances.describe(SPOKE, [ref(1).id])

    def test_fault_of_our_own_request_is_no_silent_spoke(self) -> None:
        """A request that boto3 will not send is a bug, and is not taken for a spoke that may answer later."""
        instances = SpokeInstances(OneClient(SESSION.client("ec2")))  # type: ignore[arg-type]  # as above
        with pytest.raises(ParamValidationError):
            instances.describe(SPOKE, [3])  # type: ignore[list-item]  # the bug

    def test_many_instances_are_asked_for_by_two_hundred(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """EC2 takes 200 values a filter; a filter ignores ids that are not there."""
        instances, stubber, _ = ec2
        ids = sorted(ref(number).id for number in range(1, 251))
        for part in (ids[:200], ids[200:]):
            stubber.add_response(
                "describe_instances",
                {"Reservations": []},
                {"Filters": [{"Name": "instance-id", "Values": part}], "IncludeManagedResources": True},
            )
        assert instances.describe(SPOKE, ids) == {}
        stubber.assert_no_pending_responses()

    def test_role_that_cannot_be_assumed_is_a_spoke_that_cannot_be_asked(self) -> None:
        """A missing reader role says nothing of the instances."""
        denied = OneClient(None, RoleUnavailable("orgdns-reader cannot be assumed: AccessDenied"))
        with pytest.raises(SpokeUnreachable, match="cannot be assumed"):
            SpokeInstances(denied).describe(SPOKE, [ref(1).id])  # type: ignore[arg-type]  # as above

    def test_instance_is_read_whole(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """State, place, tags and every interface arrive, the primary interface and address first."""
        instances, stubber, _ = ec2
        first = LAUNCHED.replace(year=2025)
        interfaces = [
            {
                "Attachment": {"DeviceIndex": 1, "NetworkCardIndex": 1, "AttachTime": first},
                "PrivateIpAddress": "10.0.2.1",
                "VpcId": "vpc-2",
                "SubnetId": "subnet-2",
            },
            {
                "Attachment": {"DeviceIndex": 1, "AttachTime": first},
                "Ipv6Addresses": [{"Ipv6Address": "2001:db8::3"}],
            },
            {
                "Attachment": {"DeviceIndex": 0, "AttachTime": first},
                "PrivateIpAddresses": [
                    {"PrivateIpAddress": "10.0.0.0"},
                    {"PrivateIpAddress": "10.0.0.1", "Primary": True},
                ],
                "Ipv6Addresses": [{"Ipv6Address": "2001:db8::2"}, {"Ipv6Address": "2001:db8::1"}],
                "VpcId": "vpc-1",
                "SubnetId": "subnet-1",
            },
            {"Attachment": {"DeviceIndex": 2, "Status": "detaching"}, "PrivateIpAddress": "10.0.3.1"},
        ]
        placed = described(1, NetworkInterfaces=interfaces, Placement={"AvailabilityZone": "eu-central-1b"})
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [placed]}]})
        seen = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert (seen.state, seen.az, seen.tags) == (InstanceState.RUNNING, "eu-central-1b", (("Name", "web"),))
        assert seen.interfaces == (
            Interface(0, "vpc-1", "subnet-1", ("10.0.0.1", "10.0.0.0"), ("2001:db8::1", "2001:db8::2")),
            Interface(1, "", "", (), ("2001:db8::3",)),
            Interface(1, "vpc-2", "subnet-2", ("10.0.2.1",)),
        )

    def test_age_survives_a_restart(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """Starting an old instance again does not make it the newest: its primary interface tells its age."""
        instances, stubber, _ = ec2
        made = LAUNCHED.replace(year=2024)
        interfaces = [{"Attachment": {"DeviceIndex": 0, "AttachTime": made}}]
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1, NetworkInterfaces=interfaces)]}]}
        )
        seen = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert seen.launched_at == made.timestamp() * 1000

    def test_terminated_instance_without_address_is_read(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """EC2 drops the address of an instance that ended; that is no failure."""
        instances, stubber, _ = ec2
        gone = {"InstanceId": ref(1).id, "State": {"Code": 48, "Name": "terminated"}, "LaunchTime": LAUNCHED}
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [gone]}]})
        seen = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert (seen.state, seen.interfaces, seen.tags) == (InstanceState.TERMINATED, (), ())


CREDENTIALS = {"AccessKeyId": "A" * 20, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": LAUNCHED}


class TestSessions:
    def test_role_is_assumed_once_an_hour(self) -> None:
        """A session is kept until shortly before it expires, for each region a client."""
        sts = SESSION.client("sts")
        clock = MemoryClock()
        clients = AssumedClients(SESSION, sts, "orgdns-observer", clock, SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            for _ in range(2):
                stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            first = clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2")
            assert clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2") is first
            clock.sleep(3_400)
            assert clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2") is not first
            stubber.assert_no_pending_responses()

    def test_role_that_is_denied_is_named(self) -> None:
        """The error says which role, and what AWS answered."""
        sts = SESSION.client("sts")
        clients = AssumedClients(SESSION, sts, "orgdns-observer", MemoryClock(), SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            stubber.add_client_error("assume_role", "AccessDenied")
            with pytest.raises(RoleUnavailable, match=r"role/orgdns-reader cannot be assumed.*AccessDenied"):
                clients.client("arn:aws:iam::444444444444:role/orgdns-reader", "eu-central-1", "ec2")

    def test_role_that_was_remade_is_assumed_anew(self) -> None:
        """A session that is denied is not kept for its hour; a denial of a fresh one is the role's own."""
        sts = SESSION.client("sts")
        clock = MemoryClock()
        clients = AssumedClients(SESSION, sts, "orgdns-observer", clock, SPOKE_CONFIG)
        denied = ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeInstances")
        other = ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "DescribeInstances")
        role = "arn:aws:iam::444444444444:role/orgdns-reader"
        with Stubber(sts) as stubber:
            for _ in range(3):
                stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            first = clients.client(role, "eu-central-1", "ec2")
            clock.sleep(120)
            assert clients.forget_if_denied(role, other) is False
            assert clients.client(role, "eu-central-1", "ec2") is first
            assert clients.forget_if_denied(role, denied) is True
            assert clients.client(role, "eu-central-1", "ec2") is not first
            assert clients.forget_if_denied(role, denied) is False
            clients.client(role, "eu-central-1", "ec2")
            stubber.assert_no_pending_responses()

    def test_many_regions_of_one_account_are_one_session(self) -> None:
        """The role is assumed once for all regions of its account, however many clients were let go."""
        sts = SESSION.client("sts")
        clients = AssumedClients(SESSION, sts, "orgdns-observer", MemoryClock(), SPOKE_CONFIG)
        with Stubber(sts) as stubber:
            stubber.add_response("assume_role", {"Credentials": CREDENTIALS})
            for _ in range(2):
                for number in range(KEPT_CLIENTS + 1):
                    clients.client("arn:aws:iam::444444444444:role/orgdns-reader", f"eu-west-{number}", "ec2")
            stubber.assert_no_pending_responses()


class OneLabelEach:
    """Labels in memory."""

    def __init__(self) -> None:
        self.holders: dict[str, str] = {}

    def holder_of_label(self, label: str, account_id: str) -> str:
        return self.holders.setdefault(label, account_id)

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        assert self.holders[label] == holder
        self.holders[label] = account_id


class TestAccounts:
    def test_account_is_asked_for_once_in_a_while(self) -> None:
        """An account is kept for a while, and then asked for again, so that a new name is seen."""
        client = SESSION.client("organizations")
        clock = MemoryClock()
        accounts = OrganizationAccounts(client, OneLabelEach(), clock)
        with Stubber(client) as stubber:
            for name in ("Payments", "Pay Ments"):
                stubber.add_response(
                    "describe_account", {"Account": {"Id": "444444444444", "Name": name, "Status": "ACTIVE"}}
                )
            assert accounts.account("444444444444") == accounts.account("444444444444")
            clock.sleep(901)
            assert accounts.account("444444444444") == Account("444444444444", "pay-ments")
            stubber.assert_no_pending_responses()

    def test_unknown_account_is_unknown(self) -> None:
        """An account outside the organization is told apart from one that cannot be asked for."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            stubber.add_client_error("describe_account", "AccountNotFoundException")
            stubber.add_client_error("describe_account", "AccessDeniedException")
            for _ in range(2):
                with pytest.raises(AccountUnknown):
                    accounts.account("999999999999")
            with pytest.raises(SpokeUnreachable):
                accounts.account("888888888888")

    def test_suspended_account_is_not_active(self) -> None:
        """An account that was closed still has a name, and is told as not active."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": {"Name": "Old", "State": "SUSPENDED"}})
            accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
            assert accounts.account("4" * 12).active is False

    @pytest.mark.parametrize("name", ["Payments", "PAYMENTS!", "payments"])
    def test_account_that_takes_anothers_name_has_none(self, name: str) -> None:
        """An account may be renamed by its administrator: the label stays with the account that had it first."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            # The third question is whether the holder still bears the name.
            for account in ("Payments", name, "Payments"):
                stubber.add_response("describe_account", {"Account": {"Name": account, "State": "ACTIVE"}})
            assert accounts.account("444444444444").label == "payments"
            thief = accounts.account("666666666666")
            stubber.assert_no_pending_responses()
        assert thief.label is None
        assert "444444444444" in thief.reason

    @pytest.mark.parametrize("now", ["Pay Ments", "***", None])
    def test_label_that_its_holder_bears_no_more_is_free(self, now: str | None) -> None:
        """An account that took a name for a while, or that is gone, keeps nobody from it."""
        client = SESSION.client("organizations")
        accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
        with Stubber(client) as stubber:
            for name in ("Payments", "Payments"):
                stubber.add_response("describe_account", {"Account": {"Name": name, "State": "ACTIVE"}})
            if now is None:
                stubber.add_client_error("describe_account", "AccountNotFoundException")
            else:
                stubber.add_response("describe_account", {"Account": {"Name": now, "State": "ACTIVE"}})
            accounts.account("444444444444")
            assert accounts.account("666666666666").label == "payments"

    def test_account_whose_name_is_no_label_is_told(self) -> None:
        """A name that cannot be a label is no failure of the account, and the reason is kept."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": {"Name": "***", "State": "ACTIVE"}})
            account = OrganizationAccounts(client, OneLabelEach(), MemoryClock()).account("4" * 12)
        assert account.label is None
        assert "no letter or digit" in account.reason

    @pytest.mark.parametrize("paths", [None, [], ["o-1/r-ab12/", "o-1/r-ab12/ou-ab12-workload/"]])
    def test_units_that_nobody_tells_are_not_known(self, paths: list[str] | None) -> None:
        """No path, or more than one, is none."""
        told = {"Name": "Payments", "State": "ACTIVE"} | ({} if paths is None else {"Paths": paths})
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            stubber.add_response("describe_account", {"Account": told})
            assert OrganizationAccounts(client, OneLabelEach(), MemoryClock()).account("444444444444").units == ()

    @pytest.mark.parametrize(
        ("path", "units"),
        [
            ("o-1/r-ab12/ou-ab12-workload/ou-ab12-research/", ("r-ab12", "ou-ab12-workload", "ou-ab12-research")),
            ("o-1/r-ab12/", ("r-ab12",)),
        ],
    )
    def test_units_are_read_from_the_root_down(self, path: str, units: tuple[str, ...]) -> None:
        """The path of an account names the root and all units above it, and the organization is none of them."""
        client = SESSION.client("organizations")
        with Stubber(client) as stubber:
            account = {"Name": "Payments", "State": "ACTIVE", "Paths": [path]}
            stubber.add_response("describe_account", {"Account": account})
            accounts = OrganizationAccounts(client, OneLabelEach(), MemoryClock())
            assert accounts.account("444444444444").units == units


def writer_zones(clients: OneClient, clock: MemoryClock) -> WriterZones:
    arn = "arn:aws:iam::3:role/orgdns-writer"
    return WriterZones(clients, arn, Pace(1.0, clock.now / 1000), clock, clock.sleep)  # type: ignore[arg-type]  # as above


class TestZones:
    @pytest.fixture
    def route53(self) -> Iterator[tuple[WriterZones, Stubber]]:
        client = SESSION.client("route53")
        with Stubber(client) as stubber:
            yield writer_zones(OneClient(client), MemoryClock()), stubber

    def test_change_is_sent_as_multivalue_answer(self, route53: tuple[WriterZones, Stubber]) -> None:
        """A change carries its owner, its values and its action, and nothing is an UPSERT."""
        zones, stubber = route53
        stubber.add_response(
            "change_resource_record_sets",
            {"ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}},
            {
                "HostedZoneId": CORP_ZONE,
                "ChangeBatch": {
                    "Changes": [
                        {
                            "Action": "CREATE",
                            "ResourceRecordSet": {
                                "Name": "web.corp.internal.",
                                "Type": "A",
                                "SetIdentifier": "orgdns/444444444444/eu-central-1/i-00000000000000001",
                                "MultiValueAnswer": True,
                                "TTL": 60,
                                "ResourceRecords": [{"Value": "10.0.0.1"}],
                            },
                        }
                    ]
                },
            },
        )
        zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        stubber.assert_no_pending_responses()

    def test_simple_record_set_is_deleted_as_it_is(self, route53: tuple[WriterZones, Stubber]) -> None:
        """A DELETE of what another tool left carries no owner and no routing policy: it has neither."""
        zones, stubber = route53
        there = {
            "Name": "web.corp.internal.",
            "Type": "A",
            "TTL": 300,
            "ResourceRecords": [{"Value": "10.0.0.1"}],
        }
        foreign = record_set_of(there)
        assert foreign == ForeignRecordSet(key().fqdn, "A", SIMPLE, ("10.0.0.1",), 300)
        stubber.add_response(
            "change_resource_record_sets",
            {"ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}},
            {
                "HostedZoneId": CORP_ZONE,
                "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": there}]},
            },
        )
        left = RecordSet(foreign.fqdn, RecordType.A, 300, foreign.values, "")
        zones.change(CORP_ZONE, [Change(Action.DELETE, left)])
        stubber.assert_no_pending_responses()

    def test_refusal_and_absence_are_told_apart(self, route53: tuple[WriterZones, Stubber]) -> None:
        """What Route 53 refuses is the batch's fault; all else may pass later."""
        zones, stubber = route53
        stubber.add_client_error("change_resource_record_sets", "InvalidChangeBatch", "[it already exists]")
        stubber.add_client_error("change_resource_record_sets", "Throttling", "Rate exceeded")
        with pytest.raises(BatchRefused) as refused:
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        assert refused.value.message == "[it already exists]"
        with pytest.raises(ZoneUnavailable):
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])

    def test_calls_wait_for_their_turn(self) -> None:
        """Beyond the bursts, changes and pages come no faster than Route 53 refills its buckets."""
        client, clock = SESSION.client("route53"), MemoryClock()
        zones = writer_zones(OneClient(client), clock)
        thousand = [Change(Action.CREATE, record_set(number, name=f"n{number}")) for number in range(1000)]
        info = {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED}
        with Stubber(client) as stubber:
            for _ in range(3):
                stubber.add_response("change_resource_record_sets", {"ChangeInfo": info})
            began = clock.now
            for _ in range(3):
                zones.change(CORP_ZONE, thousand)
        assert (clock.now - began) / 1000 == pytest.approx(15, abs=0.2)

    @pytest.mark.parametrize("code", ["Throttling", "PriorRequestNotComplete"])
    def test_throttled_call_slows_the_pace(self, code: str) -> None:
        """A call that was throttled, or had to be repeated, makes the next ones wait longer."""
        client, clock = SESSION.client("route53"), MemoryClock()
        zones = writer_zones(OneClient(client), clock)
        with Stubber(client) as stubber:
            stubber.add_client_error("change_resource_record_sets", code)
            with pytest.raises(ZoneUnavailable):
                zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
        slow = zones.delay(1_600)
        repeated = {"RetryAttempts": 1}
        answer = {
            "ChangeInfo": {"Id": "C1", "Status": "PENDING", "SubmittedAt": LAUNCHED},
            "ResponseMetadata": repeated,
        }
        with Stubber(client) as stubber:
            stubber.add_response("change_resource_record_sets", answer)
            zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(2))])
        assert 0 < slow < zones.delay(1_600)

    def test_zone_that_is_closed_is_told_from_one_that_may_come_back(self) -> None:
        """Access denied to a fresh session will not pass by waiting; to an old one it may."""
        client = SESSION.client("route53")
        one = OneClient(client)
        zones = writer_zones(one, MemoryClock())
        with Stubber(client) as stubber:
            for code in ("AccessDenied", "NoSuchHostedZone", "AccessDenied"):
                stubber.add_client_error("change_resource_record_sets", code)
            for _ in range(2):
                with pytest.raises(ZoneClosed):
                    zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])
            one.old_session = True
            with pytest.raises(ZoneUnavailable):
                zones.change(CORP_ZONE, [Change(Action.CREATE, record_set(1))])

    def test_many_names_are_read_in_one_pass_of_the_zone(self, route53: tuple[WriterZones, Stubber]) -> None:
        """Of many names the whole zone is read, not a call a name; a name that is not there holds nothing."""
        zones, stubber = route53
        row = {"Name": "n1.corp.internal.", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row, row | {"Name": "other."}], "IsTruncated": False, "MaxItems": "300"},
            {"HostedZoneId": CORP_ZONE},
        )
        names = [key(f"n{number}").fqdn for number in range(100)]
        there = zones.record_sets(CORP_ZONE, names)
        assert set(there) == set(names)
        assert [name for name, held in there.items() if held.foreign] == ["n1.corp.internal."]

    def test_name_is_read_to_its_end(self, route53: tuple[WriterZones, Stubber]) -> None:
        """A name whose record sets fill more than a page is read whole, and no further name is taken along."""
        zones, stubber = route53

        def row(number: int, name: str = "web.corp.internal.") -> dict[str, Any]:
            return {
                "Name": name,
                "Type": "A",
                "TTL": 60,
                "SetIdentifier": ref(number).set_identifier,
                "MultiValueAnswer": True,
                "ResourceRecords": [{"Value": f"10.0.0.{number}"}],
            }

        more = {"IsTruncated": True, "MaxItems": "300", "NextRecordName": "web.corp.internal.", "NextRecordType": "A"}
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row(1)], "NextRecordIdentifier": ref(2).set_identifier} | more,
            {"HostedZoneId": CORP_ZONE, "StartRecordName": "web.corp.internal."},
        )
        stubber.add_response(
            "list_resource_record_sets",
            {"ResourceRecordSets": [row(2), row(3, "zoo.corp.internal.")], "IsTruncated": False, "MaxItems": "300"},
            {
                "HostedZoneId": CORP_ZONE,
                "StartRecordName": "web.corp.internal.",
                "StartRecordType": "A",
                "StartRecordIdentifier": ref(2).set_identifier,
            },
        )
        assert zones.record_sets(CORP_ZONE, [key().fqdn])[key().fqdn].owned == (record_set(1), record_set(2))

    @pytest.mark.parametrize(
        ("change", "routing"),
        [
            ({"SetIdentifier": "blue"}, "MultiValueAnswer"),
            ({"SetIdentifier": "orgdns/444444444444/eu-central-1/i-0000000000000000z"}, "MultiValueAnswer"),
            ({"Type": "TXT"}, "MultiValueAnswer"),
            ({"MultiValueAnswer": None, "Weight": 10}, "Weight"),
            ({"HealthCheckId": "abc"}, "MultiValueAnswer"),
            # Somebody watches it, so it is no plain record that may be taken over.
            ({"HealthCheckId": "abc", "MultiValueAnswer": None, "SetIdentifier": None}, "HealthCheckId"),
        ],
    )
    def test_what_is_not_exactly_ours_is_foreign(self, change: dict[str, Any], routing: str) -> None:
        """A record set is ours by its routing, type and owner together, and is otherwise never touched."""
        ours = {
            "Name": "web.corp.internal.",
            "Type": "A",
            "TTL": 60,
            "SetIdentifier": ref(1).set_identifier,
            "MultiValueAnswer": True,
            "ResourceRecords": [{"Value": "10.0.0.1"}],
        }
        assert record_set_of(ours) == record_set(1)
        values = [{"Value": "10.0.0.2"}, {"Value": "10.0.0.1"}]
        several = record_set_of(ours | {"ResourceRecords": values})
        assert several == replace(record_set(1), values=("10.0.0.1", "10.0.0.2"))
        altered = {name: value for name, value in (ours | change).items() if value is not None}
        foreign = record_set_of(altered)
        assert isinstance(foreign, ForeignRecordSet)
        assert foreign.routing == routing


class TestLedger:
    @pytest.fixture
    def ledger(self) -> Iterator[DynamoLedger]:
        with mock_aws():
            client = boto3.client("dynamodb", region_name="eu-central-1")
            client.create_table(
                TableName="ledger",
                KeySchema=[
                    {"AttributeName": contract.PARTITION_KEY, "KeyType": "HASH"},
                    {"AttributeName": contract.SORT_KEY, "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in (contract.PARTITION_KEY, contract.SORT_KEY)
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            clock = MemoryClock()
            yield DynamoLedger(Table(client, "ledger", clock, clock.sleep))

    def test_claim_is_read_back(self, ledger: DynamoLedger) -> None:
        """What was claimed is what the publisher reads, of that name alone."""
        ledger.put_claim(claim(1), 1)
        ledger.put_claim(claim(2, name="api"), 1)
        state = ledger.name(key())
        assert state.claims == (claim(1),)
        assert state.published == Published()

    def test_withdrawn_claim_is_gone_and_an_older_look_cannot_bring_it_back(self, ledger: DynamoLedger) -> None:
        """A tombstone stands where the claim stood, against slow workers."""
        ledger.put_claim(claim(1), 5)
        ledger.withdraw_claim(key(), ref(1), 6)
        ledger.put_claim(claim(1), 5)
        assert ledger.name(key()).claims == ()
        ledger.put_claim(claim(1), 7)
        assert ledger.name(key()).claims == (claim(1),)

    def test_claim_withdrawn_before_it_was_written_stays_away(self, ledger: DynamoLedger) -> None:
        """The withdrawal of a claim that is not there yet counts too."""
        ledger.withdraw_claim(key(), ref(1), 6)
        ledger.put_claim(claim(1), 5)
        assert ledger.name(key()).claims == ()

    def test_claims_of_more_than_a_page_are_read(self, ledger: DynamoLedger) -> None:
        """A name with more claims than a page of a query holds is read to its end."""
        many: list[Claim] = []
        for number in range(1, 121):
            one = claim(number)
            values = ((RecordType.AAAA, tuple(f"2001:db8::{value:x}:{number:x}" for value in range(500))),)
            many.append(Claim(one.key, one.instance, values, 60, one.conflict, one.rule, one.launched_at))
            ledger.put_claim(many[-1], 1)
        assert set(ledger.name(key()).claims) == set(many)

    def test_published_is_read_back(self, ledger: DynamoLedger) -> None:
        """What was published of many names is remembered for each, conflicts and all."""
        states = [
            (key(f"n{number}"), Published((record_set(number, name=f"n{number}"),), number % 2 == 0, "in the way"))
            for number in range(1, 61)
        ]
        ledger.put_published(states)
        assert [(name, ledger.name(name).published) for name, _ in states] == states

    def test_observation_is_written_once_a_version(self, ledger: DynamoLedger) -> None:
        """Of two workers that read one version, one writes, and the other is told."""
        row = Observation(ref(1), Millis(5), (claim(1),), version=1)
        assert ledger.observation(ref(1)) is None
        ledger.put_observation(row)
        assert ledger.observation(ref(1)) == row
        with pytest.raises(Outdated):
            ledger.put_observation(row)
        ended = Observation(ref(1), Millis(6), (), ended=True, version=2)
        ledger.put_observation(ended)
        assert ledger.observation(ref(1)) == ended
        with pytest.raises(Outdated):
            ledger.put_observation(Observation(ref(1), Millis(7), version=2))

    def test_what_was_decided_by_is_read_back(self, ledger: DynamoLedger) -> None:
        """All that policy decided by, and what it refused, comes back as it was: by it a person is told why."""
        several = (
            interface("10.0.0.1", "10.0.0.2", ipv6=("2001:db8::1",)),
            interface("10.0.1.1", index=1, vpc_id="vpc-2", subnet_id="subnet-2"),
        )
        seen = instance(1, tags={"orgdns:aliases": "www api", "empty": ""}, interfaces=several, launched_at=7)
        noted = replace(claim(1), note="'Web' is written 'web': in lower case")
        refusals = (
            Refusal("short", "the rule waits for a tag", declined=True),
            Refusal("aliases", "db.corp.internal: the rule denies 'db'", "db.corp.internal."),
        )
        for version, account in enumerate((SCIENCE, Account(SCIENCE.id, None, "its name is no label")), 1):
            subject = replace(seen, ref=ref(1, SCIENCE.id))
            row = Observation(
                subject.ref, Millis(5), (noted,), version=version, instance=subject, account=account, refusals=refusals
            )
            ledger.put_observation(row)
            read = ledger.observation(subject.ref)
            assert read == row
            assert read.instance
            assert {type(one.device_index) for one in read.instance.interfaces} == {int}
        nothing = replace(row, version=3, claims=(), refusals=())
        ledger.put_observation(nothing)
        assert ledger.observation(subject.ref) == nothing

    def test_label_stays_with_the_account_that_had_it_first(self, ledger: DynamoLedger) -> None:
        """The first account that asks has the label; every later one is told whose it is."""
        assert ledger.holder_of_label("payments", "444444444444") == "444444444444"
        assert ledger.holder_of_label("payments", "444444444444") == "444444444444"
        assert ledger.holder_of_label("payments", "666666666666") == "444444444444"

    def test_label_passes_from_its_holder_alone(self, ledger: DynamoLedger) -> None:
        """Of two that would take a free label, one gets it."""
        ledger.holder_of_label("payments", "444444444444")
        ledger.pass_label("payments", "444444444444", "666666666666")
        with pytest.raises(Outdated):
            ledger.pass_label("payments", "444444444444", "555555555555")
        assert ledger.holder_of_label("payments", "555555555555") == "666666666666"

    def test_memory_of_nothing_expires(self, ledger: DynamoLedger) -> None:
        """The ledger does not grow by names that nobody holds any more."""
        ledger.put_published(
            [
                (key("held"), Published((record_set(1, name="held"),))),
                (key("gone"), Published()),
                (key("pending"), Published(pending=True)),
                (key("conflict"), Published(conflict="in the way")),
            ]
        )
        rows = boto3.client("dynamodb", region_name="eu-central-1").scan(TableName="ledger")["Items"]
        expiring = {row[contract.PARTITION_KEY]["S"] for row in rows if contract.EXPIRES in row}
        assert expiring == {f"name#{CORP_ZONE}#gone.corp.internal."}

    def test_key_of_a_stream_record_names_the_name(self) -> None:
        """The publisher finds the name by the partition key alone."""
        assert name_key_of(f"name#{CORP_ZONE}#web.corp.internal.") == key()


def test_set_identifier_names_its_owner_and_nothing_else() -> None:
    """A SetIdentifier reads back as its instance; what is not exactly of that form is nobody of ours."""
    assert InstanceRef.of_set_identifier(ref(1).set_identifier) == ref(1)
    for other in (None, "", "orgdns/", f"x{ref(1).set_identifier}", f"{ref(1).set_identifier}\n", "orgdns/1/2/3"):
        assert InstanceRef.of_set_identifier(other) is None
