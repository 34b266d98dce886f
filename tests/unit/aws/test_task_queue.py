from __future__ import annotations

import pytest
from botocore.stub import Stubber

from hub.runtime.aws.task_queue import QueuedTasks
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Sweep
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
