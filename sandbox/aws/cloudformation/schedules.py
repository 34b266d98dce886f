"""AWS::Scheduler::Schedule and ScheduleGroup, resource types that the emulator lacks.

A simulation of AWS::Scheduler::Schedule
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html) and
ScheduleGroup
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedulegroup.html). The
schedules are kept in moto's own Scheduler, so its API returns them too. `sandbox.aws.schedules` runs them.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.scheduler.models import scheduler_backends

from sandbox.aws.cloudformation.expressions import NoExpression, due_at
from sandbox.aws.partition import arn_of, is_arn_of

Json = dict[str, Any]
_DEFAULT_GROUP: Final = "default"
_PROPERTIES: Final = frozenset(
    {"Name", "GroupName", "Description", "ScheduleExpression", "FlexibleTimeWindow", "State", "Target"},
)
_TARGET: Final = frozenset({"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig", "EventBridgeParameters"})
_EVENT: Final = frozenset({"DetailType", "Source"})


class ScheduleGroupResource(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Scheduler::ScheduleGroup."""

    def __init__(self, name: str, arn: str) -> None:
        self.physical_resource_id = name
        self.arn = arn

    def get_cfn_attribute(self, attribute: str) -> str:
        """The only attribute that is modeled, Arn."""
        if attribute != "Arn":
            raise ValidationError(message=f"the attribute {attribute} of a schedule group is not modeled")
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with the resource's name."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::Scheduler::ScheduleGroup"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> ScheduleGroupResource:
        """Create the group. CloudFormation does not take over an existing group of the same name."""
        tags = _group_tags(cloudformation_json)
        backend = scheduler_backends[account_id][region_name]
        if resource_name in backend.schedule_groups:
            raise ValidationError(message=f"{resource_name} already exists")
        return cls(resource_name, backend.create_schedule_group(resource_name, tags).arn)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ScheduleGroupResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> ScheduleGroupResource:
        """Replace the tags, which are all that can change without a replacement."""
        if new_resource_name != original_resource.physical_resource_id:
            raise ValidationError(message="the replacement of a schedule group is not modeled")
        backend = scheduler_backends[account_id][region_name]
        before = backend.list_tags_for_resource(original_resource.arn)["Tags"]
        backend.untag_resource(original_resource.arn, [tag["Key"] for tag in before])
        backend.tag_resource(original_resource.arn, _group_tags(cloudformation_json))
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the group with its schedules."""
        scheduler_backends[account_id][region_name].delete_schedule_group(self.physical_resource_id)


def _group_tags(resource: Json) -> list[Json]:
    properties = resource.get("Properties", {})
    if unknown := sorted(properties.keys() - {"Name", "Tags"}):
        raise ValidationError(message=f"properties of a schedule group that are not modeled: {unknown}")
    return list(properties.get("Tags", ()))


class ScheduleResource(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::Scheduler::Schedule."""

    def __init__(self, name: str, group: str, account_id: str, region_name: str) -> None:
        self.physical_resource_id = name
        self.group = group
        self.arn = arn_of("scheduler", region_name, account_id, f"schedule/{group}/{name}")

    def get_cfn_attribute(self, attribute: str) -> str:
        """The only attribute, Arn."""
        if attribute != "Arn":
            raise ValidationError(message=f"a schedule has no attribute {attribute}")
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with the resource's name."""
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> ScheduleResource:
        """Create the schedule. CloudFormation does not take over an existing schedule of the same name."""
        settings, group = _settings(cloudformation_json["Properties"]), _group(cloudformation_json["Properties"])
        backend = scheduler_backends[account_id][region_name]
        if group not in backend.schedule_groups:
            raise ValidationError(message=f"Schedule group {group} does not exist.")
        if resource_name in backend.schedule_groups[group].schedules:
            raise ValidationError(message=f"{resource_name} already exists")
        backend.create_schedule(name=resource_name, group_name=group, action_after_completion=None, **settings)
        return cls(resource_name, group, account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: ScheduleResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> ScheduleResource:
        """Replace the whole configuration. A new name is a new schedule; a new group alone is not.

        CloudFormation identifies a schedule by its name, and looks for it in the new group
        (https://github.com/aws/aws-cdk/issues/34216).
        """
        properties, name = cloudformation_json["Properties"], original_resource.physical_resource_id
        if "Name" in properties and new_resource_name != name:
            created = cls.create_from_cloudformation_json(
                new_resource_name, cloudformation_json, account_id, region_name
            )
            original_resource.delete(account_id, region_name)
            return created
        if _group(properties) != original_resource.group:
            raise ValidationError(
                message=f"Resource of type 'AWS::Scheduler::Schedule' with identifier '{name}' was not found."
            )
        scheduler_backends[account_id][region_name].update_schedule(
            name=name, group_name=original_resource.group, **_settings(properties)
        )
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the schedule, unless it went with its group."""
        group = scheduler_backends[account_id][region_name].schedule_groups.get(self.group)
        if group is not None:
            group.delete_schedule(self.physical_resource_id)


def _group(properties: Json) -> str:
    group: str = properties.get("GroupName", _DEFAULT_GROUP)
    return group


def _settings(properties: Json) -> Json:
    """The parameters of moto's CreateSchedule. Refuses what Scheduler refuses and what is not modeled."""
    if unknown := sorted(properties.keys() - _PROPERTIES):
        raise ValidationError(message=f"properties of a schedule that are not modeled: {unknown}")
    target = properties["Target"]
    if unknown := sorted(target.keys() - _TARGET):
        raise ValidationError(message=f"properties of a schedule's target that are not modeled: {unknown}")
    _check_target(target)
    try:
        due_at(properties["ScheduleExpression"], 0, None)
    except NoExpression as refused:
        raise ValidationError(message=str(refused)) from refused
    window = properties["FlexibleTimeWindow"]
    minutes = window.get("MaximumWindowInMinutes")
    # "Mode" and "MaximumWindowInMinutes" (1 to 1,440):
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/API_FlexibleTimeWindow.html
    if (window["Mode"] == "FLEXIBLE") != (minutes is not None) or window["Mode"] not in {"FLEXIBLE", "OFF"}:
        raise ValidationError(message="a FLEXIBLE time window, and no other, needs MaximumWindowInMinutes")
    return {
        "description": properties.get("Description"),
        "end_date": None,
        "flexible_time_window": window,
        "kms_key_arn": None,
        "schedule_expression": properties["ScheduleExpression"],
        "schedule_expression_timezone": None,
        "start_date": None,
        "state": properties.get("State", "ENABLED"),
        "target": target,
    }


def _check_target(target: Json) -> None:
    """Refuse what Scheduler refuses of a target that is a queue or an event bus, and any other target.

    The API's model refuses a source that begins with `aws.`.

    "Target" (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html) and "EventBridgeParameters"
    (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EventBridgeParameters.html).
    """
    arn, parameters = target["Arn"], target.get("EventBridgeParameters")
    if is_arn_of("sqs", arn):
        if parameters is not None:
            raise ValidationError(message="EventBridgeParameters are for a target that is an event bus")
        return
    if not (is_arn_of("events", arn) and ":event-bus/" in arn):
        raise ValidationError(message=f"{arn} is not a queue or an event bus: other targets are not modeled")
    if parameters is None or parameters.keys() != _EVENT:
        raise ValidationError(message=f"EventBridgeParameters must have {sorted(_EVENT)}")
    try:
        detail = json.loads(target.get("Input", ""))
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        raise ValidationError(message="the Input of an event must be a JSON object: a default is not modeled")
