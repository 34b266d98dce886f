from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from hub.runtime.aws.queues.tasks import QueuedTasks
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import ScheduleSweeps, Sweep
from hub.runtime.ports import TasksNotSent
from tests.support.aws.clients import stubbed
from tests.support.build import PAYMENTS

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")


def test_tasks_are_sent_ten_a_call() -> None:
    """A message that the queue refuses is an error, even if the call succeeds."""

    def answers(stub: Stubber) -> None:
        taken = [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}]
        stub.add_response("send_message_batch", {"Successful": taken, "Failed": []}, None)
        refused = [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]
        stub.add_response("send_message_batch", {"Successful": [], "Failed": refused}, None)

    queue = QueuedTasks(stubbed("sqs", answers), "https://sqs.eu-central-1.amazonaws.com/222222222222/q")
    with pytest.raises(TasksNotSent, match="0 of 1 messages"):
        queue.enqueue((Sweep(SPOKE), number) for number in range(11))
    broken = QueuedTasks(stubbed("sqs", lambda stub: stub.add_client_error("send_message_batch", "Gone")), "https://q")
    with pytest.raises(TasksNotSent, match="Gone"):
        broken.enqueue([(Sweep(SPOKE), 0)])


def test_a_batch_that_is_refused_loses_no_other() -> None:
    """Of three batches, the first has no answer and the second is refused in part; the third is sent."""
    sent: list[int] = []

    class Client:
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, object]]) -> dict[str, object]:  # noqa: N803 - as AWS calls them
            assert QueueUrl
            sent.append(len(Entries))
            if len(sent) == 1:
                raise ClientError({"Error": {"Code": "Gone"}}, "SendMessageBatch")
            return {"Failed": [{"Id": "0"}]} if len(sent) == 2 else {}

    queue = QueuedTasks(Client(), "https://q")  # type: ignore[arg-type]  # stands for the client
    with pytest.raises(TasksNotSent, match=r"Gone.*1 more batches failed"):
        queue.enqueue((Sweep(SPOKE), 0) for _ in range(25))
    assert sent == [10, 10, 5]


def test_each_message_has_the_group_of_its_account() -> None:
    """The queue is fair between accounts. A task without an account has a group, too."""
    sent: list[object] = []

    class Client:
        def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, object]]) -> dict[str, object]:  # noqa: N803 - as AWS calls them
            assert QueueUrl
            sent.extend((entry["Id"], entry["MessageGroupId"], entry["DelaySeconds"]) for entry in Entries)
            return {}

    QueuedTasks(Client(), "https://q").enqueue([(Sweep(SPOKE), 3), (ScheduleSweeps(), 0)])  # type: ignore[arg-type]  # stands for the client
    assert sent == [("0", PAYMENTS.id, 3), ("1", "orgdns", 0)]
