"""Guarded roles in an organization, for the tests of the guard."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.sandbox.organizations import HUB, ORG, REGION, client

OBSERVER = f"arn:aws:iam::{HUB}:role/orgdns-observer"
TABLE = f"arn:aws:dynamodb:{REGION}:{HUB}:table/ledger"


def role(account: str, name: str, trust: dict[str, Any], *statements: dict[str, Any]) -> str:
    iam = client("iam", account)
    trusted = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}]}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))["Role"]["Arn"]
    grant(account, name, *statements)
    return arn


def grant(account: str, name: str, *statements: dict[str, Any]) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements],
    }
    iam = client("iam", account)
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))


LAMBDA = {"Principal": {"Service": "lambda.amazonaws.com"}}
ONLY_OBSERVER = {
    "Principal": {"AWS": HUB},
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}, "ArnEquals": {"aws:PrincipalArn": OBSERVER}},
}


def session_of(arn: str) -> dict[str, Any]:
    """Credentials of a role's session, as the Lambda service gets them; the guard does not check this call."""
    sts = client("sts", arn.split(":")[4])
    credentials: dict[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return credentials


def table(account: str = HUB) -> None:
    client("dynamodb", account).create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def denial(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
