"""What AWS's APIs refuse of a template: the models of the calls that CloudFormation makes, and rules between fields."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from botocore.loaders import create_loader
from botocore.model import ServiceModel

from sandbox.aws.constraints import violations
from sandbox.aws.functions.mappings import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The call that creates a resource, and its parameters that a template names otherwise.
CALLS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "AWS::CloudFormation::StackSet": ("cloudformation", "CreateStackSet", {}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm", {}),
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
    "AWS::SQS::Queue": ("sqs", "CreateQueue", {}),
    "AWS::Scheduler::Schedule": ("scheduler", "CreateSchedule", {}),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", "CreateScheduleGroup", {}),
}
# Resources that CloudFormation creates without a call that has these properties, with the reason.
WITHOUT_CALL: Final[Mapping[str, str]] = {
    "AWS::Events::EventBusPolicy": "PutPermission takes the statement as one text; the linter of policies reads it",
    "AWS::SQS::QueuePolicy": "SetQueueAttributes takes the document as one text; the linter of policies reads it",
}
# Attributes of queues, as numbers: "SetQueueAttributes" in the SQS API Reference.
_QUEUE_RANGES: Final = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
# What CloudFormation fills in: "AWS::DynamoDB::Table StreamSpecification" has no StreamEnabled.
_FILLED_IN: Final = ("StreamSpecification.StreamEnabled",)


def refused(template: Mapping[str, Any]) -> Iterator[str]:
    """What AWS would refuse of the resources of a template, each with its logical id."""
    for title, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind in CALLS:
            yield from (f"{title}: {fault}" for fault in _by_model(kind, properties))
        if kind == "AWS::SQS::Queue":
            yield from (f"{title}: {fault}" for fault in _of_queue(properties))
        if kind == "AWS::Lambda::EventSourceMapping":
            yield from (f"{title}: {fault}" for fault in _of_mapping(properties, template["Resources"]))


def unknown_types(template: Mapping[str, Any]) -> set[str]:
    """The types of resources of which it is not known how CloudFormation creates them."""
    return {resource["Type"] for resource in template["Resources"].values()} - CALLS.keys() - WITHOUT_CALL.keys()


def _by_model(kind: str, properties: Mapping[str, Any]) -> Iterator[str]:
    service, operation, renamed = CALLS[kind]
    shape: Any = _model(service).operation_model(operation).input_shape
    for name, value in properties.items():
        member = renamed.get(name, name)
        if member in shape.members:
            found = violations(service, shape.members[member], _known(value), member)
            yield from (fault for fault in found if not any(f"'{place}'" in fault for place in _FILLED_IN))


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(create_loader().load_service_model(service, "service-2"))


class _Unknown:
    """A value that only the deployment knows."""


def _known(value: Any) -> Any:  # noqa: ANN401 - any part of a template
    """A value with what only the deployment knows replaced by a value that breaks no constraint."""
    if isinstance(value, dict):
        if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
            return _Unknown()
        return {key: _known(inner) for key, inner in value.items()}
    return [_known(inner) for inner in value] if isinstance(value, list) else value


def _of_queue(properties: Mapping[str, Any]) -> Iterator[str]:
    for name, (least, most) in _QUEUE_RANGES.items():
        value = properties.get(name, least)
        if isinstance(value, int) and not least <= value <= most:
            yield f"{name} is {value}, and must be from {least} to {most}"


def _of_mapping(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    """Rules between the fields of a mapping, its source and its function."""
    source = properties["EventSourceArn"]
    # A restored ledger has another stream, which a parameter names; the last branch is the stack's own.
    title, attribute = source.get("Fn::If", [source])[-1]["Fn::GetAtt"]
    of_stream = attribute == "StreamArn"
    yield from refusals(properties, of_stream=of_stream)
    if not of_stream:
        yield from _of_visibility(resources[title]["Properties"], _timeout(properties, resources))


def _of_visibility(queue: Mapping[str, Any], timeout: int) -> Iterator[str]:
    """Lambda refuses a visibility timeout below the function's timeout, and recommends six times that."""
    visible = queue.get("VisibilityTimeout", 30)
    if visible < 6 * timeout:
        yield f"VisibilityTimeout is {visible}, and must be at least six times the function's timeout of {timeout}"


def _timeout(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> int:
    """The timeout of the function whose alias a mapping runs."""
    alias = resources[properties["FunctionName"]["Ref"]]["Properties"]
    return int(resources[alias["FunctionName"]["Ref"]]["Properties"].get("Timeout", 3))
