"""Service-managed StackSets: one real stack in each account and region of their targets, also of accounts to come.

A simulation of "Enable or disable automatic deployments for StackSets in AWS Organizations"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html). It extends
moto's own stack sets, so moto's API lists them and their instances.
"""

from __future__ import annotations

import graphlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import StackSet, cloudformation_backends
from moto.organizations.models import OrganizationsBackend

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stack_instances import Preferences, RealStackInstance, operate
from sandbox.aws.cloudformation.stack_sets.operations import CREATE, DELETE, UPDATE, carried_out
from sandbox.aws.organization import management_backend, member_accounts_below

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Json = dict[str, Any]
EVERYTHING_TOLERATED = Preferences(tolerance=100, tolerance_in_percent=True, parallel=True)


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
    preferences: Preferences

    @classmethod
    def of(cls, properties: Json) -> Deployment:
        """Read the deployment from the resource's properties."""
        automatic = properties.get("AutoDeployment", {})
        return cls(
            groups=tuple(Group.of(group) for group in properties.get("StackInstancesGroup", ())),
            automatic=bool(automatic.get("Enabled", False)),
            retain=bool(automatic.get("RetainStacksOnAccountRemoval", False)),
            depends_on=tuple(automatic.get("DependsOn", ())),
            preferences=Preferences.of(properties.get("OperationPreferences", {})),
        )


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
            # "StackSetOperationPreferences don't apply to AutoDeployment": a failure stops nothing
            # (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html).
            operate(stack_set, CREATE, _added(stack_set, self), EVERYTHING_TOLERATED)
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


def deploy(stack_set: StackSet, deployment: Deployment, account_id: str, *, changed: bool = False) -> None:
    """Create the stacks that the stack set's targets require, update the existing ones, and delete all others.

    Raises:
        ValidationError: if it depends on a stack set that the administrator does not have, or if an operation fails in
            more accounts of a Region than it tolerates.
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
    # moto tries a failed update again, when nothing has changed since.
    outdated = tuple(each for each in stack_set.stack_instances if changed or each.status != "CURRENT")
    if failure := operate(stack_set, UPDATE, outdated, deployment.preferences):
        raise ValidationError(message=f"the operation failed: {failure}")
    if failure := operate(stack_set, CREATE, _added(stack_set, backend), deployment.preferences):
        raise ValidationError(message=f"the operation failed: {failure}")


def _added(stack_set: StackSet, backend: OrganizationsBackend) -> tuple[RealStackInstance, ...]:
    """The new instances of accounts and regions that have none; their stacks do not exist yet."""
    present = {(instance.account_id, instance.region_name) for instance in stack_set.stack_instances}
    active = {account.id for account in backend.accounts if account.status == "ACTIVE"}
    added = []
    for group in stack_set.deployment.groups:
        for account in group.accounts(backend, stack_set.arrived):
            for region in group.regions:
                if account in active and (account, region) not in present:
                    present.add((account, region))
                    added.append(RealStackInstance(stack_set, account, region))
    stack_set.stack_instances += added
    return tuple(added)


def _take_away(stack_set: StackSet, backend: OrganizationsBackend, *, keep: bool) -> None:
    wanted = {
        (account, region)
        for group in stack_set.deployment.groups
        for account in group.accounts(backend, stack_set.arrived)
        for region in group.regions
    }
    surplus = [each for each in stack_set.stack_instances if (each.account_id, each.region_name) not in wanted]
    for instance in surplus:
        _remove(stack_set, instance, keep=keep)
    carried_out(stack_set, DELETE, surplus)


def remove_stacks(stack_set: StackSet) -> None:
    """Delete every stack of the stack set."""
    instances = tuple(stack_set.stack_instances)
    for instance in instances:
        _remove(stack_set, instance)
    carried_out(stack_set, DELETE, instances)


def _remove(stack_set: StackSet, instance: RealStackInstance, *, keep: bool = False) -> None:
    if not keep:
        instance.delete()
    stack_set.stack_instances.remove(instance)
