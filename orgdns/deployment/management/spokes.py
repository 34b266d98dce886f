"""The spoke stacks of the management account, in which StackSets deploy nothing.

They have the parameters of the StackSets, so that the account has what all others have. StackSets of a delegated
administrator belong to the management account, which can describe them ("Register a delegated administrator",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html).

Only the configuration makes the account a spoke, and only the hub's deployment tells the hub. These stacks alone do
nothing: anyone could deploy them in their own account.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code
from orgdns.deployment.accounts import Kind
from orgdns.deployment.bundle import without_package
from orgdns.deployment.planning import Deployment
from orgdns.deployment.stacks import management_stacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from orgdns.config.load import Config
    from orgdns.deployment.accounts import Accounts
    from orgdns.deployment.bundle import Bundle
    from orgdns.deployment.cloudformation.progress import Event

_MISSING = "StackSetNotFoundException"
WAITS = (
    "The spoke stacks of the management account follow the rollout to all others: run `orgdns deploy`, and then "
    "`orgdns deploy --management` again."
)


@dataclass(frozen=True, slots=True)
class Rollout:
    """What the StackSets of the rollout say.

    Attributes:
        parameters: The values of their parameters.
        deployed: Whether the StackSets exist.
    """

    parameters: dict[str, str]
    deployed: bool


def open_spokes(
    config: Config,
    source: str,
    accounts: Accounts,
    report: Callable[[Event], None],
    bundle: Bundle | None = None,
    *,
    removes: bool = False,
) -> Deployment | None:
    """The deployment of the spoke stacks in the management account.

    None if they have to wait: the StackSets do not exist yet, or lack parameters that the templates have. A deployment
    that only `removes` does not wait. If the configuration does not include the account, it has no stacks.

    Raises:
        ConfigInvalid: if the templates exceed quotas of AWS.
    """
    bundle = bundle or without_package(config, source)
    stacks = management_stacks(config, bundle, {})
    if stacks and not removes:
        found = rollout(config, accounts)
        stacks = management_stacks(config, bundle, found.parameters)
        needed = {name for stack in stacks for name in stack.parameters}
        if not found.deployed or needed - found.parameters.keys():
            return None
    return Deployment(config, bundle, stacks, accounts, None, time.sleep, report)


def rollout(config: Config, accounts: Accounts) -> Rollout:
    """What the StackSets of the rollout say, to the management account."""
    client = accounts.client(Kind.MANAGEMENT, "cloudformation", config.hub.region)
    parameters = dict[str, str]()
    for name in (config.names.account_stack_set, config.names.region_stack_set):
        try:
            found = client.describe_stack_set(StackSetName=name, CallAs="SELF")["StackSet"]
        except ClientError as error:
            if error_code(error) != _MISSING:
                raise
            return Rollout({}, deployed=False)
        parameters |= {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())}
    return Rollout(parameters, deployed=True)
