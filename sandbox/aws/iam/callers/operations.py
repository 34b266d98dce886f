"""Which permissions the calls of those who deploy and operate orgdns need, beyond those of the functions.

A simulation of the "Actions, resources, and condition keys" that AWS documents for each service
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
Any other operation is an `UnknownOperation`: the request fails, so that no permission is overlooked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from moto.cloudformation.models import cloudformation_backends
from moto.iam.models import iam_backends

from sandbox.aws.iam.permission import Caller, Parameters, Permission
from sandbox.aws.iam.permissions import needed_permissions
from sandbox.aws.organization import STACK_SETS_PRINCIPAL, management_backend
from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Needed = tuple[Permission, ...]
_SHARING_PRINCIPAL: Final = "ram.amazonaws.com"
_SCP: Final = "SERVICE_CONTROL_POLICY"
# The permissions of these operations have other names ("Actions, resources, and condition keys for Amazon S3",
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
_S3: Final = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
}


def permissions_of_call(service: str, operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """All permissions that a call of a person or a pipeline needs; empty for a call that anyone may make.

    Raises:
        UnknownOperation: if the operation is not modeled.
    """
    own = _OPERATIONS.get((service, operation)) or _SERVICES.get(service)
    return own(operation, parameters, caller) if own else needed_permissions(service, operation, parameters, caller)


def delegated_stack_sets(name: str, caller: Caller) -> tuple[str, ...]:
    """The ARNs of a stack set of a delegated administrator.

    It belongs to the management account. AWS does not document which account its ARN in a policy names, so both count.
    """
    owners = (caller.management_account or "", caller.account)
    return tuple(arn_of("cloudformation", caller.region, owner, f"stackset/{name}:*") for owner in owners)


def _on_stack(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """A stack, by its name, its ARN, or the ARN of a change set.

    A change set with a template in a bucket reads it in the caller's name. With tags, it also needs TagResource
    ("Control access based on resource-mutating API actions",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security_iam_id-based-policy-examples.html).
    """
    stack = _stack(parameters, caller)
    context = {
        f"cloudformation:{key}": str(parameters[name])
        for key, name in (("ChangeSetName", "ChangeSetName"), ("TemplateUrl", "TemplateURL"))
        if name in parameters
    }
    needed = [Permission(f"cloudformation:{operation}", stack, context)]
    tags = {str(tag["Key"]) for tag in parameters.get("Tags", ())}
    if tags:
        needed.append(Permission("cloudformation:TagResource", stack))
    if operation == "CreateChangeSet" and _tags_of(parameters, caller) - tags:
        needed.append(Permission("cloudformation:UntagResource", stack))
    if url := parameters.get("TemplateURL"):
        address = urlsplit(str(url))
        bucket = str(address.hostname).partition(".")[0]
        needed.append(Permission("s3:GetObject", arn_of("s3", "", "", f"{bucket}{unquote(address.path)}")))
    return tuple(needed)


def _tags_of(parameters: Parameters, caller: Caller) -> set[str]:
    """The keys of the tags that a stack has."""
    stacks = cloudformation_backends[caller.account][caller.region].stacks.values()
    return {key for stack in stacks if parameters["StackName"] in {stack.name, stack.stack_id} for key in stack.tags}


def _stack(parameters: Parameters, caller: Caller) -> str:
    name, change_set = parameters.get("StackName"), str(parameters.get("ChangeSetName", ""))
    if not name and change_set.startswith("arn:"):
        found = cloudformation_backends[caller.account][caller.region].change_sets.get(change_set)
        name = found.stack_id if found else None
    if name and str(name).startswith("arn:"):
        return str(name)
    return arn_of("cloudformation", caller.region, caller.account, f"stack/{name or '*'}/*")


def _activate(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """Trusted access of StackSets, which Organizations grants and which makes a service-linked role.

    "Permissions required to enable trusted access"
    (https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html) and "Service-linked roles
    created when you enable integration"
    (https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-cloudformation.html).
    """
    del parameters
    return (
        Permission(f"cloudformation:{operation}"),
        Permission(
            "organizations:EnableAWSServiceAccess", context={"organizations:ServicePrincipal": STACK_SETS_PRINCIPAL}
        ),
        _service_linked_role(caller, "stacksets.cloudformation.amazonaws.com", "CloudFormationStackSetsOrgAdmin"),
    )


def _share(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """Sharing with the organization.

    "This operation creates a service-linked role called AWSServiceRoleForResourceAccessManager"
    (https://docs.aws.amazon.com/ram/latest/APIReference/API_EnableSharingWithAwsOrganization.html).
    """
    del parameters
    return (
        Permission(f"ram:{operation}"),
        Permission("organizations:DescribeOrganization"),
        Permission(
            "organizations:EnableAWSServiceAccess", context={"organizations:ServicePrincipal": _SHARING_PRINCIPAL}
        ),
        _service_linked_role(caller, _SHARING_PRINCIPAL, "ResourceAccessManager"),
    )


def _service_linked_role(caller: Caller, service: str, name: str) -> Permission:
    role = arn_of("iam", "", caller.account, f"role/aws-service-role/{service}/AWSServiceRoleFor{name}")
    return Permission("iam:CreateServiceLinkedRole", role, {"iam:AWSServiceName": service})


def _in_organization(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """The delegated administrators, the policies, or the account or unit that one of them is for."""
    context = {}
    if "ServicePrincipal" in parameters:
        context["organizations:ServicePrincipal"] = str(parameters["ServicePrincipal"])
    if "Policy" in operation or "Policies" in operation:
        context["organizations:PolicyType"] = str(parameters.get("Type") or parameters.get("Filter") or _SCP)
    resources = list(_resources_in_organization(parameters, caller)) or ["*"]
    return tuple(Permission(f"organizations:{operation}", resource, context) for resource in resources)


def _resources_in_organization(parameters: Parameters, caller: Caller) -> Iterator[str]:
    backend = management_backend(caller.account)
    assert backend is not None

    def arn(resource: str) -> str:
        return arn_of("organizations", "", backend.account_id, resource)

    if policy := parameters.get("PolicyId"):
        yield arn(f"policy/{caller.organization}/service_control_policy/{policy}")
    if account := parameters.get("AccountId"):
        yield arn(f"account/{caller.organization}/{account}")
    if target := parameters.get("TargetId"):
        kind = {"r-": "root", "ou": "ou"}.get(str(target)[:2], "account")
        yield arn(f"{kind}/{caller.organization}/{target}")


def _on_bucket(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """A bucket, or an object in it.

    A bucket that is created with ownership of objects also needs s3:PutBucketOwnershipControls ("CreateBucket",
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
    """
    del caller
    key = parameters.get("Key")
    resource = arn_of("s3", "", "", f"{parameters['Bucket']}/{key}" if key else str(parameters["Bucket"]))
    names = [
        _S3.get(operation, operation),
        *(["PutBucketOwnershipControls"] if "ObjectOwnership" in parameters else []),
    ]
    return tuple(Permission(f"s3:{name}", resource) for name in names)


def _everywhere(service: str) -> Callable[[str, Parameters, Caller], Needed]:
    return lambda operation, _parameters, _caller: (Permission(f"{service}:{operation}"),)


def _named(service: str, form: str, key: str, *, regional: bool = True) -> Callable[[str, Parameters, Caller], Needed]:
    """The resource whose name is a parameter."""

    def needed(operation: str, parameters: Parameters, caller: Caller) -> Needed:
        name = str(parameters.get(key, "*"))
        arn = arn_of(service, caller.region if regional else "", caller.account, form.format(name))
        return (Permission(f"{service}:{operation}", name if name.startswith("arn:") else arn),)

    return needed


def _role(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """A role by its name, whose ARN has a path."""
    roles = {role.name: role.arn for each in iam_backends[caller.account].values() for role in each.roles.values()}
    name = str(parameters["RoleName"])
    return (Permission(f"iam:{operation}", roles.get(name) or arn_of("iam", "", caller.account, f"role/{name}")),)


def _function(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    qualifier = parameters.get("Qualifier")
    function = f"function:{parameters['FunctionName']}{f':{qualifier}' if qualifier else ''}"
    return (Permission(f"lambda:{operation}", arn_of("lambda", caller.region, caller.account, function)),)


def _rule(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """A rule of a bus, or of the default one."""
    bus = str(parameters.get("EventBusName", "default")).rpartition("/")[2]
    path = "" if bus == "default" else f"{bus}/"
    name = parameters.get("Name") or parameters["Rule"]
    return (Permission(f"events:{operation}", arn_of("events", caller.region, caller.account, f"rule/{path}{name}")),)


def _schedule(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    schedule = f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}"
    return (Permission(f"scheduler:{operation}", arn_of("scheduler", caller.region, caller.account, schedule)),)


def _queue(operation: str, parameters: Parameters, caller: Caller) -> Needed:
    """The queue with a URL, whose host may be an endpoint of the caller's. A batch needs the single permission."""
    account, name = urlsplit(str(parameters["QueueUrl"])).path.removeprefix("/").split("/")
    return (Permission(f"sqs:{operation.removesuffix('Batch')}", arn_of("sqs", caller.region, account, name)),)


# Those of which every operation that is called is about the same kind of resource.
_SERVICES: Final[Mapping[str, Callable[[str, Parameters, Caller], Needed]]] = {"s3": _on_bucket}
_OPERATIONS: Final[Mapping[tuple[str, str], Callable[[str, Parameters, Caller], Needed]]] = {
    **{
        ("cloudformation", operation): _on_stack
        for operation in (
            "CreateChangeSet",
            "DeleteChangeSet",
            "DeleteStack",
            "DescribeChangeSet",
            "DescribeStackEvents",
            "DescribeStacks",
            "ExecuteChangeSet",
            "GetTemplate",
            "ListStackResources",
            "UpdateTerminationProtection",
        )
    },
    ("cloudformation", "ActivateOrganizationsAccess"): _activate,
    ("cloudformation", "DescribeOrganizationsAccess"): _everywhere("cloudformation"),
    ("ram", "EnableSharingWithAwsOrganization"): _share,
    **{
        ("organizations", operation): _in_organization
        for operation in (
            "AttachPolicy",
            "CreatePolicy",
            "DeletePolicy",
            "DeregisterDelegatedAdministrator",
            "DescribePolicy",
            "DetachPolicy",
            "ListAWSServiceAccessForOrganization",
            "ListDelegatedAdministrators",
            "ListPolicies",
            "ListRoots",
            "ListTargetsForPolicy",
            "RegisterDelegatedAdministrator",
            "UpdatePolicy",
        )
    },
    ("cloudwatch", "DescribeAlarms"): _named("cloudwatch", "alarm:{}", "none"),
    ("cloudwatch", "GetMetricData"): _everywhere("cloudwatch"),
    ("iam", "GetRole"): _role,
    ("iam", "ListRoles"): _everywhere("iam"),
    ("lambda", "GetAccountSettings"): _everywhere("lambda"),
    ("lambda", "GetFunctionConfiguration"): _function,
    ("lambda", "ListEventSourceMappings"): _everywhere("lambda"),
    ("logs", "DescribeLogGroups"): _everywhere("logs"),
    ("dynamodb", "DescribeContinuousBackups"): _named("dynamodb", "table/{}", "TableName"),
    ("dynamodb", "DescribeTimeToLive"): _named("dynamodb", "table/{}", "TableName"),
    ("ec2", "DescribeRegions"): _everywhere("ec2"),
    ("events", "DescribeEventBus"): _named("events", "event-bus/{}", "Name"),
    ("events", "DescribeRule"): _rule,
    ("events", "ListTargetsByRule"): _rule,
    ("kms", "DescribeKey"): _named("kms", "key/{}", "KeyId"),
    ("kms", "GetKeyPolicy"): _named("kms", "key/{}", "KeyId"),
    ("scheduler", "GetSchedule"): _schedule,
    ("sns", "GetTopicAttributes"): _named("sns", "{}", "TopicArn"),
    ("sqs", "GetQueueAttributes"): _queue,
    ("sqs", "SendMessageBatch"): _queue,
    ("sqs", "GetQueueUrl"): _named("sqs", "{}", "QueueName"),
}
