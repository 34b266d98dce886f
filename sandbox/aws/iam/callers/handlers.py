"""The permissions that CloudFormation needs in a caller's name to create, update and delete a resource. Pure.

"By default, CloudFormation uses a temporary session that it generates from your user credentials for stack operations"
("CloudFormation service role",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html), with the keys of forward
access sessions ("Forward access sessions (FAS) requests and permission evaluation",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html).

How far this goes: a resource needs all permissions that the registry lists for the handler of its type, but those of
properties that it does not have (`features`). AWS calls some of them in rare cases only. Each is checked on the ARN of
the resource as far as its properties name it. An id that AWS chooses, such as that of a zone, is checked as `*` in that
place, so that a policy must grant all ids. `read` and `list` handlers are not checked: no deployment runs them alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.iam.callers.features import needed_for
from sandbox.aws.iam.callers.operations import delegated_stack_sets
from sandbox.aws.iam.keys.creation import uses_of_key
from sandbox.aws.iam.permission import Caller, Permission
from sandbox.aws.partition import arn_of
from sandbox.aws.registry.schemas import permissions_of_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CLOUDFORMATION: Final = "cloudformation.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a stack.

    Attributes:
        kind: Its type.
        properties: Its properties, without functions.
        stack: The name of the stack, with which the names begin that CloudFormation chooses.
    """

    kind: str
    properties: Mapping[str, Any]
    stack: str = ""


def permissions_of_handlers(
    resource: Resource, handler: str, caller: Caller
) -> Iterator[tuple[Permission, tuple[str, ...]]]:
    """Each permission that `create`, `update` or `delete` of a resource needs, and the services on its way."""
    kind, properties = resource.kind, resource.properties
    for action in permissions_of_handler(kind, handler):
        if needed_for(kind, action, properties):
            for permission in _on_resources(action, resource, caller):
                yield permission, (CLOUDFORMATION,)
    if kind == "AWS::CloudFormation::StackSet" and properties.get("CallAs") == "DELEGATED_ADMIN":
        yield Permission("organizations:ListDelegatedAdministrators"), (CLOUDFORMATION,)
    if handler == "create":
        service = "dynamodb" if kind == "AWS::DynamoDB::Table" else "lambda"
        for permission in uses_of_key(kind, properties, caller.account, caller.region):
            yield permission, (CLOUDFORMATION, f"{service}.amazonaws.com")


