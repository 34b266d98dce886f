"""AWS::CloudFormation::StackSet, a resource type that the emulator lacks.

A simulation of its documentation
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.utils import generate_stackset_arn
from moto.core.common_models import CloudFormationModel

from sandbox.aws.cloudformation.rollout import Deployment, deploy, remove_stacks
from sandbox.aws.cloudformation.template import TemplateRefused, check_capabilities, parsed_template
from sandbox.aws.organization import STACK_SETS_PRINCIPAL, management_backend

if TYPE_CHECKING:
    from moto.cloudformation.models import StackSet

Json = dict[str, Any]

_PROPERTIES: Final = frozenset(
    {
        "AutoDeployment",
        "CallAs",
        "Capabilities",
        "Description",
        "ManagedExecution",
        "OperationPreferences",
        "Parameters",
        "PermissionModel",
        "StackInstancesGroup",
        "StackSetName",
        "Tags",
        "TemplateBody",
    }
)


class StackSetResource(CloudFormationModel):  # type: ignore[misc]  # moto ships no types
    """AWS::CloudFormation::StackSet."""

    def __init__(self, stack_set: StackSet) -> None:
        self.stack_set = stack_set

    @property
    def physical_resource_id(self) -> str:
        """The stack set's id, `<name>:<uuid>`."""
        return str(self.stack_set.id)

    def get_cfn_attribute(self, attribute: str) -> str:
        """The only attribute, StackSetId."""
        if attribute != "StackSetId":
            raise ValidationError(message=f"a stack set has no attribute {attribute}")
        return self.physical_resource_id

    @staticmethod
    def cloudformation_name_type() -> str:
        """The property with the resource's name."""
        return "StackSetName"

    @staticmethod
    def cloudformation_type() -> str:
        """The resource type."""
        return "AWS::CloudFormation::StackSet"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_kwargs: object
    ) -> StackSetResource:
        """Create the stack set and its stacks."""
        properties = cloudformation_json["Properties"]
        management = _check(properties, account_id)
        stack_set = cloudformation_backends[account_id][region_name].create_stack_set(
            name=resource_name,
            template=properties["TemplateBody"],
            parameters=_parameters(properties),
            tags=_tags(properties),
            permission_model="SERVICE_MANAGED",
            admin_role=None,
            exec_role=None,
            description=properties.get("Description"),
        )
        # "StackSets with service-managed permissions are created in the management account, including StackSets that
        # are created by delegated administrators": API_CreateStackSet, as cited below. The ARN says so.
        stack_set.arn = generate_stackset_arn(stack_set.id, region_name, management)
        try:
            deploy(stack_set, Deployment.of(properties), account_id)
        except Exception:
            remove_stacks(stack_set)
            stack_set.delete()
            raise
        return cls(stack_set)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: StackSetResource,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> StackSetResource:
        """Update the existing stacks, then add and delete stacks as the targets require."""
        del region_name
        stack_set, properties = original_resource.stack_set, cloudformation_json["Properties"]
        _check(properties, account_id)
        if "StackSetName" in properties and new_resource_name != stack_set.name:
            raise ValidationError(message="the replacement of a stack set is not modeled")
        before = (stack_set.template, stack_set.parameters, stack_set.tags)
        stack_set.tags = _tags(properties)
        stack_set.template = stack_set.instances.template = properties["TemplateBody"]
        stack_set.parameters = stack_set.instances.parameters = _parameters(properties)
        changed = before != (stack_set.template, stack_set.parameters, stack_set.tags)
        deploy(stack_set, Deployment.of(properties), account_id, changed=changed)
        return original_resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Delete the stacks, and then the stack set."""
        remove_stacks(self.stack_set)
        cloudformation_backends[account_id][region_name].delete_stack_set(self.stack_set.id)


def _tags(properties: Json) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())}


def _parameters(properties: Json) -> dict[str, str]:
    return {each["ParameterKey"]: str(each["ParameterValue"]) for each in properties.get("Parameters", ())}


def _check(properties: Json, account_id: str) -> str:
    """Refuse what CreateStackSet refuses and what is not modeled; the id of the management account.

    "CallAs" and permissions: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    and "Register a delegated administrator"
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html).
    """
    if unknown := sorted(properties.keys() - _PROPERTIES):
        raise ValidationError(message=f"properties of a stack set that are not modeled: {unknown}")
    if properties["PermissionModel"] != "SERVICE_MANAGED":
        raise ValidationError(message="only service-managed stack sets are modeled")
    backend = management_backend(account_id)
    if backend is None or not any(each["ServicePrincipal"] == STACK_SETS_PRINCIPAL for each in backend.services):
        raise ValidationError(message="trusted access for StackSets is not activated in the organization")
    delegated = {admin.account.id for admin in backend.admins if STACK_SETS_PRINCIPAL in admin.services}
    role = "SELF" if account_id == backend.account_id else "DELEGATED_ADMIN"
    if properties.get("CallAs", "SELF") != role or (role == "DELEGATED_ADMIN" and account_id not in delegated):
        message = "You must be the management account or delegated admin account of an organization before operating a "
        raise ValidationError(message=f"{message}SERVICE_MANAGED stack set (account {account_id}, CallAs {role})")
    try:
        check_capabilities(parsed_template(properties["TemplateBody"]), properties.get("Capabilities", ()))
    except TemplateRefused as refused:
        raise ValidationError(message=str(refused)) from refused
    return str(backend.account_id)
