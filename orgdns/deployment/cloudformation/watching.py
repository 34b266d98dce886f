"""The alarms of the hub that roll an update back.

CloudFormation rolls an update back if one of these alarms fires while it works, and for some minutes after that. It
takes five of them at most, and fails if one does not exist ("Roll back your CloudFormation stack on alarm breach with
rollback triggers", https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from orgdns.deployment.cloudformation.template_changes import resources_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Whether the functions fail, the path from an event to a record works, and names are published in time.
WATCHED: Final = (
    "FunctionsErrorsAlarm",
    "HeartbeatsAlarm",
    "NamesOverdueAlarm",
    "StreamBehindAlarm",
    "FunctionsThrottlesAlarm",
)
_ALARM: Final = "AWS::CloudWatch::Alarm"


@dataclass(frozen=True, slots=True)
class Watch:
    """The ARNs of the alarms to watch, and the names of those that fire already, which say nothing about the update."""

    arns: tuple[str, ...] = ()
    firing: tuple[str, ...] = ()


def watch(stacks: Any, alarms: Any, stack: str, desired: str) -> Watch:  # noqa: ANN401 - two clients
    """The alarms that the deployed stack has and keeps.

    Args:
        stacks: A client of CloudFormation.
        alarms: A client of CloudWatch.
        stack: The name of the deployed stack.
        desired: The template that it is updated to.
    """
    kept = resources_of(desired).keys() & set(WATCHED)
    names = [name for logical_id, name in sorted(_deployed(stacks, stack)) if logical_id in kept]
    if not names:
        return Watch()
    found: list[Mapping[str, Any]] = alarms.describe_alarms(AlarmNames=names)["MetricAlarms"]
    firing = {each["AlarmName"] for each in found if each["StateValue"] == "ALARM"}
    arns = [each["AlarmArn"] for each in found if each["AlarmName"] not in firing]
    return Watch(tuple(sorted(arns)), tuple(sorted(firing)))


def _deployed(client: Any, stack: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a client
    """The logical and physical ids of the stack's alarms."""
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack):
        for each in page["StackResourceSummaries"]:
            if each["ResourceType"] == _ALARM and "PhysicalResourceId" in each:
                yield each["LogicalResourceId"], each["PhysicalResourceId"]
