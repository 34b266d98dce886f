"""Only AWS's errors become errors of a port; a bug of orgdns passes unchanged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.aws.answers import NO_ANSWER, AnswerMalformed, required
from hub.runtime.aws.associations import ZoneOwner
from hub.runtime.aws.instances import instance_of
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.queues.tasks import QueuedTasks
from hub.runtime.aws.sessions import SPOKE_CONFIG, AssumedClients, RoleUnavailable
from hub.runtime.aws.spoke_errors import translated
from hub.runtime.aws.spokes import StackSetSpokes
from hub.runtime.aws.zones import WriterZones
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.model.tasks import ScheduleSweeps
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import (
    LedgerUnavailable,
    SessionOutdated,
    SpokeClosed,
    SpokeDenied,
    SpokesUnknown,
    SpokeUnreachable,
    TasksNotSent,
    ZoneUnavailable,
)
from sandbox.bench.pace import turns_in_memory
from tests.support.build import CORP_ZONE, covering, ref
from tests.support.memory import MemoryClock

SPOKE = Spoke("444444444444", "eu-central-1")
SILENT = ReadTimeoutError(endpoint_url="https://ec2")
OURS = ParamValidationError(report="Invalid type for parameter Filters")


class Session:
    """Stands for AssumedClients; `old` says whether a denial may be about an old session."""

    def __init__(self, *, old: bool = False) -> None:
        self.old = old

    def forget_if_denied(self, _role_arn: str, _error: ClientError) -> bool:
        return self.old


def raised(error: Exception, *, old: bool = False) -> type[BaseException]:
    with pytest.raises(Exception) as caught, translated(Session(old=old), "role", SPOKE):  # type: ignore[arg-type]  # noqa: PT011 - stands for AssumedClients; any error
        raise error
    return caught.type


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeInstances"), SpokeDenied),
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListProfiles"), SpokeDenied),
        (ClientError({"Error": {"Code": "AuthFailure"}}, "DescribeInstances"), SpokeClosed),
        (ClientError({"Error": {"Code": "UnrecognizedClientException"}}, "ListProfiles"), SpokeClosed),
        (ClientError({"Error": {"Code": "RequestLimitExceeded"}}, "DescribeInstances"), SpokeUnreachable),
        (ClientError({}, "DescribeInstances"), SpokeUnreachable),
        (RoleUnavailable("no", denied=True), SpokeDenied),
        (RoleUnavailable("no"), SpokeUnreachable),
        (SILENT, SpokeUnreachable),
        (ConnectTimeoutError(endpoint_url="https://ec2"), SpokeUnreachable),
        (EndpointConnectionError(endpoint_url="https://ec2"), SpokeUnreachable),
        (NoCredentialsError(), SpokeUnreachable),
        (ResponseParserError("no XML"), SpokeUnreachable),
        (AnswerMalformed("lacks State"), SpokeUnreachable),
    ],
)
def test_what_aws_says_is_an_error_of_the_port(error: Exception, expected: type[Exception]) -> None:
    """A denial, a missing answer and a malformed answer each say something about the spoke."""
    assert raised(error) is expected


def test_denial_of_an_old_session_may_pass() -> None:
    """AWS denies calls to the old sessions of a role that was created again."""
    assert raised(ClientError({"Error": {"Code": "AuthFailure"}}, "DescribeVpcs"), old=True) is SessionOutdated


@pytest.mark.parametrize(
    "error", [KeyError("x"), ValueError("x"), TypeError("x"), IndexError("x"), OURS, BotoCoreError()]
)
def test_bug_of_this_code_is_not_an_unreachable_spoke(error: Exception) -> None:
    """A bug passes unchanged, so that the function fails visibly instead of waiting."""
    assert raised(error) is type(error)


@pytest.mark.parametrize(
    ("described", "missing"),
    [
        ({}, "InstanceId"),
        ({"InstanceId": "i-1"}, "'i-1' is not the id"),
        ({"InstanceId": "i-00000001"}, "LaunchTime|State"),
        ({"InstanceId": "i-00000001", "State": {}}, "Name"),
        ({"InstanceId": "i-00000001", "State": {"Name": "running"}}, "LaunchTime"),
        ({"InstanceId": "i-00000001", "State": {"Name": "hibernated"}, "LaunchTime": 1}, "'hibernated'"),
    ],
)
def test_malformed_instance_is_found_where_it_is_read(described: dict[str, Any], missing: str) -> None:
    """The error names the missing field, or the value that EC2 does not document."""
    with pytest.raises(AnswerMalformed, match=missing):
        instance_of(SPOKE, described)


def test_required_field() -> None:
    """A field is returned whatever its value; the error for a missing field names the existing ones."""
    assert required({"A": None}, "A") is None
    with pytest.raises(AnswerMalformed, match=r"lacks C; it has A, B$"):
        required({"B": 1, "A": 2}, "C")
    with pytest.raises(AnswerMalformed, match=r"it has no field$"):
        required({}, "C")


class Failing:
    """A client of any service whose operations all raise one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def raising(self, *_positional: object, **_named: object) -> Any:  # noqa: ANN401 - never returns
        raise self.error

    assume_role = describe_account = get_item = send_message_batch = raising
    list_resource_record_sets = delete_vpc_association_authorization = raising

    def get_paginator(self, _operation: str) -> Failing:
        return self

    paginate = raising


