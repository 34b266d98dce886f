"""The stacks of the rollout, as StackSets lists them for the delegated administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.aws.spokes import spoke_of
from hub.runtime.boundary.unreadable import Unreadable, readable
from orgdns.cli.reports.coverage import CURRENT, UNLISTED, StackInstance
from orgdns.cli.sources.deployed import HubUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    from hub.runtime.installation import Names
    from hub.runtime.model.names import Spoke


def stack_instances(
    client: CloudFormationClient, names: Names, unlisted: frozenset[Spoke] = frozenset()
) -> dict[Spoke, StackInstance]:
    """The stack of each account and region, or the account's stack of roles if that one is not current.

    `unlisted` are the spokes that no StackSet lists.

    Raises:
        HubUnknown: if StackSets does not list all of them.
    """
    regions = _by_spoke(_of_regions(client, names))
    of_accounts = _summaries(client, names.account_stack_set, names.included_account_stack_set)
    roles = {spoke.account: found for spoke, found in _by_spoke(of_accounts).items()}
    return dict.fromkeys(unlisted, StackInstance(UNLISTED)) | {
        spoke: of_roles if (of_roles := roles.get(spoke.account)) and of_roles.status != CURRENT else instance
        for spoke, instance in regions.items()
    }


def listed_spokes(client: CloudFormationClient, names: Names) -> frozenset[Spoke]:
    """The spokes that have a stack of the rollout, whatever state it is in.

    Raises:
        HubUnknown: if StackSets does not list all of them.
    """
    return frozenset(_by_spoke(_of_regions(client, names)))


def _of_regions(client: CloudFormationClient, names: Names) -> Iterator[Mapping[str, Any]]:
    return _summaries(client, names.region_stack_set, names.included_region_stack_set)


def _by_spoke(summaries: Iterable[Mapping[str, Any]]) -> dict[Spoke, StackInstance]:
    """The stack instances that can be read. Each run of the schedule logs those that cannot."""
    found = [readable(lambda each: (spoke_of(each), _stack_instance(each)), summary, "") for summary in summaries]
    return dict(each for each in found if not isinstance(each, Unreadable))


def _summaries(client: CloudFormationClient, stack_set: str, included: str) -> Iterator[Mapping[str, Any]]:
    """The stacks of a StackSet, and of that for the accounts included by name, which exists only if there are any."""
    yield from _summaries_of(client, stack_set)
    try:
        yield from _summaries_of(client, included)
    except _Missing:
        return


class _Missing(HubUnknown):
    """The StackSet does not exist."""


def _summaries_of(client: CloudFormationClient, stack_set: str) -> Iterator[Mapping[str, Any]]:
    paginator = client.get_paginator("list_stack_instances")
    try:
        for page in paginator.paginate(StackSetName=stack_set, CallAs="DELEGATED_ADMIN"):
            yield from page["Summaries"]
    except (ClientError, BotoCoreError) as error:
        missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "StackSetNotFoundException"
        raise (_Missing if missing else HubUnknown)(
            f"the stacks of {stack_set} cannot be listed: use credentials of the hub account (--profile or "
            "AWS_PROFILE) that may call cloudformation:ListStackInstances and "
            "organizations:ListDelegatedAdministrators, and its region (--region or AWS_REGION). "
            f"AWS says: {error}"
        ) from error


def _stack_instance(summary: Mapping[str, Any]) -> StackInstance:
    """The state in a summary. A stack whose last operation failed is not current, whatever its earlier status.

    "StackInstanceSummary" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceSummary.html).
    """
    detailed = summary.get("StackInstanceStatus", {}).get("DetailedStatus", "")
    status = detailed if detailed in {"FAILED", "INOPERABLE", "CANCELLED"} else summary.get("Status", "")
    return StackInstance(str(status), str(summary.get("StatusReason", "")))
