"""Further messages of a function's own queue, which the function receives itself when its batch is full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER, text_in
from hub.runtime.aws.queues import MESSAGES_A_CALL
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.texts import bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef

    from hub.runtime.ports import Clock

# With a batch of ten, a run handles a hundred messages at most.
MOST_MESSAGES: Final = 90
# A run spends no more than this on receiving, so that the messages that it has do not wait.
RECEIVE_MILLIS: Final = 500
# The fields of a message, by their names in Lambda's records.
_FIELDS: Final = {"messageId": "MessageId", "receiptHandle": "ReceiptHandle", "body": "Body"}


@dataclass(frozen=True, slots=True)
class FurtherMessages:
    """Receives further messages of a queue, and deletes those that need no further delivery.

    Whatever fails here fails no batch. A message that was received and not deleted is delivered again after the
    queue's visibility timeout. Each method says what failed, or nothing.
    """

    client: SQSClient
    url: str
    clock: Clock

    def receive(self, most: int = MOST_MESSAGES) -> tuple[list[Mapping[str, Any]], str]:
        """Return up to `most` further messages, as Lambda passes them on, until SQS returns none, or time is up.

        SQS may return fewer messages than it has ("Amazon SQS short and long polling",
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).

        A message that lacks something is left to its next delivery: without its receipt it cannot be deleted.
        """
        records: list[Mapping[str, Any]] = []
        until = self.clock() + RECEIVE_MILLIS
        while len(records) < most and self.clock() < until:
            try:
                answer = self.client.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=min(MESSAGES_A_CALL, most - len(records)),
                    WaitTimeSeconds=0,
                    MessageSystemAttributeNames=["ApproximateReceiveCount"],
                )
            except (ClientError, *NO_ANSWER) as error:
                return records, f"cannot receive from {self.url}: {bounded(error)}"
            messages: object = answer.get("Messages", [])
            if not isinstance(messages, list):
                return records, f"cannot receive from {self.url}: its messages are {type(messages).__name__}"
            records += [record for message in messages if (record := _record(message))]
            if not messages:
                break
        return records, ""

    def delete(self, records: Iterable[Mapping[str, Any]]) -> str:
        """Delete messages that `receive` returned."""
        faults: list[str] = []
        for part in chunks(records, MESSAGES_A_CALL):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": record["receiptHandle"]} for number, record in enumerate(part)
            ]
            try:
                answer = self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, *NO_ANSWER) as error:
                faults.append(f"cannot delete from {self.url}: {bounded(error)}")
                continue
            if failed := answer.get("Failed"):
                faults.append(f"{self.url} did not delete all messages: {bounded(failed)}")
        return faults[0] if faults else ""


def _record(message: object) -> Mapping[str, Any] | None:
    """A message in the form of Lambda's records, if it is complete."""
    texts = {to: text_in(message, field) for to, field in _FIELDS.items()}
    if not (isinstance(message, dict) and all(texts.values())):
        return None
    return {**texts, "attributes": message.get("Attributes")}
