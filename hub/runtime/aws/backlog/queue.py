"""The backlog's queue, to which the publisher sends names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, text_in
from hub.runtime.aws.queues import MESSAGES_A_CALL
from hub.runtime.boundary.texts import bounded
from hub.runtime.messages import body_of_release, group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_sqs import SQSClient

    from hub.runtime.model.names import NameKey
    from hub.runtime.model.tasks import Release

# SQS API Reference, SendMessageBatch: the messages of a call together, up to 1 MiB; 256 KiB before August 2025.
BYTES_A_CALL: Final = 256 * 1024


class BacklogQueue:
    """Sends names to the queue. Each account is a message group, so that SQS serves quiet accounts before others.

    On a standard queue, a message group makes no order ("Amazon SQS fair queues",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html).
    """

    def __init__(self, client: Callable[[], SQSClient], url: str) -> None:
        # Created with the first message: most runs of the publisher have none.
        self._client = cache(client)
        self._url = url

    def put(self, releases: Iterable[Release]) -> dict[NameKey, str]:
        """Put names on the queue; return those that it did not take, each with the reason.

        After a call that failed, no other one is made: each may take a minute and a half, and the names come again.
        """
        refused: dict[NameKey, str] = {}
        fault = ""
        for part in _calls(releases):
            try:
                not_taken = [(release, fault) for release, _ in part] if fault else [*self._sent(part)]
            except (ClientError, *NO_ANSWER) as error:
                fault = bounded(f"the backlog takes no names: {error}")
                not_taken = [(release, fault) for release, _ in part]
            for release, reason in not_taken:
                refused |= dict.fromkeys((name.key for name in release.names), reason)
        return refused

    def _sent(self, part: list[tuple[Release, str]]) -> Iterator[tuple[Release, str]]:
        """Send messages in one call; yield those that the queue did not take."""
        answer = self._client().send_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": str(number), "MessageBody": body, "MessageGroupId": group_of(body)}
                for number, (_, body) in enumerate(part)
            ],
        )
        # What the answer does not name as taken may not be there.
        taken = {text_in(entry, "Id") for entry in answer.get("Successful", ())}
        failed = {text_in(entry, "Id"): entry for entry in answer.get("Failed", ())}
        for number, (release, _) in enumerate(part):
            if str(number) not in taken:
                yield release, bounded(f"the backlog did not take the name: {failed.get(str(number))}")


def _calls(releases: Iterable[Release]) -> Iterator[list[tuple[Release, str]]]:
    """Yield the messages of each call, which are few and short enough."""
    part: list[tuple[Release, str]] = []
    size = 0
    for release in releases:
        body = body_of_release(release)
        if part and (len(part) == MESSAGES_A_CALL or size + len(body) > BYTES_A_CALL):
            yield part
            part, size = [], 0
        part.append((release, body))
        size += len(body)
    if part:
        yield part
