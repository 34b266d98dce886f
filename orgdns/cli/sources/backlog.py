"""The names that wait in the backlog, as an operator sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.backlog.rows import DynamoBacklog
from orgdns.cli.reports.status.overview import Backlog
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

    from orgdns.cli.sources.ledger import HubLedger

_WAITING: Final[tuple[QueueAttributeNameType, ...]] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
)


def waiting_messages(client: SQSClient, queue: str) -> int:
    """How many messages a queue has, about: those of failed and throttled runs are hidden until they come again.

    Raises:
        HubUnknown: if the queue cannot be found or read.
    """
    found = _attributes(client, queue)
    return sum(int(found.get(name, 0)) for name in _WAITING)


def backlog(hub: HubLedger, client: SQSClient) -> Backlog:
    """The messages of the queue, and the accounts because of which names went there.

    Raises:
        HubUnknown: if the queue cannot be found or read.
        LedgerUnavailable: if the ledger cannot be read.
    """
    messages = waiting_messages(client, hub.deployed.names.backlog_queue)
    return Backlog(messages, DynamoBacklog(hub.table).counts() if messages else {})


def _attributes(client: SQSClient, queue: str) -> dict[QueueAttributeNameType, str]:
    try:
        url = client.get_queue_url(QueueName=queue)["QueueUrl"]
        return client.get_queue_attributes(QueueUrl=url, AttributeNames=_WAITING)["Attributes"]
    except (ClientError, BotoCoreError) as error:
        raise HubUnknown(
            f"the queue {queue} cannot be read: deploy the hub template of this version, and use credentials of the "
            "hub account (--profile or AWS_PROFILE) that may call sqs:GetQueueUrl and sqs:GetQueueAttributes. "
            f"AWS says: {error}"
        ) from error