def _on_resources(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    special = _SPECIAL.get(f"{resource.kind} {action}") or _SPECIAL.get(action)
    if special:
        yield from special(action, resource, caller)
        return
    service, form, regional = _FORMS[resource.kind]
    named = {"ManagedPolicyName": f"{resource.stack}-*"} | dict(resource.properties)
    for name in form(named):
        yield Permission(action, name if name == "*" else _arn(service, name, caller, regional=regional))


def _arn(service: str, resource: str, caller: Caller, *, regional: bool = True) -> str:
    account = "" if service in {"route53", "s3"} else caller.account
    return arn_of(service, caller.region if regional else "", account, resource)


def _named(form: str, key: str) -> Callable[[Mapping[str, Any]], list[str]]:
    return lambda properties: [form.format(properties.get(key, "*"))]


def _rule(properties: Mapping[str, Any]) -> list[str]:
    bus = properties.get("EventBusName")
    return [f"rule/{f'{_last(bus)}/' if bus else ''}{properties.get('Name', '*')}"]


def _function(properties: Mapping[str, Any]) -> list[str]:
    """A function, which a version and an alias name by its name or its ARN."""
    return [f"function:{str(properties.get('FunctionName', '*')).rpartition(':function:')[2].split(':')[0]}"]


def _role(properties: Mapping[str, Any]) -> list[str]:
    return [f"role{properties.get('Path', '/')}{properties.get('RoleName', '*')}"]


def _policy(properties: Mapping[str, Any]) -> list[str]:
    return [f"policy{properties.get('Path', '/')}{properties.get('ManagedPolicyName', '*')}"]


def _queues(properties: Mapping[str, Any]) -> list[str]:
    return [_last(url) for url in properties["Queues"]]


def _last(text: object) -> str:
    return str(text).rpartition("/")[2]


def _anywhere(_properties: Mapping[str, Any]) -> list[str]:
    return ["*"]


# By resource type: the service, what its ARNs have after the account, and whether they have a region.
_FORMS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], list[str]], bool]]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch", _named("alarm:{}", "AlarmName"), True),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", _named("dashboard/{}", "DashboardName"), False),
    "AWS::DynamoDB::Table": ("dynamodb", _named("table/{}", "TableName"), True),
    "AWS::Events::EventBus": ("events", _named("event-bus/{}", "Name"), True),
    "AWS::Events::EventBusPolicy": ("events", lambda each: [f"event-bus/{_last(each['EventBusName'])}"], True),
    "AWS::Events::Rule": ("events", _rule, True),
    "AWS::IAM::ManagedPolicy": ("iam", _policy, False),
    "AWS::IAM::Role": ("iam", _role, False),
    "AWS::Lambda::Alias": ("lambda", _function, True),
    "AWS::Lambda::EventSourceMapping": ("lambda", lambda _: ["event-source-mapping:*"], True),
    "AWS::Lambda::Function": ("lambda", _function, True),
    "AWS::Lambda::Version": ("lambda", _function, True),
    "AWS::Logs::LogGroup": ("logs", _named("log-group:{}", "LogGroupName"), True),
    "AWS::RAM::ResourceShare": ("ram", lambda _: ["resource-share/*"], True),
    "AWS::Route53::HostedZone": ("route53", lambda _: ["hostedzone/*"], False),
    "AWS::Route53Profiles::Profile": ("route53profiles", _anywhere, True),
    "AWS::Route53Profiles::ProfileResourceAssociation": ("route53profiles", _anywhere, True),
    "AWS::S3::Bucket": ("s3", _named("{}", "BucketName"), False),
    "AWS::S3::BucketPolicy": ("s3", _named("{}", "Bucket"), False),
    "AWS::SQS::Queue": ("sqs", _named("{}", "QueueName"), True),
    "AWS::SQS::QueuePolicy": ("sqs", _queues, True),
    "AWS::SSM::Parameter": ("ssm", _named("parameter{}", "Name"), True),
    "AWS::Scheduler::Schedule": (
        "scheduler",
        lambda each: [f"schedule/{each.get('GroupName', 'default')}/{each.get('Name', '*')}"],
        True,
    ),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", _named("schedule-group/{}", "Name"), True),
}


def _everywhere(action: str, _resource: Resource, _caller: Caller) -> Iterator[Permission]:
    """An action without a type of resources."""
    yield Permission(action)


def _one(service: str, name: str, *, regional: bool = True) -> Callable[[str, Resource, Caller], Iterator[Permission]]:
    def needed(action: str, _resource: Resource, caller: Caller) -> Iterator[Permission]:
        yield Permission(action, _arn(service, name, caller, regional=regional))

    return needed


def _passed_roles(action: str, resource: Resource, _caller: Caller) -> Iterator[Permission]:
    """The roles of a function, a schedule or a rule, which the service of its type assumes."""
    properties, service = resource.properties, resource.kind.split("::")[1].lower()
    given = [
        properties.get("Role"),
        properties.get("Target", {}).get("RoleArn"),
        *(target.get("RoleArn") for target in properties.get("Targets", ())),
    ]
    for role in sorted({str(role) for role in given if role}):
        yield Permission(action, role, {"iam:PassedToService": f"{service}.amazonaws.com"})


