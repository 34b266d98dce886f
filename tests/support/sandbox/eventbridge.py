"""A spoke's rules and the hub's bus and queue, for the tests of EventBridge."""

from __future__ import annotations

import json
from typing import Any

import boto3

from sandbox.aws.events.delivery import bus_arn
from sandbox.aws.events.eventbridge import Router
from sandbox.aws.organization import organization_id

REGION, HUB_REGION = "us-west-2", "eu-west-1"
HUB_BUS = "names"


class World:
    """A member account with a rule that forwards to the hub account's bus, and there a rule to a queue."""

    def __init__(self) -> None:
        self.router = Router()
        management = boto3.client("organizations", region_name="us-east-1")
        management.create_organization(FeatureSet="ALL")
        made = [
            management.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
            for name in ("hub", "member")
        ]
        self.hub, self.member = (status["AccountId"] for status in made)
        self.org = str(organization_id(self.member))
        self.bus = bus_arn(self.hub, HUB_REGION, HUB_BUS)
        self.role = f"arn:aws:iam::{self.member}:role/delivery"
        self._make_hub()
        self._make_member()

    def client(self, service: str, account: str, region: str) -> Any:  # noqa: ANN401 - a client of any service
        role = f"arn:aws:iam::{account}:role/admin"
        session = boto3.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="test")
        key = session["Credentials"]
        return boto3.client(
            service,  # type: ignore[call-overload] # the stubs want a literal
            region_name=region,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
        )

    def queue(self, name: str, account: str, region: str, rule_arn: str) -> str:
        arn = f"arn:aws:sqs:{region}:{account}:{name}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
        }
        self.client("sqs", account, region).create_queue(
            QueueName=name, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        )
        return arn

    def received(self, queue_arn: str) -> list[dict[str, Any]]:
        _, _, _, region, account, name = queue_arn.split(":")
        sqs = self.client("sqs", account, region)
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.received(self.inbox)]

    def admit(self, **condition: str) -> None:
        equal = {"aws:PrincipalOrgID": self.org, "events:eventBusInvocation": "true", **condition}
        statement = {
            "Sid": "spokes",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "events:PutEvents",
            "Resource": self.bus,
            "Condition": {"StringEquals": equal},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self.client("events", self.hub, HUB_REGION).put_permission(EventBusName=HUB_BUS, Policy=json.dumps(policy))

    def trust(self, service: str) -> None:
        document = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        self.client("iam", self.member, REGION).update_assume_role_policy(
            RoleName="delivery", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]})
        )

    def permit(self, resource: str) -> None:
        document = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": resource}
        self.client("iam", self.member, REGION).put_role_policy(
            RoleName="delivery",
            PolicyName="put",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [document]}),
        )

    def _make_hub(self) -> None:
        events = self.client("events", self.hub, HUB_REGION)
        events.create_event_bus(Name=HUB_BUS)
        self.admit()
        pattern = json.dumps({"source": ["aws.ec2", "aws.tag", "team.app"]})
        rule = events.put_rule(Name="in", EventBusName=HUB_BUS, EventPattern=pattern)["RuleArn"]
        self.inbox = self.queue("inbox", self.hub, HUB_REGION, rule)
        events.put_targets(Rule="in", EventBusName=HUB_BUS, Targets=[{"Id": "inbox", "Arn": self.inbox}])

    def _make_member(self) -> None:
        iam = self.client("iam", self.member, REGION)
        iam.create_role(RoleName="delivery", AssumeRolePolicyDocument="{}")
        self.trust("events.amazonaws.com")
        self.permit(self.bus)
        self.rules = self.client("events", self.member, REGION)
        pattern = json.dumps({"source": ["aws.ec2"], "detail": {"state": ["running", "terminated"]}})
        self.rule = self.rules.put_rule(Name="out", EventPattern=pattern)["RuleArn"]
        self.dead = self.queue("dead", self.member, REGION, self.rule)
        self.forward(self.bus)

    def forward(self, arn: str) -> None:
        dead = {"Arn": self.dead}
        target = {"Id": "hub", "Arn": arn, "RoleArn": self.role, "DeadLetterConfig": dead}
        self.rules.put_targets(Rule="out", Targets=[target])

    def event(self, state: str = "running", number: int = 0) -> dict[str, Any]:
        instance = f"i-{number:017x}"
        return {
            "version": "0",
            "id": f"7bf73129-1428-4cd3-a780-{number:012x}",
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": self.member,
            "time": "2026-11-02T09:00:00Z",
            "region": REGION,
            "resources": [f"arn:aws:ec2:{REGION}:{self.member}:instance/{instance}"],
            "detail": {"instance-id": instance, "state": state},
        }

    def codes(self) -> list[str]:
        return [undelivered.code for undelivered in self.router.undelivered]


def put(client: Any, **entry: object) -> dict[str, Any]:  # noqa: ANN401 - a client for events
    defaults = {"Source": "team.app", "DetailType": "deployed", "Detail": '{"n": 1}'}
    (answer,) = client.put_events(Entries=[{**defaults, **entry}])["Entries"]
    result: dict[str, Any] = answer
    return result
