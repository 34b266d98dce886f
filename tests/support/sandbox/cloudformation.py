"""An organization with a deployer, and templates, for the tests of CloudFormation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
from moto.iam.models import iam_backends

from sandbox.aws.cloudformation.deployer import Deployer
from sandbox.aws.organization import (
    AccountSpec,
    Organization,
    OrganizationSpec,
    UnitSpec,
)

MANAGEMENT, HUB, WEB, DATA = "100000000001", "100000000002", "100000000003", "100000000004"
WORK, PROD, OUTSIDE = "ou-demo-11111111", "ou-demo-22222222", "ou-demo-33333333"
REGION, SECOND = "eu-west-1", "us-east-1"
NAMED_IAM = ("CAPABILITY_NAMED_IAM",)
SPEC = OrganizationSpec(
    "o-demo123456",
    MANAGEMENT,
    (
        UnitSpec(WORK, "workloads", accounts=(AccountSpec(WEB, "web"),)),
        UnitSpec(PROD, "production", parent=WORK, accounts=(AccountSpec(DATA, "data"),)),
        UnitSpec(OUTSIDE, "outside", accounts=(AccountSpec(HUB, "hub"),)),
    ),
)


@dataclass(frozen=True, slots=True)
class World:
    organization: Organization
    deployer: Deployer

    def deploy(self, template: str | dict[str, Any], account: str = HUB, **parameters: str) -> dict[str, str]:
        text = template if isinstance(template, str) else json.dumps(template)
        return self.deployer.deploy(account, REGION, "stack", text, parameters, NAMED_IAM)


def client(service: str, account: str = HUB, region: str = REGION) -> Any:  # noqa: ANN401 - clients of several services
    key = iam_backends[account]["aws"].create_temp_access_key()
    return boto3.client(
        service,  # type: ignore[call-overload]  # several services
        region_name=region,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
    )


def role_policies(account: str, name: str) -> dict[str, Any]:
    role = next(role for role in iam_backends[account]["aws"].roles.values() if role.name == name)
    return {policy: json.loads(text) for policy, text in role.policies.items()}


BUS = """
Parameters:
  Organization: {Type: String, Default: o-demo123456}
Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: orgdns}
  BusPolicy:
    Type: AWS::Events::EventBusPolicy
    Properties:
      EventBusName: !Ref Bus
      StatementId: spokes
      Statement:
        Effect: Allow
        Principal: "*"
        Action: events:PutEvents
        Resource: !GetAtt Bus.Arn
        Condition: {StringEquals: {aws:PrincipalOrgID: !Ref Organization}}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: orgdns-events, VisibilityTimeout: 60}
  QueuePolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Queue.Arn
            Condition: {ArnEquals: {aws:SourceArn: !Sub "arn:${AWS::Partition}:events:${AWS::Region}::rule/x"}}
Outputs:
  Bus: {Value: !GetAtt Bus.Arn}
  Name: {Value: !Ref Bus}
"""


def policy(*actions: str) -> list[dict[str, Any]]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return [{"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]


def role(name: str, *actions: str, **trusted: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted or {"AWS": HUB}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": policy(*actions),
        },
    }
