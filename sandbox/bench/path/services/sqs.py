"""A client of SQS, as botocore's, for one execution environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.bench.path.services.calls import Caller
    from sandbox.bench.path.services.queues import Queue

_MANY_MESSAGES: Final = 1_000


class QueueClient:
    """Sends, receives and deletes messages. The URL of a queue is its logical id."""

    def __init__(self, queues: Mapping[str, Queue], caller: Caller) -> None:
        self._queues, self._caller = queues, caller

    def send_message(self, *, QueueUrl: str, MessageBody: str, **given: Any) -> Any:  # noqa: ANN401, N803 - botocore's
        """Send a message."""
        self._caller.wait(self._caller.services.queue)
        self._queues[QueueUrl].send(MessageBody, given.get("MessageGroupId", ""), given.get("DelaySeconds", 0))
        return {}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Send up to ten messages."""
        self._caller.wait(self._caller.services.queue)
        for entry in Entries:
            group, delay = entry.get("MessageGroupId", ""), entry.get("DelaySeconds", 0)
            self._queues[QueueUrl].send(entry["MessageBody"], group, delay)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int = 1, **_given: object) -> Any:  # noqa: ANN401, N803 - botocore's
        """Receive up to ten messages.

        Without waiting, SQS asks some of its servers. If it has fewer than a thousand messages, it most likely returns
        fewer than it may (API Reference, ReceiveMessage).
        """
        self._caller.wait(self._caller.services.queue)
        queue = self._queues[QueueUrl]
        few = queue.waiting < _MANY_MESSAGES
        messages = queue.receive(
            self._caller.simulation.random.randint(1, MaxNumberOfMessages) if few else MaxNumberOfMessages
        )
        return {
            "Messages": [
                {
                    "MessageId": message.id,
                    "ReceiptHandle": message.id,
                    "Body": message.body,
                    "Attributes": {"ApproximateReceiveCount": str(message.receives), "MessageGroupId": message.group},
                }
                for message in messages
            ]
        }

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: ANN401, N803 - botocore's
        """Delete up to ten messages."""
        self._caller.wait(self._caller.services.queue)
        self._queues[QueueUrl].delete(entry["ReceiptHandle"] for entry in Entries)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}
