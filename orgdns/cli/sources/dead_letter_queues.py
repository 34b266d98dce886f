"""Read the hub's dead-letter queues, and send events again.

SQS itself can move messages back with StartMessageMoveTask ("Learn how to configure a dead-letter queue redrive in
Amazon SQS", https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
It is not used here, because it has no filter and would also move messages that arrived after the operator looked; it
runs in the background, so the result would not be reported; and messages from EventBridge have no source queue in SQS
to move back to.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.sessions import error_code
from hub.runtime.messages import group_of
from orgdns.cli.reports.dead_files import dead_file
from orgdns.cli.reports.dead_letters import (
    DeadLetterQueue,
    DeadLetters,
    DeadTask,
    Message,
    dead_event,
    dead_release,
    dead_task,
    discarded_records,
)
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from hub.runtime.installation import Names

# Messages that were read are hidden from other readers until they are released, or for this long if the command dies.
VISIBILITY_SECONDS: Final = 60
# ReceiveMessage returns at most ten messages, and queries all servers only with a wait time
# (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
MESSAGES_A_CALL: Final = 10
WAIT_SECONDS: Final = 1
_MISSING: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


# A hub has them only if some zone has `resolved_by`, or if files are written every day.
_OPTIONAL: Final = frozenset({DeadLetterQueue.ASSOCIATIONS, DeadLetterQueue.REPORTS})


@dataclass(frozen=True, slots=True)
class DeadLetterQueues:
    """The queues, with the operator's credentials of the hub account."""

    client: SQSClient
    names: Names

    def read(self, queues: Collection[DeadLetterQueue]) -> DeadLetters:
        """The messages in these queues. Nothing is deleted, and all messages are visible to others again afterwards.

        Raises:
            HubUnknown: if a queue does not exist or cannot be read.
        """
        messages: dict[DeadLetterQueue, tuple[Message, ...]] = {}
        hidden: dict[DeadLetterQueue, int] = {}
        for queue in queues:
            name = queue.queue(self.names)
            with self._errors_translated(name):
                if queue in _OPTIONAL and not self._exists(name):
                    continue
                url = self._url(name)
                # Before reading, or the messages that we read would count.
                hidden[queue] = self._hidden(url)
                with closing(self._received(url)) as received:
                    messages[queue] = tuple(map(_message, received))
        events = (dead_event(each, self.names) for each in messages.get(DeadLetterQueue.EVENTS, ()))
        discarded = (discarded_records(each, self.names) for each in messages.get(DeadLetterQueue.PUBLISHER, ()))
        return DeadLetters(
            events=tuple(sorted(events, key=lambda event: (event.time, event.message_id))),
            discarded_records=tuple(
                sorted(discarded, key=lambda records: (records.discarded_at or "", records.message_id))
            ),
            hidden=hidden,
            tasks=self._dead_tasks(messages.get(DeadLetterQueue.SWEEPS, ())),
            associations=self._dead_tasks(messages.get(DeadLetterQueue.ASSOCIATIONS, ())),
            deferred=self._dead_tasks(messages.get(DeadLetterQueue.BACKLOG, ()), dead_release),
            files=self._dead_tasks(messages.get(DeadLetterQueue.REPORTS, ()), dead_file),
            names=self.names,
        )

    def resend(self, message_ids: Collection[str]) -> int:
        """Send these events to the observer's queue again, and return how many still existed.

        Each event is deleted only after the observer's queue has accepted it. If the command ends in between, the event
        is in both queues, which costs one extra describe call, as an event is only a hint.

        Raises:
            HubUnknown: if a queue does not exist or refuses a call; the message has the number of events sent.
        """
        remaining = set(message_ids)
        try:
            with self._errors_translated(self.names.events_queue):
                target = self._url(self.names.events_queue)
            with self._errors_translated(DeadLetterQueue.EVENTS.queue(self.names)):
                source = self._url(DeadLetterQueue.EVENTS.queue(self.names))
                with closing(self._received(source, remaining)) as received:
                    for message in received:
                        with self._errors_translated(self.names.events_queue):
                            self.client.send_message(
                                QueueUrl=target, MessageBody=message["Body"], MessageGroupId=group_of(message["Body"])
                            )
                        self.client.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
                        remaining.discard(message["MessageId"])
        except HubUnknown as fault:
            sent = len(message_ids) - len(remaining)
            raise HubUnknown(
                f"{fault} ({sent:,} of {len(message_ids):,} events were sent again before this)"
            ) from fault
        return len(message_ids) - len(remaining)

    def _dead_tasks(
        self, messages: Collection[Message], read: Callable[[Message, Names], DeadTask] = dead_task
    ) -> tuple[DeadTask, ...]:
        return tuple(sorted((read(each, self.names) for each in messages), key=lambda task: task.message_id))

    def _received(self, url: str, wanted: Collection[str] | None = None) -> Generator[MessageTypeDef]:
        """Each message of a queue once, or each message in `wanted` until the caller has emptied it.

        Messages that the caller did not delete become visible to others again at the end.
        """
        seen: set[str] = set()
        handles: dict[str, str] = {}
        try:
            while wanted is None or wanted:
                batch = self.client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=MESSAGES_A_CALL,
                    VisibilityTimeout=VISIBILITY_SECONDS,
                    WaitTimeSeconds=WAIT_SECONDS,
                    MessageSystemAttributeNames=["ApproximateReceiveCount"],
                    MessageAttributeNames=["All"],
                ).get("Messages", [])
                new = [message for message in batch if message["MessageId"] not in seen]
                if not new:
                    # An empty answer, or only messages whose visibility timeout has already expired.
                    return
                handles |= {message["MessageId"]: message["ReceiptHandle"] for message in batch}
                seen.update(message["MessageId"] for message in new)
                for message in new:
                    if wanted is None:
                        yield message
                    elif message["MessageId"] in wanted:
                        yield message
                        del handles[message["MessageId"]]
        finally:
            self._release(url, list(handles.values()))

    def _release(self, url: str, handles: list[str]) -> None:
        for start in range(0, len(handles), MESSAGES_A_CALL):
            self.client.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + MESSAGES_A_CALL])
                ],
            )

    def _exists(self, queue: str) -> bool:
        try:
            self._url(queue)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return False
            raise
        return True

    def _url(self, queue: str) -> str:
        return self.client.get_queue_url(QueueName=queue)["QueueUrl"]

    def _hidden(self, url: str) -> int:
        name: Final = "ApproximateNumberOfMessagesNotVisible"
        return int(self.client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])

    @contextmanager
    def _errors_translated(self, queue: str) -> Iterator[None]:
        region = self.client.meta.region_name
        try:
            yield
        except ClientError as error:
            if error_code(error) in _MISSING:
                raise HubUnknown(
                    f"the queue {queue} does not exist in {region} for these credentials: use credentials of the hub "
                    f"account (--profile or AWS_PROFILE) and its region (--region or AWS_REGION). AWS says: {error}"
                ) from error
            raise HubUnknown(
                f"the queue {queue} cannot be used: check that the credentials (--profile or AWS_PROFILE) are valid, "
                "belong to the hub account, and have the permissions listed in docs/operate.md, Dead letters. "
                f"AWS says: {error}"
            ) from error
        except BotoCoreError as error:
            raise HubUnknown(
                f"the call to AWS failed: {error}. Check the credentials (--profile or AWS_PROFILE), the region and "
                "the network"
            ) from error


def _message(message: MessageTypeDef) -> Message:
    return Message(
        id=message["MessageId"],
        body=message["Body"],
        received=int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
        attributes={
            name: value["StringValue"]
            for name, value in message.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )
