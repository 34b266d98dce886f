"""Stacks, events and resources in the form in which CloudFormation's API returns them.

"Data types" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Types.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.cloudformation.stacks.state import in_progress, state_of, visible_events, visible_status

if TYPE_CHECKING:
    from moto.cloudformation.models import Event, Stack

Json = dict[str, Any]
_HIDDEN: Final = "****"


def physical_ids(stack: Stack) -> dict[str, str]:
    """The physical ids of a stack's resources, by logical id."""
    parsed = stack.resource_map._parsed_resources
    names = stack.template_dict.get("Resources", {})
    return {name: str(parsed[name].physical_resource_id) for name in names if parsed.get(name) is not None}


def described(stack: Stack) -> Json:
    """The stack as a description has it."""
    state = state_of(stack)
    (status, reason), parameters = visible_status(stack), stack.template_dict.get("Parameters", {})
    shown = {
        name: _HIDDEN if str(parameters.get(name, {}).get("NoEcho", "")).lower() == "true" else value
        for name, value in stack.parameters.items()
    }
    complete = not in_progress(stack) and not status.endswith("FAILED") and stack.template_dict
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "ChangeSetId": state.change_set,
        "Description": stack.description,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in shown.items()],
        "CreationTime": stack.creation_time,
        "LastUpdatedTime": state.updated,
        "DeletionTime": state.deleted,
        "RollbackConfiguration": state.rollback.described(),
        "StackStatus": status,
        "StackStatusReason": reason or None,
        "DisableRollback": state.disable_rollback,
        "NotificationARNs": stack.notification_arns,
        "TimeoutInMinutes": stack.timeout_in_minutes,
        "Capabilities": list(state.capabilities),
        "Outputs": _outputs(stack) if complete and status != "ROLLBACK_COMPLETE" else [],
        "RoleARN": stack.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": stack.enable_termination_protection,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def _outputs(stack: Stack) -> list[Json]:
    if stack.status in {"DELETE_COMPLETE", "DELETE_IN_PROGRESS"}:
        return []
    return [{key: value for key, value in each.items() if value is not None} for each in stack.outputs or ()]


def summarized(stack: Stack) -> Json:
    """The stack as a list has it."""
    state, (status, reason) = state_of(stack), visible_status(stack)
    return {
        "StackId": stack.stack_id,
        "StackName": stack.name,
        "TemplateDescription": stack.description,
        "CreationTime": stack.creation_time,
        "LastUpdatedTime": state.updated,
        "DeletionTime": state.deleted,
        "StackStatus": status,
        "StackStatusReason": reason or None,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def described_event(event: Event) -> Json:
    """The event as a description has it."""
    return {
        "StackId": event.stack_id,
        "EventId": event.event_id,
        "StackName": event.stack_name,
        "LogicalResourceId": event.logical_resource_id,
        "PhysicalResourceId": event.physical_resource_id,
        "ResourceType": event.resource_type,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.resource_status,
        "ResourceStatusReason": event.resource_status_reason,
        "ClientRequestToken": event.client_request_token,
    }


def described_resources(stack: Stack, timestamp: str) -> list[Json]:
    """The resources as their last visible events show them."""
    last = {event.logical_resource_id: event for event in visible_events(stack)}
    existing, bodies = physical_ids(stack), stack.template_dict.get("Resources", {})
    return [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": existing.get(name) or last[name].physical_resource_id,
            "ResourceType": bodies[name]["Type"],
            timestamp: last[name].timestamp,
            "ResourceStatus": last[name].resource_status,
            "ResourceStatusReason": last[name].resource_status_reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }
        for name in bodies
        if name in last
    ]
