"""The rollback triggers of an operation: CloudWatch alarms, by their ARNs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudwatch.models import cloudwatch_backends

if TYPE_CHECKING:
    from moto.cloudformation.models import Stack

    from sandbox.aws.cloudformation.stacks.state import RollbackConfiguration


def missing(stack: Stack, configuration: RollbackConfiguration) -> str:
    """The ARN of a trigger that does not exist, or an empty text."""
    return next((arn for arn in configuration.triggers if _alarm(stack, arn) is None), "")


def breached(stack: Stack, configuration: RollbackConfiguration) -> str:
    """The ARN of a trigger that is in the state ALARM, or an empty text."""
    for arn in configuration.triggers:
        alarm = _alarm(stack, arn)
        if alarm is not None and alarm.state_value == "ALARM":
            return arn
    return ""


def _alarm(stack: Stack, arn: str) -> Any:  # noqa: ANN401 - moto ships no types
    alarms = cloudwatch_backends[stack.account_id][stack.region_name].alarms
    return alarms.get(arn.partition(":alarm:")[2])
