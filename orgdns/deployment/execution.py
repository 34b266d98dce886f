"""Deploy the stacks in order. A run that is interrupted at any call is repeated with the same result.

Before a stack is changed, an operation that still goes on is waited for, and a stack whose creation failed is deleted.
"When you execute a change set, CloudFormation deletes all other change sets associated with the stack"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html), those of an interrupted
run with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.history.entry import Action
from orgdns.deployment.accounts import Kind
from orgdns.deployment.cloudformation.change_sets import Request, created, executable
from orgdns.deployment.cloudformation.progress import Event, Events, Instances, failures
from orgdns.deployment.cloudformation.stack_states import IN_REVIEW, Found, Next, advice, found_stack, next_step
from orgdns.deployment.faults import DeploymentFault, StackFailed
from orgdns.deployment.noting import noted
from orgdns.deployment.planning import Plan, StackPlan, Step, parameter_values, template_of, watched
from orgdns.deployment.stacks import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.deployment.planning import Deployment
    from orgdns.deployment.stacks import Stack

_PAUSE: Final = 5.0
# A rollout to thousands of accounts takes hours. "up to 36 hours" is the longest of CloudFormation's own limits.
_POLLS: Final = int(12 * 3_600 / _PAUSE)
_DONE: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def deploy(deployment: Deployment, planned: Plan) -> tuple[Event, ...]:
    """Execute a plan. Returns the stacks of accounts and regions that StackSets could not deploy.

    Raises:
        StackFailed: if an operation of a stack fails; the stacks after it stay as they are.
        DeploymentFault: if a stack is in a state that a person must end, or the bucket cannot be used.
    """
    for each in planned.stacks:
        if each.change_set and not executable(deployment.client(each.stack), each.change_set):
            raise _changed(each.stack)
    # The credentials of the management account do not reach the ledger.
    changing = [
        each.stack.name
        for each in planned.stacks
        if (each.step is not Step.NOTHING or each.protect) and each.stack.account is not Kind.MANAGEMENT
    ]
    # Before anything changes: a run that is killed after its last change would not come to a note. The first deployment
    # makes the ledger.
    is_noted = not changing or noted(deployment, Action.DEPLOY, changing)
    package, bucket = deployment.bundle.package, deployment.bucket
    if planned.any and package and bucket:
        bucket.ensure(deployment.stacks[0].tags)
        bucket.upload(package.key, package.content, "application/zip")
    changed = False
    for each in planned.stacks:
        # The outputs of a stack that changed may be others now.
        if each.step is not Step.NOTHING or (changed and each.stack.needs_network):
            changed |= _deploy_stack(deployment, each)
        if each.protect:
            client = deployment.client(each.stack)
            client.update_termination_protection(StackName=each.stack.name, EnableTerminationProtection=True)
        if not is_noted and each.stack.part is Part.HUB:
            is_noted = noted(deployment, Action.DEPLOY, changing)
    names = deployment.config.names
    rollout = [each.stack for each in planned.stacks if each.stack.name == names.rollout_stack]
    instances = (Instances(deployment.client(stack), stack.place, names) for stack in rollout)
    return tuple(event for each in instances for event in each.failed())


def settled(deployment: Deployment, stack: Stack) -> Found:
    """The stack once no operation of it is in progress. A stack that never worked is deleted.

    Raises:
        DeploymentFault: if a person must end its state.
    """
    client = deployment.client(stack)
    found = found_stack(client, stack.name)
    if next_step(found) is Next.WAIT:
        deployment.report(Event(stack.place, stack.place, found.status, "waiting for this operation"))
        ended(deployment, stack, found.stack_id)
        found = found_stack(client, stack.name)
    if next_step(found) is Next.DELETE_FIRST:
        deployment.report(Event(stack.place, stack.place, found.status, "deleting what an earlier creation left"))
        delete(deployment, stack, found)
        return found_stack(client, stack.name)
    if next_step(found) is Next.GIVE_UP:
        raise DeploymentFault(advice(stack.name, stack.region, found))
    return found


def wait_for_others(deployment: Deployment) -> None:
    """Wait until no operation of a stack is in progress, such as one of an interrupted run."""
    for stack in deployment.stacks:
        found = found_stack(deployment.client(stack), stack.name)
        if next_step(found) is Next.WAIT:
            deployment.report(Event(stack.place, stack.place, found.status, "waiting for this operation"))
            ended(deployment, stack, found.stack_id)


def delete(deployment: Deployment, stack: Stack, found: Found) -> None:
    """Delete a stack, and wait until it is gone.

    Raises:
        StackFailed: if something of it cannot be deleted.
    """
    client = deployment.client(stack)
    events = Events(client, found.stack_id, stack.place)
    client.delete_stack(StackName=found.stack_id)
    after = ended(deployment, stack, found.stack_id, events)
    if after.status not in {"", "DELETE_COMPLETE"}:
        _fail(client, stack, found.stack_id, after)


def ended(deployment: Deployment, stack: Stack, stack_id: str, events: Events | None = None) -> Found:
    """The stack once its operation has ended. What happens until then is reported."""
    client = deployment.client(stack)
    events = events or Events(client, stack_id, stack.place)
    names = deployment.config.names
    instances = Instances(client, stack.place, names) if stack.name == names.rollout_stack else None
    for _ in range(_POLLS):
        found = found_stack(client, stack_id)
        for event in (*events.new(), *(instances.new() if instances else ())):
            deployment.report(event)
        # A stack is in review until the execution of its first change set begins.
        if found.ended and found.status != IN_REVIEW:
            return found
        deployment.sleep(_PAUSE)
    raise DeploymentFault(f"{stack.place}: the operation still goes on: run the command again, and it waits for it")


def _deploy_stack(deployment: Deployment, planned: StackPlan) -> bool:
    """Create or update a stack; whether there was anything to do."""
    stack, client = planned.stack, deployment.client(planned.stack)
    found = settled(deployment, stack)
    request = _request(deployment, stack, found)
    if change_set := planned.change_set if planned.values == request.values else "":
        if not executable(client, change_set):
            raise _changed(stack)
    else:
        made = created(client, request, deployment.sleep)
        if made.empty:
            return False
        change_set = made.arn
    stack_id = found.stack_id or found_stack(client, stack.name).stack_id
    events = Events(client, stack_id, stack.place)
    client.execute_change_set(ChangeSetName=change_set)
    after = ended(deployment, stack, stack_id, events)
    if after.status not in _DONE:
        _fail(client, stack, stack_id, after)
    return True


def _changed(stack: Stack) -> DeploymentFault:
    return DeploymentFault(
        f"{stack.place} changed since its change set was shown: run the command again to see what is left"
    )


def _request(deployment: Deployment, stack: Stack, found: Found) -> Request:
    outputs = deployment.outputs() if stack.needs_network else {}
    values: Mapping[str, str | None] | None = parameter_values(stack, found, outputs)
    template = template_of(deployment, stack)
    if values is None or template is None:
        raise DeploymentFault(
            f"{stack.place}: the stack {deployment.config.names.network_stack} lacks outputs that this stack needs: "
            "look at its events"
        )
    return Request(
        stack,
        creates=not found.deployed,
        values=values,
        template=template,
        alarms=watched(deployment, stack).arns if found.deployed else (),
        watch_minutes=deployment.watch_minutes,
        purpose=deployment.purpose,
    )


def _fail(client: Any, stack: Stack, stack_id: str, found: Found) -> None:  # noqa: ANN401 - a client
    reasons = [f"{event.subject}: {event.reason}" for event in failures(client, stack_id, stack.place)]
    lines = reasons or [found.reason or "look at the events of the stack"]
    raise StackFailed(f"{stack.place} is {found.status}:", *lines)
