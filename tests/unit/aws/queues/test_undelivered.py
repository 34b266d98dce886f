"""The queue of each spoke with the events that did not reach the hub."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.aws.queues.undelivered import SpokeQueues
from hub.runtime.aws.sessions import RoleUnavailable
from hub.runtime.model.names import Spoke
from hub.runtime.model.status import SpokeStatus
from hub.runtime.ports import SpokeDenied, SpokeUnreachable
from hub.runtime.sweeper.undelivered import with_undelivered
from tests.support.aws.clients import ROLES, SESSION, OneClient
from tests.support.build import PAYMENTS

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
REQUEST = {
    "QueueUrl": f"https://sqs.eu-central-1.amazonaws.com/{PAYMENTS.id}/orgdns-undelivered",
    "AttributeNames": COUNTS,
}


def asked(answer: dict[str, Any] | str) -> int:
    """What the queue says, or the number that it has."""
    client = SESSION.client("sqs")
    clients = OneClient(client)
    with Stubber(client) as stubber:
        if isinstance(answer, str):
            stubber.add_client_error("get_queue_attributes", answer)
        else:
            stubber.add_response("get_queue_attributes", answer, REQUEST)
        found = SpokeQueues(clients, ROLES).undelivered(SPOKE)  # type: ignore[arg-type]  # stands for AssumedClients
    assert clients.requested == [(f"arn:aws-us-gov:iam::{PAYMENTS.id}:role/orgdns-reader", "eu-central-1")]
    return found


def test_all_messages_count() -> None:
    """Also those that someone looks at now. The reader role asks for them, in the spoke's region."""
    assert asked({"Attributes": dict(zip(COUNTS, ("7", "2"), strict=True))}) == 9


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("AccessDenied", SpokeDenied),
        ("AWS.SimpleQueueService.NonExistentQueue", SpokeUnreachable),
        ("RequestThrottled", SpokeUnreachable),
        ({}, SpokeUnreachable),
        ({"Attributes": {COUNTS[0]: "7"}}, SpokeUnreachable),
        ({"Attributes": {COUNTS[0]: "7", COUNTS[1]: "-1"}}, SpokeUnreachable),
        ({"Attributes": {COUNTS[0]: "many", COUNTS[1]: "0"}}, SpokeUnreachable),
    ],
)
def test_queue_that_does_not_say(answer: dict[str, Any] | str, expected: type[Exception]) -> None:
    """A missing queue, a denial and a malformed answer are no empty queue."""
    with pytest.raises(SpokeUnreachable, match=str(SPOKE)) as error:
        asked(answer)
    assert type(error.value) is expected


def test_spoke_without_a_role() -> None:
    """A missing role says nothing about the queue."""
    clients = OneClient(None, RoleUnavailable("orgdns-reader cannot be assumed: AccessDenied", denied=True))
    with pytest.raises(SpokeDenied, match="cannot be assumed"):
        SpokeQueues(clients, ROLES).undelivered(SPOKE)  # type: ignore[arg-type]  # as above


class Queues:
    """Counts, one for each sweep; None if the queue does not say."""

    def __init__(self, *counts: int | None) -> None:
        self.counts = list(counts)

    def undelivered(self, spoke: Spoke) -> int:
        count = self.counts.pop(0)
        if count is None:
            raise SpokeDenied(f"{spoke}: AccessDenied")
        return count


@given(st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=6))
def test_sweep_counts_what_came_since_the_last_count(counts: list[int | None]) -> None:
    """A fault keeps the count before it, so that nothing that came meanwhile is overlooked, and fails no sweep."""
    status, known, queues = SpokeStatus(SPOKE, instances=3), 0, Queues(*counts)
    for count in counts:
        before, status = status, with_undelivered(status, queues)
        if count is None:
            assert status == replace(before, undelivered_fault=f"{SPOKE}: AccessDenied")
        else:
            new = max(0, count - known)
            expected = replace(before, undelivered=count, undelivered_new=new, undelivered_fault="")
            assert status == expected
            known = count
