"""Stacks that the sandbox itself makes, for itself or as part of another resource: they are complete, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.utils import generate_stack_id

from sandbox.aws.cloudformation.stacks import operations
from sandbox.aws.cloudformation.stacks.operations import DELETE, Options
from sandbox.aws.cloudformation.stacks.requests import checked
from sandbox.aws.cloudformation.stacks.state import STACK_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.cloudformation.models import CloudFormationBackend


def new_stack(backend: CloudFormationBackend, name: str, **options: Any) -> Stack:  # noqa: ANN401 - moto's own options
    """A stack without any resource.

    Raises:
        AlreadyExistsException: if the account has a stack of this name in the region.
    """
    if any(stack.name == name for stack in backend.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack_id = generate_stack_id(name, backend.region_name, backend.account_id)
    stack = Stack(
        stack_id=stack_id,
        name=name,
        template={},
        parameters={},
        account_id=backend.account_id,
        region_name=backend.region_name,
        cross_stack_resources=backend.exports,
        **options,
    )
    backend.stacks[stack_id] = stack
    return stack


def failure_of(stack: Stack) -> str:
    """Why the last operation of a stack failed: what the first resource says, or else the stack itself."""
    begun = max(number for number, event in enumerate(stack.events) if event.resource_status_reason == "User Initiated")
    failed = [event for event in stack.events[begun:] if event.resource_status.endswith("_FAILED")]
    of_resources = [event for event in failed if event.resource_type != STACK_TYPE]
    reasons = [event for event in stack.events[begun + 1 :] if event.resource_status_reason]
    for event in (*of_resources, *failed, *reasons):
        return f"{event.logical_resource_id}: {event.resource_status_reason}"
    return str(stack.status)


def create_stack(
    self: CloudFormationBackend,
    name: str,
    template: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
    **options: object,
) -> Stack:
    """Create a stack, or leave nothing behind.

    Raises:
        ValidationError: if it cannot be created.
    """
    wanted = checked(template, parameters, None)
    stack = new_stack(self, name, **options)
    operations.create(self, stack, replace(wanted, tags=tags or {}), Options(on_failure=DELETE))
    if stack.status != "CREATE_COMPLETE":
        self.stacks.pop(stack.stack_id, None)
        raise ValidationError(message=failure_of(stack))
    return stack


def update_stack(
    self: CloudFormationBackend,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: list[dict[str, Any]],
    tags: Mapping[str, str] | None,
) -> Stack:
    """Update a stack, or leave it as it was.

    Raises:
        ValidationError: if it cannot be updated.
    """
    stack = self.get_stack(name)
    wanted = checked(template, self._resolve_update_parameters(stack, parameters), None)
    labels = stack.tags if tags is None else tags
    operations.update(self, stack, replace(wanted, tags=labels), Options(role_arn=role_arn))
    if stack.status != "UPDATE_COMPLETE":
        raise ValidationError(message=failure_of(stack))
    return stack


def delete_stack(self: CloudFormationBackend, name_or_stack_id: str) -> None:
    """Delete a stack, if it exists.

    Raises:
        ValidationError: if it cannot be deleted.
    """
    for stack in list(self.stacks.values()):
        if name_or_stack_id in {stack.name, stack.stack_id}:
            operations.delete(self, stack)
            if stack.status != "DELETE_COMPLETE":
                raise ValidationError(message=failure_of(stack))
