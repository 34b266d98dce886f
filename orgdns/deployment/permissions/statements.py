"""Statements of IAM policies, and how many a managed policy holds. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | list[str]]]
# Characters of a managed policy without white space ("IAM and AWS STS quotas",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
LARGEST: Final = 6_144
# FAS requests of CloudFormation have it ("Forward access sessions (FAS) requests and permission evaluation",
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html).
THROUGH_CLOUDFORMATION: Final[Conditions] = {
    "ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
}


def allow(sid: str, actions: str, resources: Iterable[str], *conditions: Conditions) -> Statement:
    """A statement that allows actions, such as `sqs:CreateQueue TagQueue`, on resources under all of the conditions."""
    joined: dict[str, dict[str, str | list[str]]] = {}
    for condition in conditions:
        for operator, keys in condition.items():
            joined.setdefault(operator, {}).update(keys)
    service, _, names = actions.partition(":")
    listed = [f"{service}:{name}" if ":" not in name else name for name in names.split()]
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(listed),
        "Resource": sorted(set(resources)),
        **({"Condition": joined} if joined else {}),
    }


def text(statements: Iterable[Statement]) -> str:
    """A policy with these statements, as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=2) + "\n"


def packed(name: str, statements: Iterable[Statement]) -> Mapping[str, str]:
    """Managed policies with these statements in their order, by name: as few as AWS's quota allows."""
    groups: list[list[Statement]] = [[]]
    for statement in statements:
        if groups[-1] and size([*groups[-1], statement]) > LARGEST:
            groups.append([])
        groups[-1].append(statement)
    if not groups[-1]:
        return {}
    if len(groups) == 1:
        return {name: text(groups[0])}
    return {f"{name}-{number}": text(group) for number, group in enumerate(groups, start=1)}


def size(statements: Iterable[Statement]) -> int:
    """The characters of a policy, as IAM counts them."""
    return len("".join(text(statements).split()))
