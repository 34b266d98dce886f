"""Who calls, by the access key: users and roles that have policies. All others are administrators."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.iam.models import get_account_id_from, iam_backends

from sandbox.aws.iam.guard import boundary_of, deployed_role, identity_texts
from sandbox.aws.partition import partition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.iam.models import User


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or a role that has policies.

    Attributes:
        arn: Its ARN; of a session, that of the role.
        account: Its account.
        policies: The texts of its policies.
        boundary: The text of its permissions boundary, beyond which its policies grant nothing, or None.
    """

    arn: str
    account: str
    policies: tuple[str, ...]
    boundary: str | None = None


def principal_of(key_id: str) -> Principal | None:
    """The user or role whose key this is, or None if it has no policy: it is an administrator of the simulation."""
    account = get_account_id_from(key_id)
    backend = iam_backends[account][partition()]
    for user in backend.users.values():
        if any(key.access_key_id == key_id for key in user.access_keys):
            return _with_policies(Principal(user.arn, account, _texts_of(user)))
    role_arn = getattr(backend.access_keys.get(key_id), "role_arn", None)
    role = deployed_role(role_arn) if role_arn else None
    if role is None:
        return None
    return _with_policies(Principal(role.arn, account, identity_texts(role), boundary_of(role)))


def create_user(account: str, name: str, policies: Mapping[str, str]) -> tuple[str, str]:
    """Create a user with managed policies of these names and texts; the id of its key, and the secret."""
    backend = iam_backends[account][partition()]
    backend.create_user(partition(), name)
    for title, text in policies.items():
        policy = backend.create_policy("", "/", text, title, [])
        backend.attach_user_policy(policy.arn, name)
    key = backend.create_access_key(name, prefix="AKIA")
    return key.access_key_id, key.secret_access_key


def _with_policies(principal: Principal) -> Principal | None:
    return principal if principal.policies else None


def _texts_of(user: User) -> tuple[str, ...]:
    managed = (
        next(each.document for each in policy.versions if each.version_id == policy.default_version_id)
        for policy in user.managed_policies.values()
    )
    return tuple(_text(document) for document in (*user.policies.values(), *managed))


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)
