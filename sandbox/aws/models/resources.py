"""What AWS refuses of a resource in a template. Pure, except that it reads botocore's models.

CloudFormation creates a resource with a call of its service, and the service checks the call's parameters
(`sandbox.aws.models.rules`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from botocore.loaders import create_loader
from botocore.model import ServiceModel

from sandbox.aws.models.rules import RULES, violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The call that creates a resource, and its parameters that a template names otherwise.
CALLS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "AWS::CloudFormation::StackSet": ("cloudformation", "CreateStackSet", {}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm", {}),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "PutDashboard", {}),
    "AWS::DynamoDB::Table": ("dynamodb", "CreateTable", {}),
    "AWS::Events::EventBus": ("events", "CreateEventBus", {}),
    "AWS::Events::Rule": ("events", "PutRule", {}),
    "AWS::IAM::ManagedPolicy": ("iam", "CreatePolicy", {"ManagedPolicyName": "PolicyName"}),
    "AWS::IAM::Role": ("iam", "CreateRole", {}),
    "AWS::Lambda::Alias": ("lambda", "CreateAlias", {}),
    "AWS::Lambda::EventSourceMapping": ("lambda", "CreateEventSourceMapping", {}),
    "AWS::Lambda::Function": ("lambda", "CreateFunction", {}),
    "AWS::Lambda::Version": ("lambda", "PublishVersion", {}),
    "AWS::Logs::LogGroup": ("logs", "CreateLogGroup", {"LogGroupName": "logGroupName"}),
    "AWS::RAM::ResourceShare": ("ram", "CreateResourceShare", {"Name": "name"}),
    "AWS::Route53::HostedZone": ("route53", "CreateHostedZone", {}),
    "AWS::Route53Profiles::Profile": ("route53profiles", "CreateProfile", {}),
    "AWS::Route53Profiles::ProfileResourceAssociation": ("route53profiles", "AssociateResourceToProfile", {}),
    "AWS::S3::Bucket": ("s3", "CreateBucket", {"BucketName": "Bucket"}),
    "AWS::SSM::Parameter": ("ssm", "PutParameter", {}),
    "AWS::SQS::Queue": ("sqs", "CreateQueue", {}),
    "AWS::Scheduler::Schedule": ("scheduler", "CreateSchedule", {}),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", "CreateScheduleGroup", {}),
}
# What CloudFormation fills in: "AWS::DynamoDB::Table StreamSpecification" has no StreamEnabled.
_FILLED_IN: Final = ("StreamSpecification.StreamEnabled",)


def refusals(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """Why the service of a resource of this type refuses its properties.

    A value that only the deployment knows must be an object of another type than a template has, and is not checked.
    """
    # AWS::NoValue removes a property.
    given = {name: value for name, value in properties.items() if value is not None}
    if kind in CALLS:
        yield from _by_model(kind, given)
    if kind in RULES:
        yield from RULES[kind](given)


def _by_model(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    service, operation, renamed = CALLS[kind]
    shape: Any = _model(service).operation_model(operation).input_shape
    for name, value in properties.items():
        member = renamed.get(name, name)
        if member in shape.members:
            found = violations(service, shape.members[member], value, member)
            yield from (fault for fault in found if not any(f"'{place}'" in fault for place in _FILLED_IN))


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(create_loader().load_service_model(service, "service-2"))
