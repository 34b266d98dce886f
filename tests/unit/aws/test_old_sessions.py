"""A session may be older than its role: what AWS denies it is tried once more with a new session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.instances import SpokeInstances
from hub.runtime.aws.queues.undelivered import SpokeQueues
from hub.runtime.aws.vpcs import SpokeVpcs
from hub.runtime.model.names import Spoke
from hub.runtime.ports import SessionOutdated, SpokeDenied, SpokeUnreachable
from tests.support.aws.clients import LAUNCHED, ROLES, SESSION, RenewedClients
from tests.support.build import PAYMENTS, ref

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
Call = Callable[[RenewedClients], object]
PAGE: dict[str, object] = {
    "Reservations": [{"Instances": [{"InstanceId": ref(1).id, "State": {"Name": "running"}, "LaunchTime": LAUNCHED}]}]
}


def describe(clients: RenewedClients) -> object:
    return SpokeInstances(clients, ROLES).describe(SPOKE, [ref(1).id])  # type: ignore[arg-type]  # stands for AssumedClients


def pages(clients: RenewedClients) -> object:
    return list(SpokeInstances(clients, ROLES).pages(SPOKE))  # type: ignore[arg-type]  # as above


def vpcs(clients: RenewedClients) -> object:
    return SpokeVpcs(clients, ROLES).described(SPOKE, ["vpc-0a1b2c3d"])  # type: ignore[arg-type]  # as above


def undelivered(clients: RenewedClients) -> object:
    return SpokeQueues(clients, ROLES).undelivered(SPOKE)  # type: ignore[arg-type]  # as above


CALLS: list[tuple[Call, str, str, dict[str, object], int]] = [
    (describe, "ec2", "describe_instances", PAGE, 1),
    (pages, "ec2", "describe_instances", PAGE, 1),
    (vpcs, "ec2", "describe_vpcs", {"Vpcs": []}, 1),
    (
        undelivered,
        "sqs",
        "get_queue_attributes",
        {"Attributes": {"ApproximateNumberOfMessages": "7", "ApproximateNumberOfMessagesNotVisible": "1"}},
        8,
    ),
]


@pytest.mark.parametrize(("call", "service", "operation", "answer", "found"), CALLS)
def test_new_session_reads_what_the_old_one_was_denied(
    call: Call, service: str, operation: str, answer: dict[str, object], found: int
) -> None:
    """Nothing is told of the old session."""
    client = SESSION.client(service)  # type: ignore[call-overload]  # the name of a service
    with Stubber(client) as stubber:
        stubber.add_client_error(operation, "AccessDenied")
        stubber.add_response(operation, answer)
        result = call(RenewedClients(client))
        stubber.assert_no_pending_responses()
    assert result == found if isinstance(result, int) else result is not None


@pytest.mark.parametrize(("call", "service", "operation"), [case[:3] for case in CALLS])
@pytest.mark.parametrize(("code", "expected"), [("AccessDenied", SpokeDenied), ("ServerError", SpokeUnreachable)])
def test_second_denial_is_told_as_one(
    call: Call, service: str, operation: str, code: str, expected: type[Exception]
) -> None:
    """A denial of a new session is about the role: it is not tried again. Another error may pass."""
    client = SESSION.client(service)  # type: ignore[call-overload]  # as above
    with Stubber(client) as stubber:
        stubber.add_client_error(operation, "AccessDenied")
        stubber.add_client_error(operation, code)
        with pytest.raises(SpokeUnreachable, match=code) as error:
            call(RenewedClients(client))
        stubber.assert_no_pending_responses()
    assert type(error.value) is expected


def test_denial_of_a_later_page_is_not_repeated() -> None:
    """The pages before it were handed on: the listing is not complete, and the next one is anew."""
    client = SESSION.client("ec2")
    clients = RenewedClients(client)
    listing = SpokeInstances(clients, ROLES).pages(SPOKE)  # type: ignore[arg-type]  # as above
    with Stubber(client) as stubber:
        stubber.add_response("describe_instances", PAGE | {"NextToken": "more"})
        stubber.add_client_error("describe_instances", "AccessDenied")
        assert len(next(listing)) == 1
        with pytest.raises(SessionOutdated):
            next(listing)
        stubber.assert_no_pending_responses()