def _bounded(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    """A role, whose permissions boundary is in the request or is that of the role."""
    boundary = resource.properties.get("PermissionsBoundary")
    for name in _role(resource.properties):
        yield Permission(
            action, _arn("iam", name, caller, regional=False), {"iam:PermissionsBoundary": boundary} if boundary else {}
        )


def _attached(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    """The managed policies of a role."""
    for arn in resource.properties.get("ManagedPolicyArns", ()):
        for each in _bounded(action, resource, caller):
            yield Permission(each.action, each.resource, {**each.context, "iam:PolicyARN": str(arn)})


def _attached_to(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    """The roles that a managed policy is attached to."""
    (policy,) = _policy({"ManagedPolicyName": f"{resource.stack}-*"} | dict(resource.properties))
    for role in resource.properties.get("Roles", ()):
        arn = _arn("iam", f"role{resource.properties.get('Path', '/')}{role}", caller, regional=False)
        yield Permission(action, arn, {"iam:PolicyARN": _arn("iam", policy, caller, regional=False)})


def _mapping(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    (function,) = _function(resource.properties)
    yield Permission(
        action,
        "*" if action == "lambda:CreateEventSourceMapping" else _arn("lambda", "event-source-mapping:*", caller),
        {"lambda:FunctionArn": _arn("lambda", function, caller)},
    )


def _code(action: str, resource: Resource, _caller: Caller) -> Iterator[Permission]:
    code = resource.properties["Code"]
    yield Permission(action, arn_of("s3", "", "", f"{code['S3Bucket']}/{code['S3Key']}"))


def _schedules(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    yield Permission(action, _arn("scheduler", f"schedule/{resource.properties['Name']}/*", caller))


def _zone_with_vpcs(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    vpcs = tuple(f"VPCId={vpc['VPCId']},VPCRegion={vpc['VPCRegion']}" for vpc in resource.properties.get("VPCs", ()))
    everywhere = action == "route53:CreateHostedZone"
    yield Permission(
        action,
        "*" if everywhere else _arn("route53", "hostedzone/*", caller, regional=False),
        {"route53:VPCs": vpcs} if vpcs else {},
    )


def _stack_set(action: str, resource: Resource, caller: Caller) -> Iterator[Permission]:
    name = str(resource.properties["StackSetName"])
    for arn in delegated_stack_sets(name, caller):
        yield Permission(action, arn)


_SPECIAL: Final[Mapping[str, Callable[[str, Resource, Caller], Iterator[Permission]]]] = {
    "iam:PassRole": _passed_roles,
    "s3:GetObject": _code,
    "s3:GetObjectVersion": _code,
    "ec2:DescribeVpcs": _everywhere,
    "cloudwatch:DescribeAlarms": _one("cloudwatch", "alarm:*"),
    "events:PutPermission": _everywhere,
    "events:RemovePermission": _everywhere,
    "logs:DescribeLogGroups": _everywhere,
    "AWS::Scheduler::ScheduleGroup scheduler:DeleteSchedule": _schedules,
    "ram:CreateResourceShare": _everywhere,
    "ram:GetResourceShares": _everywhere,
    "ram:GetResourceShareAssociations": _everywhere,
    "ram:GetPermission": _everywhere,
    "route53:CreateHostedZone": _zone_with_vpcs,
    "route53:AssociateVPCWithHostedZone": _zone_with_vpcs,
    "route53:DisassociateVPCFromHostedZone": _zone_with_vpcs,
    "route53:GetChange": _one("route53", "change/*", regional=False),
    "AWS::Route53Profiles::ProfileResourceAssociation route53:GetHostedZone": _one(
        "route53", "hostedzone/*", regional=False
    ),
    "route53profiles:TagResource": _one("route53profiles", "profile/*"),
    "route53profiles:UntagResource": _one("route53profiles", "profile/*"),
    **{
        f"AWS::Lambda::EventSourceMapping lambda:{verb}EventSourceMapping": _mapping
        for verb in ("Create", "Get", "Update", "Delete")
    },
    **{
        f"AWS::IAM::Role iam:{action}": _bounded
        for action in ("CreateRole", "PutRolePolicy", "DeleteRolePolicy", "PutRolePermissionsBoundary")
    },
    **{f"AWS::IAM::ManagedPolicy iam:{action}": _attached_to for action in ("AttachRolePolicy", "DetachRolePolicy")},
    **{f"AWS::IAM::Role iam:{action}": _attached for action in ("AttachRolePolicy", "DetachRolePolicy")},
    **{
        f"cloudformation:{action}": _stack_set
        for action in (
            "CreateStackInstances",
            "DeleteStackInstances",
            "DeleteStackSet",
            "DescribeStackSet",
            "DescribeStackSetOperation",
            "ListStackSetOperationResults",
            "TagResource",
            "UntagResource",
            "UpdateStackInstances",
            "UpdateStackSet",
        )
    },
    "cloudformation:CreateStackSet": _everywhere,
    "cloudformation:GetTemplateSummary": _everywhere,
}
