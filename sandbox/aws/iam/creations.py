"""The calls with which CloudFormation creates resources, for the service control policies of the organization.

Each resource type's handler makes one call that creates the resource, with its tags ("handlers: permissions" in the
schemas of the resource types, https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/introduction.html).
CloudFormation makes it in the name of the stack's caller. StackSets with service-managed permissions call as the role
`stacksets-exec-*` of the member account, which is not a service-linked role, so the policies apply to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError

from sandbox.aws.iam import service_control
from sandbox.aws.iam.keys.creation import ENCRYPTED, check_key
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.aws.iam.conditions import Context

# Resource type: action, and the form of the resource in the ARN. AWS::Route53::HostedZone is missing: its tags are set
# by a second call ("tagging: tagOnCreate" in the type's schema). AWS::IAM::ManagedPolicy accepts no tags.
CREATIONS: Final = {
    "AWS::CloudFormation::StackSet": ("cloudformation:CreateStackSet", "stackset/{name}:*"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "alarm:{name}"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "dashboard/{name}"),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable", "table/{name}"),
    "AWS::Events::EventBus": ("events:CreateEventBus", "event-bus/{name}"),
    "AWS::Events::Rule": ("events:PutRule", "rule/{name}"),
    "AWS::IAM::ManagedPolicy": ("iam:CreatePolicy", "policy{path}{name}"),
    "AWS::IAM::Role": ("iam:CreateRole", "role{path}{name}"),
    "AWS::Lambda::EventSourceMapping": ("lambda:CreateEventSourceMapping", "event-source-mapping:{name}"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "function:{name}"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "log-group:{name}"),
    "AWS::RAM::ResourceShare": ("ram:CreateResourceShare", "resource-share/{name}"),
    "AWS::Route53Profiles::Profile": ("route53profiles:CreateProfile", "profile/{name}"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "{name}"),
    "AWS::SSM::Parameter": ("ssm:PutParameter", "parameter{name}"),
    "AWS::SQS::Queue": ("sqs:CreateQueue", "{name}"),
    "AWS::Scheduler::ScheduleGroup": ("scheduler:CreateScheduleGroup", "schedule-group/{name}"),
}


def checked_by_policies(method: Callable[..., Any]) -> Callable[..., Any]:
    """The emulator's creation of a resource, unless a service control policy denies the call, or a key its use."""

    def create(
        logical_id: str,
        resource_json: dict[str, Any],
        resources_map: parsing.ResourceMap,
        account_id: str,
        region_name: str,
    ) -> Any:  # noqa: ANN401 - the emulator's own resources
        condition = resource_json.get("Condition")
        exists = not condition or resources_map.lazy_condition_map[condition]
        kind = resource_json["Type"]
        restricted = kind in CREATIONS and service_control.restricted(account_id)
        if exists and (restricted or kind in ENCRYPTED):
            _, resolved, name = parsing.parse_resource_and_generate_name(logical_id, resource_json, resources_map)
            if restricted:
                _check(resources_map, kind, name, resolved["Properties"], account_id, region_name)
            check_key(kind, name, resolved["Properties"], account_id, region_name)
        return method(logical_id, resource_json, resources_map, account_id, region_name)

    return create


def _check(
    stack: parsing.ResourceMap,
    resource_type: str,
    name: str,
    properties: Mapping[str, Any],
    account: str,
    region: str,
) -> None:
    action, form = CREATIONS[resource_type]
    service = action.partition(":")[0]
    resource = form.format(name=name, path=properties.get("Path", "/"))
    # IAM is global, and so are dashboards ("Actions defined by Amazon CloudWatch").
    everywhere = service == "iam" or action == "cloudwatch:PutDashboard"
    arn = arn_of(service, "" if everywhere else region, account, resource)
    by_stack_sets = str(stack["AWS::StackName"]).startswith("StackSet-")
    caller = "stacksets-exec-0a1b2c3d4e5f60718" if by_stack_sets else "administrator"
    principal = arn_of("iam", "", account, f"role/{caller}")
    # CloudFormation adds the stack's tags to those of its resources.
    if service_control.denied(principal, account, action, arn, _context(properties, stack.tags)):
        raise ValidationError(
            message=f"User: {principal} is not authorized to perform: {action} on resource: {arn} with an explicit "
            "deny in a service control policy"
        )


def _context(properties: Mapping[str, Any], stack_tags: Mapping[str, str]) -> Context:
    given = properties.get("Tags", ())
    # AWS::SSM::Parameter has a map of tags.
    own = given if isinstance(given, dict) else {tag["Key"]: str(tag["Value"]) for tag in given}
    tags = {key: value for key, value in stack_tags.items() if not key.startswith("aws:")} | own
    boundary = properties.get("PermissionsBoundary")
    return {
        **{f"aws:RequestTag/{key}": value for key, value in tags.items()},
        "aws:TagKeys": tuple(tags),
        **({"iam:PermissionsBoundary": boundary} if boundary else {}),
    }
