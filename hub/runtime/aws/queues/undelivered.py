"""The queue of each spoke with the events that did not reach the hub, looked at through the reader role."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.aws.answers import AnswerMalformed, required
from hub.runtime.aws.spoke_errors import translated, with_new_session

if TYPE_CHECKING:
    from hub.runtime.aws.sessions import AssumedClients, MemberRoles
    from hub.runtime.model.names import Spoke

# Nobody receives from the queue but a person who looks at it, so all messages count.
_WAITING: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


class SpokeQueues:
    """The queues of every spoke."""

    def __init__(self, clients: AssumedClients, roles: MemberRoles) -> None:
        self._clients = clients
        self._roles = roles

    def undelivered(self, spoke: Spoke) -> int:
        """Return how many events a spoke's queue has, about.

        Raises:
            SpokeDenied: if the role may not look at the queue.
            SpokeUnreachable: if SQS does not say.
        """
        return with_new_session(partial(self._undelivered, spoke))

    def _undelivered(self, spoke: Spoke) -> int:
        role_arn = self._roles.reader(spoke.account)
        with translated(self._clients, role_arn, spoke):
            client = self._clients.client(role_arn, spoke.region, "sqs")
            # The URL of a queue ("Amazon SQS queue and message identifiers",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html)
            # spares a call that asks for it.
            url = f"{client.meta.endpoint_url}/{spoke.account}/{self._roles.names.undelivered_queue}"
            answer: Any = client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_WAITING))
            return sum(_number(required(answer, "Attributes"), name) for name in _WAITING)


def _number(attributes: Any, name: str) -> int:  # noqa: ANN401 - of any type, if the answer is malformed
    found = required(attributes, name)
    if not (isinstance(found, str) and found.isdecimal()):
        raise AnswerMalformed(f"{name} is {found!r}")
    return int(found)
