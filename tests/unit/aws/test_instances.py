from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber

from hub.runtime.aws.instances import SpokeInstances
from hub.runtime.aws.sessions import RoleUnavailable
from hub.runtime.model.names import (
    Instance,
    InstanceState,
    Interface,
    Spoke,
)
from hub.runtime.ports import SpokeUnreachable
from tests.support.aws.clients import LAUNCHED, ROLES, SESSION, OneClient
from tests.support.build import ref

SPOKE = Spoke("444444444444", "eu-central-1")


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
        clients = OneClient(client)
        with Stubber(client) as stubber:
            yield SpokeInstances(clients, ROLES), stubber, clients  # type: ignore[arg-type]  # stands where roles are assumed

    def test_every_page_is_read(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """All pages of a listing are read, as the account's reader role."""
        instances, stubber, clients = ec2
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1)]}], "NextToken": "more"}
        )
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [described(2), described(3)]}]})
        assert set(instances.describe(SPOKE, [ref(number).id for number in (1, 2, 3)])) == {
            ref(number).id for number in (1, 2, 3)
        }
        stubber.assert_no_pending_responses()
        assert set(clients.requested) == {("arn:aws-us-gov:iam::444444444444:role/orgdns-reader", "eu-central-1")}

    def test_incomplete_listing_is_an_error(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """If a page fails, the whole listing is unknown."""
        instances, stubber, _ = ec2
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1)]}], "NextToken": "more"}
        )
        stubber.add_client_error("describe_instances", "UnauthorizedOperation")
        with pytest.raises(SpokeUnreachable, match=r"444444444444/eu-central-1.*UnauthorizedOperation"):
            instances.describe(SPOKE, [ref(1).id])

    def test_invalid_request_is_a_bug(self) -> None:
        """A request that boto3 does not send is a bug, and not a spoke that may answer later."""
        instances = SpokeInstances(OneClient(SESSION.client("ec2")), ROLES)  # type: ignore[arg-type]  # as above
        with pytest.raises(ParamValidationError):
            instances.describe(SPOKE, [3])  # type: ignore[list-item]  # the bug

    def test_many_instances_are_described_in_parts_of_two_hundred(
        self, ec2: tuple[SpokeInstances, Stubber, OneClient]
    ) -> None:
        """EC2 accepts 200 values a filter; a filter ignores unknown ids."""
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

    def test_spoke_without_role_is_unreachable(self) -> None:
        """A missing reader role says nothing about the instances."""
        denied = OneClient(None, RoleUnavailable("orgdns-reader cannot be assumed: AccessDenied"))
        with pytest.raises(SpokeUnreachable, match="cannot be assumed"):
            SpokeInstances(denied, ROLES).describe(SPOKE, [ref(1).id])  # type: ignore[arg-type]  # as above

    def test_all_facts_of_an_instance_are_read(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """State, place, tags and all interfaces are read; the primary interface and address come first."""
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
        shown = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert isinstance(shown, Instance)
        assert (shown.state, shown.az, shown.tags) == (InstanceState.RUNNING, "eu-central-1b", (("Name", "web"),))
        assert shown.interfaces == (
            Interface(0, "vpc-1", "subnet-1", ("10.0.0.1", "10.0.0.0"), ("2001:db8::1", "2001:db8::2")),
            Interface(1, "", "", (), ("2001:db8::3",)),
            Interface(1, "vpc-2", "subnet-2", ("10.0.2.1",)),
        )

    def test_age_survives_a_restart(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """An old instance that starts again does not become the newest: its primary interface has its age."""
        instances, stubber, _ = ec2
        made = LAUNCHED.replace(year=2024)
        interfaces = [{"Attachment": {"DeviceIndex": 0, "AttachTime": made}}]
        stubber.add_response(
            "describe_instances", {"Reservations": [{"Instances": [described(1, NetworkInterfaces=interfaces)]}]}
        )
        shown = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert isinstance(shown, Instance)
        assert shown.launched_at == made.timestamp() * 1000

    def test_terminated_instance_without_address_is_read(self, ec2: tuple[SpokeInstances, Stubber, OneClient]) -> None:
        """EC2 removes the address of an ended instance, which is not an error."""
        instances, stubber, _ = ec2
        terminated = {"InstanceId": ref(1).id, "State": {"Code": 48, "Name": "terminated"}, "LaunchTime": LAUNCHED}
        stubber.add_response("describe_instances", {"Reservations": [{"Instances": [terminated]}]})
        shown = instances.describe(SPOKE, [ref(1).id])[ref(1).id]
        assert isinstance(shown, Instance)
        assert (shown.state, shown.interfaces, shown.tags) == (InstanceState.TERMINATED, (), ())
