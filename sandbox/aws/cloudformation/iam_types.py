"""Corrects the emulator's AWS::IAM::Role and AWS::IAM::ManagedPolicy where they differ from AWS's documentation.

A simulation; the types follow their pages of the "AWS resource and property types reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError
from moto.iam.models import ManagedPolicy, Role, iam_backends

from sandbox.aws.bridge import replaced
from sandbox.aws.iam.documents import check_partitions
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]

_CREATE_ROLE = Role.create_from_cloudformation_json.__func__
_CREATE_MANAGED_POLICY = ManagedPolicy.create_from_cloudformation_json.__func__


@contextmanager
def iam_types() -> Iterator[None]:
    """Replace the parts of moto's IAM types that lose properties, or accept what IAM refuses."""
    with (
        replaced(
            Role,
            create_from_cloudformation_json=classmethod(_create_role),
            update_from_cloudformation_json=classmethod(_update_role),
        ),
        replaced(
            ManagedPolicy,
            create_from_cloudformation_json=classmethod(_create_managed_policy),
            update_from_cloudformation_json=classmethod(_update_managed_policy),
            delete=_delete_managed_policy,
        ),
    ):
        yield


def _inline_policies(properties: Json) -> dict[str, str]:
    """The inline policies of a role by name. Refuse what IAM refuses of them and of the trust policy."""
    if "ManagedPolicyArns" in properties:
        raise ValidationError(message="managed policies of a role are not modeled")
    documents = {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", ())}
    check_partitions(properties["AssumeRolePolicyDocument"], *documents.values())
    return {name: json.dumps(document) for name, document in documents.items()}


def _create_role(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> Role:
    """Create a role with its policies as JSON texts, as IAM's own API stores them."""
    policies = _inline_policies(cloudformation_json["Properties"])
    role = _CREATE_ROLE(cls, name, cloudformation_json, account_id, region, **kwargs)
    role.policies = policies
    return role


def _update_role(
    _cls: type,
    original_resource: Role,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> Role:
    """Replace the trust policy and the inline policies, without interruption."""
    del new_resource_name, region_name
    role, properties = original_resource, cloudformation_json["Properties"]
    if properties.get("RoleName", role.name) != role.name or properties.get("Path", "/") != role.path:
        raise ValidationError(message="the replacement of a role is not modeled")
    role.policies = _inline_policies(properties)
    _check_boundary(properties, account_id)
    role.permissions_boundary_arn = properties.get("PermissionsBoundary")
    role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
    role.description = properties.get("Description", "")
    role.max_session_duration = properties.get("MaxSessionDuration", 3600)
    return role


def _check_boundary(properties: Json, account_id: str) -> None:
    """Refuse a boundary that is no policy of the account or of AWS (API Reference, CreateRole: PermissionsBoundary)."""
    boundary = properties.get("PermissionsBoundary")
    if boundary and boundary not in iam_backends[account_id][partition()].managed_policies:
        raise ValidationError(message=f"Scope ARN: {boundary} does not exist or is not attachable.")


def _create_managed_policy(
    cls: type, /, name: str, cloudformation_json: Json, account_id: str, region: str, **kwargs: object
) -> ManagedPolicy:
    check_partitions(cloudformation_json["Properties"]["PolicyDocument"])
    return _CREATE_MANAGED_POLICY(cls, name, cloudformation_json, account_id, region, **kwargs)


def _update_managed_policy(
    _cls: type,
    original_resource: ManagedPolicy,
    new_resource_name: str,
    cloudformation_json: Json,
    account_id: str,
    region_name: str,
) -> ManagedPolicy:
    """Create a new default version, and attach the policy to exactly the roles that the update names."""
    del new_resource_name, region_name
    policy, properties = original_resource, cloudformation_json["Properties"]
    if properties.keys() & {"Groups", "Users"} or properties.get("ManagedPolicyName", policy.name) != policy.name:
        raise ValidationError(message="policies of users and groups, and replacements, are not modeled")
    check_partitions(properties["PolicyDocument"])
    backend = iam_backends[account_id][partition()]
    for version in [version for version in policy.versions if not version.is_default]:
        backend.delete_policy_version(policy.arn, version.version_id)
    backend.create_policy_version(policy.arn, json.dumps(properties["PolicyDocument"]), "true")
    wanted, roles = set(properties.get("Roles", ())), tuple(backend.roles.values())
    for role in roles:
        if role.name in wanted and policy.arn not in role.managed_policies:
            policy.attach_to(role)
        elif role.name not in wanted and policy.arn in role.managed_policies:
            policy.detach_from(role)
    return policy


def _delete_managed_policy(policy: ManagedPolicy, account_id: str, _region_name: str) -> None:
    """Detach the policy from its roles, and delete it with its stack."""
    backend = iam_backends[account_id][partition()]
    for role in tuple(backend.roles.values()):
        if policy.arn in role.managed_policies:
            policy.detach_from(role)
    backend.delete_policy(policy.arn)
