"""Policies of buckets, whose conditions the emulator ignores.

A statement that is only for requests without TLS applies to no request here: those of the sandbox stand for
requests with TLS ("aws:SecureTransport",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

_WITHOUT_TLS: Final = {"Bool": {"aws:SecureTransport": "false"}}


def _permission(self: FakeBucket, action: str, resource: str) -> Any:  # noqa: ANN401 - moto ships no types
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    statements = [each for each in policy["Statement"] if each.get("Condition") != _WITHOUT_TLS]
    if not statements:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps(policy | {"Statement": statements})).is_action_permitted(action, resource)


@contextmanager
def policies_of_buckets() -> Iterator[None]:
    """Apply policies of buckets as far as that while the context lasts."""
    with replaced(FakeBucket, get_permission=_permission):
        yield
