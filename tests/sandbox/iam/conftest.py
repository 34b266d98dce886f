from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.iam.guard import Guard, guarded_roles
from tests.support.sandbox.guard import LAMBDA, ONLY_OBSERVER, TABLE, role
from tests.support.sandbox.organizations import HUB, WEB, simulated_organization

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def guard() -> Iterator[Guard]:
    with simulated_organization():
        role(
            HUB,
            "orgdns-observer",
            LAMBDA,
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/orgdns-reader"},
            {"Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": TABLE},
        )
        role(WEB, "orgdns-reader", ONLY_OBSERVER, {"Action": "ec2:DescribeInstances"})
        guard = Guard(guarded_roles(NAMES))
        with guard.in_force():
            yield guard
