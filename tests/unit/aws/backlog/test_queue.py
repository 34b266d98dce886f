"""Names on their way to the backlog's queue."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hub.runtime.aws.backlog.queue import BYTES_A_CALL, BacklogQueue
from hub.runtime.messages import release_of
from hub.runtime.model.names import Fqdn, Millis, NameKey
from hub.runtime.model.tasks import NAMES_A_RELEASE, DeferredName, Release
from tests.support.build import PAYMENTS, SEARCH


class Client:
    """Keeps the entries of each call; refuses the messages of some groups, or all calls."""

    def __init__(self, *refused: str, error: bool = False) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.refused = refused
        self.error = error

    def send_message_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - SQS's own
        assert request["QueueUrl"] == "url"
        self.calls.append(request["Entries"])
        if self.error:
            raise ClientError({"Error": {"Code": "InternalError", "Message": "later"}}, "SendMessageBatch")
        failed = [entry for entry in request["Entries"] if entry["MessageGroupId"] in self.refused]
        taken = [entry for entry in request["Entries"] if entry not in failed]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
        }


def release(account: str = PAYMENTS.id, number: int = 1, name: str = "n") -> Release:
    return Release(
        account, tuple(DeferredName(NameKey("Z1", Fqdn(f"{name}{each}.")), Millis(5)) for each in range(number))
    )


def put(client: Client, *releases: Release) -> dict[NameKey, str]:
    return BacklogQueue(lambda: client, "url").put(releases)  # type: ignore[arg-type,return-value]  # stands for SQS


def test_account_is_the_message_group() -> None:
    """SQS serves quiet accounts first. Marks of audits are a group of their own."""
    client = Client()
    assert put(client, release(), release(SEARCH.id), release("")) == {}
    (entries,) = client.calls
    assert [entry["MessageGroupId"] for entry in entries] == [PAYMENTS.id, SEARCH.id, "orgdns"]
    assert [release_of(entry["MessageBody"]) for entry in entries] == [release(), release(SEARCH.id), release("")]


def test_calls_are_few_and_short() -> None:
    """Ten messages a call, and fewer if they are long."""
    client = Client()
    long = release(number=NAMES_A_RELEASE, name="\\052" * 120)
    assert put(client, *[release()] * 25, *[long] * 9) == {}
    assert [len(entries) for entries in client.calls][:2] == [10, 10]
    assert sum(len(entries) for entries in client.calls) == 34
    assert all(sum(len(entry["MessageBody"]) for entry in entries) <= BYTES_A_CALL for entries in client.calls)


def test_names_that_the_queue_does_not_take() -> None:
    """They are said, with the reason; the other messages of the call are taken."""
    refused = put(Client(SEARCH.id), release(), release(SEARCH.id, 2, "other"))
    assert [key.fqdn for key in refused] == ["other0.", "other1."]
    assert "InternalError" in next(iter(refused.values()))


def test_a_queue_that_does_not_answer() -> None:
    """No name is taken, as far as anyone knows."""
    refused = put(Client(error=True), release(number=3))
    assert len(refused) == 3
    assert all("later" in reason for reason in refused.values())


def test_a_queue_that_does_not_answer_is_not_asked_again() -> None:
    """Each call may take a minute and a half, and the run would end before it published anything."""
    accounts = [f"{number:012}" for number in range(25)]
    client = Client(error=True)
    assert len(put(client, *(release(account, name=account) for account in accounts))) == 25
    assert len(client.calls) == 1


@pytest.mark.parametrize("answer", [{}, {"Successful": []}, {"Successful": [{}]}, {"Failed": []}])
def test_what_the_answer_does_not_name_is_not_taken(answer: dict[str, Any]) -> None:
    """The names are tried again; if the queue did take them, they come twice."""

    class Odd(Client):
        def send_message_batch(self, **_request: Any) -> dict[str, Any]:  # noqa: ANN401 - SQS's own
            return answer

    assert len(put(Odd(), release())) == 1


def test_nothing_is_sent_without_names() -> None:
    client = Client()
    assert put(client) == {}
    assert client.calls == []
