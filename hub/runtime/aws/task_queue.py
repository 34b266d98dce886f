"""The queues of the sweeper and the associator, to which tasks are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.texts import bounded
from hub.runtime.messages import body_of
from hub.runtime.ports import TasksNotSent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sqs import SQSClient

    from hub.runtime.model.tasks import Task

# SQS API Reference, SendMessageBatch: up to ten messages.
MESSAGES_A_CALL: Final = 10


class QueuedTasks:
    """Sends tasks to a queue."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def enqueue(self, tasks: Iterable[tuple[Task, int]]) -> None:
        """Put tasks on the queue, each with a delay in seconds, at most 900.

        Raises:
            TasksNotSent: if the queue does not take a task. It has taken all others that it takes.
        """
        faults: list[str] = []
        for part in chunks(tasks, MESSAGES_A_CALL):
            try:
                answer = self._client.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "MessageBody": body_of(task), "DelaySeconds": delay}
                        for number, (task, delay) in enumerate(part)
                    ],
                )
            except (ClientError, *NO_ANSWER) as error:
                faults.append(f"cannot send to {self._url}: {error}")
                continue
            if failed := answer.get("Failed"):
                faults.append(f"{self._url} took {len(part) - len(failed)} of {len(part)} messages: {failed[0]}")
        if faults:
            more = f"; {len(faults) - 1:,} more batches failed" if len(faults) > 1 else ""
            raise TasksNotSent(f"{bounded(faults[0], 300)}{more}")
