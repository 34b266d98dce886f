"""The partition that is simulated. An organization and its accounts belong to one partition.

moto keeps the state of global services, such as IAM, by account and partition. In ARNs, AWS accepts only the account's
own partition ("Amazon Resource Names (ARNs)",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

_simulated = "aws"


def partition() -> str:
    """The partition of the simulated organization."""
    return _simulated


def arn_of(service: str, region: str, account: str, resource: str) -> str:
    """The ARN of a resource. Those of global services have no region, and some have no account."""
    return f"arn:{_simulated}:{service}:{region}:{account}:{resource}"


def is_arn_of(service: str, text: str) -> bool:
    """Whether a text begins as the ARN of a resource of the service."""
    return text.startswith(f"arn:{_simulated}:{service}:")


@contextmanager
def in_partition(name: str) -> Iterator[None]:
    """Simulate an organization of this partition while the context lasts."""
    with replaced(sys.modules[__name__], _simulated=name):
        yield
