"""Service-managed StackSets: one real stack in each account and region of their targets, also of accounts to come.

A simulation of "Enable or disable automatic deployments for StackSets in AWS Organizations"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html). It extends
moto's own stack sets, so moto's API lists them and their instances. Operations take no time and stop at the first
failure: operation preferences and tolerances are not simulated.
"""

from __future__ import annotations

import graphlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import StackInstance, StackSet, cloudformation_backends
from moto.moto_api._internal import mock_random
from moto.organizations.models import OrganizationsBackend

from sandbox.aws.bridge import replaced
from sandbox.aws.organization import management_backend, member_accounts_below

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of stack instances: the accounts below some units, some of them filtered out, and the regions.

    "DeploymentTargets" (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeploymentTargets.html).
    """

    units: tuple[str, ...]
    regions: tuple[str, ...]
    filter: str = "NONE"
    filtered: frozenset[str] = frozenset()

    @classmethod
    def of(cls, group: Json) -> Group:
        """Read the group from the resource's properties, and refuse what CloudFormation refuses."""
        targets = group["DeploymentTargets"]
        if targets.keys() - {"OrganizationalUnitIds", "Accounts", "AccountFilterType"} or group.keys() - {
            "DeploymentTargets",
            "Regions",
        }:
            raise ValidationError(message="only targets by unit and account, without overrides, are modeled")
        if not targets.get("OrganizationalUnitIds"):
            raise ValidationError(message="a service-managed stack set needs OrganizationalUnitIds")
        kind = targets.get("AccountFilterType", "NONE")
        if ("Accounts" in targets) != (kind in {"DIFFERENCE", "INTERSECTION"}):
            # UNION is "not supported for create operations when using StackSet as a resource":
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html
            raise ValidationError(message=f"Accounts with AccountFilterType {kind} are not supported in a template")
        return cls(
            tuple(targets["OrganizationalUnitIds"]),
            tuple(group["Regions"]),
            kind,
            frozenset(targets.get("Accounts", ())),
        )

    def accounts(self, backend: OrganizationsBackend, arrived: Collection[str]) -> tuple[str, ...]:
        """The accounts of the group, never the management account.

        "Automatic deployments do not consider account level targeting filters" ("Enable or disable automatic
        deployments",
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html), so
        they do not hold for accounts that arrived in a unit later.
        """
        below = member_accounts_below(backend, self.units)
        match self.filter:
            case "DIFFERENCE":
                return tuple(account for account in below if account not in self.filtered or account in arrived)
            case "INTERSECTION":
                return tuple(account for account in below if account in self.filtered or account in arrived)
        return below


@dataclass(frozen=True, slots=True)
class Deployment:
    """The targets of a stack set, and what happens when accounts come and go."""

    groups: tuple[Group, ...]
    automatic: bool
    retain: bool
    depends_on: tuple[str, ...]

    @classmethod
    def of(cls, properties: Json) -> Deployment:
        """Read the deployment from the resource's properties."""
        automatic = properties.get("AutoDeployment", {})
        return cls(
            groups=tuple(Group.of(group) for group in properties.get("StackInstancesGroup", ())),
            automatic=bool(automatic.get("Enabled", False)),
            retain=bool(automatic.get("RetainStacksOnAccountRemoval", False)),
            depends_on=tuple(automatic.get("DependsOn", ())),
        )


class RealStackInstance(StackInstance):  # type: ignore[misc]  # moto ships no types
    """A stack instance with a real stack in its account and region, where the account sees it."""

    def __init__(self, stack_set: StackSet, account_id: str, region_name: str) -> None:
        self.account_id = account_id
        self.region_name = region_name
        self.stackset_id = stack_set.id
        self.name = stack_set.name
        self.template = stack_set.template
        self.parameters: list[Json] = []
        self.permission_model = "SERVICE_MANAGED"
        self.stack_name = f"StackSet-{stack_set.name}-{mock_random.uuid4()}"
        self.stack = cloudformation_backends[account_id][region_name].create_stack(
            name=self.stack_name,
            template=stack_set.template,
            parameters=dict(stack_set.parameters),
            # "CloudFormation also propagates these tags to supported resources that are created in the stacks":
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
            tags=dict(stack_set.tags),
        )

    def update(self, stack_set: StackSet) -> None:
        """Update the stack to the stack set's current template and parameters."""
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack_set.parameters.items()]
        cloudformation_backends[self.account_id][self.region_name].update_stack(
            name=self.stack.stack_id,
            template=stack_set.template,
            role_arn=None,
            parameters=parameters,
            tags=dict(stack_set.tags),
        )
        self.template = stack_set.template

    def delete(self) -> None:
        """Delete the stack."""
        cloudformation_backends[self.account_id][self.region_name].delete_stack(self.stack.stack_id)

    def to_dict(self) -> Json:
        """The instance as the API returns it."""
        return {**super().to_dict(), "StackId": self.stack.stack_id, "ParameterOverrides": []}


