"""CloudFormation's API of StackSets with service-managed permissions, for the management account and its delegate.

"Register a delegated administrator member account"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html): StackSets of a
delegated administrator belong to the management account. With CallAs SELF a member account sees only those of its own,
of which there are none here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import (
    CloudFormationError,
    StackInstanceNotFound,
    StackSetNotFoundException,
    ValidationError,
)
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from sandbox.aws.bridge import replaced
from sandbox.aws.cloudformation.stack_sets.operations import RUNNING, Operation, operations_of
from sandbox.aws.organization import STACK_SETS_PRINCIPAL, management_backend

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moto.cloudformation.models import StackSet

Json = dict[str, Any]
# An answer of the emulator's API, which ships no types.
Moto = Any
_PAGE: Final = 100


class OperationNotFound(CloudFormationError):  # type: ignore[misc]  # moto ships no types
    """There is no such operation."""

    code = "OperationNotFoundException"


@contextmanager
def stack_sets_answered() -> Iterator[None]:
    """Answer calls about StackSets as AWS does while the context lasts."""
    with replaced(
        CloudFormationResponse,
        describe_stack_instance=_describe_stack_instance,
        describe_stack_set=_describe_stack_set,
        describe_stack_set_operation=_describe_stack_set_operation,
        list_stack_instances=_list_stack_instances,
        list_stack_set_operation_results=_list_results,
        list_stack_set_operations=_list_operations,
        list_stack_sets=_list_stack_sets,
        RESPONSE_KEY_PATH_TO_TRANSFORMER={
            path: transform
            for path, transform in CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
            if not path.startswith("DescribeStackSetOutput")
        },
    ):
        yield


def _stack_sets(request: Moto) -> list[StackSet]:
    """The StackSets that the caller sees in the region."""
    account = request.current_account
    organization = management_backend(account)
    if request._get_param("CallAs") == "DELEGATED_ADMIN":
        delegates = (
            [admin for admin in organization.admins if STACK_SETS_PRINCIPAL in admin.services] if (organization) else []
        )
        if all(admin.account.id != account for admin in delegates):
            raise ValidationError(message="Account used is not a delegated administrator")
    elif organization is not None and organization.account_id != account:
        return []
    accounts = [account]
    if organization is not None:
        accounts = [organization.account_id, *(admin.account.id for admin in organization.admins)]
    return [
        stack_set
        for each in dict.fromkeys(accounts)
        for stack_set in cloudformation_backends[each][request.region].stacksets.values()
    ]


def _named(request: Moto) -> StackSet:
    name = request._get_param("StackSetName")
    for stack_set in _stack_sets(request):
        if stack_set.status != "DELETED" and name in {stack_set.name, stack_set.id, stack_set.arn}:
            return stack_set
    raise StackSetNotFoundException(name)


def _operation(request: Moto) -> Operation:
    wanted = request._get_param("OperationId")
    for operation in operations_of(_named(request)):
        if operation.id == wanted:
            operation.ask()
            return operation
    raise OperationNotFound(f"Operation {wanted} not found")


def _page(request: Moto, found: Sequence[Json]) -> ActionResult:
    token, size = str(request._get_param("NextToken") or "0"), int(request._get_param("MaxResults") or _PAGE)
    if not token.isdigit():
        raise ValidationError(message="NextToken is not valid")
    first = int(token)
    more = {"NextToken": str(first + size)} if first + size < len(found) else {}
    return ActionResult({"Summaries": list(found[first : first + size]), **more})


def _list_stack_sets(self: Moto) -> ActionResult:
    """List the StackSets, by default also deleted ones."""
    status = self._get_param("Status")
    return _page(
        self,
        [
            {
                "StackSetName": each.name,
                "StackSetId": each.id,
                "Description": each.description,
                "Status": each.status,
                "PermissionModel": each.permission_model,
                "AutoDeployment": _automatic(each),
                "DriftStatus": "NOT_CHECKED",
            }
            for each in _stack_sets(self)
            if status in {None, each.status}
        ],
    )


def _describe_stack_set(self: Moto) -> ActionResult:
    """Describe a StackSet."""
    each = _named(self)
    deployment = getattr(each, "deployment", None)
    described = {
        "StackSetName": each.name,
        "StackSetId": each.id,
        "StackSetARN": each.arn,
        "Description": each.description,
        "Status": each.status,
        "TemplateBody": each.template,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in each.parameters.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in (each.tags or {}).items()],
        "PermissionModel": each.permission_model,
        "AutoDeployment": _automatic(each),
        "OrganizationalUnitIds": sorted({unit for group in deployment.groups for unit in group.units})
        if deployment
        else [],
        "Regions": sorted({region for group in deployment.groups for region in group.regions}) if deployment else [],
    }
    return ActionResult({"StackSet": described})


def _automatic(stack_set: StackSet) -> Json | None:
    deployment = getattr(stack_set, "deployment", None)
    if deployment is None:
        return None
    return {"Enabled": deployment.automatic, "RetainStacksOnAccountRemoval": deployment.retain}


def _list_stack_instances(self: Moto) -> ActionResult:
    """List the instances of a StackSet, of an account or of a region if the caller says so."""
    stack_set = _named(self)
    account, region = self._get_param("StackInstanceAccount"), self._get_param("StackInstanceRegion")
    detailed = {each["Values"] for each in self._get_param("Filters") or () if each.get("Name") == "DETAILED_STATUS"}
    listed = [
        each
        for each in _instances(stack_set)
        if account in {None, each["Account"]}
        and region in {None, each["Region"]}
        and (not detailed or each["StackInstanceStatus"]["DetailedStatus"] in detailed)
    ]
    return _page(self, listed)


def _describe_stack_instance(self: Moto) -> ActionResult:
    """Describe an instance of a StackSet."""
    place = self._get_param("StackInstanceAccount"), self._get_param("StackInstanceRegion")
    for each in _instances(_named(self)):
        if (each["Account"], each["Region"]) == place:
            return ActionResult({"StackInstance": each})
    raise StackInstanceNotFound


def _instances(stack_set: StackSet) -> list[Json]:
    """The instances; while an operation is in progress, as far as a caller sees it."""
    waiting: dict[tuple[str, str], tuple[Operation, str]] = {}
    for operation in operations_of(stack_set):
        if operation.status == RUNNING:
            operation.ask()
        for result in operation.shown():
            if result.status in {RUNNING, "PENDING"}:
                waiting[result.account, result.region] = (operation, result.status)
    last = {
        (result.account, result.region): operation.id
        for operation in operations_of(stack_set)
        for result in operation.results
    }
    listed = []
    for instance in stack_set.stack_instances:
        place = (instance.account_id, instance.region_name)
        described = {**instance.to_dict(), "LastOperationId": last.get(place)}
        if place in waiting:
            described |= {
                "Status": "OUTDATED",
                "StatusReason": None,
                "StackInstanceStatus": {"DetailedStatus": waiting[place][1]},
            }
        listed.append(described)
    return listed


def _list_operations(self: Moto) -> ActionResult:
    """List the operations of a StackSet, the newest first."""
    listed = operations_of(_named(self))[::-1]
    for operation in listed:
        operation.ask()
    return _page(self, [_summary(operation) for operation in listed])


def _describe_stack_set_operation(self: Moto) -> ActionResult:
    """Describe an operation of a StackSet."""
    operation, stack_set = _operation(self), _named(self)
    failed = sum(result.status == "FAILED" for result in operation.shown())
    return ActionResult(
        {
            "StackSetOperation": {
                **_summary(operation),
                "StackSetId": stack_set.id,
                "StatusDetails": {"FailedStackInstancesCount": failed},
            }
        }
    )


def _list_results(self: Moto) -> ActionResult:
    """List what an operation did in each account and region."""
    return _page(
        self,
        [
            {
                "Account": result.account,
                "Region": result.region,
                "Status": result.status,
                "StatusReason": result.reason or None,
                "AccountGateResult": {"Status": "SKIPPED", "StatusReason": "There is no account gate."},
            }
            for result in _operation(self).shown()
        ],
    )


def _summary(operation: Operation) -> Json:
    running = operation.status == RUNNING
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created,
        "EndTimestamp": None if running else operation.ended,
    }
