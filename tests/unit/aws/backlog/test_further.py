"""A release receives messages until it has enough names, and deletes those whose names came back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from hub.runtime.aws.backlog.further import FurtherReleases
from hub.runtime.model.names import Millis
from hub.runtime.model.tasks import DeferredName, Release
from tests.support.build import PAYMENTS, key

FAULT = "the queue does not answer"


class Queue:
    """Messages, of which each has so many names; one without a number cannot be read. It may fail after some calls."""

    def __init__(self, messages: Iterable[int | None], works: int = 1_000, shortest: int = 1_000) -> None:
        self.messages = [{"messageId": f"m{number}", "names": names} for number, names in enumerate(messages)]
        self.works = works
        # An answer may have fewer messages than it may.
        self.shortest = shortest
        self.deleted: list[str] = []

    def receive(self, most: int) -> tuple[list[Mapping[str, Any]], str]:
        self.works -= 1
        if self.works < 0:
            return [], FAULT
        number = min(most, self.shortest)
        found = self.messages[:number]
        del self.messages[:number]
        return [*found], ""

    def delete(self, records: Iterable[Mapping[str, Any]]) -> str:
        self.deleted += [record["messageId"] for record in records]
        return ""


def read(records: list[Any]) -> dict[str, Release]:
    name = DeferredName(key(), Millis(5))
    readable = [record for record in records if record["names"] is not None]
    return {record["messageId"]: Release(PAYMENTS.id, (name,) * record["names"]) for record in readable}


def further(queue: Queue, most: int = 1_000) -> FurtherReleases:
    return FurtherReleases(queue, read, most)  # type: ignore[arg-type]  # stands for the queue


def names_of(received: Mapping[str, Release]) -> int:
    return sum(len(release.names) for release in received.values())


def test_messages_are_received_until_there_are_enough_names() -> None:
    """Ten messages a call, so there may be a few more."""
    assert names_of(further(Queue([2] * 100)).receive(50)) == 60


@pytest.mark.parametrize(("most", "names"), [(100, 100), (700, 700), (1_000, 1_000), (10, 100)])
def test_a_call_has_no_more_names_than_a_release(most: int, names: int) -> None:
    """Messages may be full, however many names are wanted. Names above what comes back in time would wait long."""
    assert names_of(further(Queue([100] * 100), most).receive(1)) == names


def test_a_queue_without_more_ends_it() -> None:
    """An answer that is short says nothing: SQS asks some of its servers only. One without messages ends it."""
    for shortest in (1, 3, 10):
        made = further(Queue([2] * 13, shortest=shortest))
        assert len(made.receive(1_000)) == 13
        assert made.fault == ""


def test_messages_without_names_count_as_well() -> None:
    """Otherwise a queue full of them would keep the release here. What cannot be read is deleted."""
    queue = Queue([None, 0] * 1_000)
    made = further(queue)
    assert len(made.receive(20)) == 10
    made.delete_all_but(())
    assert len(queue.deleted) == 20


def test_what_must_come_again_is_not_deleted() -> None:
    queue = Queue([1] * 5)
    made = further(queue)
    made.receive(1_000)
    made.delete_all_but({"m1", "m3", "of the batch"})
    assert queue.deleted == ["m0", "m2", "m4"]


def test_a_queue_that_fails_keeps_what_was_received() -> None:
    """The fault is known, and nothing else is received."""
    queue = Queue([1] * 100, works=2)
    made = further(queue)
    assert len(made.receive(1_000)) == 20
    assert made.fault == FAULT
    assert made.receive(1_000) == {}
    made.delete_all_but(())
    assert (len(queue.deleted), made.fault) == (20, FAULT)


def test_a_release_with_enough_names_calls_nothing() -> None:
    queue = Queue([1] * 10, works=0)
    made = further(queue)
    assert made.receive(0) == {}
    made.delete_all_but(())
    assert (made.fault, queue.deleted) == ("", [])
