"""Creates, updates and deletes stacks, and rolls back what fails.

A simulation of "Stack status codes", "Use CloudFormation rollback triggers" and "DeleteStack"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from moto.cloudformation.models import cloudformation_backends
from moto.core.utils import utcnow

from sandbox.aws.cloudformation.stacks import exports
from sandbox.aws.cloudformation.stacks.alarms import breached, missing
from sandbox.aws.cloudformation.stacks.engine import Definition, Failed, Resources, reason_of
from sandbox.aws.cloudformation.stacks.state import Monitoring, RollbackConfiguration, become, begin, state_of
from sandbox.aws.cloudformation.template import changed_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from moto.cloudformation.models import CloudFormationBackend, Stack

    from sandbox.aws.iam.callers.guard import CallerGuard

USER_INITIATED: Final = "User Initiated"
ROLLBACK, DELETE, DO_NOTHING = "ROLLBACK", "DELETE", "DO_NOTHING"


@dataclass(frozen=True, slots=True)
class Options:
    """How an operation is carried out.

    The caller is the one in whose name CloudFormation works, if it has policies.
    """

    on_failure: str = ROLLBACK
    token: str | None = None
    rollback: RollbackConfiguration = field(default_factory=RollbackConfiguration)
    capabilities: tuple[str, ...] = ()
    role_arn: str | None = None
    change_set: str | None = None
    caller: CallerGuard | None = None


def create(backend: CloudFormationBackend, stack: Stack, wanted: Definition, options: Options) -> None:
    """Create a stack's resources. If that fails, the stack ends as `on_failure` says."""
    _begin(stack, options)
    become(stack, "CREATE_IN_PROGRESS", USER_INITIATED)
    resources = Resources(stack, options.caller)

    def failed(reason: str) -> None:
        if options.on_failure == DO_NOTHING:
            become(stack, "CREATE_FAILED", reason)
            return
        verb = "ROLLBACK" if options.on_failure == ROLLBACK else "DELETE"
        become(stack, f"{verb}_IN_PROGRESS", f"{reason} {verb.capitalize()} requested by user.")
        try:
            resources.undo_creations(wanted)
        except Failed as left:
            become(stack, f"{verb}_FAILED", f"The following resource(s) failed to delete: {_list(left.names)}.")
            return
        become(stack, f"{verb}_COMPLETE")
        if verb == "DELETE":
            _forget(backend, stack)

    try:
        _check_triggers(stack, options)
        _define(stack, resources, wanted)
        resources.create()
        _show_outputs(backend, stack)
    except Failed as refused:
        failed(_failure("create", refused))
        return
    _watch(stack, options, finish=lambda: become(stack, "CREATE_COMPLETE"), roll_back=failed)


