"""The hub account, reached with an operator's credentials: its ledger, queues and StackSets."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3
import botocore.session
from botocore.exceptions import ClientError, ProfileNotFound

from hub.runtime import contract
from hub.runtime.aws.ledger.history.requests import note_request
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.queues.tasks import QueuedTasks
from hub.runtime.aws.sessions import CLIENT_CONFIG
from hub.runtime.contract import ENV_INSTALLATION
from hub.runtime.installation import DEFAULT_INSTALLATION, Names
from hub.runtime.ports import LedgerUnavailable
from orgdns.cli.sources.dead_letter_queues import DeadLetterQueues
from orgdns.cli.sources.deployed import HubUnknown, deployed_guard
from orgdns.cli.sources.hub import Hub
from orgdns.cli.sources.ledger import now
from orgdns.deployment.accounts import caller_arn

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from hub.runtime.guard import Guard
    from hub.runtime.history.entry import Action

# This many profiles are named if the one that is asked for does not exist.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class HubAccount(Hub):
    """A session with the hub account, and the names of the installation there. AWS is called only by the methods."""

    session: boto3.Session
    names: Names
    # `status --watch` needs the same clients again and again.
    _clients: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, profile: str | None, region: str | None, installation: str | None) -> HubAccount:
        """The account with the credentials of this profile, and the installation in this region.

        Without them, AWS_PROFILE, AWS_REGION and ORGDNS_INSTALLATION decide, and then the default credentials, the
        profile's region and the installation that a configuration has by default.

        Raises:
            HubUnknown: if the profile does not exist, or no region is set.
        """
        try:
            session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION") or None)
        except ProfileNotFound as unknown:
            raise HubUnknown(f"the AWS profile {unknown.kwargs['profile']} does not exist: {_profiles()}") from unknown
        if session.region_name is None:
            raise HubUnknown("no region is set: set --region or AWS_REGION to the region of the hub")
        return cls(session, Names(installation or os.environ.get(ENV_INSTALLATION) or DEFAULT_INSTALLATION))

    def guard(self) -> Guard | None:
        """What the hub removes without approval, or None if the credentials may not read it."""
        return deployed_guard(self.client("lambda"), self.names)

    def caller(self) -> str:
        """The ARN of the operator; empty if AWS does not say."""
        return caller_arn(self.client("sts"))

    def note(self, action: Action, subject: str, reason: str) -> None:
        """Note in the ledger what the operator requests, before it is done: nothing is done without a note.

        Raises:
            HubUnknown: if the ledger does not take the note.
        """
        table = Table(self.client("dynamodb"), self.names.ledger_table, now, time.sleep)
        try:
            note_request(table, action, subject, self.caller(), reason)
        except LedgerUnavailable as error:
            raise HubUnknown(
                "nothing was done, because history could not keep who requested it: use credentials of the hub account "
                f"that may call dynamodb:PutItem on the partition {contract.REQUESTS_KEY} of the table {table.name} "
                f"(docs/operate.md, What an operator needs). {error}"
            ) from error

    def tasks(self) -> QueuedTasks:
        """The sweeper's queue.

        Raises:
            HubUnknown: if the queue cannot be found.
        """
        client: SQSClient = self.client("sqs")
        return QueuedTasks(client, _sweeps_queue_url(client, self.names.sweeps_queue))

    def dead_letter_queues(self) -> DeadLetterQueues:
        """The dead-letter queues."""
        return DeadLetterQueues(self.client("sqs"), self.names)

    @property
    def region(self) -> str:
        """The region of the session."""
        return str(self.session.region_name)

    def client(self, service: str) -> Any:  # noqa: ANN401 - the client of any service
        """A client of a service.

        Raises:
            HubUnknown: if the region or the endpoint is not valid.
        """
        session: Any = self.session
        try:
            if service not in self._clients:
                self._clients[service] = session.client(service, config=CLIENT_CONFIG)
            return self._clients[service]
        except ValueError as fault:
            raise HubUnknown(f"the region or AWS_ENDPOINT_URL is not valid: {fault}") from fault

    def rows_client(self) -> Any:  # noqa: ANN401 - as above
        """A client of DynamoDB of its own, whose answers may be changed before they are parsed.

        Raises:
            HubUnknown: as above.
        """
        return HubAccount(self.session, self.names).client("dynamodb")


def _profiles() -> str:
    """The profiles that exist, in words."""
    names = botocore.session.get_session().available_profiles
    if not names:
        return "the AWS configuration files have no profiles"
    shown = ", ".join(sorted(names)[:_SHOWN])
    more = len(names) - _SHOWN
    return f"there are {shown}{f' and {more:,} more' if more > 0 else ''}"


def _sweeps_queue_url(client: SQSClient, queue: str) -> str:
    try:
        return client.get_queue_url(QueueName=queue)["QueueUrl"]
    except ClientError as error:
        raise HubUnknown(
            f"the queue {queue} cannot be found: use credentials of the hub account (--profile or "
            f"AWS_PROFILE) that may call sqs:GetQueueUrl, and its region (--region or AWS_REGION). AWS says: {error}"
        ) from error
