"""Service control policies: those attached to an account, its units and the root deny calls of its principals.

A simulation of "Service control policies"
(https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html). They restrict every
principal of a member account but service-linked roles, and nobody in the management account. Only their Deny statements
are modeled: an allow list would have to name every call of the sandbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.iam import evaluation
from sandbox.aws.organization import management_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.organizations.models import OrganizationsBackend

    from sandbox.aws.iam.conditions import Context

_TYPE: Final = "SERVICE_CONTROL_POLICY"


def restricted(account: str) -> bool:
    """Whether a policy with a Deny applies to the account's principals."""
    return any(True for _ in _denying(account))


def denied(principal_arn: str, account: str, action: str, resource: str, context: Context) -> bool:
    """Whether a policy of the organization denies the call of a principal of the account."""
    request = evaluation.Request(
        principal_arn, account, action, resource, {"aws:PrincipalArn": principal_arn, **context}
    )
    return any(
        evaluation.evaluate(evaluation.parsed(text), request) is evaluation.Effect.DENY for text in _denying(account)
    )


def _denying(account: str) -> Iterator[str]:
    """The texts of the policies with a Deny of an account, of the units above it and of the root."""
    backend = management_backend(account)
    if backend is None or account == backend.account_id:
        return
    denying = [policy for policy in backend.policies if policy.type == _TYPE and '"Deny"' in policy.content]
    if denying:
        attached = [policy for target in _path(backend, account) for policy in target.attached_policies]
        yield from (policy.content for policy in denying if policy in attached)


def _path(backend: OrganizationsBackend, account: str) -> Iterator[Any]:
    units = {unit.id: unit for unit in backend.ou}
    target: Any = backend.get_account_by_id(account)
    while target is not None:
        yield target
        target = units.get(target.parent_id)
