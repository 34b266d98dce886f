"""What associations need of AWS: rows of VPCs, all that a VPC's Resolver answers from, and how each call fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber
from moto import mock_aws

from hub.runtime import contract
from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.aws.associations import PROFILE_PRIORITY, VpcOwner, ZoneOwner
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.ledger.vpcs import DynamoVpcs
from hub.runtime.aws.sessions import CLIENT_CONFIG, AssumedClients, RoleUnavailable
from hub.runtime.aws.vpcs import SpokeVpcs
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.vpcs import (
    AssociatedZone,
    AssociationMethod,
    AssociationRecord,
    ForwardRule,
    Vpc,
    VpcRef,
    VpcRow,
    VpcsStatus,
    ZoneInVpc,
)
from hub.runtime.ports import SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from hub.runtime.rate_limit import Pace
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.memory import MemoryClock
from tests.support.memory_vpcs import NETWORK, vpc_ref
from tests.unit.aws.test_aws_sweep import table

__all__ = ["table"]

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
REF = VpcRef(PAYMENTS.id, "eu-central-1", "vpc-0a1b2c3d4e5f60718")
WIRE = {"VPCRegion": REF.region, "VPCId": REF.id}
VPC_ARN = f"arn:aws:ec2:{REF.region}:{REF.account}:vpc/{REF.id}"
PROFILE_ARN = f"arn:aws:route53profiles:eu-central-1:{NETWORK}:profile/rp-1"


class Clients:
    """Clients of one role each, stubbed by service; `forgotten` are the roles to be assumed anew."""

    def __init__(self) -> None:
        make: Any = boto3.client
        keys = {"region_name": "eu-central-1", "aws_access_key_id": "a", "aws_secret_access_key": "s"}
        self.made = {name: make(name, **keys) for name in ("ec2", "route53", "route53resolver", "route53profiles")}
        self.stubs = {name: Stubber(client) for name, client in self.made.items()}
        self.asked: list[tuple[str, str, str]] = []
        self.unavailable: RoleUnavailable | None = None
        self.old_session = False
        for stub in self.stubs.values():
            stub.activate()

    def client(self, role_arn: str, region: str, service: str) -> Any:  # noqa: ANN401 - stands for AssumedClients
        if self.unavailable:
            raise self.unavailable
        self.asked.append((role_arn, region, service))
        return self.made[service]

    def forget_if_denied(self, _role_arn: str, _error: Exception) -> bool:
        return self.old_session


@pytest.fixture
def clients() -> Clients:
    return Clients()


def described(vpc_id: str, owner: str = PAYMENTS.id) -> dict[str, Any]:
    return {
        "VpcId": vpc_id,
        "OwnerId": owner,
        "CidrBlock": "10.7.0.0/16",
        "CidrBlockAssociationSet": [
            {"CidrBlock": "10.8.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.7.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
        ],
        "Tags": [{"Key": "dns", "Value": "shared"}, {"Key": "Name", "Value": "x"}],
    }


class TestLook:
    def test_a_vpc_is_read_whole(self, clients: Clients) -> None:
        """Every page of all that decides what its Resolver answers from; another account's VPC is not read."""
        ec2, route53, resolver, profiles = (clients.stubs[name] for name in clients.made)
        ec2.add_response(
            "describe_vpcs",
            {"Vpcs": [described(REF.id), described("vpc-0b", owner=NETWORK)]},
            {"MaxResults": 1000},
        )
        associated = {"Id": "a", "Status": "COMPLETE", "VPCId": REF.id}
        resolver.add_response(
            "list_resolver_rule_associations",
            {
                "ResolverRuleAssociations": [
                    associated | {"ResolverRuleId": "forward"},
                    associated | {"ResolverRuleId": "system"},
                    associated | {"ResolverRuleId": "ending", "Status": "DELETING"},
                    associated | {"ResolverRuleId": "of another account, not to be seen"},
                ]
            },
        )
        rule = {"DomainName": "Elsewhere.Example.", "RuleType": "FORWARD"}
        resolver.add_response(
            "list_resolver_rules",
            {
                "ResolverRules": [
                    rule | {"Id": "forward"},
                    rule | {"Id": "system", "RuleType": "SYSTEM"},
                    rule | {"Id": "ending"},
                ]
            },
        )
        resolver.add_response(
            "list_resolver_configs", {"ResolverConfigs": [{"ResourceId": REF.id, "AutodefinedReverse": "DISABLED"}]}
        )
        shared = {"Id": "rp-0", "Name": "orgdns", "Arn": PROFILE_ARN.replace(NETWORK, "999999999999")}
        profiles.add_response("list_profiles", {"ProfileSummaries": [shared], "NextToken": "more"})
        profiles.add_response(
            "list_profiles",
            {"ProfileSummaries": [{"Id": "rp-1", "Name": "orgdns", "Arn": PROFILE_ARN}]},
            {"NextToken": "more"},
        )
        association = {"ResourceId": VPC_ARN, "ProfileId": "rp-1", "Status": "CREATING"}
        gone = association | {"ProfileId": "rp-2", "Status": "DELETED"}
        profiles.add_response("list_profile_associations", {"ProfileAssociations": [association, gone]})
        carried = [
            {"ResourceArn": f"arn:aws:route53:::hostedzone/{CORP_ZONE}", "Status": "COMPLETE"},
            {"ResourceArn": "arn:aws:route53:::hostedzone/Z0COMING", "Status": "CREATING"},
            {"ResourceArn": f"arn:aws:route53resolver:eu-central-1:{NETWORK}:resolver-rule/x", "Status": "COMPLETE"},
        ]
        profiles.add_response(
            "list_profile_resource_associations", {"ProfileResourceAssociations": carried}, {"ProfileId": "rp-1"}
        )
        for attribute, value in (("enableDnsSupport", True), ("enableDnsHostnames", False)):
            answer = {"VpcId": REF.id, f"{attribute[0].upper()}{attribute[1:]}": {"Value": value}}
            ec2.add_response("describe_vpc_attribute", answer, {"VpcId": REF.id, "Attribute": attribute})
        page: dict[str, Any] = {"MaxItems": "100", "NextToken": "more"}
        summary = {"HostedZoneId": CORP_ZONE, "Name": "Corp.internal.", "Owner": {"OwningAccount": NETWORK}}
        route53.add_response("list_hosted_zones_by_vpc", page | {"HostedZoneSummaries": [summary]}, WIRE)
        summary = {"HostedZoneId": "Z0EFS", "Name": "efs.internal.", "Owner": {"OwningService": "efs.amazonaws.com"}}
        del page["NextToken"]
        route53.add_response(
            "list_hosted_zones_by_vpc", page | {"HostedZoneSummaries": [summary]}, WIRE | {"NextToken": "more"}
        )
        (seen,) = SpokeVpcs(clients, NETWORK).seen(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
        assert seen == Vpc(
            REF,
            cidrs=("10.7.0.0/16", "10.8.0.0/16"),
            tags=(("Name", "x"), ("dns", "shared")),
            dns_support=True,
            dns_hostnames=False,
            zones=(
                AssociatedZone("Z0CORPINTERNAL0EXAMPL", CORP, NETWORK),
                AssociatedZone("Z0EFS", Fqdn("efs.internal."), "efs.amazonaws.com"),
            ),
            rules=(ForwardRule("forward", Fqdn("elsewhere.example.")),),
            profiles=("rp-1",),
            autodefined_rules=False,
            profile="rp-1",
            profile_zones=(CORP_ZONE,),
            profile_coming=True,
        )
        assert {role for role, _, _ in clients.asked} == {f"arn:aws:iam::{PAYMENTS.id}:role/orgdns-reader"}

    def test_where_no_vpc_is_nothing_else_is_asked(self, clients: Clients) -> None:
        """A region without VPCs costs one call, and no id none."""
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": []})
        spokes = SpokeVpcs(clients)  # type: ignore[arg-type]  # stands for AssumedClients
        assert spokes.seen(SPOKE) == ()
        assert spokes.seen(SPOKE, []) == ()

    def test_some_vpcs_are_asked_for_by_filter(self, clients: Clients) -> None:
        """One unknown id among VpcIds would fail the whole call."""
        wanted = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}]}
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": []}, wanted)
        SpokeVpcs(clients).seen(SPOKE, ["vpc-2", "vpc-1"])  # type: ignore[arg-type]  # stands for AssumedClients

    def test_vpc_that_goes_while_it_is_looked_at(self, clients: Clients) -> None:
        """It does not show; the others do."""
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": [described(REF.id)]})
        resolver = clients.stubs["route53resolver"]
        resolver.add_response("list_resolver_rule_associations", {"ResolverRuleAssociations": []})
        resolver.add_response("list_resolver_configs", {"ResolverConfigs": []})
        clients.stubs["ec2"].add_client_error("describe_vpc_attribute", "InvalidVpcID.NotFound")
        assert SpokeVpcs(clients).seen(SPOKE) == ()  # type: ignore[arg-type]  # stands for AssumedClients

    @pytest.mark.parametrize(
        ("code", "old", "error"),
        [
            ("UnauthorizedOperation", False, SpokeDenied),
            ("UnauthorizedOperation", True, SpokeUnreachable),
            ("RequestLimitExceeded", False, SpokeUnreachable),
        ],
    )
    def test_what_fails(self, clients: Clients, code: str, *, old: bool, error: type[Exception]) -> None:
        """A listing that was cut is none; whether we are denied is told apart, but for a session that is too old."""
        clients.old_session = old
        clients.stubs["ec2"].add_response("describe_vpcs", {"Vpcs": [described(REF.id)]})
        clients.stubs["route53resolver"].add_client_error("list_resolver_rule_associations", code)
        with pytest.raises(error) as raised:
            SpokeVpcs(clients).seen(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
        assert type(raised.value) is error

    def test_role_that_is_missing(self, clients: Clients) -> None:
        """A role that may not be assumed denies us; one that cannot be now may be later."""
        for denied, error in ((True, SpokeDenied), (False, SpokeUnreachable)):
            clients.unavailable = RoleUnavailable("no", denied=denied)
            with pytest.raises(error):
                SpokeVpcs(clients).seen(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients


def owner(clients: Clients, slept: list[float] | None = None) -> ZoneOwner:
    clock = MemoryClock(now=0)

    def sleep(seconds: float) -> None:
        (slept if slept is not None else []).append(seconds)
        clock.sleep(seconds)

    return ZoneOwner(clients, "role", Pace(1.0, 0.0), clock, sleep)  # type: ignore[arg-type]  # stands for AssumedClients


class TestZoneOwner:
    @pytest.mark.parametrize(
        ("operation", "act"),
        [
            ("create_vpc_association_authorization", ZoneOwner.authorize),
            ("delete_vpc_association_authorization", ZoneOwner.clear),
            ("disassociate_vpc_from_hosted_zone", ZoneOwner.disassociate),
        ],
    )
    @pytest.mark.parametrize(
        ("code", "error"),
        [
            ("LastVPCAssociation", AssociationRefused),
            ("NoSuchHostedZone", ZoneClosed),
            ("AccessDenied", ZoneClosed),
            ("ConcurrentModification", ZoneUnavailable),
            ("Throttling", ZoneUnavailable),
        ],
    )
    def test_what_fails(
        self,
        clients: Clients,
        operation: str,
        act: Callable[[ZoneOwner, str, VpcRef], None],
        code: str,
        error: type[Exception],
    ) -> None:
        """What may pass is told from what never will, and from what AWS refuses."""
        clients.stubs["route53"].add_client_error(operation, code)
        with pytest.raises(error):
            act(owner(clients), CORP_ZONE, REF)

    def test_what_is_gone_already_is_no_fault(self, clients: Clients) -> None:
        """An authorisation or an association that is not there need not be taken away."""
        stub = clients.stubs["route53"]
        stub.add_client_error("delete_vpc_association_authorization", "VPCAssociationAuthorizationNotFound")
        owner(clients).clear(CORP_ZONE, REF)
        stub.add_client_error("disassociate_vpc_from_hosted_zone", "VPCAssociationNotFound")
        owner(clients).disassociate(CORP_ZONE, REF)

    def test_no_answer_and_no_role_may_pass(self, clients: Clients) -> None:
        """The zones' owner is tried again later."""
        clients.unavailable = RoleUnavailable("no", denied=True)
        with pytest.raises(ZoneUnavailable):
            owner(clients).clear(CORP_ZONE, REF)

    def test_calls_wait_for_their_turn(self, clients: Clients) -> None:
        """Twenty associations go out at once, and then five a second: that of AssociateVPC is the tightest bucket."""
        slept: list[float] = []
        working = owner(clients, slept)
        answer = {"HostedZoneId": CORP_ZONE, "VPC": WIRE}
        for _ in range(21):
            clients.stubs["route53"].add_response(
                "create_vpc_association_authorization", answer, {"HostedZoneId": CORP_ZONE, "VPC": WIRE}
            )
            working.authorize(CORP_ZONE, REF)
        assert [pytest.approx(seconds, abs=0.05) for seconds in slept] == [0.2]


class TestVpcOwner:
    @pytest.mark.parametrize(
        ("code", "error", "taken", "full"),
        [
            ("ConflictingDomainExists", AssociationRefused, True, False),
            ("LimitsExceeded", AssociationRefused, False, True),
            ("InvalidVPCId", AssociationRefused, False, False),
            ("AccessDenied", SpokeDenied, None, None),
            ("NotAuthorizedException", SpokeUnreachable, None, None),
            ("PriorRequestNotComplete", SpokeUnreachable, None, None),
        ],
    )
    def test_what_fails(
        self, clients: Clients, code: str, error: type[Exception], *, taken: bool | None, full: bool | None
    ) -> None:
        """Why a VPC cannot be associated is told apart; an authorisation that does not show yet may pass."""
        clients.stubs["route53"].add_client_error("associate_vpc_with_hosted_zone", code)
        with pytest.raises(error) as raised:
            VpcOwner(clients).associate(CORP_ZONE, REF)  # type: ignore[arg-type]  # stands for AssumedClients
        if isinstance(raised.value, AssociationRefused):
            assert (raised.value.taken, raised.value.full) == (taken, full)

    def test_profile(self, clients: Clients) -> None:
        """It is associated with a priority of its own; that it is so already, or not any more, is no fault."""
        stub = clients.stubs["route53profiles"]
        wanted = {"ProfileId": "rp-1", "ResourceId": REF.id}
        asked = wanted | {"Name": "orgdns", "Priority": PROFILE_PRIORITY}
        made = VpcOwner(clients)  # type: ignore[arg-type]  # stands for AssumedClients
        stub.add_response("associate_profile", {}, asked)
        made.associate_profile("rp-1", REF)
        stub.add_client_error("associate_profile", "ResourceExistsException", expected_params=asked)
        made.associate_profile("rp-1", REF)
        stub.add_client_error("disassociate_profile", "ResourceNotFoundException", expected_params=wanted)
        made.disassociate_profile("rp-1", REF)
        stub.add_client_error("associate_profile", "LimitExceededException")
        with pytest.raises(AssociationRefused) as raised:
            made.associate_profile("rp-1", REF)
        assert raised.value.full
        assert {(region, service) for _, region, service in clients.asked} == {("eu-central-1", "route53profiles")}

    def test_reverse_rules(self, clients: Clients) -> None:
        """They are switched off for this VPC."""
        wanted = {"ResourceId": REF.id, "AutodefinedReverseFlag": "DISABLE"}
        clients.stubs["route53resolver"].add_response("update_resolver_config", {}, wanted)
        VpcOwner(clients).disable_autodefined_rules(REF)  # type: ignore[arg-type]  # stands for AssumedClients

    def test_no_answer(self, clients: Clients) -> None:
        """Nobody knows whether it succeeded: it may pass."""

        def silent(**_wanted: object) -> None:
            raise ConnectTimeoutError(endpoint_url="x")

        clients.made["route53"].associate_vpc_with_hosted_zone = silent
        with pytest.raises(SpokeUnreachable):
            VpcOwner(clients).associate(CORP_ZONE, REF)  # type: ignore[arg-type]  # stands for AssumedClients


class TestRows:
    @pytest.fixture
    def vpcs(self, table: Table) -> Iterator[DynamoVpcs]:
        return DynamoVpcs(table)  # type: ignore[return-value]  # a fixture that needs no end

    def test_a_vpc_is_read_back(self, vpcs: DynamoVpcs) -> None:
        """What was seen and what was done are written apart, and read together."""
        seen = Vpc(
            REF,
            ("10.7.0.0/16",),
            (("dns", "x"),),
            dns_hostnames=False,
            zones=(AssociatedZone(CORP_ZONE, CORP, NETWORK),),
            rules=(ForwardRule("r", CORP),),
            profiles=("rp-1",),
            autodefined_rules=False,
            profile="rp-1",
        )
        zones = (
            ZoneInVpc(
                CORP_ZONE,
                CORP,
                AssociationMethod.PROFILE,
                AssociationMethod.ASSOCIATION,
                managed=True,
                blocked="b",
                notes=("n",),
            ),
        )
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord(managed=True, in_progress=True))
        vpcs.put_vpc(seen, PAYMENTS, zones)
        (row,) = vpcs.vpc_rows(SPOKE)
        expected = VpcRow(
            REF, row.seen_at, seen, PAYMENTS, zones, {CORP_ZONE: AssociationRecord(managed=True, in_progress=True)}
        )
        assert row == expected
        assert row.seen_at > Millis(0)
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord())
        vpcs.put_association(REF, "rp-1", AssociationRecord(fault="f", awaiting_approval=True))
        assert next(iter(vpcs.all_vpc_rows())).records == {"rp-1": AssociationRecord(fault="f", awaiting_approval=True)}

    def test_rows_of_a_spoke_are_its_own(self, vpcs: DynamoVpcs) -> None:
        """Those of other regions are not; and how looking went is no VPC."""
        for ref in (REF, vpc_ref(2, region="eu-west-1")):
            vpcs.put_association(ref, CORP_ZONE, AssociationRecord(managed=True))
        vpcs.put_vpcs_status(VpcsStatus(SPOKE, Millis(5), vpcs=3, blocked=1))
        assert [row.ref for row in vpcs.vpc_rows(SPOKE)] == [REF]
        assert len(list(vpcs.all_vpc_rows())) == 2
        assert vpcs.vpcs_statuses() == (VpcsStatus(SPOKE, Millis(5), 3, 1),)
        vpcs.put_vpcs_status(VpcsStatus(SPOKE, Millis(9), fault="denied"))
        # What was seen last stands.
        assert vpcs.vpcs_statuses() == (VpcsStatus(SPOKE, Millis(5), 3, 0, "denied"),)

    def test_a_vpc_is_forgotten(self, vpcs: DynamoVpcs) -> None:
        """Nothing of it is left, and forgetting it again does no harm."""
        vpcs.put_association(REF, CORP_ZONE, AssociationRecord(managed=True))
        vpcs.forget_vpc(REF)
        vpcs.forget_vpc(REF)
        assert list(vpcs.all_vpc_rows()) == []


def test_credentials_are_made_once_for_all_services() -> None:
    """One session of a role serves the clients of every service."""
    with mock_aws():
        session = boto3.Session(region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s")
        made = AssumedClients(session, session.client("sts"), "test", MemoryClock(), CLIENT_CONFIG)
        role = f"arn:aws:iam::{PAYMENTS.id}:role/{contract.READER_ROLE}"
        ec2, route53 = made.client(role, "eu-central-1", "ec2"), made.client(role, "us-east-1", "route53")
        assert (ec2.meta.service_model.service_name, route53.meta.service_model.service_name) == ("ec2", "route53")
        assert ec2._request_signer._credentials.access_key == route53._request_signer._credentials.access_key  # noqa: SLF001 - nothing else tells
