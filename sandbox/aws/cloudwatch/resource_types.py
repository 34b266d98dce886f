"""AWS::CloudWatch::Alarm and Dashboard, resource types that the emulator lacks or does not check.

A simulation of AWS::CloudWatch::Alarm
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html) and
Dashboard
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-dashboard.html). Alarms
and dashboards are kept in moto's own CloudWatch, so its API returns them too. `sandbox.aws.cloudwatch.alarms` evaluates
the alarms.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import Dashboard, Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends
from moto.core.common_models import CloudFormationModel

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudwatch.rules.dashboards import DashboardRefused, check_dashboard
from sandbox.aws.partition import is_arn_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
# An alarm or dashboard of the emulator, which ships no types.
Moto = Any

# The properties of an alarm, and the names of moto's parameters.
_PARAMETERS: Final = {
    "ActionsEnabled": "actions_enabled",
    "AlarmActions": "alarm_actions",
    "AlarmDescription": "description",
    "ComparisonOperator": "comparison_operator",
    "DatapointsToAlarm": "datapoints_to_alarm",
    "Dimensions": "dimensions",
    "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentile",
    "EvaluationPeriods": "evaluation_periods",
    "ExtendedStatistic": "extended_statistic",
    "InsufficientDataActions": "insufficient_data_actions",
    "MetricName": "metric_name",
    "Metrics": "metric_data_queries",
    "Namespace": "namespace",
    "OKActions": "ok_actions",
    "Period": "period",
    "Statistic": "statistic",
    "Tags": "tags",
    "Threshold": "threshold",
    "TreatMissingData": "treat_missing_data",
    "Unit": "unit",
}
_NEEDED: Final = ("ComparisonOperator", "EvaluationPeriods", "Threshold")
_DEFAULTS: Final[Json] = {
    "alarm_actions": [],
    "description": None,
    "dimensions": [],
    "metric_name": None,
    "namespace": None,
    "period": None,
    "statistic": None,
    "treat_missing_data": "missing",
}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
_DASHBOARD_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_QUERY: Final = frozenset({"Expression", "Id", "Label", "MetricStat", "Period", "ReturnData"})
_STAT: Final = frozenset({"Metric", "Period", "Stat", "Unit"})
_METRIC: Final = frozenset({"Dimensions", "MetricName", "Namespace"})


class Alarm(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::CloudWatch::Alarm: an alarm on one metric, or on an expression."""

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
        return cls(backend.put_metric_alarm(name=name, **_settings(properties, region_name)))

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the alarm."""
        cloudwatch_backends[account_id][region_name].delete_alarms([self.physical_resource_id])


@contextmanager
def dashboard_type() -> Iterator[None]:
    """Check dashboards, and give them the names in their templates, while the context lasts."""
    with replaced(
        Dashboard,
        cloudformation_name_type=staticmethod(lambda: "DashboardName"),
        create_from_cloudformation_json=classmethod(_create_dashboard),
        update_from_cloudformation_json=classmethod(_update_dashboard),
    ):
        yield


def _create_dashboard(
    _cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **_kwargs: object
) -> Moto:
    """Create a dashboard. CloudFormation does not take over an existing dashboard of the same name."""
    properties = cloudformation_json["Properties"]
    if name in cloudwatch_backends[account_id][region].dashboards:
        raise ValidationError(message=f"{name} already exists")
    return _put_dashboard(name, properties, account_id, region)


def _update_dashboard(
    _cls: type,
    original_resource: Moto,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Moto:
    """Replace the body of a dashboard."""
    properties, name = cloudformation_json["Properties"], original_resource.name
    if "DashboardName" in properties and new_resource_name != name:
        raise ValidationError(message="the replacement of a dashboard is not modeled")
    return _put_dashboard(name, properties, account_id, region_name)


def _put_dashboard(name: str, properties: Json, account: str, region: str) -> Moto:
    backend = cloudwatch_backends[account][region]
    dashboard = backend.put_dashboard(name=name, body=_body(name, properties))
    backend.tagger.delete_all_tags_for_resource(dashboard.arn)
    backend.tagger.tag_resource(dashboard.arn, properties.get("Tags"))
    return dashboard


def _body(name: str, properties: Json) -> str:
    if unknown := sorted(properties.keys() - {"DashboardBody", "DashboardName", "Tags"}):
        raise ValidationError(message=f"properties of a dashboard that are not modeled: {unknown}")
    if not _DASHBOARD_NAME.fullmatch(name):
        raise ValidationError(message=f"{name!r} is not valid: a dashboard's name has letters, digits, - and _")
    body: str = properties["DashboardBody"]
    try:
        check_dashboard(body)
    except DashboardRefused as refused:
        raise ValidationError(message=str(refused)) from refused
    return body


def _settings(properties: Json, region: str) -> Json:
    """The parameters of moto's PutMetricAlarm. Refuses what CloudFormation refuses and what is not modeled."""
    # AWS::NoValue removes a property.
    given = {name: value for name, value in properties.items() if value is not None and name != "AlarmName"}
    if unknown := sorted(given.keys() - _PARAMETERS.keys()):
        raise ValidationError(message=f"properties of an alarm that are not modeled: {unknown}")
    if missing := sorted(set(_NEEDED) - given.keys()):
        raise ValidationError(message=f"an alarm needs {missing}")
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in given.get(name, ()):
            if not is_arn_of(f"sns:{region}", action):
                raise ValidationError(message=f"{action} is not an SNS topic of {region}: only topics are modeled")
    if "Metrics" in given:
        given["Metrics"] = [_query(query) for query in given["Metrics"]]
    return _DEFAULTS | {_PARAMETERS[name]: value for name, value in given.items()}


def _query(query: Json) -> Moto:
    """An entry of Metrics as moto's PutMetricAlarm takes it."""
    stat = query.get("MetricStat", {})
    metric = stat.get("Metric", {})
    for part, known in ((query, _QUERY), (stat, _STAT), (metric, _METRIC)):
        if unknown := sorted(part.keys() - known):
            raise ValidationError(message=f"properties of an alarm's Metrics that are not modeled: {unknown}")
    dimensions = [Dimension(each["Name"], each["Value"]) for each in metric.get("Dimensions", ())]
    return MetricDataQuery(
        query_id=query["Id"],
        label=query.get("Label"),
        period=query.get("Period"),
        return_data=_flag(query.get("ReturnData", True)),
        expression=query.get("Expression"),
        metric_stat=MetricStat(
            Metric(metric["MetricName"], metric["Namespace"], dimensions),
            stat["Period"],
            stat["Stat"],
            stat.get("Unit"),
        )
        if stat
        else None,
    )


def _flag(value: object) -> bool:
    """A boolean, which a template may write as text."""
    return str(value).lower() == "true"