def update(backend: CloudFormationBackend, stack: Stack, wanted: Definition, options: Options) -> None:
    """Update a stack's resources. If that fails, give all of them their former properties, and delete the new ones."""
    former, role = definition(stack), stack.role_arn
    _begin(stack, options)
    state_of(stack).updated = utcnow()
    become(stack, "UPDATE_IN_PROGRESS", USER_INITIATED)
    resources = Resources(stack)
    given = {name for name, value in wanted.parameters.items() if former.parameters.get(name) != value}
    changed = changed_resources(former.template, wanted.template, given)

    def failed(reason: str) -> None:
        if options.on_failure == DO_NOTHING:
            become(stack, "UPDATE_FAILED", reason)
            return
        become(stack, "UPDATE_ROLLBACK_IN_PROGRESS", reason)
        stack.role_arn = role
        try:
            _define(stack, resources, former)
            resources.restore()
            _show_outputs(backend, stack)
        except Failed as stuck:
            become(stack, "UPDATE_ROLLBACK_FAILED", _failure("update", stuck))
            return
        become(stack, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        _clean_up(lambda: resources.undo_creations(wanted))
        become(stack, "UPDATE_ROLLBACK_COMPLETE")

    def finish() -> None:
        become(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        _clean_up(lambda: resources.delete(resources.surplus(former)))
        become(stack, "UPDATE_COMPLETE")

    try:
        _check_triggers(stack, options)
        _define(stack, resources, wanted)
        resources.update(changed)
        _show_outputs(backend, stack)
    except Failed as refused:
        failed(_failure("update", refused))
        return
    _watch(stack, options, finish=finish, roll_back=failed)


def delete(
    backend: CloudFormationBackend,
    stack: Stack,
    token: str | None = None,
    retained: Collection[str] = (),
    caller: CallerGuard | None = None,
) -> None:
    """Delete a stack with its resources, but those that the template or the caller retains.

    If another stack imports an export of it, it stays as it was, with the reason in an event.
    """
    before = stack.status
    begin(stack, token)
    become(stack, "DELETE_IN_PROGRESS", USER_INITIATED)
    if reason := exports.in_use(backend, stack, stack.exports):
        become(stack, before, reason)
        return
    resources = Resources(stack, caller)
    try:
        resources.delete(resources.existing(retained))
    except Failed as left:
        become(stack, "DELETE_FAILED", f"The following resource(s) failed to delete: {_list(left.names)}. ")
        return
    become(stack, "DELETE_COMPLETE")
    _forget(backend, stack)


def definition(stack: Stack) -> Definition:
    """What a stack is made from now."""
    return Definition(stack.template, stack.template_dict, dict(stack.parameters), dict(stack.tags))


def watch(stack: Stack) -> None:
    """Go on with an operation that waits for its alarms, if one fired or the time is over."""
    monitoring = state_of(stack).monitoring
    if monitoring is None:
        return
    firing = breached(stack, state_of(stack).rollback)
    if firing:
        state_of(stack).monitoring = None
        monitoring.roll_back(f"Rollback requested: the alarm {firing} is in the state ALARM.")
    elif time.time() >= monitoring.until:
        state_of(stack).monitoring = None
        monitoring.finish()


def watch_all() -> None:
    """Go on with all operations that wait for their alarms."""
    for _account, _region, backend in cloudformation_backends.iter_backends():
        for stack in list(backend.stacks.values()):
            watch(stack)


def _begin(stack: Stack, options: Options) -> None:
    begin(stack, options.token)
    state = state_of(stack)
    state.rollback, state.capabilities, state.change_set = options.rollback, options.capabilities, options.change_set
    state.disable_rollback = options.on_failure == DO_NOTHING
    stack.role_arn = options.role_arn or stack.role_arn


def _watch(stack: Stack, options: Options, finish: Callable[[], None], roll_back: Callable[[str], None]) -> None:
    monitoring = Monitoring(time.time() + options.rollback.seconds, finish, roll_back)
    state_of(stack).monitoring = monitoring
    watch(stack)


def _check_triggers(stack: Stack, options: Options) -> None:
    """Fail if a trigger is missing.

    "If a specified trigger is missing, the entire stack operation fails and is rolled back" ("RollbackTrigger",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackTrigger.html).
    """
    if absent := missing(stack, options.rollback):
        raise Failed((), f"The rollback trigger {absent} does not exist.")


def _define(stack: Stack, resources: Resources, wanted: Definition) -> None:
    stack.template, stack.template_dict = wanted.text, wanted.template
    stack.description = wanted.template.get("Description")
    stack.parameters, stack.tags = dict(wanted.parameters), dict(wanted.tags)
    try:
        resources.define(wanted)
    except Exception as refused:
        raise Failed((), reason_of(refused)) from refused


def _show_outputs(backend: CloudFormationBackend, stack: Stack) -> None:
    """Compute the outputs, and export what the template exports."""
    try:
        stack.output_map = stack._create_output_map()
        found = list(stack.output_map.values()) and stack.exports
    except Exception as refused:
        raise Failed((), reason_of(refused)) from refused
    if reason := exports.changed(backend, stack, found):
        raise Failed((), reason)
    exports.publish(backend, stack, found)


def _clean_up(work: Callable[[], None]) -> None:
    """Delete what is no longer needed. "CloudFormation ... attempts", and a failure leaves the stack complete."""
    try:
        work()
    except Failed:
        return


def _forget(backend: CloudFormationBackend, stack: Stack) -> None:
    state_of(stack).deleted = utcnow()
    exports.withdraw(backend, stack)
    if backend.stacks.pop(stack.stack_id, None) is not None:
        backend.deleted_stacks[stack.stack_id] = stack


def _failure(verb: str, refused: Failed) -> str:
    if not refused.names:
        return str(refused)
    return f"The following resource(s) failed to {verb}: {_list(refused.names)}."


def _list(names: Collection[str]) -> str:
    return f"[{', '.join(names)}]"
