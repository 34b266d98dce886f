"""The permission guard: checks the AWS calls of guarded roles against the policies that are deployed.

A simulation: the emulator allows every call. The guard evaluates the API calls of guarded roles' sessions as AWS
documents in "Policy evaluation logic"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). It refuses with the
service's own error, and records the calls, so that a test can compare what is granted with what is used.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from botocore.client import BaseClient
from moto.iam.models import ManagedPolicy, Role, get_account_id_from, iam_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.errors import service_error
from sandbox.aws.iam import evaluation, objects, service_control
from sandbox.aws.iam.keys.access import key_policy, uses_of_keys
from sandbox.aws.iam.keys.customer_keys import key_with
from sandbox.aws.iam.permission import Refusal
from sandbox.aws.iam.permissions import Caller, Permission, needed_permissions
from sandbox.aws.organization import management_backend, organization_context, organization_id
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.installation import Names
    from sandbox.aws.iam.conditions import Context

# Error code and HTTP status of a denied call: "Common errors" in each service's API reference, for example
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html for EC2.
_DENIALS: Final = {
    "ec2": ("UnauthorizedOperation", 403),
    "dynamodb": ("AccessDeniedException", 400),
    "organizations": ("AccessDeniedException", 400),
    "route53profiles": ("AccessDeniedException", 400),
    "route53resolver": ("AccessDeniedException", 400),
}
_DENIAL: Final = ("AccessDenied", 403)
_COLONS_OF_AN_ARN: Final = 5
_CLIENT: Final[Any] = BaseClient  # Any, because the guard uses private attributes of botocore's clients


def guarded_roles(names: Names) -> frozenset[str]:
    """The names of the roles of an installation that call AWS."""
    return frozenset(
        (
            names.associator_role,
            names.authorizer_role,
            names.historian_role,
            names.observer_role,
            names.publisher_role,
            names.reader_role,
            names.reporter_role,
            names.sweeper_role,
            names.vpc_role,
            names.writer_role,
            names.zone_reader_role,
        )
    )


class AccessDenied(PermissionError):
    """The deployed policies do not allow a role's call."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A call that was refused."""

    role_arn: str
    action: str
    resource: str


