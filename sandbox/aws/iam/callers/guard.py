"""Allows or refuses what a caller with policies does, and records it.

Identity policies, permissions boundaries and service control policies count. Those of resources do not: a bucket's
policy does not allow what the caller's own policies do not, and that of a key is checked by `keys.creation`. The words
of a refusal are IAM's ("Troubleshoot access denied error messages",
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.aws.iam import evaluation, service_control
from sandbox.aws.iam.guard import account_of
from sandbox.aws.organization import organization_context

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.aws.iam.callers.principals import Principal
    from sandbox.aws.iam.permission import Permission

_COLONS_OF_AN_ARN: Final = 5


class CallerDenied(PermissionError):
    """The policies of a caller do not allow a call. The message is IAM's."""


@dataclass(slots=True)
class Records:
    """What callers with policies did.

    Attributes:
        allowed: The requests that their policies allowed, in order.
        denied: Those that they did not.
    """

    allowed: list[evaluation.Request]
    denied: list[evaluation.Request]

    def of(self, principal_arn: str) -> tuple[evaluation.Request, ...]:
        """The allowed requests of a caller."""
        return tuple(request for request in self.allowed if request.principal_arn == principal_arn)


@dataclass(frozen=True, slots=True)
class CallerGuard:
    """Checks the calls of one principal."""

    principal: Principal
    records: Records

    def check(self, permission: Permission, region: str, via: tuple[str, ...] = ()) -> None:
        """Check and record one action.

        Args:
            permission: The action, its resource, and the condition keys that the call sets.
            region: The region that is called.
            via: The services that make the call in the principal's name, the first one first.

        Raises:
            CallerDenied: if the principal's policies do not allow it.
        """
        request = request_of(self.principal.arn, permission, region, via)
        if reason := _refusal(self.principal, request):
            self.records.denied.append(request)
            where = "" if request.resource == "*" else f" on resource: {request.resource}"
            raise CallerDenied(
                f"User: {self.principal.arn} is not authorized to perform: {request.action}{where} {reason}"
            )
        self.records.allowed.append(request)


_CURRENT: ContextVar[CallerGuard | None] = ContextVar("current caller", default=None)


@contextmanager
def calling(guard: CallerGuard | None) -> Iterator[None]:
    """Let this be the caller while the context lasts."""
    token = _CURRENT.set(guard)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_caller() -> CallerGuard | None:
    """Who calls now, if it has policies."""
    return _CURRENT.get()


def request_of(
    principal_arn: str, permission: Permission, region: str, via: tuple[str, ...] = ()
) -> evaluation.Request:
    """The request for an action as IAM evaluates it.

    "When FAS requests are made, aws:CalledVia, aws:CalledViaFirst, and aws:CalledViaLast condition keys are populated"
    ("Forward access sessions", https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html).
    """
    account, resource = account_of(principal_arn), permission.resource
    owner = account_of(resource) if resource.count(":") >= _COLONS_OF_AN_ARN else ""
    called_via: dict[str, str | tuple[str, ...]] = {}
    if via:
        called_via = {"aws:CalledVia": via, "aws:CalledViaFirst": via[0], "aws:CalledViaLast": via[-1]}
    return evaluation.Request(
        principal_arn,
        account,
        permission.action,
        resource,
        {
            "aws:PrincipalArn": principal_arn,
            "aws:PrincipalAccount": account,
            "aws:RequestedRegion": region,
            "aws:SecureTransport": "true",
            "aws:ViaAWSService": str(bool(via)).lower(),
            **called_via,
            **organization_context(account, "Principal"),
            **({"aws:ResourceAccount": owner} if owner else {}),
            **permission.context,
        },
    )


def allowed_by(policies: Collection[str], request: evaluation.Request) -> bool:
    """Whether these policies of its principal allow a request."""
    return evaluation.identity_allows([evaluation.parsed(text) for text in policies], request)


def _refusal(principal: Principal, request: evaluation.Request) -> str:
    """Why the request is refused, in IAM's words; empty if it is not."""
    action = request.action
    effects = {evaluation.evaluate(evaluation.parsed(text), request) for text in principal.policies}
    if service_control.denied(principal.arn, principal.account, action, request.resource, request.context):
        return "with an explicit deny in a service control policy"
    if evaluation.Effect.DENY in effects:
        return "with an explicit deny in an identity-based policy"
    if principal.boundary and not allowed_by([principal.boundary], request):
        return f"because no permissions boundary allows the {action} action"
    if evaluation.Effect.ALLOW not in effects:
        return f"because no identity-based policy allows the {action} action"
    return ""
