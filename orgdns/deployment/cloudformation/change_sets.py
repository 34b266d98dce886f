"""Change sets: what CloudFormation would do to a stack, and the calls that make, read and delete them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code
from orgdns.deployment.cloudformation.template_changes import Change
from orgdns.deployment.faults import DeploymentFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from orgdns.deployment.stacks import Stack

# CloudFormation says only in words that a change set is empty, in two ways. `aws cloudformation deploy` looks for the
# same words.
_EMPTY: Final = ("didn't contain changes", "No updates are to be performed")
# Most change sets take seconds. CloudFormation gives up by itself, so this many seconds are an error of ours.
_LONGEST: Final = 900
_PAUSE: Final = 2.0
_LONGEST_REFUSAL: Final = 120
_GONE: Final = frozenset({"ChangeSetNotFound", "ChangeSetNotFoundException", "ValidationError"})


@dataclass(frozen=True, slots=True)
class Request:
    """What a change set is made of.

    Attributes:
        stack: The stack.
        creates: Whether the stack does not exist yet.
        values: The value of each parameter to pass; None keeps the value that the stack has.
        template: Where the template is: `TemplateBody` or `TemplateURL`.
        alarms: The ARNs of the alarms that roll an update back.
        watch_minutes: For how many minutes after the update they are watched.
        purpose: Keeps the change sets of saved plans apart from others.
    """

    stack: Stack
    creates: bool
    values: Mapping[str, str | None]
    template: Mapping[str, str]
    alarms: tuple[str, ...] = ()
    watch_minutes: int = 0
    purpose: str = "deploy"

    @property
    def digest(self) -> str:
        """A digest of everything that the change set depends on."""
        content = [
            self.stack.place,
            self.stack.body,
            sorted(self.values.items()),
            sorted(self.stack.tags.items()),
            list(self.alarms),
            self.watch_minutes,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def name(self) -> str:
        """The name of the change set. A run that is repeated finds what an interrupted one left."""
        return f"orgdns-{self.purpose}-{self.digest[:16]}"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed, or an empty one.

    Attributes:
        arn: Its ARN.
        changes: What it would change.
        empty: Whether there is nothing to execute.
    """

    arn: str
    changes: tuple[Change, ...] = field(default=())
    empty: bool = False


def created(client: Any, request: Request, sleep: Callable[[float], None]) -> ChangeSet:  # noqa: ANN401 - a client
    """Create a change set, and wait until CloudFormation knows what it would change.

    An empty one is deleted, and so is one that is interrupted or not complete in time.

    Raises:
        DeploymentFault: if CloudFormation cannot create it.
    """
    try:
        answer = _create(client, request)
    except ClientError as error:
        if error_code(error) != "AlreadyExistsException":
            raise
        # An earlier run was interrupted.
        deleted(client, sleep, ChangeSetName=request.name, StackName=request.stack.name)
        answer = _create(client, request)
    arn = answer["Id"]
    try:
        return _completed(client, request, arn, sleep)
    except (Exception, KeyboardInterrupt):
        deleted(client, sleep, ChangeSetName=arn)
        raise


def _completed(client: Any, request: Request, arn: str, sleep: Callable[[float], None]) -> ChangeSet:  # noqa: ANN401 - a client
    """The change set once CloudFormation knows what it would change."""
    for _ in range(int(_LONGEST / _PAUSE)):
        found = client.describe_change_set(ChangeSetName=arn)
        status, reason = found["Status"], found.get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            return ChangeSet(arn, tuple(_changes(client, arn, found)))
        if status == "FAILED":
            client.delete_change_set(ChangeSetName=arn)
            if any(words in reason for words in _EMPTY):
                return ChangeSet(arn, empty=True)
            raise DeploymentFault(f"{request.stack.place}: CloudFormation cannot make a change set: {reason}")
        sleep(_PAUSE)
    raise DeploymentFault(f"{request.stack.place}: the change set {arn} is still not complete: try again later")


def deleted(client: Any, sleep: Callable[[float], None], **named: str) -> None:  # noqa: ANN401 - a client
    """Delete a change set, if it is still there. The names are those of `DeleteChangeSet`.

    CloudFormation refuses to delete a change set that it still creates: "the change set status might be
    CREATE_IN_PROGRESS" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteChangeSet.html).

    Raises:
        DeploymentFault: if CloudFormation refuses it for too long.
    """
    for _ in range(int(_LONGEST_REFUSAL / _PAUSE)):
        try:
            client.delete_change_set(**named)
        except ClientError as error:
            if error_code(error) in _GONE:
                return
            if error_code(error) != "InvalidChangeSetStatus":
                raise
            sleep(_PAUSE)
        else:
            return
    raise DeploymentFault(
        f"CloudFormation still works on the change set {named['ChangeSetName']}: run the command again later"
    )


def executable(client: Any, arn: str) -> bool:  # noqa: ANN401 - a client
    """Whether a change set is there and can be executed."""
    try:
        found = client.describe_change_set(ChangeSetName=arn)
    except ClientError as error:
        if error_code(error) in _GONE:
            return False
        raise
    return bool(found.get("ExecutionStatus") == "AVAILABLE")


def _create(client: Any, request: Request) -> Any:  # noqa: ANN401 - the answer of a client
    rollback = (
        {
            "RollbackConfiguration": {
                "RollbackTriggers": [{"Arn": arn, "Type": "AWS::CloudWatch::Alarm"} for arn in request.alarms],
                "MonitoringTimeInMinutes": request.watch_minutes,
            }
        }
        if request.alarms
        else {}
    )
    return client.create_change_set(
        StackName=request.stack.name,
        ChangeSetName=request.name,
        ChangeSetType="CREATE" if request.creates else "UPDATE",
        Description="Made by orgdns deploy.",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[_parameter(name, value) for name, value in sorted(request.values.items())],
        Tags=[{"Key": key, "Value": value} for key, value in sorted(request.stack.tags.items())],
        **request.template,
        **rollback,
    )


def _parameter(name: str, value: str | None) -> dict[str, str | bool]:
    if value is None:
        return {"ParameterKey": name, "UsePreviousValue": True}
    return {"ParameterKey": name, "ParameterValue": value}


def _changes(client: Any, arn: str, first: Mapping[str, Any]) -> Iterator[Change]:  # noqa: ANN401 - a client
    page = first
    while True:
        for each in page.get("Changes", ()):
            change = each["ResourceChange"]
            replacement = change.get("Replacement", "")
            yield Change(
                change["LogicalResourceId"],
                change["ResourceType"],
                change["Action"],
                replacement if replacement in {"True", "Conditional"} else "",
            )
        if not (token := page.get("NextToken")):
            return
        page = client.describe_change_set(ChangeSetName=arn, NextToken=token)
