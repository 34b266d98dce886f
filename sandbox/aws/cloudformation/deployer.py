"""Deploys CloudFormation templates in the emulator, and refuses by name what cannot be simulated.

A simulation. moto skips unknown resource types and still reports CREATE_COMPLETE, checks neither parameters nor
capabilities, and loses resources in updates. Here each of these is an error or is done as AWS documents in the
"CloudFormation User Guide" (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/Welcome.html). A failed
creation by the deployer leaves nothing behind, as with OnFailure DELETE, and a failed update is rolled back.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack, cloudformation_backends

from orgdns.config.partitions import dns_suffix
from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.corrected import corrected_types
from sandbox.aws.cloudformation.functions import FunctionAlias
from sandbox.aws.cloudformation.policies import EventBusPolicy, QueuePolicy
from sandbox.aws.cloudformation.rollout import automatic_deployment
from sandbox.aws.cloudformation.schedules import ScheduleGroupResource, ScheduleResource
from sandbox.aws.cloudformation.stack_set import StackSetResource
from sandbox.aws.cloudformation.stack_sets.api import stack_sets_answered
from sandbox.aws.cloudformation.stacks.backend import failure_of
from sandbox.aws.cloudformation.stacks.bridge import stacks_answered
from sandbox.aws.cloudformation.template import (
    TemplateRefused,
    check_capabilities,
    check_types,
    complete_parameters,
    parsed_template,
)
from sandbox.aws.cloudwatch.bridge import strict_alarms
from sandbox.aws.cloudwatch.resource_types import Alarm, dashboard_type
from sandbox.aws.credentials import administrator_client
from sandbox.aws.iam.creations import checked_by_policies
from sandbox.aws.models.bucket_types import BucketPolicyResource
from sandbox.aws.partition import partition
from sandbox.aws.profiles.resource_types import PROFILE_TYPES
from sandbox.aws.quotas.enforcement import quotas_enforced, template_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mypy_boto3_cloudformation import CloudFormationClient

    from sandbox.aws.cloudformation.template import Template

# moto finds resource types among the subclasses of its model, so importing these registers them.
BRIDGED_TYPES: Final = (
    Alarm,
    BucketPolicyResource,
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
                stack_id = client.update_stack(**request)["StackId"]
            else:
                # A failed creation leaves nothing behind.
                stack_id = client.create_stack(**request, OnFailure="DELETE")["StackId"]
        except ClientError as refused:
            if "No updates are to be performed" not in str(refused):
                raise DeploymentFailed(f"{stack_name} in {account}/{region}: {refused}") from refused
            # A stack whose last update was rolled back is as this deployment wants it, too.
            return self.outputs(account, region, stack_name, rolled_back=True)
        self._wait(client, stack_id)
        return self.outputs(account, region, stack_id)

    def outputs(self, account: str, region: str, stack_name: str, *, rolled_back: bool = False) -> dict[str, str]:
        """The outputs of a complete stack, also of one whose last update was `rolled_back`.

        Raises:
            DeploymentFailed: if the stack is not complete.
        """
        (stack,) = self._client(account, region).describe_stacks(StackName=stack_name)["Stacks"]
        complete = {"CREATE_COMPLETE", "UPDATE_COMPLETE"} | ({"UPDATE_ROLLBACK_COMPLETE"} if rolled_back else set())
        if stack["StackStatus"] not in complete:
            reason = failure_of(cloudformation_backends[account][region].get_stack(stack["StackId"]))
            raise DeploymentFailed(f"{stack['StackName']} in {account}/{region} is {stack['StackStatus']}: {reason}")
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}

    def delete(self, account: str, region: str, stack_name: str) -> None:
        """Delete a stack, if it exists.

        Raises:
            DeploymentFailed: if a resource cannot be deleted.
        """
        client = self._client(account, region)
        if not self._exists(client, stack_name):
            return
        stack_id = client.describe_stacks(StackName=stack_name)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=stack_id)
        if self._wait(client, stack_id) != "DELETE_COMPLETE":
            reason = failure_of(cloudformation_backends[account][region].get_stack(stack_id))
            raise DeploymentFailed(f"{stack_name} in {account}/{region}: {reason}")

    @staticmethod
    def _wait(client: CloudFormationClient, stack_id: str) -> str:
        """Wait until an operation of a stack is complete; the stack's status."""
        while True:
            status = client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status

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
        stacks_answered(),
        stack_sets_answered(),
        quotas_enforced(),
        replaced(Stack, parse_template=staticmethod(parsed_template)),
        replaced(models, yaml=_SafeYaml),
        replaced(responses, yaml=_SafeYaml),
        replaced(parsing.ResourceMap, __init__=_resource_map),
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


def _resource_map(self: parsing.ResourceMap, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - moto's own
    """A map whose pseudo parameters are those of the partition. In moto they are those of `aws`."""
    _RESOURCE_MAP(self, *arguments, **options)
    self._parsed_resources |= {"AWS::Partition": partition(), "AWS::URLSuffix": dns_suffix(partition())}


def _strictly_updated(method: Callable[..., Any]) -> Callable[..., Any]:
    def update(logical_id: str, resource_json: dict[str, Any], resources_map: parsing.ResourceMap, **where: str) -> Any:  # noqa: ANN401 - moto's own resources
        """Update a resource, or refuse: moto would drop a resource whose type it cannot update."""
        model = parsing.resource_class_from_type(resource_json["Type"])
        if hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
            raise ValidationError(message=f"{logical_id}: the update of {resource_json['Type']} is not modeled")
        return method(logical_id, resource_json, resources_map, **where)

    return update