@contextmanager
def automatic_deployment() -> Iterator[None]:
    """Deploy whenever an account joins or leaves a unit."""
    changes = ("create_account", "move_account", "remove_account_from_organization")
    followed = {name: _followed(getattr(OrganizationsBackend, name)) for name in changes}
    with replaced(OrganizationsBackend, **followed):
        yield


def _followed(method: Callable[..., object]) -> Callable[..., object]:
    def change(self: OrganizationsBackend, **kwargs: object) -> object:
        answer = method(self, **kwargs)
        ordered = _in_order(_automatic_stack_sets(self))
        account = str(kwargs.get("AccountId") or self.accounts[-1].id)
        for stack_set in reversed(ordered):
            stack_set.arrived.add(account)
            _take_away(stack_set, self, keep=stack_set.deployment.retain)
        for stack_set in ordered:
            _add(stack_set, self)
        return answer

    return change


def _automatic_stack_sets(backend: OrganizationsBackend) -> tuple[StackSet, ...]:
    administrators = (backend.account_id, *(admin.account.id for admin in backend.admins))
    return tuple(
        stack_set
        for account in administrators
        for regional in cloudformation_backends[account].values()
        for stack_set in regional.stacksets.values()
        if stack_set.status == "ACTIVE" and hasattr(stack_set, "deployment") and stack_set.deployment.automatic
    )


def _in_order(stack_sets: tuple[StackSet, ...]) -> tuple[StackSet, ...]:
    """The stack sets, each after those it depends on."""
    by_arn = {stack_set.arn: stack_set for stack_set in stack_sets}
    graph = {arn: by_arn.keys() & set(stack_set.deployment.depends_on) for arn, stack_set in by_arn.items()}
    return tuple(by_arn[arn] for arn in graphlib.TopologicalSorter(graph).static_order())


def deploy(stack_set: StackSet, deployment: Deployment, account_id: str) -> None:
    """Create the stacks that the stack set's targets require, and delete all others.

    Raises:
        ValidationError: if it depends on a stack set that the administrator does not have.
    """
    stack_set.deployment, stack_set.arrived = deployment, set()
    known = {
        each.arn for backend in cloudformation_backends[account_id].values() for each in backend.stacksets.values()
    }
    if unknown := sorted(set(stack_set.deployment.depends_on) - known):
        raise ValidationError(message=f"AutoDeployment depends on stack sets that do not exist: {unknown}")
    backend = management_backend(account_id)
    # When the administrator removes a target its stacks go, whatever AutoDeployment says about accounts that leave.
    _take_away(stack_set, backend, keep=False)
    _add(stack_set, backend)


def _add(stack_set: StackSet, backend: OrganizationsBackend) -> None:
    present = {(instance.account_id, instance.region_name) for instance in stack_set.stack_instances}
    active = {account.id for account in backend.accounts if account.status == "ACTIVE"}
    for group in stack_set.deployment.groups:
        for account in group.accounts(backend, stack_set.arrived):
            for region in group.regions:
                if account in active and (account, region) not in present:
                    present.add((account, region))
                    stack_set.stack_instances.append(RealStackInstance(stack_set, account, region))


def _take_away(stack_set: StackSet, backend: OrganizationsBackend, *, keep: bool) -> None:
    wanted = {
        (account, region)
        for group in stack_set.deployment.groups
        for account in group.accounts(backend, stack_set.arrived)
        for region in group.regions
    }
    for instance in tuple(stack_set.stack_instances):
        if (instance.account_id, instance.region_name) not in wanted:
            _remove(stack_set, instance, keep=keep)


def remove_stacks(stack_set: StackSet) -> None:
    """Delete every stack of the stack set."""
    for instance in tuple(stack_set.stack_instances):
        _remove(stack_set, instance)


def _remove(stack_set: StackSet, instance: RealStackInstance, *, keep: bool = False) -> None:
    if not keep:
        instance.delete()
    stack_set.stack_instances.remove(instance)
