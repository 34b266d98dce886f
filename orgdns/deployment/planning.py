"""What a deployment would do: the change set of each stack, in order. Nothing that is deployed changes.

A stack that exists gets a change set, which CloudFormation computes. A stack that does not exist yet, or whose
parameters are outputs that an earlier stack has yet to get, is compared by its template.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.model.names import Millis
from orgdns.deployment.accounts import Kind
from orgdns.deployment.bundle import digest
from orgdns.deployment.cloudformation.change_sets import Request, created, deleted
from orgdns.deployment.cloudformation.stack_states import Found, Next, advice, found_stack, next_step
from orgdns.deployment.cloudformation.template_changes import Change, template_changes
from orgdns.deployment.cloudformation.watching import Watch, watch
from orgdns.deployment.faults import DeploymentFault
from orgdns.deployment.stacks import Kept, OutputOf, Part, network_region

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orgdns.config.load import Config
    from orgdns.deployment.accounts import Accounts
    from orgdns.deployment.bucket import Bucket
    from orgdns.deployment.bundle import Bundle
    from orgdns.deployment.cloudformation.progress import Event
    from orgdns.deployment.stacks import Stack

# A call takes a template of 51,200 bytes at most, a bucket one of 1 MB ("CreateChangeSet",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
MAX_BODY: Final = 51_200
# The alarms on failing and throttled functions fire after three periods of five minutes, of which the first may begin
# five minutes after the update, and those on overdue names and on the stream after two. A heartbeat runs the functions
# every five minutes, so an update that broke one of them shows within this time.
WATCH_MINUTES: Final = 20


class Step(StrEnum):
    """What happens to a stack."""

    CREATE = "create"
    UPDATE = "update"
    NOTHING = "no change"


@dataclass(frozen=True, slots=True)
class StackPlan:
    """What happens to a stack.

    Attributes:
        stack: The stack.
        step: Whether it is created or updated.
        found: The stack as it is.
        changes: The resources that change.
        change_set: The ARN of the change set; empty if the changes were found by comparing templates.
        after: The stack whose outputs must be known first; empty if all parameters are known.
        values: The values of the parameters in the change set.
        notes: What a person should know beside that.
        protect: Whether the stack gets termination protection.
    """

    stack: Stack
    step: Step
    found: Found = field(default_factory=Found)
    changes: tuple[Change, ...] = ()
    change_set: str = ""
    after: str = ""
    values: Mapping[str, str | None] | None = None
    notes: tuple[str, ...] = ()
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to each stack, in order."""

    stacks: tuple[StackPlan, ...]

    @property
    def any(self) -> bool:
        """Whether anything changes."""
        return any(each.step is not Step.NOTHING or each.protect for each in self.stacks)


