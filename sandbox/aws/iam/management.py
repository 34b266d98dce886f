"""What the management account of an organization changes for all of it, and what others are refused.

A simulation of "Using AWS Organizations with other AWS services", "Activate trusted access for StackSets" and
"Attaching organization policies"
(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services.html,
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-activate-trusted-access.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies_attach.html). The emulator lets a member
account change an organization of its own, which it does not have.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import EmptyResult
from moto.organizations.exceptions import OrganizationsClientError
from moto.organizations.models import OrganizationsBackend
from moto.organizations.responses import OrganizationsResponse

from sandbox.aws.bridge import replaced
from sandbox.aws.organization import STACK_SETS_PRINCIPAL, management_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Check = Callable[[OrganizationsBackend, Mapping[str, str]], None]

# An answer of the emulator's API, which ships no types.
Moto = Any
# "You can only call this operation from the management account", for example
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAWSServiceAccess.html.
_MANAGEMENT_ONLY: Final = (
    "attach_policy",
    "create_policy",
    "delete_policy",
    "deregister_delegated_administrator",
    "detach_policy",
    "disable_aws_service_access",
    "disable_policy_type",
    "enable_aws_service_access",
    "enable_policy_type",
    "register_delegated_administrator",
    "update_policy",
)
# "... or by any member account that is a delegated administrator for an AWS service", for example
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAWSServiceAccessForOrganization.html.
_READ: Final = (
    "describe_policy",
    "list_aws_service_access_for_organization",
    "list_delegated_services_for_account",
    "list_policies",
    "list_policies_for_target",
    "list_targets_for_policy",
)


class InvalidOperation(CloudFormationError):  # type: ignore[misc]  # moto ships no types
    """The operation is not for this account."""

    code = "InvalidOperationException"


@contextmanager
def management_calls() -> Iterator[None]:
    """Refuse to member accounts what only the management account may do, and the rest of it as Organizations does."""
    checked = {"register_delegated_administrator": _check_trust, "attach_policy": _check_attachment}
    mutating = {
        name: _of_management(getattr(OrganizationsResponse, name), checked.get(name)) for name in _MANAGEMENT_ONLY
    }
    reading = {name: _answered(getattr(OrganizationsBackend, name)) for name in _READ}
    with (
        replaced(OrganizationsBackend, **reading),
        # Only calls of the API: the emulator calls the backend's methods itself when it creates an organization.
        replaced(OrganizationsResponse, **mutating),
        replaced(
            CloudFormationResponse,
            activate_organizations_access=_activate,
            deactivate_organizations_access=_deactivate,
        ),
    ):
        yield


def _of_management(method: Callable[[Moto], str], check: Check | None) -> Callable[[Moto], str]:
    def call(response: Moto) -> str:
        backend = response.organizations_backend
        if _organization(backend) is not backend:
            raise _denied()
        if check:
            check(backend, response.request_params)
        return method(response)

    return call


def _answered(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: OrganizationsBackend, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - moto's own types
        backend = _organization(self)
        if backend is not self and all(admin.account.id != self.account_id for admin in backend.admins):
            raise _denied()
        return method(backend, *args, **kwargs)

    return call


def _organization(backend: OrganizationsBackend) -> OrganizationsBackend:
    found = management_backend(backend.account_id)
    if found is None:
        raise OrganizationsClientError(
            "AWSOrganizationsNotInUseException", "Your account is not a member of an organization."
        )
    return found


def _denied() -> OrganizationsClientError:
    return OrganizationsClientError("AccessDeniedException", "You don't have permissions to access this resource.")


def _check_trust(backend: OrganizationsBackend, parameters: Mapping[str, str]) -> None:
    """Refuse an administrator of a service that has no trusted access.

    SERVICE_ACCESS_NOT_ENABLED, in "ConstraintViolationException"
    (https://docs.aws.amazon.com/organizations/latest/APIReference/API_RegisterDelegatedAdministrator.html).
    """
    if not _trusted(backend, parameters["ServicePrincipal"]):
        raise OrganizationsClientError(
            "ConstraintViolationException",
            "You attempted to register a delegated administrator before you enabled service access. Call the "
            "EnableAWSServiceAccess API first.",
        )


def _check_attachment(backend: OrganizationsBackend, parameters: Mapping[str, str]) -> None:
    """Refuse a policy whose type is not enabled, or that is attached already.

    PolicyTypeNotEnabledException and DuplicatePolicyAttachmentException, in "AttachPolicy"
    (https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html).
    """
    policy = backend.get_policy_by_id(parameters["PolicyId"])
    root = next(unit for unit in backend.ou if unit.id.startswith("r-"))
    if all(enabled["Type"] != policy.type for enabled in root.policy_types):
        raise OrganizationsClientError(
            "PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types."
        )
    targets = backend.list_targets_for_policy(PolicyId=policy.id)["Targets"]
    if any(each["TargetId"] == parameters["TargetId"] for each in targets):
        raise OrganizationsClientError(
            "DuplicatePolicyAttachmentException",
            "A policy with the specified name and type is already attached to the specified target.",
        )


def _trusted(backend: OrganizationsBackend, principal: str) -> bool:
    return any(service["ServicePrincipal"] == principal for service in backend.services)


def _activate(response: Moto) -> EmptyResult:
    """Activate trusted access for StackSets.

    "ActivateOrganizationsAccess"
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ActivateOrganizationsAccess.html).
    """
    _management_of(response).enable_aws_service_access(ServicePrincipal=STACK_SETS_PRINCIPAL)
    return EmptyResult()


def _deactivate(response: Moto) -> EmptyResult:
    """Deactivate trusted access for StackSets, if no delegated administrator is registered."""
    backend = _management_of(response)
    if any(STACK_SETS_PRINCIPAL in admin.services for admin in backend.admins):
        raise InvalidOperation("Deregister all delegated administrators first.")
    if _trusted(backend, STACK_SETS_PRINCIPAL):
        backend.disable_aws_service_access(ServicePrincipal=STACK_SETS_PRINCIPAL)
    return EmptyResult()


def _management_of(response: Moto) -> OrganizationsBackend:
    backend = management_backend(response.current_account)
    if backend is None or backend.account_id != response.current_account:
        raise InvalidOperation("You must be the management account of an organization to perform this operation.")
    return backend
