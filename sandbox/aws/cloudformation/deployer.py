"""Deploys CloudFormation templates in the emulator, and refuses by name what cannot be simulated.

A simulation. moto skips unknown resource types and still reports CREATE_COMPLETE, checks neither parameters nor
capabilities, and loses resources in updates. Here each of these is an error or is done as AWS documents in the
"CloudFormation User Guide" (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/Welcome.html). A failed
creation leaves nothing behind, as with OnFailure DELETE. A failed update is not rolled back, but the next one again
applies everything that differs from the last template that was deployed.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack

from orgdns.config.partitions import dns_suffix
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.corrected import corrected_types
from sandbox.aws.cloudformation.functions import FunctionAlias
from sandbox.aws.cloudformation.policies import EventBusPolicy, QueuePolicy
from sandbox.aws.cloudformation.rollout import automatic_deployment
from sandbox.aws.cloudformation.schedules import ScheduleGroupResource, ScheduleResource
from sandbox.aws.cloudformation.stack_set import StackSetResource
from sandbox.aws.cloudformation.template import (
    TemplateRefused,
    changed_resources,
    check_capabilities,
    check_types,
    complete_parameters,
    parsed_template,
)
from sandbox.aws.cloudwatch.bridge import strict_alarms
from sandbox.aws.cloudwatch.resource_types import Alarm, dashboard_type
from sandbox.aws.credentials import administrator_client
from sandbox.aws.iam.creations import checked_by_policies
from sandbox.aws.partition import partition
from sandbox.aws.profiles.resource_types import PROFILE_TYPES
from sandbox.aws.quotas.enforcement import quotas_enforced, template_parameter
from sandbox.aws.quotas.rules import QuotaExceeded, check_template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    from sandbox.aws.cloudformation.template import Template

# moto finds resource types among the subclasses of its model, so importing these registers them.
BRIDGED_TYPES: Final = (
    Alarm,
    EventBusPolicy,
    FunctionAlias,
    QueuePolicy,
    ScheduleGroupResource,
    ScheduleResource,
    StackSetResource,
    *PROFILE_TYPES,
)

_RESOURCE_MAP: Final = parsing.ResourceMap.__init__


class DeploymentFailed(RuntimeError):
    """A stack that could not be created or updated."""


class Deployer:
    """Deploys templates into accounts and regions of the emulator, through CloudFormation's API."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str], CloudFormationClient] = {}

    def deploy(
        self,
        account: str,
        region: str,
        stack_name: str,
        template_text: str,
        parameters: Mapping[str, str] | None = None,
        capabilities: Collection[str] = (),
    ) -> dict[str, str]:
        """Create or update a stack; its outputs.

        Raises:
            TemplateRefused: if the template, its parameters or its capabilities are not acceptable.
            DeploymentFailed: if CloudFormation or a resource refuses.
        """
        template = parsed_template(template_text)
        check_types(template, parsing.get_model_map().keys())
        check_capabilities(template, capabilities)
        wanted = complete_parameters(template, parameters or {})
        client = self._client(account, region)
        request: dict[str, Any] = {
            "StackName": stack_name,
            **template_parameter(account, region, stack_name, template_text),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in wanted.items()],
            "Capabilities": list(capabilities),
        }
        try:
            if self._exists(client, stack_name):
                client.update_stack(**request)
            else:
                client.create_stack(**request)
        except ClientError as refused:
            if "No updates are to be performed" not in str(refused):
                raise DeploymentFailed(f"{stack_name} in {account}/{region}: {refused}") from refused
        return self.outputs(account, region, stack_name)

    def outputs(self, account: str, region: str, stack_name: str) -> dict[str, str]:
        """The outputs of a complete stack.

        Raises:
            DeploymentFailed: if the stack is not complete.
        """
        (stack,) = self._client(account, region).describe_stacks(StackName=stack_name)["Stacks"]
        if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise DeploymentFailed(f"{stack_name} in {account}/{region} is {stack['StackStatus']}")
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}

    def delete(self, account: str, region: str, stack_name: str) -> None:
        """Delete a stack, if it exists."""
        self._client(account, region).delete_stack(StackName=stack_name)

    def _client(self, account: str, region: str) -> CloudFormationClient:
        if (account, region) not in self._clients:
            self._clients[account, region] = administrator_client("cloudformation", account, region)
        return self._clients[account, region]

    @staticmethod
    def _exists(client: CloudFormationClient, stack_name: str) -> bool:
        try:
            client.describe_stacks(StackName=stack_name)
        except ClientError:
            return False
        return True


@contextmanager
def deployer() -> Iterator[Deployer]:
    """A deployer, with the bridges in force while the context lasts."""
    with cloudformation_bridges():
        yield Deployer()


