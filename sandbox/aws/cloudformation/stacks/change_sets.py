"""CloudFormation's API of change sets.

A simulation of "Update CloudFormation stacks using change sets"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.utils import generate_changeset_id
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from sandbox.aws.cloudformation.stacks import operations
from sandbox.aws.cloudformation.stacks.api import changes_of, check_updatable, page, review, stack_named
from sandbox.aws.cloudformation.stacks.backend import new_stack
from sandbox.aws.cloudformation.stacks.requests import submitted
from sandbox.aws.cloudformation.stacks.state import Polls
from sandbox.aws.iam.callers.guard import current_caller

if TYPE_CHECKING:
    from datetime import datetime

    from moto.cloudformation.models import Stack

    from sandbox.aws.cloudformation.stacks.requests import Submission

Json = dict[str, Any]
# An answer of the emulator's API, which ships no types.
Moto = Any
CREATE, UPDATE = "CREATE", "UPDATE"
# What CloudFormation answers to a change set without changes: if the submission is the same, and if it differs in what
# changes no resource, output or tag (github.com/aws/aws-cli/issues/4534, github.com/aws/aws-cdk/issues/4871).
SAME: Final = "The submitted information didn't contain changes. Submit different information to create a change set."
NO_UPDATES: Final = "No updates are to be performed."


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]  # moto ships no types
    """There is no such change set."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatus(CloudFormationError):  # type: ignore[misc]  # moto ships no types
    """The change set's status does not allow what is asked."""

    code = "InvalidChangeSetStatus"


@dataclass(slots=True)
class ChangeSet:
    """A change set of a stack."""

    change_set_id: str
    name: str
    kind: str
    stack_id: str
    stack_name: str
    submission: Submission
    description: str | None
    changes: list[Json]
    status: str
    execution_status: str
    status_reason: str | None = None
    created: datetime = field(default_factory=utcnow)
    polls: int = 0

    def shown(self) -> tuple[str, str]:
        """The status and the execution status that a caller sees."""
        if self.polls > 0:
            return "CREATE_IN_PROGRESS", "UNAVAILABLE"
        return self.status, self.execution_status

    def summary(self) -> Json:
        """The change set as a list has it."""
        status, execution_status = self.shown()
        return {
            "ChangeSetId": self.change_set_id,
            "ChangeSetName": self.name,
            "StackId": self.stack_id,
            "StackName": self.stack_name,
            "Status": status,
            "StatusReason": self.status_reason if status == "FAILED" else None,
            "ExecutionStatus": execution_status,
            "CreationTime": self.created,
            "Description": self.description,
            "IncludeNestedStacks": False,
        }

    def described(self) -> Json:
        """The change set as a description has it, without its changes."""
        options, wanted = self.submission.options, self.submission.wanted
        return {
            **self.summary(),
            # The emulator makes lists of pairs of these two.
            "Parameters": dict(wanted.parameters),
            "Tags": [{"Key": key, "Value": value} for key, value in wanted.tags.items()],
            "Capabilities": list(options.capabilities),
            "NotificationARNs": list(self.submission.notifications),
            "RollbackConfiguration": options.rollback.described(),
            "OnStackFailure": None if options.on_failure == operations.ROLLBACK else options.on_failure,
        }


