"""Standard queues of SQS: which messages a receive returns, and what a delete removes.

A simulation, because the emulator's own code knows no fair queues, and searches the whole queue for each message.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from copy import deepcopy
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import unix_time_millis
from moto.sqs.models import SQSBackend, _filter_message_attributes

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

# A queue or message of the emulator, which ships no types.
Moto = Any

_RECEIVE_MESSAGE: Final = SQSBackend.receive_message


def received(queue: Moto, count: int, visibility_timeout: int | None = None) -> list[Moto]:
    """Receive at most this many visible messages, and make them invisible.

    The queue is fair: the next message is always one of the tenant with the fewest messages in flight, and among these
    of the one with the fewest messages waiting. A tenant is a MessageGroupId. A message without one is a tenant of its
    own. SQS prefers the tenants that it does not find noisy: one is noisy if it has over 10 % of the messages in flight
    and at least 30 of them, or took over 10 % of the consumers' time lately. It is exact about neither, and no test may
    rest on that ("How Amazon SQS fair queues work",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html).

    See also "Amazon SQS visibility timeout" and "Using dead-letter queues in Amazon SQS"
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/).
    """
    now = unix_time_millis()
    timeout = queue.visibility_timeout if visibility_timeout is None else visibility_timeout
    taken: list[Moto] = []
    removed: set[Moto] = set()
    with queue._messages_lock:
        waiting, in_flight = _tenants(queue, now)
        # The number breaks ties by age, so that messages are never compared.
        quietest = [(in_flight[tenant], len(of), number, of) for number, (tenant, of) in enumerate(waiting.items())]
        heapify(quietest)
        while quietest and len(taken) < count:
            flying, _, number, of_tenant = heappop(quietest)
            message = of_tenant.popleft()
            queue.pending_messages.discard(message)
            if message.sent_timestamp + queue.message_retention_period * 1000 <= now:
                removed.add(message)
            elif queue.dead_letter_queue and message.approximate_receive_count >= _max_receive_count(queue):
                removed.add(message)
                # For the metrics: in the dead-letter queue, the age of a message begins anew.
                message.moved_timestamp, message.receives_before_move = now, message.approximate_receive_count
                queue.dead_letter_queue.add_message(message)
            else:
                queue.pending_messages.add(message)
                message.mark_received(timeout)
                taken.append(message)
                flying += 1
            if of_tenant:
                heappush(quietest, (flying, len(of_tenant), number, of_tenant))
        if removed:
            queue._messages = [message for message in queue._messages if message not in removed]
    counts_of(queue)["NumberOfMessagesReceived"] += len(taken)
    return taken


def counts_of(queue: Moto) -> Counter[str]:
    """How many messages of a queue were received and deleted since the last sample, by the name of the metric."""
    if not hasattr(queue, "counted"):
        queue.counted = Counter()
    counted: Counter[str] = queue.counted
    return counted


def _tenants(queue: Moto, now: float) -> tuple[dict[str, deque[Moto]], Counter[str]]:
    """The visible messages of each tenant in the order in which they came, and how many each has in flight."""
    waiting: defaultdict[str, deque[Moto]] = defaultdict(deque)
    in_flight: Counter[str] = Counter()
    for message in queue._messages:
        tenant = message.group_id or message.id
        if message.visible_at >= now:
            in_flight[tenant] += 1
        elif message.delayed_until <= now:
            waiting[tenant].append(message)
    return waiting, in_flight


def _max_receive_count(queue: Moto) -> int:
    return int(queue.redrive_policy["maxReceiveCount"])


def delete(queue: Moto, ids: Collection[str]) -> None:
    """Delete messages in one pass. The emulator's own code needs a pass for each, and slows down as the queue grows."""
    with queue._messages_lock:
        deleted = [message for message in queue._messages if message.id in ids]
        queue._messages = [message for message in queue._messages if message.id not in ids]
    counts_of(queue)["NumberOfMessagesDeleted"] += len(deleted)
    for message in deleted:
        queue.pending_messages.discard(message)
        queue.deleted_messages.update(message.all_receipt_handles)


def _receive_message(
    sqs: Moto,
    name: str,
    count: int,
    _wait_seconds: int,
    visibility_timeout: int | None,
    attributes: Sequence[str] | None = None,
) -> list[Moto]:
    """Answer a long poll at once. Requests are answered one at a time, so no message can arrive while one waits."""
    queue = sqs.get_queue(name)
    if queue.fifo_queue:
        return list(_RECEIVE_MESSAGE(sqs, name, count, 0, visibility_timeout, attributes))
    # Copies: the answer has only the attributes that the caller asks for.
    messages = [deepcopy(message) for message in received(queue, count, visibility_timeout)]
    for message in messages:
        _filter_message_attributes(message, list(attributes or ()))
    return messages


def _delete_message_batch(
    sqs: Moto, name: str, receipts: Sequence[dict[str, Any]]
) -> tuple[list[str], list[dict[str, object]]]:
    """Delete messages by the handles of their receipts, which may be older ones; what a batch answers."""
    queue = sqs.get_queue(name)
    handles = {receipt["ReceiptHandle"] for receipt in receipts}
    delete(queue, {message.id for message in queue._messages if not handles.isdisjoint(message.all_receipt_handles)})
    invalid = handles - queue.deleted_messages
    return (
        [receipt["Id"] for receipt in receipts if receipt["ReceiptHandle"] not in invalid],
        [
            {
                "Id": receipt["Id"],
                "SenderFault": True,
                "Code": "ReceiptHandleIsInvalid",
                "Message": f'The input receipt handle "{receipt["ReceiptHandle"]}" is not a valid receipt handle.',
            }
            for receipt in receipts
            if receipt["ReceiptHandle"] in invalid
        ],
    )


@contextmanager
def queues_served() -> Iterator[None]:
    """Answer ReceiveMessage and DeleteMessageBatch as above while the context lasts."""
    with replaced(SQSBackend, receive_message=_receive_message, delete_message_batch=_delete_message_batch):
        yield