@contextmanager
def cloudformation_bridges() -> Iterator[None]:
    """Make moto's CloudFormation refuse what it would skip, and do what it would lose."""
    for known in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        known.cache_clear()
    with (
        corrected_types(),
        dashboard_type(),
        strict_alarms(),
        automatic_deployment(),
        quotas_enforced(),
        replaced(Stack, parse_template=staticmethod(parsed_template)),
        replaced(models, yaml=_SafeYaml),
        replaced(responses, yaml=_SafeYaml),
        replaced(
            CloudFormationBackend,
            create_stack=_created(CloudFormationBackend.create_stack),
            update_stack=_updated(CloudFormationBackend.update_stack),
            create_change_set=_no_change_set,
        ),
        replaced(parsing.ResourceMap, __init__=_resource_map, build_resource_diff=_resource_diff),
        replaced(
            parsing,
            parse_and_create_resource=checked_by_policies(parsing.parse_and_create_resource),
            parse_and_update_resource=_strictly_updated(parsing.parse_and_update_resource),
            logger=_Refusing(),
        ),
    ):
        yield


class _Refusing:
    """Replaces moto's logger, which warns of an unknown attribute before moto leaves the property out."""

    def warning(self, message: str, *arguments: object) -> None:
        """Refuse what moto would only warn about."""
        raise ValidationError(message=message % arguments if arguments else message)


class _SafeYaml:
    """Replaces moto's YAML reader, which runs the Python code that a template's tags name."""

    Loader = None

    @staticmethod
    def add_multi_constructor(*_arguments: object) -> None:
        """Add nothing: the short intrinsic functions are known already."""

    @staticmethod
    def load(text: str, **_options: object) -> Template:
        """Parse a template without running anything."""
        try:
            return parsed_template(text)
        except TemplateRefused as refused:
            raise ValidationError(message=str(refused)) from refused


def _complete(template_text: str, given: Mapping[str, str]) -> dict[str, str]:
    try:
        template: Template = parsed_template(template_text)
        check_types(template, parsing.get_model_map().keys())
        complete = complete_parameters(template, given)
        check_template(template, complete)
    except (QuotaExceeded, TemplateRefused) as refused:
        raise ValidationError(message=str(refused)) from refused
    return complete


def _created(method: Callable[..., Any]) -> Callable[..., Any]:
    def create_stack(
        self: CloudFormationBackend, name: str, template: str, parameters: Mapping[str, str], **options: object
    ) -> Stack:
        # moto splits lists that are given, but not lists in defaults, so every parameter is given.
        complete = _complete(template, parameters)
        before = set(self.stacks)
        try:
            return method(self, name=name, template=template, parameters=complete, **options)
        except Exception:
            for stack_id in set(self.stacks) - before:
                # A resource that cannot be deleted was not created; the first error is the one that counts.
                with suppress(Exception):
                    self.stacks[stack_id].delete()
                # A stack that a stack set made here is gone with the stack set.
                self.stacks.pop(stack_id, None)
            raise

    return create_stack


def _updated(method: Callable[..., Any]) -> Callable[..., Any]:
    def update_stack(
        self: CloudFormationBackend, name: str, template: str, parameters: list[dict[str, Any]], **options: object
    ) -> Stack:
        stack = self.get_stack(name)
        complete = _complete(template, self._resolve_update_parameters(stack, parameters))
        listed = [{"ParameterKey": key, "ParameterValue": value} for key, value in complete.items()]
        before, resources = (stack.template, stack.template_dict), stack.resource_map
        compared = (resources._template, resources._resource_json_map, resources.input_parameters)
        try:
            return method(self, name=name, template=template, parameters=listed, **options)
        except Exception:
            stack.template, stack.template_dict = before
            resources._template, resources._resource_json_map, resources.input_parameters = compared
            raise

    return update_stack


def _no_change_set(_self: CloudFormationBackend, *_arguments: object, **_options: object) -> tuple[str, str]:
    # moto would execute it without any of the checks here.
    raise ValidationError(message="the sandbox has no change sets: use create-stack and update-stack")


def _resource_map(self: parsing.ResourceMap, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - moto's own
    """A map whose pseudo parameters are those of the partition. In moto they are those of `aws`."""
    _RESOURCE_MAP(self, *arguments, **options)
    self._parsed_resources |= {"AWS::Partition": partition(), "AWS::URLSuffix": dns_suffix(partition())}


def _resource_diff(
    self: parsing.ResourceMap, other_template: Template, parameters: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """What an update adds, changes and removes. moto notices a changed parameter only in a bare Ref."""
    old, new = self._resource_json_map, other_template["Resources"]
    given = parameters or {}
    changed = {name for name, value in given.items() if self.input_parameters.get(name) != value}
    return {
        "Add": [name for name in new if name not in old],
        "Modify": list(changed_resources(self._template, other_template, changed)),
        "Remove": [name for name in old if name not in new],
    }


def _strictly_updated(method: Callable[..., Any]) -> Callable[..., Any]:
    def update(logical_id: str, resource_json: dict[str, Any], resources_map: parsing.ResourceMap, **where: str) -> Any:  # noqa: ANN401 - moto's own resources
        """Update a resource, or refuse: moto would drop a resource whose type it cannot update."""
        condition = resource_json.get("Condition")
        wanted = condition is None or resources_map.lazy_condition_map[condition]
        if wanted != (resources_map._parsed_resources.get(logical_id) is not None):
            raise ValidationError(message=f"{logical_id}: a condition that changes is not modeled")
        if not wanted:
            return None
        model = parsing.resource_class_from_type(resource_json["Type"])
        if hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
            raise ValidationError(message=f"{logical_id}: the update of {resource_json['Type']} is not modeled")
        return method(logical_id, resource_json, resources_map, **where)

    return update
