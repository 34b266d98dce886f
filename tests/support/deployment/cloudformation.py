"""CloudFormation in memory: stacks with change sets, whose operations take a few polls, and may fail."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import Millis
from orgdns.deployment.cloudformation.template_changes import template_changes
from orgdns.deployment.stacks import parameters_of
from tests.support.deployment.aws import Answer, refused
from tests.support.deployment.s3 import StoredBucket
from tests.support.deployment.stack_sets import StackSets

TICKS = 2
_EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass
class StoredStack:
    name: str
    arn: str
    status: str = "REVIEW_IN_PROGRESS"
    body: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    change_sets: dict[str, Answer] = field(default_factory=dict)
    events: list[Answer] = field(default_factory=list)
    rollback: Any = None
    protected: bool = False
    updated: int = 0
    # The status that the operation ends in, and how many ticks it still takes.
    ending: str = ""
    ticks: int = 0

    @property
    def outputs(self) -> dict[str, str]:
        section = self.body.partition("\nOutputs:\n")[2]
        return {name: f"Z{name.upper()[-20:]}" for name in yaml.safe_load(section) or {}}


@dataclass
class Region:
    """The stacks of an account in a region, those that were deleted included."""

    stacks: dict[str, StoredStack] = field(default_factory=dict)


@dataclass
class State:
    """All stacks, and what will fail.

    Attributes:
        regions: The stacks by account and region.
        failing: The reason for which the operation of a stack fails next, by name; a failure happens once.
        instances: The stacks of the rollout, as StackSets list them.
        time: How long was slept, in milliseconds.
    """

    regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    instances: list[Answer] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    time: int = 0

    def now(self) -> Millis:
        """The time."""
        return Millis(self.time)

    def sleep(self, seconds: float) -> None:
        """Let all operations go on."""
        self.time += int(seconds * 1_000)
        for region in self.regions.values():
            for stack in region.stacks.values():
                for change_set in stack.change_sets.values():
                    change_set["_ticks"] = max(0, change_set["_ticks"] - 1)
                if stack.ticks:
                    stack.ticks -= 1
                    if not stack.ticks:
                        stack.status = stack.ending
                        self.event(stack, stack.status)

    def event(self, stack: StoredStack, status: str, reason: str = "", resource: str = "") -> None:
        event = {
            "EventId": str(next(self.numbers)),
            "StackId": stack.arn,
            "LogicalResourceId": resource or stack.name,
            "PhysicalResourceId": resource or stack.arn,
            "ResourceType": "AWS::Lambda::Function" if resource else "AWS::CloudFormation::Stack",
            "ResourceStatus": status,
            **({"ResourceStatusReason": reason} if reason else {}),
        }
        stack.events.insert(0, event)

    def of(self, account: str, region: str) -> Region:
        return self.regions.setdefault((account, region), Region())


@dataclass
class CloudFormation(StackSets):
    """The operations of an account in a region."""

    state: State
    buckets: dict[str, StoredBucket]
    account: str
    region: str

    @property
    def _stacks(self) -> dict[str, StoredStack]:
        return self.state.of(self.account, self.region).stacks

    def _stack(self, operation: str, name: str) -> StoredStack:
        for stack in self._stacks.values():
            if name in {stack.arn, stack.name if stack.status != "DELETE_COMPLETE" else ""}:
                return stack
        raise refused(operation, "ValidationError", f"Stack with id {name} does not exist")

    def describe_stacks(self, StackName: str) -> Answer:
        stack = self._stack("DescribeStacks", StackName)
        live = stack.status.endswith("COMPLETE") and "ROLLBACK" not in stack.status
        return {
            "Stacks": [
                {
                    "StackName": stack.name,
                    "StackId": stack.arn,
                    "StackStatus": stack.status,
                    "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in (stack.outputs if live else {}).items()],
                    "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in stack.parameters.items()],
                    "Tags": [{"Key": k, "Value": v} for k, v in stack.tags.items()],
                    "EnableTerminationProtection": stack.protected,
                    **({"LastUpdatedTime": stack.updated} if stack.updated else {}),
                }
            ]
        }

    def get_template(self, StackName: str) -> Answer:
        return {"TemplateBody": self._stack("GetTemplate", StackName).body}

    def create_change_set(self, StackName: str, ChangeSetName: str, ChangeSetType: str, **request: Any) -> Answer:
        creates = ChangeSetType == "CREATE"
        try:
            stack = self._stack("CreateChangeSet", StackName)
        except Exception:
            if not creates:
                raise
            number = next(self.state.numbers)
            arn = f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{StackName}/{number}"
            stack = self._stacks[arn] = StoredStack(StackName, arn)
        if creates != (stack.status == "REVIEW_IN_PROGRESS"):
            raise refused("CreateChangeSet", "ValidationError", f"Stack is {stack.status}")
        if ChangeSetName in stack.change_sets:
            raise refused("CreateChangeSet", "AlreadyExistsException")
        body = self._body(request)
        parameters = self._parameters(stack, body, request["Parameters"])
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        arn = (
            f"arn:aws:cloudformation:{self.region}:{self.account}:changeSet/{ChangeSetName}/{next(self.state.numbers)}"
        )
        changed = creates or (body, parameters, tags) != (stack.body, stack.parameters, stack.tags)
        stack.change_sets[ChangeSetName] = {
            "ChangeSetId": arn,
            "Status": "CREATE_COMPLETE" if changed else "FAILED",
            "StatusReason": "" if changed else _EMPTY,
            "ExecutionStatus": "AVAILABLE" if changed else "UNAVAILABLE",
            "Changes": [
                {
                    "ResourceChange": {
                        "Action": each.action,
                        "LogicalResourceId": each.logical_id,
                        "ResourceType": each.type,
                    }
                }
                for each in template_changes(stack.body or None, body)
            ],
            "_becomes": (body, parameters, tags, request.get("RollbackConfiguration")),
            "_ticks": TICKS,
        }
        return {"Id": arn, "StackId": stack.arn}

    def _body(self, request: Answer) -> str:
        if "TemplateURL" in request:
            address = urlsplit(request["TemplateURL"])
            bucket = self.buckets[address.netloc.split(".")[0]]
            return bucket.objects[address.path[1:]][0].decode()
        body: str = request["TemplateBody"]
        if len(body.encode()) > 51_200:
            raise refused("CreateChangeSet", "ValidationError", "templateBody is too long")
        return body

    def _parameters(self, stack: StoredStack, body: str, given: list[Answer]) -> dict[str, str]:
        declared, values = parameters_of(body), dict[str, str]()
        for each in given:
            name = each["ParameterKey"]
            previous = each.get("UsePreviousValue")
            if name not in declared or (previous and name not in stack.parameters):
                raise refused("CreateChangeSet", "ValidationError", f"Parameter {name} does not exist")
            values[name] = stack.parameters[name] if previous else each["ParameterValue"]
        for name, properties in declared.items():
            if name not in values:
                if "Default" not in properties:
                    raise refused("CreateChangeSet", "ValidationError", f"Parameters: [{name}] must have values")
                values[name] = str(properties["Default"])
        return values

    def _change_set(self, operation: str, name: str) -> tuple[StoredStack, str]:
        for stack in self._stacks.values():
            for key, change_set in stack.change_sets.items():
                if name in {key, change_set["ChangeSetId"]}:
                    return stack, key
        raise refused(operation, "ChangeSetNotFound")

    def describe_change_set(self, ChangeSetName: str, StackName: str = "", NextToken: str = "") -> Answer:
        assert StackName or ChangeSetName.startswith("arn:")
        stack, key = self._change_set("DescribeChangeSet", ChangeSetName)
        if stack.change_sets[key]["_ticks"]:
            return {"ChangeSetId": ChangeSetName, "Status": "CREATE_IN_PROGRESS", "ExecutionStatus": "UNAVAILABLE"}
        first, *rest = [*stack.change_sets[key]["Changes"][:1], *stack.change_sets[key]["Changes"][1:]] or [None]
        page = rest if NextToken else [first] if first else []
        more = {"NextToken": "more"} if rest and not NextToken else {}
        return {**stack.change_sets[key], "Changes": page} | more

    def delete_change_set(self, ChangeSetName: str, StackName: str = "") -> Answer:
        assert StackName or ChangeSetName.startswith("arn:")
        stack, key = self._change_set("DeleteChangeSet", ChangeSetName)
        if stack.change_sets[key]["_ticks"]:
            raise refused("DeleteChangeSet", "InvalidChangeSetStatus")
        del stack.change_sets[key]
        return {}

    def execute_change_set(self, ChangeSetName: str) -> Answer:
        stack, key = self._change_set("ExecuteChangeSet", ChangeSetName)
        change_set = stack.change_sets[key]
        if change_set["ExecutionStatus"] != "AVAILABLE" or change_set["_ticks"] or stack.ticks:
            raise refused("ExecuteChangeSet", "InvalidChangeSetStatus")
        creates = stack.status == "REVIEW_IN_PROGRESS"
        stack.change_sets.clear()
        verb = "CREATE" if creates else "UPDATE"
        stack.status, stack.ticks = f"{verb}_IN_PROGRESS", TICKS
        self.state.event(stack, stack.status, "User Initiated")
        if reason := self.state.failing.pop(stack.name, ""):
            self.state.event(stack, f"{verb}_FAILED", reason, "Observer")
            stack.ending = "ROLLBACK_COMPLETE" if creates else "UPDATE_ROLLBACK_COMPLETE"
            return {}
        stack.body, stack.parameters, stack.tags, stack.rollback = change_set["_becomes"]
        stack.ending = f"{verb}_COMPLETE"
        stack.updated += 0 if creates else 1
        if stack.name == NAMES.rollout_stack and creates:
            self.state.instances = [
                {"Account": "444444444444", "Region": "eu-west-1", "Status": "CURRENT", "StatusReason": ""}
            ]
        return {}

    def delete_stack(self, StackName: str) -> Answer:
        stack = self._stack("DeleteStack", StackName)
        if stack.protected:
            raise refused("DeleteStack", "ValidationError", "TerminationProtection is enabled")
        stack.status, stack.ticks, stack.ending = "DELETE_IN_PROGRESS", TICKS, "DELETE_COMPLETE"
        self.state.event(stack, stack.status, "User Initiated")
        if stack.name == NAMES.rollout_stack:
            self.state.instances = []
        if reason := self.state.failing.pop(stack.name, ""):
            self.state.event(stack, "DELETE_FAILED", reason, "Observer")
            stack.ending = "DELETE_FAILED"
        return {}

    def update_termination_protection(self, StackName: str, EnableTerminationProtection: bool) -> Answer:  # noqa: FBT001 - AWS's name
        self._stack("UpdateTerminationProtection", StackName).protected = EnableTerminationProtection
        return {}

    def describe_stack_events(self, StackName: str, NextToken: str = "0") -> Answer:
        events = self._stack("DescribeStackEvents", StackName).events
        start = int(NextToken)
        more = {"NextToken": str(start + 2)} if len(events) > start + 2 else {}
        return {"StackEvents": events[start : start + 2]} | more

    def list_stack_resources(self, StackName: str, NextToken: str = "") -> Answer:
        assert not NextToken
        stack = self._stack("ListStackResources", StackName)
        resources = template_changes(None, stack.body)
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": each.logical_id,
                    "PhysicalResourceId": f"orgdns-{each.logical_id}",
                    "ResourceType": each.type,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for each in resources
            ]
        }