class Guard:
    """Checks and records the calls of guarded roles.

    Attributes:
        roles: Their names.
        calls: The allowed actions and resources of each role, by the role's name.
        denied: The refused calls, in order.
        operations: The operations of each service that guarded roles called, denied or not.
    """

    def __init__(self, roles: Collection[str] = ()) -> None:
        self.roles = set(roles)
        self.calls: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        self.denied: list[Denied] = []
        self.operations: defaultdict[str, set[str]] = defaultdict(set)

    def check(self, role_arn: str, action: str, resource: str, context: Context | None = None) -> None:
        """Check and record one action of a role.

        Call it directly for what AWS does in the role's name without an API call.

        Raises:
            AccessDenied: if the deployed policies do not allow the action.
        """
        account = account_of(role_arn)
        request = evaluation.Request(
            principal_arn=role_arn,
            principal_account=account,
            action=action,
            resource=resource,
            context={
                "aws:PrincipalArn": role_arn,
                "aws:PrincipalAccount": account,
                "aws:SecureTransport": "true",
                **organization_context(account, "Principal"),
                **_resource_context(resource),
                **(context or {}),
            },
        )
        role = deployed_role(role_arn)
        if (
            role is None
            or service_control.denied(role_arn, account, action, resource, request.context)
            or not _carried_out(request, role)
        ):
            self.denied.append(Denied(role_arn, action, resource))
            raise AccessDenied(f"User: {role_arn} is not authorized to perform: {action} on resource: {resource}")
        self.calls[role.name].add((action, resource))

    def used_actions(self, role: str) -> frozenset[str]:
        """The actions that roles of this name used successfully, in any account."""
        return frozenset(action for action, _ in self.calls[role])

    def granted_actions(self, role: str) -> frozenset[str]:
        """The actions that the policies of roles with this name grant, in all accounts, as written."""
        deployed = (found for account in tuple(iam_backends) for found in _roles(account) if found.name == role)
        return frozenset().union(*(evaluation.granted_actions(identity_documents(found)) for found in deployed))

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Guard every boto3 and botocore client of this process, whenever it was created."""
        call = _CLIENT._make_api_call

        def guarded(client: Any, operation: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore's own types
            self._before(client, operation, parameters)
            return call(client, operation, parameters)

        # botocore's clients and not the emulator, because only here the parameters are still the caller's own.
        with replaced(_CLIENT, _make_api_call=guarded):
            yield

    def _before(self, client: Any, operation: str, parameters: dict[str, Any]) -> None:  # noqa: ANN401 - as above
        role_arn = self._guarded_role(client)
        if role_arn is None:
            return
        service = client.meta.service_model.service_name
        self.operations[service].add(operation)
        account, region = account_of(role_arn), _region(client)
        backend = management_backend(account)
        caller = Caller(account, region, organization_id(account), backend.account_id if backend else None)
        needed = needed_permissions(service, operation, parameters, caller)
        for permission in (*needed, *objects.to_miss_an_object(service, operation, parameters)):
            self._check_call(client, operation, role_arn, permission)
            for use in uses_of_keys(permission.action, permission.resource, account):
                self._check_call(client, operation, role_arn, use)

    def _check_call(
        self,
        client: Any,  # noqa: ANN401 - as above
        operation: str,
        role_arn: str,
        permission: Permission,
    ) -> None:
        service = client.meta.service_model.service_name
        context = {"aws:RequestedRegion": _region(client), **permission.context}
        try:
            self.check(role_arn, permission.action, permission.resource, context)
        except AccessDenied as denied:
            error = permission.refusal or Refusal(*_DENIALS.get(service, _DENIAL), str(denied))
            raise service_error(client, operation, error.code, error.status, error.message) from denied

    def _guarded_role(self, client: Any) -> str | None:  # noqa: ANN401 - as above
        """The ARN of the guarded role whose credentials a client signs with, or None."""
        credentials = client._request_signer._credentials
        if credentials is None:
            return None
        key_id = credentials.access_key
        key = iam_backends[get_account_id_from(key_id)][partition()].access_keys.get(key_id)
        role_arn: str | None = getattr(key, "role_arn", None)
        return role_arn if role_arn and role_arn.rpartition("/")[2] in self.roles else None


def _region(client: Any) -> str:  # noqa: ANN401 - botocore's own types
    """The region that a call is signed for: of a global service, that of its endpoint.

    It is the value of aws:RequestedRegion ("Global condition keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion).
    """
    region: str = client._request_signer.region_name
    return region


def _resource_context(resource: str) -> Context:
    """The owner of a resource, as far as its ARN names it.

    "AWS global condition context keys: properties of the resource"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    account = account_of(resource) if resource.count(":") >= _COLONS_OF_AN_ARN else ""
    return {"aws:ResourceAccount": account, **organization_context(account, "Resource")} if account else {}


def account_of(arn: str) -> str:
    """The account in an ARN."""
    return arn.split(":")[4]


def deployed_role(role_arn: str) -> Role | None:
    """The deployed role with this ARN, or None."""
    return next((role for role in _roles(account_of(role_arn)) if role.arn == role_arn), None)


def identity_documents(role: Role) -> tuple[evaluation.Document, ...]:
    """A role's inline policies, and its attached managed policies in their default version."""
    return tuple(evaluation.parsed(text) for text in identity_texts(role))


def identity_texts(role: Role) -> tuple[str, ...]:
    """The same as texts."""
    managed = [_default_version(policy) for policy in role.managed_policies.values()]
    return (*(_text(document) for document in role.policies.values()), *managed)


def _default_version(policy: ManagedPolicy) -> str:
    return next(_text(each.document) for each in policy.versions if each.version_id == policy.default_version_id)


def boundary_of(role: Role) -> str | None:
    """The role's permissions boundary, beyond which its policies grant nothing, or None.

    "Permissions boundaries for IAM entities"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
    """
    arn = role.permissions_boundary_arn
    return _default_version(iam_backends[role.account_id][partition()].get_policy(arn)) if arn else None


def trust_document(role: Role) -> evaluation.Document:
    """The role's trust policy."""
    return evaluation.parsed(_text(role.assume_role_policy_document))


def _carried_out(request: evaluation.Request, role: Role) -> bool:
    context = tuple(sorted(request.context.items()))
    principal = (request.principal_arn, request.principal_account)
    boundary = boundary_of(role)
    if boundary and not evaluation.identity_allows([evaluation.parsed(boundary)], request):
        return False
    if request.action.startswith("kms:"):
        key = key_with(request.resource, *principal)
        policy = key.policy if key_policy(key) else None
        return policy is not None and _allowed(
            principal, request.action, request.resource, context, identity_texts(role), policy
        )
    if request.action != "sts:AssumeRole":
        return _allowed(principal, request.action, request.resource, context, identity_texts(role))
    # STS answers the same for a role that does not exist and for one that does not trust the caller.
    assumed = deployed_role(request.resource)
    trust = _text(assumed.assume_role_policy_document) if assumed else None
    return trust is not None and _allowed(
        principal, request.action, request.resource, context, identity_texts(role), trust
    )


# A poller makes the same requests at every poll, and the policies rarely change in between.
@lru_cache(maxsize=4096)
def _allowed(
    principal: tuple[str, str],
    action: str,
    resource: str,
    context: tuple[tuple[str, str | tuple[str, ...]], ...],
    identity_texts: tuple[str, ...],
    resource_text: str | None = None,
) -> bool:
    request = evaluation.Request(*principal, action, resource, dict(context))
    identity = tuple(evaluation.parsed(text) for text in identity_texts)
    if resource_text is None:
        return evaluation.allowed(request, identity, None, request.principal_account)
    return evaluation.allowed(request, identity, evaluation.parsed(resource_text), account_of(resource))


def _roles(account: str) -> tuple[Role, ...]:
    return tuple(iam_backends[account][partition()].roles.values())


def _text(document: object) -> str:
    """A policy document as JSON text. moto keeps it as text, or as YAML was read, possibly with dates."""
    return document if isinstance(document, str) else json.dumps(document, default=str)
