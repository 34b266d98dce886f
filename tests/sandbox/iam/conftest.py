from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from sandbox.aws.iam.guard import Guard
from sandbox.aws.organization import build_organization, organization_bridges
from tests.support.sandbox.guard import HUB, LAMBDA, ONLY_OBSERVER, SPEC, TABLE, WEB, role

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def guard() -> Iterator[Guard]:
    with mock_aws(), organization_bridges():
        build_organization(SPEC)
        role(
            HUB,
            "orgdns-observer",
            LAMBDA,
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/orgdns-reader"},
            {"Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": TABLE},
        )
        role(WEB, "orgdns-reader", ONLY_OBSERVER, {"Action": "ec2:DescribeInstances"})
        guard = Guard()
        with guard.in_force():
            yield guard
