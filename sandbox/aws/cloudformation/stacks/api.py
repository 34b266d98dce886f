"""CloudFormation's API of stacks, as callers see it.

"Actions" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html). An operation is
accepted or refused at once; how it ends is in the stack's status and events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult, EmptyResult

from sandbox.aws.cloudformation.stacks import operations
from sandbox.aws.cloudformation.stacks.backend import new_stack
from sandbox.aws.cloudformation.stacks.changes import outputs_change, resource_changes
from sandbox.aws.cloudformation.stacks.descriptions import (
    described,
    described_event,
    described_resources,
    physical_ids,
    summarized,
)
from sandbox.aws.cloudformation.stacks.requests import submitted
from sandbox.aws.cloudformation.stacks.state import (
    ask,
    become,
    in_progress,
    state_of,
    visible_events,
    visible_status,
)
from sandbox.aws.iam.callers.guard import current_caller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moto.cloudformation.models import Stack

    from sandbox.aws.cloudformation.stacks.engine import Definition

Json = dict[str, Any]
# An answer of the emulator's API, which ships no types.
Moto = Any
_PAGE: Final = 100
# "Stack status codes": from these a stack can be updated.
_UPDATABLE: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)


def stack_named(request: Moto, name: str, *, deleted: bool = True) -> Stack:
    """The stack with this name or id.

    Raises:
        ValidationError: if there is none.
    """
    backend = request.cloudformation_backend
    for stack in backend.stacks.values():
        if name in {stack.name, stack.stack_id}:
            return stack
    if deleted and name in backend.deleted_stacks:
        return backend.deleted_stacks[name]
    raise ValidationError(message=f"Stack with id {name} does not exist")


def check_updatable(stack: Stack) -> None:
    """Refuse a change of a stack whose status allows none."""
    status = visible_status(stack)[0]
    if status not in _UPDATABLE:
        raise ValidationError(message=f"Stack:{stack.stack_id} is in {status} state and can not be updated.")


def needed_resources(stack: Stack, wanted: Definition) -> list[str]:
    """The resources of a definition whose conditions hold in the place of a stack."""
    from_scratch = type(stack)(
        stack_id=stack.stack_id,
        name=stack.name,
        template={},
        parameters={},
        account_id=stack.account_id,
        region_name=stack.region_name,
        cross_stack_resources=stack.cross_stack_resources,
    )
    resources = from_scratch.resource_map
    resources._template, resources._resource_json_map = wanted.template, wanted.template["Resources"]
    resources.input_parameters = dict(wanted.parameters)
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()
    conditions = resources.lazy_condition_map
    bodies = wanted.template["Resources"]
    return [name for name, body in bodies.items() if "Condition" not in body or conditions[body["Condition"]]]


def changes_of(stack: Stack | None, wanted: Definition, place: Stack) -> tuple[list[Json], bool]:
    """The changes of resources by a definition, and whether there is anything to do."""
    former = operations.definition(stack) if stack is not None and stack.template_dict else None
    existing = physical_ids(stack) if stack is not None else {}
    changes = resource_changes(former, wanted, existing, needed_resources(place, wanted))
    if former is None:
        return changes, True
    return changes, bool(changes) or outputs_change(former, wanted) or dict(former.tags) != dict(wanted.tags)


def create_stack(self: Moto) -> ActionResult:
    """Create a stack."""
    submission = submitted(self, None)
    backend = self.cloudformation_backend
    stack = new_stack(
        backend,
        self._get_param("StackName"),
        notification_arns=list(submission.notifications),
        enable_termination_protection=bool(self._get_param("EnableTerminationProtection")),
        timeout_in_mins=self._get_param("TimeoutInMinutes"),
    )
    operations.create(backend, stack, submission.wanted, submission.options)
    return ActionResult({"StackId": stack.stack_id})


def update_stack(self: Moto) -> ActionResult:
    """Update a stack."""
    stack = stack_named(self, self._get_param("StackName"), deleted=False)
    check_updatable(stack)
    submission = submitted(self, stack)
    if not changes_of(stack, submission.wanted, stack)[1]:
        raise ValidationError(message="No updates are to be performed.")
    outdate(self, stack)
    operations.update(self.cloudformation_backend, stack, submission.wanted, submission.options)
    return ActionResult({"StackId": stack.stack_id})


def outdate(request: Moto, stack: Stack) -> None:
    """Let the change sets of a stack be obsolete, because it changes."""
    for change_set in request.cloudformation_backend.change_sets.values():
        if change_set.stack_id == stack.stack_id and change_set.execution_status == "AVAILABLE":
            change_set.execution_status = "OBSOLETE"


def delete_stack(self: Moto) -> ActionResult:
    """Delete a stack, if it exists."""
    name = self._get_param("StackName")
    try:
        stack = stack_named(self, name)
    except ValidationError:
        return EmptyResult()
    if stack.status == "DELETE_COMPLETE":
        return EmptyResult()
    retained = self._get_param("RetainResources") or []
    status = visible_status(stack)[0]
    if stack.enable_termination_protection:
        raise ValidationError(message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if in_progress(stack) and not status.startswith(("CREATE", "DELETE")):
        raise ValidationError(message=f"Stack [{stack.stack_id}] cannot be deleted while in status {status}")
    if status == "DELETE_IN_PROGRESS":
        return EmptyResult()
    if retained and status != "DELETE_FAILED":
        raise ValidationError(
            message=f"Invalid operation on stack [{stack.stack_id}]. Retain resources is only valid for stacks in "
            "DELETE_FAILED state."
        )
    outdate(self, stack)
    state_of(stack).monitoring = None
    token = self._get_param("ClientRequestToken")
    operations.delete(self.cloudformation_backend, stack, token, retained, current_caller())
    return EmptyResult()


def update_termination_protection(self: Moto) -> ActionResult:
    """Protect a stack from deletion, or no longer."""
    stack = stack_named(self, self._get_param("StackName"), deleted=False)
    stack.enable_termination_protection = bool(self._get_param("EnableTerminationProtection"))
    return ActionResult({"StackId": stack.stack_id})


def describe_stacks(self: Moto) -> ActionResult:
    """Describe one stack, also a deleted one by its id, or all that are not deleted."""
    name = self._get_param("StackName")
    stacks = [stack_named(self, name)] if name else list(self.cloudformation_backend.stacks.values())
    for stack in stacks:
        operations.watch(stack)
        ask(stack)
    return page(self, "Stacks", [described(stack) for stack in stacks])


def list_stacks(self: Moto) -> ActionResult:
    """List all stacks, also the deleted ones, in some statuses."""
    backend = self.cloudformation_backend
    wanted = set(self._get_param("StackStatusFilter") or ())
    listed = [summarized(stack) for stack in (*backend.stacks.values(), *backend.deleted_stacks.values())]
    return page(self, "StackSummaries", [each for each in listed if not wanted or each["StackStatus"] in wanted])


def describe_stack_events(self: Moto) -> ActionResult:
    """Describe the events of a stack, newest first."""
    name = self._get_param("StackName")
    try:
        stack = stack_named(self, name)
    except ValidationError:
        raise ValidationError(message=f"Stack [{name}] does not exist") from None
    operations.watch(stack)
    ask(stack)
    return page(self, "StackEvents", [described_event(event) for event in reversed(visible_events(stack))])


def list_stack_resources(self: Moto) -> ActionResult:
    """List the resources of a stack."""
    stack = stack_named(self, self._get_param("StackName"))
    return page(self, "StackResourceSummaries", described_resources(stack, "LastUpdatedTimestamp"))


def describe_stack_resources(self: Moto) -> ActionResult:
    """Describe the resources of a stack, or one of them."""
    stack, logical_id = stack_named(self, self._get_param("StackName")), self._get_param("LogicalResourceId")
    found = [
        {"StackId": stack.stack_id, "StackName": stack.name, **each}
        for each in described_resources(stack, "Timestamp")
        if logical_id in {None, each["LogicalResourceId"]}
    ]
    return ActionResult({"StackResources": found})


def describe_stack_resource(self: Moto) -> ActionResult:
    """Describe a resource of a stack."""
    stack, logical_id = stack_named(self, self._get_param("StackName")), self._get_param("LogicalResourceId")
    for each in described_resources(stack, "LastUpdatedTimestamp"):
        if each["LogicalResourceId"] == logical_id:
            return ActionResult({"StackResourceDetail": {"StackId": stack.stack_id, "StackName": stack.name, **each}})
    raise ValidationError(message=f"Resource {logical_id} does not exist for stack {stack.name}")


def get_template(self: Moto) -> ActionResult:
    """The template of a stack."""
    stack = stack_named(self, self._get_param("StackName"))
    if not stack.template:
        raise ValidationError(message=f"Stack {stack.name} is in REVIEW_IN_PROGRESS state and has no template")
    return ActionResult({"TemplateBody": stack.template, "StagesAvailable": ["Original", "Processed"]})


def page(request: Moto, key: str, found: Sequence[Json], size: int = _PAGE) -> ActionResult:
    """A page of what was found, and a token for the next one."""
    token = request._get_param("NextToken") or "0"
    if not str(token).isdigit():
        raise ValidationError(message="NextToken is not valid")
    first = int(token)
    more = {"NextToken": str(first + size)} if first + size < len(found) else {}
    return ActionResult({key: list(found[first : first + size]), **more})


def review(stack: Stack) -> None:
    """Let a stack without resources wait for its first change set."""
    become(stack, "REVIEW_IN_PROGRESS", operations.USER_INITIATED)
