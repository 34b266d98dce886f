"""The queues of the sweeper and the associator, to which tasks are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.aws.queues import MESSAGES_A_CALL
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.texts import bounded
from hub.runtime.messages import body_of, group_of
from hub.runtime.ports import TasksNotSent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from hub.runtime.model.tasks import Task


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
            bodies = [(body_of(task), delay) for task, delay in part]
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": body, "DelaySeconds": delay, "MessageGroupId": group_of(body)}
                for number, (body, delay) in enumerate(bodies)
            ]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            except (ClientError, *NO_ANSWER) as error:
                faults.append(f"cannot send to {self._url}: {error}")
                continue
            if failed := answer.get("Failed"):
                faults.append(f"{self._url} took {len(part) - len(failed)} of {len(part)} messages: {failed[0]}")
        if faults:
            more = f"; {len(faults) - 1:,} more batches failed" if len(faults) > 1 else ""
            raise TasksNotSent(f"{bounded(faults[0], 300)}{more}")
