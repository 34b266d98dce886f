"""An organization whose service control policies demand tags, a permissions boundary and a path of roles."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import yaml

from orgdns.config.load import Config, parse
from sandbox import example

TAGS: Final = {"cost-center": "4711", "owner": "network team"}
BOUNDARY, PATH = "platform/boundary", "/orgdns/"
_KEY: Final = "arn:aws:kms:eu-central-1:222222222222:key"
# A key for each use, so that a grant for one of them does not hide that another is missing.
KEYS: Final = {
    "ledger": f"{_KEY}/1ed6e200-0000-4000-8000-000000000000",
    "queues": f"{_KEY}/90e0e500-0000-4000-8000-000000000000",
    "logs": f"{_KEY}/10650000-0000-4000-8000-000000000000",
    "functions": f"{_KEY}/f0ac7105-0000-4000-8000-000000000000",
    "history": f"{_KEY}/1157024e-0000-4000-8000-000000000000",
    "undelivered": "alias/orgdns",
}
RESOURCES: Final = {"tags": TAGS, "permissions_boundary": BOUNDARY, "role_path": PATH}
# Each creates a resource of a type that orgdns has, together with its tags.
TAGGED_CREATIONS: Final = [
    "cloudformation:CreateStackSet",
    "cloudwatch:PutDashboard",
    "cloudwatch:PutMetricAlarm",
    "dynamodb:CreateTable",
    "events:CreateEventBus",
    "events:PutRule",
    "iam:CreateRole",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "logs:CreateLogGroup",
    "ram:CreateResourceShare",
    "route53profiles:CreateProfile",
    "s3:CreateBucket",
    "scheduler:CreateScheduleGroup",
    "sqs:CreateQueue",
    "ssm:PutParameter",
]


def _deny(sid: str, actions: list[str], **elements: Any) -> dict[str, Any]:  # noqa: ANN401 - a policy's elements
    return {"Sid": sid, "Effect": "Deny", "Action": actions, **({"Resource": "*"} | elements)}


def _denials() -> list[dict[str, Any]]:
    boundary = {"StringNotLike": {"iam:PermissionsBoundary": f"arn:*:iam::*:policy/{BOUNDARY}"}}
    outside = {"NotResource": [f"arn:*:iam::*:role{PATH}*", f"arn:*:iam::*:policy{PATH}*"]}
    return [
        _deny("Boundary", ["iam:CreateRole"], Condition=boundary),
        {
            key: value
            for key, value in (_deny("Path", ["iam:CreateRole", "iam:CreatePolicy"]) | outside).items()
            if key != "Resource"
        },
        *(
            _deny(f"Tag{number}", TAGGED_CREATIONS, Condition={"StringNotEquals": {f"aws:RequestTag/{key}": value}})
            for number, (key, value) in enumerate(TAGS.items())
        ),
    ]


SCP: Final = json.dumps({"Version": "2012-10-17", "Statement": _denials()})
# Grants everything but what the boundary of a platform team usually keeps for itself.
BOUNDARY_POLICY: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["iam:*", "organizations:Leave*"], "Resource": "*"},
        ],
    }
)
# For configurations that name the boundary: every account has the policy.
WITH_BOUNDARY: Final = replace(example.ORGANIZATION, managed_policies=((BOUNDARY, BOUNDARY_POLICY),))
ORGANIZATION: Final = replace(WITH_BOUNDARY, service_control_policies=(SCP,))


def with_keys(**changes: str) -> Config:
    """The example's configuration with a key of KMS for everything, or others."""
    content = yaml.safe_load(example.CONFIG.read_text(encoding="utf-8"))
    return parse(yaml.safe_dump(content | {"resources": {"kms": KEYS | changes}}))


def demanding(**changes: object) -> Config:
    """The example's configuration with what the policies demand; `None` leaves a key out."""
    content = yaml.safe_load(example.CONFIG.read_text(encoding="utf-8"))
    resources = {key: value for key, value in (RESOURCES | changes).items() if value is not None}
    return parse(yaml.safe_dump(content | {"resources": resources}))
