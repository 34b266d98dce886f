"""A permission that a call needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.aws.partition import arn_of

if TYPE_CHECKING:
    from sandbox.aws.iam.conditions import Context

Parameters = Mapping[str, Any]
"""The parameters of a call, as boto3 receives them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that calls, its organization, and the region of the client."""

    account: str
    region: str
    organization: str | None = None
    management_account: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error with which a service answers if the permission is missing."""

    code: str
    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Permission:
    """One action on one resource, with the condition keys that the call itself sets.

    `refusal` is the error of a permission that AWS checks by itself, if it is not the service's usual one.
    """

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    refusal: Refusal | None = None


def zone_arn(zone_id: str) -> str:
    """The ARN of a hosted zone, whose id may have its path as a prefix."""
    return arn_of("route53", "", "", f"hostedzone/{zone_id.rpartition('/')[2]}")