def now() -> Millis:
    """The time of this machine."""
    return Millis(int(time.time() * 1_000))


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment works with.

    Attributes:
        config: The configuration.
        bundle: The templates and the package.
        stacks: The stacks, in order.
        accounts: Clients of the accounts.
        bucket: The bucket for the package and large templates; None if there is neither.
        sleep: Waits for seconds.
        report: Gets each event.
        watch_minutes: For how many minutes the hub's alarms are watched after an update.
        purpose: Keeps the change sets of saved plans apart from others.
        clock: The time.
        reason: Why a person deploys or removes, in their words; may be empty.
    """

    config: Config
    bundle: Bundle
    stacks: tuple[Stack, ...]
    accounts: Accounts
    bucket: Bucket | None
    sleep: Callable[[float], None]
    report: Callable[[Event], None]
    watch_minutes: int = WATCH_MINUTES
    purpose: str = "deploy"
    clock: Callable[[], Millis] = now
    reason: str = ""

    def client(self, stack: Stack) -> Any:  # noqa: ANN401 - a client of CloudFormation
        """The client that reaches a stack."""
        return self.accounts.client(stack.account, "cloudformation", stack.region)

    def outputs(self) -> Mapping[str, str]:
        """The outputs that the network stack has now."""
        client = self.accounts.client(Kind.NETWORK, "cloudformation", network_region(self.config))
        return found_stack(client, self.config.names.network_stack).outputs


def plan(deployment: Deployment) -> Plan:
    """What would happen to each stack.

    Raises:
        DeploymentFault: if a stack is in a state that a person must end; all of them at once.
    """
    found = {stack.place: found_stack(deployment.client(stack), stack.name) for stack in deployment.stacks}
    stuck = [
        advice(stack.name, stack.region, found[stack.place])
        for stack in deployment.stacks
        if next_step(found[stack.place]) is Next.GIVE_UP
    ]
    if stuck:
        raise DeploymentFault(*stuck)
    outputs = deployment.outputs() if any(stack.needs_network for stack in deployment.stacks) else {}
    if not any(stack.name == deployment.config.names.network_stack for stack in deployment.stacks):
        _check_outputs(deployment.config.names.network_stack, deployment.stacks, outputs)
    plans: list[StackPlan] = []
    try:
        for stack in deployment.stacks:
            planned = stack_plan(deployment, stack, found[stack.place], outputs)
            plans.append(_protected(deployment, planned))
    except (Exception, KeyboardInterrupt):
        # Nobody has seen them.
        discard(deployment, Plan(tuple(plans)))
        raise
    return Plan(tuple(plans))


def _protected(deployment: Deployment, planned: StackPlan) -> StackPlan:
    """The plan with termination protection, if the configuration demands it and the stack lacks it."""
    if not deployment.config.resources.termination_protection or planned.found.protected:
        return planned
    return replace(planned, protect=True, notes=(*planned.notes, "gets termination protection"))


def _check_outputs(network: str, stacks: tuple[Stack, ...], outputs: Mapping[str, str]) -> None:
    """Check that the deployed network stack has the outputs that the stacks need, if it is not deployed with them."""
    missing = {
        value.name
        for stack in stacks
        for value in stack.parameters.values()
        if isinstance(value, OutputOf) and value.name not in outputs
    }
    if missing:
        raise DeploymentFault(
            f"the stack {network} has no output {', '.join(sorted(missing))}: deploy it first, with "
            f"--only {Part.NETWORK}, or deploy everything"
        )


def stack_plan(deployment: Deployment, stack: Stack, found: Found, outputs: Mapping[str, str]) -> StackPlan:
    """What would happen to a stack that was found like this."""
    values = parameter_values(stack, found, outputs)
    after = deployment.config.names.network_stack if values is None else ""
    client, notes = deployment.client(stack), tuple[str, ...]()
    if not found.deployed:
        if next_step(found) is Next.DELETE_FIRST:
            notes = (f"an earlier creation ended in {found.status}, and is deleted first",)
        return StackPlan(stack, Step.CREATE, found, template_changes(None, stack.body), after=after, notes=notes)
    template = template_of(deployment, stack)
    if values is None or template is None:
        current = client.get_template(StackName=stack.name)["TemplateBody"]
        changes = template_changes(current, stack.body)
        waits = (
            () if template or not deployment.bucket else (f"the bucket {deployment.bucket.name} does not exist yet",)
        )
        return StackPlan(stack, Step.UPDATE, found, changes, after=after, notes=waits)
    alarms = watched(deployment, stack)
    change_set = created(
        client,
        Request(
            stack,
            creates=False,
            values=values,
            template=template,
            alarms=alarms.arns,
            watch_minutes=deployment.watch_minutes,
            purpose=deployment.purpose,
        ),
        deployment.sleep,
    )
    if change_set.empty:
        return StackPlan(stack, Step.NOTHING, found)
    notes = tuple(f"the alarm {name} is in ALARM already, and is not watched" for name in alarms.firing)
    return StackPlan(stack, Step.UPDATE, found, change_set.changes, change_set.arn, values=values, notes=notes)


def watched(deployment: Deployment, stack: Stack) -> Watch:
    """The alarms that roll an update of the stack back."""
    if stack.name != deployment.config.names.hub_stack or not deployment.watch_minutes:
        return Watch()
    alarms = deployment.accounts.client(stack.account, "cloudwatch", stack.region)
    return watch(deployment.client(stack), alarms, stack.name, stack.body)


def parameter_values(stack: Stack, found: Found, outputs: Mapping[str, str]) -> dict[str, str | None] | None:
    """The value to pass for each parameter, None to keep it; or None if an output is not known yet. Pure.

    A parameter that a new stack or an older template does not have gets the template's default.
    """
    values: dict[str, str | None] = {}
    for name, value in stack.parameters.items():
        match value:
            case OutputOf(output):
                if output not in outputs:
                    return None
                values[name] = outputs[output]
            case Kept.KEPT:
                if found.deployed and name in found.parameters:
                    values[name] = None
            case str():
                values[name] = value
    return values


def template_of(deployment: Deployment, stack: Stack) -> dict[str, str] | None:
    """Where CloudFormation reads the template; None if it must be in a bucket that does not exist yet."""
    content = stack.body.encode()
    if len(content) <= MAX_BODY:
        return {"TemplateBody": stack.body}
    if deployment.bucket is None:
        raise DeploymentFault(f"the template of {stack.place} is larger than {MAX_BODY:,} bytes")
    if not deployment.bucket.exists():
        return None
    key = f"templates/{digest(stack.body)}.yaml"
    deployment.bucket.upload(key, content, "application/yaml")
    return {"TemplateURL": deployment.bucket.url(key)}


def discard(deployment: Deployment, planned: Plan) -> None:
    """Delete the change sets of a plan that is not executed."""
    for each in planned.stacks:
        if each.change_set:
            deleted(deployment.client(each.stack), deployment.sleep, ChangeSetName=each.change_set)
