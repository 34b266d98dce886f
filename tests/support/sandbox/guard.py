"""Guarded roles in an organization, for the tests of the guard."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from sandbox.aws.organization import AccountSpec, OrganizationSpec, UnitSpec

MANAGEMENT, HUB, WEB, NETWORK = "100000000001", "100000000002", "100000000003", "100000000004"
ORG = "o-demo123456"
REGION = "eu-west-1"
OBSERVER = f"arn:aws:iam::{HUB}:role/orgdns-observer"
TABLE = f"arn:aws:dynamodb:{REGION}:{HUB}:table/ledger"
SPEC = OrganizationSpec(
    ORG,
    MANAGEMENT,
    (
        UnitSpec(
            "ou-demo-11111111",
            "all",
            accounts=(AccountSpec(HUB, "hub"), AccountSpec(WEB, "web"), AccountSpec(NETWORK, "network")),
        ),
    ),
)


def client(service: str, key: Any, region: str = REGION) -> Any:  # noqa: ANN401 - clients of several services
    if not isinstance(key, dict):
        key = {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
    return boto3.client(
        service,  # type: ignore[call-overload]  # several services
        region_name=region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key.get("SessionToken"),
    )


def administrator(account: str) -> Any:  # noqa: ANN401 - moto's own access key
    return iam_backends[account]["aws"].create_temp_access_key()


def role(account: str, name: str, trust: dict[str, Any], *statements: dict[str, Any]) -> str:
    iam = client("iam", administrator(account))
    trusted = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}]}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))["Role"]["Arn"]
    grant(account, name, *statements)
    return arn


def grant(account: str, name: str, *statements: dict[str, Any]) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements],
    }
    iam = client("iam", administrator(account))
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))


LAMBDA = {"Principal": {"Service": "lambda.amazonaws.com"}}
ONLY_OBSERVER = {
    "Principal": {"AWS": HUB},
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG}, "ArnEquals": {"aws:PrincipalArn": OBSERVER}},
}


def session_of(arn: str) -> dict[str, Any]:
    """Credentials of a role's session, as the Lambda service gets them: nobody that is guarded asks for them."""
    sts = client("sts", administrator(arn.split(":")[4]))
    credentials: dict[str, Any] = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return credentials


def table(account: str = HUB) -> None:
    client("dynamodb", administrator(account)).create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def denial(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
