"""Remove the stacks in the reverse order of their deployment, and say what stays and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.cloudformation.stack_states import Next, found_stack, next_step
from orgdns.deployment.cloudformation.template_changes import resources_of
from orgdns.deployment.execution import delete, ended
from orgdns.deployment.stacks import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orgdns.deployment.cloudformation.stack_states import Found
    from orgdns.deployment.planning import Deployment
    from orgdns.deployment.stacks import Stack

_RETAINED: Final = frozenset({"Retain", "RetainExceptOnCreate"})
# Why a resource that stays does so, by its type.
_REASONS: Final = {
    "AWS::DynamoDB::Table": "it has deletion protection, because it says who held which name",
    "AWS::Route53::HostedZone": "others may have records in it",
    "AWS::Logs::LogGroup": "its events expire by themselves",
    "AWS::S3::Bucket": "it says who had which name when",
}
# What deletes it, with credentials of its account.
_COMMANDS: Final = {
    "AWS::DynamoDB::Table": "aws dynamodb update-table --region {region} --table-name {name} "
    "--no-deletion-protection-enabled && aws dynamodb delete-table --region {region} --table-name {name}",
    "AWS::Route53::HostedZone": "aws route53 delete-hosted-zone --id {name}",
    "AWS::Logs::LogGroup": "aws logs delete-log-group --region {region} --log-group-name {name}",
    "AWS::S3::Bucket": "aws s3 rb --force --region {region} s3://{name}",
}


@dataclass(frozen=True, slots=True)
class Remaining:
    """A resource that stays when its stack is gone.

    Attributes:
        type: Its type.
        name: Its physical id.
        reason: Why it stays.
        command: The command that deletes it, once nobody needs it; empty if there is none.
    """

    type: str
    name: str
    reason: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class StackRemoval:
    """A stack that is removed.

    Attributes:
        stack: The stack.
        found: The stack as it is.
        resources: How many resources are deleted with it.
        remaining: The resources that stay.
    """

    stack: Stack
    found: Found
    resources: int
    remaining: tuple[Remaining, ...]


def removals(deployment: Deployment) -> tuple[StackRemoval, ...]:
    """The stacks that exist, in the order of their removal."""
    return tuple(_removals(deployment))


def _removals(deployment: Deployment) -> Iterator[StackRemoval]:
    for stack in reversed(deployment.stacks):
        client = deployment.client(stack)
        found = found_stack(client, stack.name)
        if not found.status:
            continue
        resources = list(_resources(client, found.stack_id))
        remaining = tuple(_remaining(client, stack, found, resources))
        yield StackRemoval(stack, found, len(resources) - len(remaining), remaining)


def remove(deployment: Deployment, removal: StackRemoval) -> None:
    """Remove a stack, with its termination protection.

    Raises:
        StackFailed: if something of it cannot be deleted.
    """
    stack, client = removal.stack, deployment.client(removal.stack)
    found = found_stack(client, stack.name)
    if next_step(found) is Next.WAIT:
        deployment.report(Event(stack.place, stack.place, found.status, "waiting for this operation"))
        ended(deployment, stack, found.stack_id)
        found = found_stack(client, stack.name)
    if not found.status:
        return
    if found.protected:
        client.update_termination_protection(StackName=stack.name, EnableTerminationProtection=False)
    delete(deployment, stack, found)


def before_records(removal: StackRemoval) -> bool:
    """Whether a stack goes before the records do: its functions would publish them again."""
    return removal.stack.part is not Part.NETWORK


def _resources(client: Any, stack: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - a client
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for each in page["StackResourceSummaries"]:
            if not each["ResourceStatus"].startswith("DELETE_COMPLETE"):
                yield each


def _remaining(
    client: Any,  # noqa: ANN401 - a client
    stack: Stack,
    found: Found,
    resources: list[Mapping[str, Any]],
) -> Iterator[Remaining]:
    if not found.deployed:
        return
    body = client.get_template(StackName=found.stack_id)["TemplateBody"]
    policies = {title: resource.get("DeletionPolicy") for title, resource in resources_of(body).items()}
    for each in resources:
        if policies.get(each["LogicalResourceId"]) in _RETAINED:
            kind, name = each["ResourceType"], each.get("PhysicalResourceId", each["LogicalResourceId"])
            command = _COMMANDS.get(kind, "").format(region=stack.region, name=name)
            yield Remaining(kind, name, _REASONS.get(kind, "its stack retains it"), command)
