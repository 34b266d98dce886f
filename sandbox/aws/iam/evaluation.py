"""Evaluates IAM policy documents, as far as this project's policies need it. Pure.

A simulation of what AWS documents in "Policy evaluation logic"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). Identity, resource and role
trust policies are modeled here. `guard` adds permissions boundaries, and `service_control` the organization's policies.
Session policies are not modeled. A policy that cannot be read is a `PolicyError`, never a permission.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from sandbox.aws.iam.conditions import (
    ARN_PARTS,
    Context,
    PolicyError,
    arn_like,
    arn_parts,
    conditions_hold,
    like,
    strings,
)

Document = Mapping[str, object]
"""A policy document as JSON gives it."""

_DOCUMENT_KEYS: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT_KEYS: Final = frozenset(
    {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)
_VERSIONS: Final = frozenset({"2012-10-17", "2008-10-17"})
_ROOT_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_ENTITY_ARN: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?:role|user)/[\w+=,.@/-]+")
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")


class Effect(Enum):
    """What a policy decides about a request."""

    ALLOW = "Allow"
    DENY = "Deny"
    NO_DECISION = "no decision"


@dataclass(frozen=True, slots=True)
class Request:
    """One call of one AWS API.

    `principal_arn` is the ARN of a role or user (the role's ARN for a session of it), or a service's name such as
    `events.amazonaws.com`, with an empty account. The caller puts global condition keys into `context`.
    """

    principal_arn: str
    principal_account: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)

    @property
    def by_service(self) -> bool:
        """Whether an AWS service calls on its own behalf, without an identity policy."""
        return _SERVICE.fullmatch(self.principal_arn) is not None


@lru_cache(maxsize=1024)
def parsed(text: str) -> Document:
    """The document in a text."""
    document: Document = json.loads(text)
    return document


def evaluate(document: Document, request: Request) -> Effect:
    """What one policy decides. An explicit Deny wins over any Allow, in any order.

    Statements with a Principal apply only to that principal. Every statement is read even after one has decided, so
    that the first request reveals any fault in the policy.

    Raises:
        PolicyError: if the document is malformed or uses what is not modeled.
    """
    effects = {_effect(statement) for statement in _statements(document) if _matches(statement, request)}
    return next((effect for effect in (Effect.DENY, Effect.ALLOW) if effect in effects), Effect.NO_DECISION)


def identity_allows(documents: Collection[Document], request: Request) -> bool:
    """Whether the principal's policies allow the request and none denies it."""
    return _identity_effect(documents, request) is Effect.ALLOW


def resource_allows(document: Document, request: Request) -> bool:
    """Whether a resource policy or a role trust policy allows the request and does not deny it."""
    return _resource_effect(document, request) is Effect.ALLOW


def allowed(
    request: Request,
    identity_documents: Collection[Document],
    resource_document: Document | None,
    resource_account: str,
) -> bool:
    """Whether AWS would execute the request.

    An explicit Deny anywhere wins. Within one account either side suffices, except that a role's trust policy and a
    key's policy must always allow, and that a grant to the whole account only delegates to its identity policies.
    Across accounts both sides must allow. "Cross-account policy evaluation logic"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html) and "AWS
    JSON policy elements: Principal"
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).
    """
    identity = _identity_effect(identity_documents, request)
    resource = Effect.NO_DECISION if resource_document is None else _resource_effect(resource_document, request)
    if Effect.DENY in {identity, resource}:
        return False
    if request.by_service:
        return resource is Effect.ALLOW
    if request.principal_account != resource_account:
        return identity is Effect.ALLOW and resource is Effect.ALLOW
    named = resource is Effect.ALLOW and resource_document is not None and _names(resource_document, request)
    # "If the key policy doesn't allow it, no IAM policy can" ("Key policies in AWS KMS",
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
    if request.action.lower().startswith(("sts:assumerole", "kms:")):
        return named or (identity is Effect.ALLOW and resource is Effect.ALLOW)
    return named or identity is Effect.ALLOW


def granted_actions(documents: Collection[Document]) -> frozenset[str]:
    """The action patterns in the policies' Allow statements, as written."""
    allows = (s for document in documents for s in _statements(document) if _effect(s) is Effect.ALLOW)
    return frozenset(action for statement in allows for action in strings(statement, "Action"))


def _identity_effect(documents: Collection[Document], request: Request) -> Effect:
    effects = set()
    for document in documents:
        for statement in _statements(document):
            if "Principal" in statement:
                raise PolicyError(f"an identity policy must not have a Principal: {statement!r}")
            if not {"Resource", "NotResource"} & statement.keys():
                raise PolicyError(f"an identity policy must have a Resource or NotResource: {statement!r}")
        effects.add(evaluate(document, request))
    return next((effect for effect in (Effect.DENY, Effect.ALLOW) if effect in effects), Effect.NO_DECISION)


def _resource_effect(document: Document, request: Request) -> Effect:
    for statement in _statements(document):
        if "Principal" not in statement:
            raise PolicyError(f"a resource policy must have a Principal: {statement!r}")
    return evaluate(document, request)


def _names(document: Document, request: Request) -> bool:
    """Whether a matching Allow names the principal itself or everyone, and not just its account."""
    return any(
        _effect(statement) is Effect.ALLOW
        and _matches(statement, request)
        and any(principal in {"*", request.principal_arn} for _, principal in _principals(statement["Principal"]))
        for statement in _statements(document)
    )


def _statements(document: Document) -> tuple[Document, ...]:
    if unknown := document.keys() - _DOCUMENT_KEYS:
        raise PolicyError(f"unknown elements in a policy document: {sorted(unknown)}")
    if document.get("Version", "2008-10-17") not in _VERSIONS:
        raise PolicyError(f"unknown policy version: {document.get('Version')!r}")
    found = document.get("Statement")
    statements = [found] if isinstance(found, Mapping) else found
    if not isinstance(statements, Sequence) or isinstance(statements, str) or not statements:
        raise PolicyError(f"a policy document must have statements: {document!r}")
    return tuple(_checked(statement) for statement in statements)


def _checked(statement: object) -> Document:
    if not isinstance(statement, Mapping):
        raise PolicyError(f"a statement must be an object: {statement!r}")
    if unknown := statement.keys() - _STATEMENT_KEYS:
        raise PolicyError(f"these elements of a statement are not modeled: {sorted(unknown)}")
    if len({"Action", "NotAction"} & statement.keys()) != 1:
        raise PolicyError(f"a statement must have exactly one of Action and NotAction: {statement!r}")
    if {"Resource", "NotResource"} <= statement.keys():
        raise PolicyError(f"a statement must have at most one of Resource and NotResource: {statement!r}")
    _effect(statement)
    return statement


def _effect(statement: Document) -> Effect:
    match statement.get("Effect"):
        case "Allow":
            return Effect.ALLOW
        case "Deny":
            return Effect.DENY
        case other:
            raise PolicyError(f"Effect must be Allow or Deny, not {other!r}")


def _matches(statement: Document, request: Request) -> bool:
    # Every element is read, even after one did not match, so that no fault stays hidden.
    return all(
        [
            "Principal" not in statement or _principal_matches(statement["Principal"], request),
            _action_matches(statement, request.action),
            _resource_matches(statement, request.resource),
            conditions_hold(statement.get("Condition", {}), request.context),
        ]
    )


def _principal_matches(principal: object, request: Request) -> bool:
    matches = []
    for kind, value in _principals(principal):
        if value == "*":
            matches.append(True)
        elif kind == "Service":
            matches.append(value == request.principal_arn)
        else:
            root = _ROOT_ARN.fullmatch(value)
            account = root[1] if root else value
            matches.append(account == request.principal_account or value == request.principal_arn)
    return any(matches)


def _principals(principal: object) -> tuple[tuple[str, str], ...]:
    """The kinds and values of a Principal element; each must have a form that is modeled."""
    if principal == "*":
        return (("AWS", "*"),)
    if not isinstance(principal, Mapping) or not principal:
        raise PolicyError(f"a Principal must be `*` or an object: {principal!r}")
    pairs = tuple((kind, value) for kind in principal for value in strings(principal, kind))
    for kind, value in pairs:
        forms = {"AWS": (_ROOT_ARN, _ENTITY_ARN, re.compile(r"\d{12}|\*")), "Service": (_SERVICE,)}.get(kind, ())
        if not any(form.fullmatch(value) for form in forms):
            raise PolicyError(f"this principal is not modeled: {kind} {value!r}")
    return pairs


def _action_matches(statement: Document, action: str) -> bool:
    key = "Action" if "Action" in statement else "NotAction"
    patterns = strings(statement, key)
    for pattern in patterns:
        if pattern != "*" and ":" not in pattern:
            raise PolicyError(f"an action must be `service:Action`: {pattern!r}")
    found = any(like(pattern.lower(), action.lower()) for pattern in patterns)
    return found == (key == "Action")


def _resource_matches(statement: Document, resource: str) -> bool:
    key = "NotResource" if "NotResource" in statement else "Resource"
    if key not in statement:
        # A role trust policy has no Resource: it applies to the role it belongs to.
        return True
    patterns = strings(statement, key)
    for pattern in patterns:
        if pattern != "*" and len(arn_parts(pattern)) != ARN_PARTS:
            raise PolicyError(f"a resource must be `*` or an ARN: {pattern!r}")
    found = any(pattern == "*" or arn_like(pattern, resource) for pattern in patterns)
    return found == (key == "Resource")
