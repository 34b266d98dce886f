"""What the publisher's entry point answers when the backlog invokes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from hub.runtime import handlers
from hub.runtime.messages import body_of_release
from hub.runtime.model.names import Fqdn, Millis, NameKey
from hub.runtime.model.tasks import DeferredName, Release
from sandbox.aws.bridge import replaced
from tests.support.build import PAYMENTS

BODY = body_of_release(Release(PAYMENTS.id, (DeferredName(NameKey("Z1", Fqdn("a.test.")), Millis(5)),)))


CONTEXT = SimpleNamespace(
    function_name="publisher",
    memory_limit_in_mb=1_024,
    invoked_function_arn="arn",
    aws_request_id="-",
    get_remaining_time_in_millis=lambda: 300_000,
)


def record(message_id: str) -> dict[str, Any]:
    return {"messageId": message_id, "receiptHandle": message_id, "body": BODY, "eventSource": "aws:sqs"}


def test_a_message_that_comes_twice_is_not_confirmed_if_it_failed() -> None:
    """A standard queue may deliver a message of the batch once more, as a further one. Lambda must not delete it."""
    deleted: list[str] = []

    def delete(records: Iterable[Mapping[str, Any]]) -> str:
        deleted.extend(each["messageId"] for each in records)
        return ""

    queue = SimpleNamespace(receive=lambda _most: ([record("both"), record("further")], ""), delete=delete)

    def release(
        messages: Mapping[str, Release], _deadline: object, further: Callable[[int], Mapping[str, Release]]
    ) -> dict[str, str]:
        assert messages.keys() == {"both", "done"}
        assert further(1).keys() == {"both", "further"}
        return {"both": "no tokens"}

    composed = SimpleNamespace(
        further_messages=lambda _url: queue, releaser=lambda: SimpleNamespace(release=release, most=100)
    )
    with replaced(handlers, bootstrap=composed):
        answer = handlers.publisher({"Records": [record("both"), record("done")]}, CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "both"}]}
    assert deleted == ["further"]
