"""The hub account as far as it is read: its ledger, queues, metrics and StackSets, with a client of each service.

It knows no session and no profile, so that a function of the hub can read what an operator reads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from orgdns.cli.sources.backlog import backlog, waiting_messages
from orgdns.cli.sources.deployed import HubUnknown, deployed
from orgdns.cli.sources.ledger import HubLedger, overview
from orgdns.cli.sources.ledger_stream import path_facts
from orgdns.cli.sources.monitoring.alarms import firing_alarms
from orgdns.cli.sources.monitoring.permissions import permissions
from orgdns.cli.sources.stack_instances import listed_spokes, stack_instances

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

    from hub.runtime.installation import Names
    from hub.runtime.model.health.path import PathFacts
    from hub.runtime.model.names import Spoke
    from orgdns.cli.reports.coverage import StackInstance
    from orgdns.cli.reports.status.overview import Alarms, Backlog, Overview
    from orgdns.cli.sources.deployed import Deployed


class Hub:
    """The hub of an installation. AWS is called only by the methods.

    Attributes:
        names: The names of the installation's resources.
    """

    __slots__ = ()
    names: Names

    @property
    def region(self) -> str:
        """The region of the hub."""
        raise NotImplementedError

    def client(self, service: str) -> Any:  # noqa: ANN401 - the client of any service
        """The client of a service, the same at each call.

        Raises:
            HubUnknown: if the region or the endpoint is not valid.
        """
        raise NotImplementedError

    def rows_client(self) -> Any:  # noqa: ANN401 - as above
        """A client of DynamoDB of its own, whose answers may be changed before they are parsed.

        Raises:
            HubUnknown: as above.
        """
        raise NotImplementedError

    def deployed(self) -> Deployed:
        """The configuration of the hub.

        Raises:
            HubUnknown: if the hub cannot be found or read.
        """
        return deployed(self.client("lambda"), self.names)

    def ledger(self) -> HubLedger:
        """The ledger of the deployed hub. Each call looks the hub up, so call it once.

        Raises:
            HubUnknown: if the hub cannot be found or read.
        """
        return HubLedger.of(self.deployed(), self.client("dynamodb"))

    def status(self, hub: HubLedger) -> Overview:
        """What `orgdns status` shows.

        Raises:
            HubUnknown: if a part of the hub cannot be found or read.
            LedgerUnavailable: if the ledger cannot be read.
        """
        found = overview(hub, lambda: self.listed_spokes(hub))
        return replace(
            found,
            path_facts=self.path_facts(hub),
            alarms=self.alarms(),
            permissions=permissions(self.client("cloudwatch"), self.names, found.now),
            backlog=self.backlog(hub),
        )

    def path_facts(self, hub: HubLedger) -> PathFacts:
        """What AWS says of the hub's parts on the path of events.

        Raises:
            HubUnknown: if the events queue cannot be found or read.
        """
        waiting = waiting_messages(self.client("sqs"), self.names.events_queue)
        return path_facts(hub.deployed, self.client("lambda"), self.client("dynamodb"), waiting)

    def alarms(self) -> Alarms:
        """The hub's alarms that are in ALARM."""
        return firing_alarms(self.client("cloudwatch"), self.names)

    def id(self) -> str:
        """The id of the account.

        Raises:
            HubUnknown: if AWS does not say.
        """
        client: STSClient = self.client("sts")
        try:
            return client.get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            raise HubUnknown(f"which account the credentials are of is unknown: AWS says: {error}") from error

    def backlog(self, hub: HubLedger) -> Backlog:
        """The names that wait because their accounts changed names faster than their rate allows.

        Raises:
            HubUnknown: if the queue cannot be found or read.
        """
        return backlog(hub, self.client("sqs"))

    def stack_instances(self, unlisted: frozenset[Spoke]) -> dict[Spoke, StackInstance]:
        """The stacks of the rollout, with the spokes that no StackSet lists.

        Raises:
            HubUnknown: if StackSets does not list all of them.
        """
        return stack_instances(self.client("cloudformation"), self.names, unlisted)

    def listed_spokes(self, hub: HubLedger) -> frozenset[Spoke]:
        """The spokes that have a stack of the rollout, or that the deployed configuration says have one.

        Raises:
            HubUnknown: if StackSets does not list all of them.
        """
        return listed_spokes(self.client("cloudformation"), self.names) | hub.deployed.unlisted
