"""The hub's dead-letter queues as an operator reads them, and the way back for events.

SQS moves messages back by itself, with StartMessageMoveTask ("Learn how to configure a dead-letter queue redrive in
Amazon SQS", https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html).
It is not used here: it knows no filter, so that it would also take what came after the operator looked; it runs in the
background, so that nobody would be told what became of it; and messages that EventBridge put there have no source queue
of SQS to go back to.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.sessions import error_code
from orgdns.cli.reports.dead_letters import (
    DeadLetters,
    DeadTask,
    Letters,
    Message,
    dead_event,
    dead_task,
    discarded_records,
)
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# What is read is hidden from others meanwhile, and for no longer than this if nobody is left to give it back.
LOOK_SECONDS: Final = 60
# "ReceiveMessage" gives at most ten messages, and asks every server only when it waits for them
# (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html).
MOST: Final = 10
WAIT_SECONDS: Final = 1
_MISSING: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


@dataclass(frozen=True, slots=True)
class DeadLetterQueues:
    """The queues, with ordinary credentials of the hub account."""

    client: SQSClient

    def found(self, which: Collection[Letters]) -> DeadLetters:
        """What these queues hold. Nothing is deleted, and all of it is given back at once.

        Raises:
            HubUnknown: When a queue is not there or cannot be read.
        """
        messages: dict[Letters, tuple[Message, ...]] = {}
        hidden: dict[Letters, int] = {}
        for letters in which:
            with self._faults_told(letters.queue):
                if letters is Letters.ASSOCIATIONS and not self._there(letters.queue):
                    # A hub whose policy says of no zone which VPCs resolve it has none.
                    continue
                url = self._url(letters.queue)
                # Before reading: afterwards our own looking would be counted.
                hidden[letters] = self._hidden(url)
                with closing(self._looked_at(url)) as looked_at:
                    messages[letters] = tuple(map(_message, looked_at))
        events = map(dead_event, messages.get(Letters.EVENTS, ()))
        discarded = map(discarded_records, messages.get(Letters.PUBLISHER, ()))
        return DeadLetters(
            events=tuple(sorted(events, key=lambda one: (one.time, one.message_id))),
            discarded_records=tuple(sorted(discarded, key=lambda one: (one.given_up_at or "", one.message_id))),
            hidden=hidden,
            tasks=_dead_tasks(messages.get(Letters.SWEEPS, ())),
            associations=_dead_tasks(messages.get(Letters.ASSOCIATIONS, ())),
        )

    def resend(self, message_ids: Collection[str]) -> int:
        """Send these events to the observer's queue again; how many were still there.

        An event is deleted only after that queue took it. Where this ends in between it is in both, which costs a
        look-up, as an event is a hint.

        Raises:
            HubUnknown: When a queue is not there, or refused; the message says how many were sent.
        """
        left = set(message_ids)
        try:
            with self._faults_told(contract.EVENTS_QUEUE):
                target = self._url(contract.EVENTS_QUEUE)
            with self._faults_told(Letters.EVENTS.queue):
                source = self._url(Letters.EVENTS.queue)
                with closing(self._looked_at(source, left)) as looked_at:
                    for one in looked_at:
                        with self._faults_told(contract.EVENTS_QUEUE):
                            self.client.send_message(QueueUrl=target, MessageBody=one["Body"])
                        self.client.delete_message(QueueUrl=source, ReceiptHandle=one["ReceiptHandle"])
                        left.discard(one["MessageId"])
        except HubUnknown as fault:
            sent = len(message_ids) - len(left)
            raise HubUnknown(f"{fault} ({sent:,} of {len(message_ids):,} events were sent again before)") from fault
        return len(message_ids) - len(left)

    def _looked_at(self, url: str, wanted: Collection[str] | None = None) -> Generator[MessageTypeDef]:
        """Each message of a queue once, or each of those that are wanted, for as long as the caller still wants any.

        What the caller did not delete is given back in the end.
        """
        seen: set[str] = set()
        handles: dict[str, str] = {}
        try:
            while wanted is None or wanted:
                batch = self.client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=MOST,
                    VisibilityTimeout=LOOK_SECONDS,
                    WaitTimeSeconds=WAIT_SECONDS,
                    MessageSystemAttributeNames=["ApproximateReceiveCount"],
                    MessageAttributeNames=["All"],
                ).get("Messages", [])
                new = [one for one in batch if one["MessageId"] not in seen]
                if not new:
                    # An empty answer, or only what was hidden for so long that it comes round again.
                    return
                handles |= {one["MessageId"]: one["ReceiptHandle"] for one in batch}
                seen.update(one["MessageId"] for one in new)
                for one in new:
                    if wanted is None:
                        yield one
                    elif one["MessageId"] in wanted:
                        yield one
                        del handles[one["MessageId"]]
        finally:
            self._give_back(url, list(handles.values()))

    def _give_back(self, url: str, handles: list[str]) -> None:
        for start in range(0, len(handles), MOST):
            self.client.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + MOST])
                ],
            )

    def _there(self, queue: str) -> bool:
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
    def _faults_told(self, queue: str) -> Iterator[None]:
        region = self.client.meta.region_name
        try:
            yield
        except ClientError as error:
            if error_code(error) in _MISSING:
                raise HubUnknown(
                    f"there is no queue {queue} in {region} for these credentials: use those of the hub account "
                    f"(AWS_PROFILE), and its region (--region or AWS_REGION). AWS says: {error}"
                ) from error
            raise HubUnknown(
                f"the queue {queue} cannot be used: check that the credentials (AWS_PROFILE) are valid, are those of "
                f"the hub account, and may do what docs/operate.md says under Dead letters. AWS says: {error}"
            ) from error
        except BotoCoreError as error:
            raise HubUnknown(
                f"AWS cannot be asked: {error}. Give credentials of the hub account (AWS_PROFILE), and check region "
                "and network"
            ) from error


def _dead_tasks(messages: Collection[Message]) -> tuple[DeadTask, ...]:
    return tuple(sorted(map(dead_task, messages), key=lambda one: one.message_id))


def _message(one: MessageTypeDef) -> Message:
    return Message(
        id=one["MessageId"],
        body=one["Body"],
        received=int(one.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
        attributes={
            name: value["StringValue"]
            for name, value in one.get("MessageAttributes", {}).items()
            if "StringValue" in value
        },
    )
