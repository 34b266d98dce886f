"""The names that wait in the backlog, as an operator sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.aws.backlog.rows import DynamoBacklog
from orgdns.cli.reports.status.overview import Backlog
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

    from orgdns.cli.sources.ledger import HubLedger

_VISIBLE: Final = "ApproximateNumberOfMessages"
_WAITING: Final[tuple[QueueAttributeNameType, ...]] = (_VISIBLE, "ApproximateNumberOfMessagesNotVisible")


def waiting_messages(client: SQSClient, queue: str) -> int:
    """How many messages of a queue no function has received yet, about.

    Raises:
        HubUnknown: if the queue cannot be found or read.
    """
    return int(_attributes(client, queue, (_VISIBLE,)).get(_VISIBLE, 0))


def backlog(hub: HubLedger, client: SQSClient) -> Backlog:
    """The messages of the queue, and the accounts because of which names went there.

    Raises:
        HubUnknown: if the queue cannot be found or read.
        LedgerUnavailable: if the ledger cannot be read.
    """
    found = _attributes(client, contract.BACKLOG_QUEUE, _WAITING)
    messages = sum(int(found.get(name, 0)) for name in _WAITING)
    return Backlog(messages, DynamoBacklog(hub.table).counts() if messages else {})


def _attributes(
    client: SQSClient, queue: str, names: tuple[QueueAttributeNameType, ...]
) -> dict[QueueAttributeNameType, str]:
    try:
        url = client.get_queue_url(QueueName=queue)["QueueUrl"]
        return client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    except (ClientError, BotoCoreError) as error:
        raise HubUnknown(
            f"the queue {queue} cannot be read: deploy the hub template of this version, and use credentials of the "
            "hub account (--profile or AWS_PROFILE) that may call sqs:GetQueueUrl and sqs:GetQueueAttributes. "
            f"AWS says: {error}"
        ) from error
