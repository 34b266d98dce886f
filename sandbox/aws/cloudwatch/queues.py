"""The metrics of queues, as SQS sends them once a minute.

A simulation of "Available CloudWatch metrics for Amazon SQS"
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html). SQS
sends them while a queue is active: it has messages, or someone called an action on it in the last six hours
("Monitoring Amazon SQS queues using CloudWatch",
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/monitoring-using-cloudwatch.html). A queue
that becomes active again may be without metrics for up to 15 minutes, which is not modeled.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.sqs.models import SQSBackend, sqs_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudwatch.metrics import metric
from sandbox.aws.sqs.fair_queues import counts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.cloudwatch.metrics import MetricStore
    from sandbox.clock import Clock

# A queue or message of the emulator, which ships no types.
Moto = Any

NAMESPACE: Final = "AWS/SQS"
_ACTIVE_SECONDS: Final = 6 * 3600
# A message that was received more often, and not deleted, does not count for the age of the oldest one.
_POISON_RECEIVES: Final = 3


class QueueMetrics:
    """Watches the queues of all accounts and regions, and keeps their metrics in a store."""

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # By ARN: when someone last called an action on the queue, and how many messages came since the last sample.
        self._used: dict[str, float] = {}
        self._sent: Counter[str] = Counter()

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Notice what happens to queues while the context lasts."""
        get_queue, send_message = SQSBackend.get_queue, SQSBackend.send_message

        def noticed(backend: Moto, name: str) -> Moto:
            queue = get_queue(backend, name)
            self._used[queue.queue_arn] = self._clock.now()
            return queue

        def counted(backend: Moto, name: str, *arguments: Any, **options: Any) -> Moto:  # noqa: ANN401 - the emulator's
            message = send_message(backend, name, *arguments, **options)
            self._sent[backend.queues[name].queue_arn] += 1
            return message

        with replaced(SQSBackend, get_queue=noticed, send_message=counted):
            yield

    def sample(self) -> None:
        """Send the metrics of all active queues, as of now."""
        for account, region, backend in list(sqs_backends.iter_backends()):
            for queue in list(backend.queues.values()):
                self._sample((account, region), queue)

    def _sample(self, place: tuple[str, str], queue: Moto) -> None:
        now = self._clock.now()
        oldest_kept = (now - queue.message_retention_period) * 1000
        messages = [message for message in queue._messages if message.sent_timestamp > oldest_kept]
        if messages:
            self._used[queue.queue_arn] = now
        if now - self._used.get(queue.queue_arn, queue.created_timestamp) > _ACTIVE_SECONDS:
            return
        hidden = [message for message in messages if not message.visible]
        delayed = [message for message in messages if message.visible and message.delayed]
        counted = counts_of(queue)
        ages = [now - _arrival(message) / 1000 for message in messages if _receives(message) <= _POISON_RECEIVES]
        for name, value, reported in (
            ("ApproximateNumberOfMessagesVisible", len(messages) - len(hidden) - len(delayed), True),
            ("NumberOfMessagesSent", self._sent.pop(queue.queue_arn, 0), True),
            ("NumberOfMessagesReceived", counted.pop("NumberOfMessagesReceived", 0), True),
            ("NumberOfMessagesDeleted", counted.pop("NumberOfMessagesDeleted", 0), True),
            ("ApproximateNumberOfMessagesNotVisible", len(hidden), hidden),
            ("ApproximateNumberOfMessagesDelayed", len(delayed), delayed),
            ("ApproximateAgeOfOldestMessage", max(ages, default=0.0), ages),
        ):
            if reported:
                unit = "Seconds" if name.startswith("ApproximateAge") else "Count"
                self._store.put(place, metric(NAMESPACE, name, QueueName=queue.name), [value], unit)


def _arrival(message: Moto) -> float:
    """When a message came to its queue, in milliseconds. In a dead-letter queue, its age begins anew."""
    return float(getattr(message, "moved_timestamp", message.sent_timestamp))


def _receives(message: Moto) -> int:
    """How often a message was received from the queue that it is in."""
    return int(message.approximate_receive_count) - int(getattr(message, "receives_before_move", 0))