def create_change_set(self: Moto) -> ActionResult:
    """Create a change set, for a new stack also the stack, which then waits for its execution."""
    name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
    kind = self._get_param("ChangeSetType") or UPDATE
    if self._get_param("IncludeNestedStacks"):
        raise ValidationError(message="the sandbox does not have change sets of nested stacks")
    stack = _existing(self, stack_name)
    if kind == UPDATE:
        if stack is None:
            raise ValidationError(message=f"Stack [{stack_name}] does not exist")
        check_updatable(stack)
    elif kind != CREATE:
        raise ValidationError(message=f"the sandbox does not have change sets of the type {kind}")
    elif stack is not None and stack.status != "REVIEW_IN_PROGRESS":
        raise ValidationError(
            message=f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}]."
        )
    submission = submitted(self, stack if kind == UPDATE else None)
    if stack is None:
        stack = new_stack(self.cloudformation_backend, stack_name)
        review(stack)
    if any(each.name == name for each in _of_stack(self, stack)):
        raise AlreadyExistsException(f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Id")
    change_set = _made(self, name, kind, stack, submission)
    self.cloudformation_backend.change_sets[change_set.change_set_id] = change_set
    return ActionResult({"Id": change_set.change_set_id, "StackId": stack.stack_id})


def _made(request: Moto, name: str, kind: str, stack: Stack, submission: Submission) -> ChangeSet:
    wanted = submission.wanted
    changes, anything = changes_of(stack if kind == UPDATE else None, wanted, stack)
    reason = None
    if not anything:
        former = operations.definition(stack)
        same = (former.template, former.parameters, former.tags) == (wanted.template, wanted.parameters, wanted.tags)
        reason = SAME if same else NO_UPDATES
    return ChangeSet(
        generate_changeset_id(name, request.region, request.current_account),
        name,
        kind,
        stack.stack_id,
        stack.name,
        submission,
        request._get_param("Description"),
        changes,
        "FAILED" if reason else "CREATE_COMPLETE",
        "UNAVAILABLE" if reason else "AVAILABLE",
        reason,
        polls=Polls.needed,
    )


def describe_change_set(self: Moto) -> ActionResult:
    """Describe a change set with a page of its changes."""
    change_set = _named(self)
    answer = change_set.described()
    change_set.polls -= 1
    changes = change_set.changes if answer["Status"] == "CREATE_COMPLETE" else []
    answer |= page(self, "Changes", changes).result
    return ActionResult(answer)


def execute_change_set(self: Moto) -> ActionResult:
    """Execute a change set, which removes all others of its stack."""
    change_set = _named(self)
    status, execution_status = change_set.shown()
    if status != "CREATE_COMPLETE":
        raise InvalidChangeSetStatus(
            f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current status of [{status}]"
        )
    if execution_status != "AVAILABLE":
        raise InvalidChangeSetStatus(
            f"ChangeSet [{change_set.change_set_id}] cannot be executed in its current execution status of "
            f"[{execution_status}]"
        )
    backend = self.cloudformation_backend
    stack = stack_named(self, change_set.stack_id)
    if change_set.kind == UPDATE:
        check_updatable(stack)
    for other in _of_stack(self, stack):
        if other is not change_set:
            del backend.change_sets[other.change_set_id]
    options = change_set.submission.options
    if self._get_param("DisableRollback"):
        options = replace(options, on_failure=operations.DO_NOTHING)
    token = self._get_param("ClientRequestToken")
    options = replace(options, token=token, change_set=change_set.change_set_id, caller=current_caller())
    if change_set.submission.notifications:
        stack.notification_arns = list(change_set.submission.notifications)
    operate = operations.create if change_set.kind == CREATE else operations.update
    change_set.execution_status = "EXECUTE_IN_PROGRESS"
    operate(backend, stack, change_set.submission.wanted, options)
    failed = "FAILED" in stack.status or "ROLLBACK" in stack.status or stack.status.startswith("DELETE")
    change_set.execution_status = "EXECUTE_FAILED" if failed else "EXECUTE_COMPLETE"
    return EmptyResult()


def delete_change_set(self: Moto) -> ActionResult:
    """Delete a change set, if it exists. A stack that waited for it still does."""
    try:
        change_set = _named(self)
    except ChangeSetNotFound:
        return EmptyResult()
    if change_set.shown()[0] == "CREATE_IN_PROGRESS":
        # Whoever tries again sees it go on, as one who describes it does.
        change_set.polls -= 1
        raise InvalidChangeSetStatus(
            f"ChangeSet [{change_set.change_set_id}] cannot be deleted in its current status of [CREATE_IN_PROGRESS]"
        )
    del self.cloudformation_backend.change_sets[change_set.change_set_id]
    return EmptyResult()


def list_change_sets(self: Moto) -> ActionResult:
    """List the change sets of a stack."""
    stack = stack_named(self, self._get_param("StackName"), deleted=False)
    return page(self, "Summaries", [each.summary() for each in _of_stack(self, stack)])


def _of_stack(request: Moto, stack: Stack) -> list[ChangeSet]:
    return [each for each in request.cloudformation_backend.change_sets.values() if each.stack_id == stack.stack_id]


def _existing(request: Moto, name: str) -> Stack | None:
    try:
        return stack_named(request, name, deleted=False)
    except ValidationError:
        return None


def _named(request: Moto) -> ChangeSet:
    """The change set of a request, by its id, or by its name and its stack."""
    name, stack_name = request._get_param("ChangeSetName"), request._get_param("StackName")
    change_sets: dict[str, ChangeSet] = request.cloudformation_backend.change_sets
    if name in change_sets:
        return change_sets[name]
    if not name.startswith("arn:"):
        if not stack_name:
            raise ValidationError(message="StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack = _existing(request, stack_name)
        if stack is None:
            raise ChangeSetNotFound(f"Stack [{stack_name}] does not exist") from None
        for change_set in change_sets.values():
            if (change_set.name, change_set.stack_id) == (name, stack.stack_id):
                return change_set
    raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")