class Assumed:
    """Stands for AssumedClients, with one client."""

    def __init__(self, given: Failing) -> None:
        self.given = given

    def client(self, *_asked: str) -> Failing:
        return self.given


def adapters(failing: Any) -> dict[str, Callable[[], object]]:  # noqa: ANN401 - stands for any client
    clock = MemoryClock()
    clients: Any = Assumed(failing)
    turns = turns_in_memory(1.0, clock, clock.sleep)
    role = "arn:aws:iam::333333333333:role/orgdns"
    session: Any = None
    return {
        "accounts": lambda: OrganizationAccounts(failing, session, covering(), clock).account("444444444444"),
        "associations": lambda: ZoneOwner(clients, role, turns).clear(
            CORP_ZONE, VpcRef(SPOKE.account, SPOKE.region, "vpc-1")
        ),
        "ledger": lambda: Table(failing, "ledger", lambda: Millis(0), clock.sleep).get({"pk": "a", "sk": ref(1).id}),
        "sessions": lambda: AssumedClients(session, failing, "s", clock, SPOKE_CONFIG).client(
            role, SPOKE.region, "ec2"
        ),
        "spokes": lambda: StackSetSpokes(failing, NAMES).listed(),
        "task queue": lambda: QueuedTasks(failing, "https://q").enqueue([(ScheduleSweeps(), 0)]),
        "zones": lambda: list(WriterZones(clients, role, turns, OWNER).listing(CORP_ZONE)),
    }


SAID = {
    "accounts": SpokeUnreachable,
    "associations": ZoneUnavailable,
    "ledger": LedgerUnavailable,
    "sessions": RoleUnavailable,
    "spokes": SpokesUnknown,
    "task queue": TasksNotSent,
    "zones": ZoneUnavailable,
}


@pytest.mark.parametrize("adapter", sorted(SAID))
def test_every_adapter_tells_silence_from_a_bug(adapter: str) -> None:
    """A missing answer is an error of the port; a parameter that botocore refuses passes unchanged."""
    with pytest.raises(SAID[adapter]):
        adapters(Failing(SILENT))[adapter]()
    for bug in (OURS, KeyError("x")):
        with pytest.raises(type(bug)):
            adapters(Failing(bug))[adapter]()


def test_mistakes_of_the_caller_are_not_silence() -> None:
    """Botocore's errors about the caller's parameters do not count as a missing answer."""
    assert not issubclass(ParamValidationError, NO_ANSWER)
