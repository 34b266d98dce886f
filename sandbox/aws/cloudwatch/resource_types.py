"""AWS::CloudWatch::Alarm, a resource type that the emulator lacks.

A simulation of AWS::CloudWatch::Alarm
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html). The alarms
are kept in moto's own CloudWatch, so its API returns them too. Nothing evaluates them.
"""

from __future__ import annotations

from typing import Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel

from sandbox.aws.partition import is_arn_of

Json = dict[str, Any]
# An alarm of the emulator, which ships no types.
Moto = Any

# The required and the optional properties of an alarm on one metric, with the names of moto's parameters.
_NEEDED: Final = {
    "Namespace": "namespace",
    "MetricName": "metric_name",
    "Statistic": "statistic",
    "Period": "period",
    "EvaluationPeriods": "evaluation_periods",
    "Threshold": "threshold",
    "ComparisonOperator": "comparison_operator",
}
_OPTIONAL: Final = {
    "ActionsEnabled": "actions_enabled",
    "AlarmActions": "alarm_actions",
    "AlarmDescription": "description",
    "DatapointsToAlarm": "datapoints_to_alarm",
    "Dimensions": "dimensions",
    "InsufficientDataActions": "insufficient_data_actions",
    "OKActions": "ok_actions",
    "TreatMissingData": "treat_missing_data",
    "Tags": "tags",
    "Unit": "unit",
}
_DEFAULTS: Final[Json] = {"alarm_actions": [], "description": None, "dimensions": [], "treat_missing_data": "missing"}
_NUMBERS: Final = {"Period": int, "EvaluationPeriods": int, "DatapointsToAlarm": int, "Threshold": float}
_MISSING_DATA: Final = frozenset({"breaching", "ignore", "missing", "notBreaching"})


class Alarm(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::CloudWatch::Alarm: an alarm on one metric."""

    def __init__(self, alarm: Moto) -> None:
        self.physical_resource_id = str(alarm.name)
        self.arn = str(alarm.alarm_arn)

    def get_cfn_attribute(self, attribute: str) -> str:
        """The only attribute, Arn."""
        if attribute != "Arn":
            raise ValidationError(message=f"an alarm has no attribute {attribute}")
        return self.arn

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with the resource's name."""
        return "AlarmName"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> Alarm:
        """Create the alarm. CloudFormation does not take over an existing alarm of the same name."""
        settings = _settings(cloudformation_json["Properties"], region_name)
        backend = cloudwatch_backends[account_id][region_name]
        if resource_name in backend.alarms:
            raise ValidationError(message=f"{resource_name} already exists")
        return cls(backend.put_metric_alarm(name=resource_name, **settings))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Alarm,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> Alarm:
        """Replace the whole configuration, and keep the alarm's state."""
        properties, name = cloudformation_json["Properties"], original_resource.physical_resource_id
        if "AlarmName" in properties and new_resource_name != name:
            raise ValidationError(message="the replacement of an alarm is not modeled")
        backend = cloudwatch_backends[account_id][region_name]
        before = backend.alarms[name]
        alarm = backend.put_metric_alarm(name=name, **_settings(properties, region_name))
        alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
        return cls(alarm)

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the alarm."""
        cloudwatch_backends[account_id][region_name].delete_alarms([self.physical_resource_id])


def _settings(properties: Json, region: str) -> Json:
    """The parameters of moto's PutMetricAlarm. Refuses what CloudWatch refuses and what is not modeled."""
    # AWS::NoValue removes a property.
    given = {name: value for name, value in properties.items() if value is not None and name != "AlarmName"}
    if unknown := sorted(given.keys() - _NEEDED.keys() - _OPTIONAL.keys()):
        raise ValidationError(message=f"properties of an alarm that are not modeled: {unknown}")
    if missing := sorted(_NEEDED.keys() - given.keys()):
        raise ValidationError(message=f"an alarm on one metric needs {missing}")
    settings = dict(_DEFAULTS)
    for name, parameter in (_NEEDED | _OPTIONAL).items():
        if name in given:
            settings[parameter] = _NUMBERS[name](given[name]) if name in _NUMBERS else given[name]
    if settings["treat_missing_data"] not in _MISSING_DATA:
        raise ValidationError(message="an alarm's TreatMissingData has a value that CloudWatch does not know")
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in given.get(name, ()):
            if not is_arn_of(f"sns:{region}", action):
                raise ValidationError(message=f"{action} is not an SNS topic of {region}: only topics are modeled")
    return settings
