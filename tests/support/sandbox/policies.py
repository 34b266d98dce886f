"""Policy documents and requests, for the tests of IAM evaluation."""

from __future__ import annotations

from typing import Any

from sandbox.aws.iam.evaluation import (
    Request,
)

ACCOUNT = "111111111111"
OTHER = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orgdns-observer"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ledger"


Statement = dict[str, Any]


def document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(
    effect: str = "Allow", action: object = "dynamodb:GetItem", resource: object = "*", **rest: object
) -> Statement:
    return {"Effect": effect, "Action": action, "Resource": resource, **rest}


def grant(principal: object, **rest: object) -> Statement:
    return {"Effect": "Allow", "Principal": principal, "Action": "*", **rest}


def request(action: str = "dynamodb:GetItem", resource: str = TABLE, **context: str | tuple[str, ...]) -> Request:
    return Request(ROLE, ACCOUNT, action, resource, {key.replace("__", ":"): value for key, value in context.items()})
