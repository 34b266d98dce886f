"""Note in the ledger who deploys or removes what, and why: the historian keeps it.

A deployment that may not write the note changes nothing, so that history has all of them. If the ledger does not take
it for another reason, the deployment goes on: it may be what repairs the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from hub.runtime import contract
from hub.runtime.aws.ledger.history.requests import note_request
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.sessions import error_code
from hub.runtime.history.entry import Action
from hub.runtime.ports import LedgerUnavailable
from orgdns import __version__
from orgdns.deployment.accounts import Kind
from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orgdns.deployment.planning import Deployment

_PLACE: Final = "history"
_DENIED: Final = "AccessDeniedException"
_MISSING: Final = "ResourceNotFoundException"


def noted(deployment: Deployment, action: Action, stacks: Iterable[str]) -> bool:
    """Note who deploys or removes what. Return False if the ledger does not exist.

    Args:
        deployment: What is deployed or removed, by whom and why.
        action: Which of both.
        stacks: The names of the stacks that change.

    Raises:
        DeploymentFault: if the credentials may not note a deployment.
    """
    region, names = deployment.config.hub.region, deployment.config.names
    rows = deployment.accounts.client(Kind.HUB, "dynamodb", region)
    table = Table(rows, names.ledger_table, deployment.clock, deployment.sleep)
    subject = f"{__version__}: {', '.join(stacks)}"
    try:
        note_request(table, action, subject, deployment.accounts.caller, deployment.reason)
    except LedgerUnavailable as error:
        code = error_code(error.__cause__) if isinstance(error.__cause__, ClientError) else ""
        if code == _MISSING:
            return False
        # A ledger whose key is closed to everybody is denied, too: a deployment with another key repairs it.
        if code == _DENIED and "dynamodb:PutItem" in str(error) and action is Action.DEPLOY:
            raise DeploymentFault(
                "nothing was deployed, because history could not keep who deployed: the credentials of the hub account "
                f"need dynamodb:PutItem on the partition {contract.REQUESTS_KEY} of the table {table.name}, as the "
                f"policies that orgdns build writes have it. {error}"
            ) from error
        deployment.report(Event(_PLACE, table.name, "NOT NOTED", f"history does not say who requested this: {error}"))
    return True
