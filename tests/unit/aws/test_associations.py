from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectTimeoutError

from hub.runtime.associator.ports import AssociationRefused
from hub.runtime.aws.associations import PROFILE_PRIORITY, VpcOwner, ZoneOwner
from hub.runtime.aws.sessions import RoleUnavailable
from hub.runtime.model.vpcs import (
    VpcRef,
)
from hub.runtime.ports import SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from sandbox.bench.pace import turns_in_memory
from tests.support.aws.clients import ROLES, Clients
from tests.support.build import CORP_ZONE, PAYMENTS
from tests.support.memory import MemoryClock

REF = VpcRef(PAYMENTS.id, "eu-central-1", "vpc-0a1b2c3d4e5f60718")
WIRE = {"VPCRegion": REF.region, "VPCId": REF.id}


@pytest.fixture
def clients() -> Clients:
    return Clients()


def owner(clients: Clients, slept: list[float] | None = None) -> ZoneOwner:
    clock = MemoryClock(now=0)

    def sleep(seconds: float) -> None:
        (slept if slept is not None else []).append(seconds)
        clock.sleep(seconds)

    return ZoneOwner(clients, "role", turns_in_memory(1.0, clock, sleep))  # type: ignore[arg-type]  # stands for AssumedClients


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
        """Errors that may pass differ from lasting ones, and from refusals of the association."""
        clients.stubs["route53"].add_client_error(operation, code)
        with pytest.raises(error):
            act(owner(clients), CORP_ZONE, REF)

    def test_removing_what_does_not_exist_is_not_a_fault(self, clients: Clients) -> None:
        """An authorization or association that does not exist is removed already."""
        stub = clients.stubs["route53"]
        stub.add_client_error("delete_vpc_association_authorization", "VPCAssociationAuthorizationNotFound")
        owner(clients).clear(CORP_ZONE, REF)
        stub.add_client_error("disassociate_vpc_from_hosted_zone", "VPCAssociationNotFound")
        owner(clients).disassociate(CORP_ZONE, REF)

    def test_missing_role_may_pass(self, clients: Clients) -> None:
        """If the role cannot be assumed, the call is repeated later."""
        clients.unavailable = RoleUnavailable("no", denied=True)
        with pytest.raises(ZoneUnavailable):
            owner(clients).clear(CORP_ZONE, REF)

    def test_calls_wait_for_their_turn(self, clients: Clients) -> None:
        """Twenty associations start at once, then five a second: AssociateVPCWithHostedZone has the smallest bucket."""
        slept: list[float] = []
        working = owner(clients, slept)
        for number in range(21):
            zone_id = f"Z{number}"
            zone = {"HostedZoneId": zone_id, "VPC": WIRE}
            clients.stubs["route53"].add_response("create_vpc_association_authorization", zone, zone)
            working.authorize(zone_id, REF)
        assert [pytest.approx(seconds, abs=0.05) for seconds in slept] == [0.2]

    def test_changes_of_one_zone_keep_a_distance(self, clients: Clients) -> None:
        """Four changes of a zone start at once, and a prompt batch keeps its turn. Other calls do not wait."""
        slept: list[float] = []
        working = owner(clients, slept)
        zone = {"HostedZoneId": CORP_ZONE, "VPC": WIRE}
        for _ in range(5):
            clients.stubs["route53"].add_response("create_vpc_association_authorization", zone, zone)
            working.authorize(CORP_ZONE, REF)
        clients.stubs["route53"].add_response("delete_vpc_association_authorization", {}, zone)
        working.clear(CORP_ZONE, REF)
        assert slept == [pytest.approx(0.05, abs=0.01)]


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
        """A refused association has its reason; an authorization that has not taken effect yet may pass."""
        clients.stubs["route53"].add_client_error("associate_vpc_with_hosted_zone", code)
        with pytest.raises(error) as raised:
            VpcOwner(clients, ROLES).associate(CORP_ZONE, REF)  # type: ignore[arg-type]  # stands for AssumedClients
        if isinstance(raised.value, AssociationRefused):
            assert (raised.value.taken, raised.value.full) == (taken, full)

    def test_profile_association(self, clients: Clients) -> None:
        """A Profile is associated with its own priority; an association that exists, or does not, is no fault."""
        stub = clients.stubs["route53profiles"]
        wanted = {"ProfileId": "rp-1", "ResourceId": REF.id}
        request = wanted | {"Name": "orgdns", "Priority": PROFILE_PRIORITY}
        made = VpcOwner(clients, ROLES)  # type: ignore[arg-type]  # stands for AssumedClients
        stub.add_response("associate_profile", {}, request)
        made.associate_profile("rp-1", REF)
        stub.add_client_error("associate_profile", "ResourceExistsException", expected_params=request)
        made.associate_profile("rp-1", REF)
        stub.add_client_error("disassociate_profile", "ResourceNotFoundException", expected_params=wanted)
        made.disassociate_profile("rp-1", REF)
        stub.add_client_error("associate_profile", "LimitExceededException")
        with pytest.raises(AssociationRefused) as raised:
            made.associate_profile("rp-1", REF)
        assert raised.value.full
        assert {(region, service) for _, region, service in clients.requested} == {("eu-central-1", "route53profiles")}

    def test_autodefined_rules_are_disabled(self, clients: Clients) -> None:
        """The autodefined rules are disabled for this VPC."""
        wanted = {"ResourceId": REF.id, "AutodefinedReverseFlag": "DISABLE"}
        clients.stubs["route53resolver"].add_response("update_resolver_config", {}, wanted)
        VpcOwner(clients, ROLES).disable_autodefined_rules(REF)  # type: ignore[arg-type]  # stands for AssumedClients

    def test_no_answer(self, clients: Clients) -> None:
        """Without an answer, the outcome is unknown, so the call is repeated."""

        def silent(**_wanted: object) -> None:
            raise ConnectTimeoutError(endpoint_url="x")

        clients.made["route53"].associate_vpc_with_hosted_zone = silent
        with pytest.raises(SpokeUnreachable):
            VpcOwner(clients, ROLES).associate(CORP_ZONE, REF)  # type: ignore[arg-type]  # stands for AssumedClients
