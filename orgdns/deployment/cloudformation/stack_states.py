"""The state in which a deployment finds a stack, and what has to come first. Reads AWS; decides in pure functions.

"Stack status codes": https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.sessions import error_code

if TYPE_CHECKING:
    from collections.abc import Mapping

# Created by a change set that nobody executed.
IN_REVIEW: Final = "REVIEW_IN_PROGRESS"
_UPDATED: Final = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)
# Stacks that never worked: they can only be deleted.
_DELETED_FIRST: Final = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED"})


class Next(Enum):
    """What a deployment does with a stack in this state."""

    CREATE = auto()
    UPDATE = auto()
    WAIT = auto()
    DELETE_FIRST = auto()
    GIVE_UP = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """A stack as AWS describes it; without a status if there is none.

    Attributes:
        status: Its status.
        stack_id: Its ARN, which a later stack of the same name does not have.
        updated: When its last update began; empty if there was none.
        outputs: Its outputs.
        parameters: Its parameters.
        tags: Its tags.
        protected: Whether it has termination protection.
        reason: Why it has the status.
    """

    status: str = ""
    stack_id: str = ""
    updated: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    reason: str = ""

    @property
    def deployed(self) -> bool:
        """Whether the stack has resources that a change set can update."""
        return self.status in _UPDATED

    @property
    def ended(self) -> bool:
        """Whether no operation of the stack is in progress."""
        return not self.status.endswith("_IN_PROGRESS") or self.status == IN_REVIEW


def next_step(found: Found) -> Next:
    """What to do with a stack in this state. Pure."""
    if found.status in {"", IN_REVIEW, "DELETE_COMPLETE"}:
        return Next.CREATE
    if found.deployed:
        return Next.UPDATE
    if not found.ended:
        return Next.WAIT
    return Next.DELETE_FIRST if found.status in _DELETED_FIRST else Next.GIVE_UP


def advice(name: str, region: str, found: Found) -> str:
    """What a person does about a stack that a deployment cannot go on with."""
    reason = f" ({found.reason})" if found.reason else ""
    where = f"--stack-name {name} --region {region}"
    match found.status:
        case "UPDATE_ROLLBACK_FAILED":
            what = f"remove the cause, then run: aws cloudformation continue-update-rollback {where}"
        case "UPDATE_FAILED":
            what = f"run: aws cloudformation rollback-stack {where}"
        case _:
            what = f"remove the cause, then run: aws cloudformation delete-stack {where}"
    return f"{name} in {region} is {found.status}{reason}: {what}, and then `orgdns deploy` again"


def found_stack(client: Any, name: str) -> Found:  # noqa: ANN401 - a client of CloudFormation
    """The stack of this name.

    Raises:
        ClientError: if AWS does not say.
    """
    try:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # A stack that does not exist is a ValidationError ("DescribeStacks",
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
        if error_code(error) == "ValidationError":
            return Found()
        raise
    return Found(
        status=stack["StackStatus"],
        stack_id=stack["StackId"],
        updated=str(stack.get("LastUpdatedTime", "")),
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())},
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in stack.get("Parameters", ())},
        tags={each["Key"]: each["Value"] for each in stack.get("Tags", ())},
        protected=bool(stack.get("EnableTerminationProtection")),
        reason=stack.get("StackStatusReason", ""),
    )
