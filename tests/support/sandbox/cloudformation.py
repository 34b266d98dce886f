"""An organization with a deployer, and templates, for the tests of CloudFormation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends

from sandbox.aws.cloudformation.deployer import Deployer
from sandbox.aws.organization import Organization
from tests.support.sandbox.organizations import HUB, REGION, WORK

SECOND = "us-east-1"
NAMED_IAM = ("CAPABILITY_NAMED_IAM",)


@dataclass(frozen=True, slots=True)
class World:
    organization: Organization
    deployer: Deployer

    def deploy(self, template: str | dict[str, Any], account: str = HUB, **parameters: str) -> dict[str, str]:
        text = template if isinstance(template, str) else json.dumps(template)
        return self.deployer.deploy(account, REGION, "stack", text, parameters, NAMED_IAM)


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


READER = json.dumps({"Resources": {"Reader": role("orgdns-reader", "ec2:DescribeInstances")}})
SOFT = {"MaxConcurrentPercentage": 50, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE", "RegionConcurrencyType": "PARALLEL"}


def stack_set(body: str, preferences: dict[str, Any], *regions: str) -> dict[str, Any]:
    targets = {"DeploymentTargets": {"OrganizationalUnitIds": [WORK]}, "Regions": list(regions or (REGION,))}
    properties = {
        "StackSetName": "s",
        "PermissionModel": "SERVICE_MANAGED",
        "CallAs": "DELEGATED_ADMIN",
        "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": False},
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "OperationPreferences": preferences,
        "StackInstancesGroup": [targets],
        "TemplateBody": body,
    }
    return {"Resources": {"Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}}
