"""The linter of policies finds nothing in the templates, and finds planted faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from orgdns.cfn.rendering import Form
from orgdns.config.load import parse
from orgdns.deployment.templates import templates
from tests.support.generated import large, read
from tests.support.lint.findings import Finding, unjustified, unneeded
from tests.support.lint.iam import findings
from tests.support.lint.justified import IAM
from tests.support.lint.statements import Kind, statements
from tests.support.lint.templates import contents

Template = dict[str, Any]
HUB = "arn:aws:iam::222222222222"


@pytest.mark.parametrize("name", sorted(contents()))
def test_policies_of_the_templates(name: str) -> None:
    """Each policy grants known actions on their own resources, under conditions that apply, to known principals."""
    assert unjustified(findings(contents()[name]), IAM) == []


def test_every_argument_is_needed() -> None:
    """No argument is about a finding that no longer occurs."""
    found = set().union(*map(findings, contents().values()))
    assert unneeded(found, IAM) == []


def test_all_kinds_of_policies_are_read() -> None:
    """The linter reads identity, trust and resource policies, and each document of the hub."""
    hub = statements(read("hub", form=Form.JSON))
    assert {statement.kind for statement in hub} == set(Kind) - {Kind.CONTROL}
    documents = {statement.resource for statement in hub}
    assert {"EventBusPolicy", "EventsQueuePolicy", "ObserverRole", "ScheduleRole"} <= documents
    network = json.loads(templates(parse(large()), Form.JSON)["network.json"])
    assert {statement.resource for statement in statements(network)} >= {"WriterPolicy1", "AuthorizerRole"}


def changed(name: str, change: Callable[[Template], None]) -> set[Finding]:
    """What the linter finds in a template of the example after a change, besides what is justified."""
    template = read(name, form=Form.JSON)
    change(template["Resources"])
    return set(unjustified(findings(template), IAM))


def granted(**elements: Any) -> set[tuple[str, str]]:  # noqa: ANN401  elements of a policy
    """The rules and subjects of what the linter finds in a statement with these elements in a policy of a role."""
    statement = {"Sid": "Planted", "Effect": "Allow"} | elements

    def plant(resources: Template) -> None:
        resources["ReaderRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(statement)

    found = changed("spoke-account", plant)
    assert all(finding.where.startswith("ReaderRole Planted ") for finding in found)
    return {(rule, where.removeprefix("ReaderRole Planted ")) for rule, where in found}


QUEUE = "arn:aws:sqs:eu-central-1:222222222222:orgdns-events"
ROLE = f"{HUB}:role/orgdns-publisher"
ZONE = "arn:aws:route53:::hostedzone/Z0CORPINTERNAL0EXAMPL"
IN_REGION = {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}
NAMES_KEY = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        pytest.param(
            {"Action": "sqs:SendMesage", "Resource": QUEUE},
            {("unknown-action", "sqs:SendMesage"), ("wrong-resource", QUEUE)},
            id="an action with a typing error",
        ),
        pytest.param(
            {"Action": "nosuch:Thing", "Resource": "*", "Condition": IN_REGION},
            {("unknown-action", "nosuch:Thing")},
            id="an unknown service",
        ),
        pytest.param(
            {"Action": "sqs:SendMessage*", "Resource": QUEUE},
            {("wildcard-action", "sqs:SendMessage*")},
            id="a wildcard of actions",
        ),
        pytest.param(
            {"Action": ["sqs:SendMessage"], "Resource": ["*"], "Condition": IN_REGION},
            {("needless-star", "sqs:SendMessage")},
            id="all resources, though the action has a resource type",
        ),
        pytest.param(
            {"Action": "ec2:DescribeInstances", "Resource": "*"},
            {("star-without-condition", "ec2:DescribeInstances")},
            id="all resources without a condition",
        ),
        pytest.param(
            {"Action": "ec2:DescribeInstances", "Resource": "arn:aws:ec2:eu-central-1:444444444444:instance/*"},
            {
                ("no-resource-type", "ec2:DescribeInstances"),
                ("wrong-resource", "arn:aws:ec2:eu-central-1:444444444444:instance/*"),
            },
            id="a resource, though the action has no resource type",
        ),
        pytest.param(
            {"Action": "dynamodb:GetRecords", "Resource": "arn:aws:dynamodb:eu-central-1:222222222222:table/orgdns"},
            {
                ("wrong-resource", "dynamodb:GetRecords"),
                ("wrong-resource", "arn:aws:dynamodb:eu-central-1:222222222222:table/orgdns"),
            },
            id="a table instead of its stream",
        ),
        pytest.param(
            {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-central-1:222222222222:table/o/stream/*"},
            {
                ("wrong-resource", "dynamodb:GetItem"),
                ("wrong-resource", "arn:aws:dynamodb:eu-central-1:222222222222:table/o/stream/*"),
            },
            id="a stream instead of its table",
        ),
        pytest.param(
            {"Action": "sqs:SendMessage", "Resource": [QUEUE, ZONE]},
            {("wrong-resource", ZONE)},
            id="a resource of another service beside the right one",
        ),
        pytest.param(
            {"Action": "sqs:SendMessage", "Resource": QUEUE, "Condition": {"StringEquals": {"route53:VPCs": "vpc-1"}}},
            {("unknown-key", "sqs:SendMessage route53:VPCs")},
            id="a condition key of another service",
        ),
        pytest.param(
            {
                "Action": "route53:ListResourceRecordSets",
                "Resource": ZONE,
                "Condition": {"ForAnyValue:StringLike": {NAMES_KEY: "*.corp.internal"}},
            },
            {("unknown-key", f"route53:ListResourceRecordSets {NAMES_KEY}")},
            id="a condition key of another action of the service",
        ),
        pytest.param(
            {
                "Action": "sts:AssumeRole",
                "Resource": "arn:aws:iam::*:role/orgdns-reader",
                "Condition": {"StringEquals": {"aws:ResourceOrgId": "o-a1b2c3d4e5", "aws:ResourceOrg": "o-a1b2c3d4e5"}},
            },
            {
                ("unknown-key", "sts:AssumeRole aws:ResourceOrg"),
                ("privilege-escalation", "arn:aws:iam::*:role/orgdns-reader"),
            },
            id="a global condition key that does not exist",
        ),
        pytest.param(
            {
                "Action": "route53:ChangeResourceRecordSets",
                "Resource": ZONE,
                "Condition": {"ForAllValues:StringLike": {NAMES_KEY: "*.corp.internal"}},
            },
            {("vacuous-condition", NAMES_KEY)},
            id="ForAllValues without Null",
        ),
        pytest.param(
            {
                "Action": "ec2:DescribeInstances",
                "Resource": "*",
                "Condition": {"StringEqualsIfExists": {"aws:RequestedRegion": "eu-central-1"}},
            },
            {("vacuous-condition", "aws:RequestedRegion")},
            id="IfExists",
        ),
        pytest.param(
            {"Action": "iam:PassRole", "Resource": ROLE},
            {("privilege-escalation", "iam:PassRole")},
            id="passing a role",
        ),
        pytest.param(
            {"Action": "sqs:SetQueueAttributes", "Resource": QUEUE},
            {("privilege-escalation", "sqs:SetQueueAttributes")},
            id="changing the policy of a queue",
        ),
        pytest.param(
            {
                "Action": "lambda:UpdateFunctionCode",
                "Resource": "arn:aws:lambda:eu-central-1:222222222222:function:orgdns-publisher",
            },
            {("privilege-escalation", "lambda:UpdateFunctionCode")},
            id="changing the code of a function that has another role",
        ),
        pytest.param(
            {"Action": "sts:AssumeRole", "Resource": f"{HUB}:role/*"},
            {("privilege-escalation", f"{HUB}:role/*")},
            id="assuming any role",
        ),
        pytest.param(
            {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/orgdns-reader"},
            {("privilege-escalation", "arn:aws:iam::*:role/orgdns-reader")},
            id="assuming a role in any account of the world",
        ),
        pytest.param(
            {"NotAction": "iam:*", "Resource": QUEUE},
            {("negated-element", "NotAction"), ("wrong-resource", QUEUE)},
            id="everything but some actions",
        ),
        pytest.param(
            {"Effect": "Deny", "Action": "sqs:*", "Resource": ZONE},
            {("wrong-resource", ZONE)},
            id="a denial for a resource that the action is not for",
        ),
    ],
)
def test_planted_faults_in_a_grant(elements: dict[str, Any], expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    assert granted(**elements) == expected


def test_planted_fault_in_a_denial() -> None:
    """A denial under a key that does not exist denies nothing, for all of its actions."""
    found = granted(Effect="Deny", Action="sqs:*", Resource=QUEUE, Condition={"Bool": {"aws:SecureTransprt": "false"}})
    assert ("unknown-key", "sqs:SendMessage aws:SecureTransprt") in found
    assert {rule for rule, _ in found} == {"unknown-key"}


@pytest.mark.parametrize(
    ("principal", "condition", "rules"),
    [
        ({"AWS": f"{HUB}:root"}, {}, {"whole-account"}),
        ({"AWS": f"{HUB}:root"}, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, {"whole-account"}),
        ({"AWS": f"{HUB}:root"}, {"ArnEquals": {"aws:PrincipalArn": ROLE}}, set()),
        ({"AWS": "*"}, {"ArnEquals": {"aws:PrincipalArn": ROLE}}, {"public-principal"}),
        ("*", {}, {"public-principal"}),
        ("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, {"public-principal"}),
        ("*", {"StringLike": {"aws:PrincipalOrgID": "o-*"}}, {"public-principal"}),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, set()),
        ("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/ou-ab12-x/*"}}, set()),
        ({"Service": "events.amazonaws.com"}, {}, {"confused-deputy"}),
        (
            {"Service": "events.amazonaws.com"},
            {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/x"}},
            {"confused-deputy"},
        ),
        ({"Service": "events.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": "222222222222"}}, set()),
    ],
)
def test_planted_principals(principal: Any, condition: dict[str, Any], rules: set[str]) -> None:  # noqa: ANN401  of a policy
    """The linter finds principals that nobody restricts, in trust policies and in resource policies."""
    statement = {"Sid": "Planted", "Effect": "Allow", "Principal": principal, "Condition": condition}

    def plant_trust(resources: Template) -> None:
        document = resources["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]
        document["Statement"].append(statement | {"Action": "sts:AssumeRole"})

    def plant_policy(resources: Template) -> None:
        document = resources["EventsQueuePolicy"]["Properties"]["PolicyDocument"]
        arn = {"Fn::GetAtt": ["EventsQueue", "Arn"]}
        document["Statement"].append(statement | {"Action": "sqs:SendMessage", "Resource": arn})

    for plant in (plant_trust, plant_policy):
        assert {finding.rule for finding in changed("hub", plant)} == rules


def test_planted_managed_policy() -> None:
    """A role with a policy that the template does not contain is a fault."""
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"

    def plant(resources: Template) -> None:
        resources["ReaderRole"]["Properties"]["ManagedPolicyArns"] = [administrator]

    assert changed("spoke-account", plant) == {Finding("managed-policy", f"ReaderRole {administrator}")}


def test_planted_grant_without_policy_document() -> None:
    """A grant that the linter does not read is a fault."""

    def plant(resources: Template) -> None:
        resources["EventBusPolicy"]["Properties"] = {
            "StatementId": "All",
            "Action": "events:PutEvents",
            "Principal": "*",
        }
        resources["Permission"] = {"Type": "AWS::Lambda::Permission", "Properties": {"Principal": "s3.amazonaws.com"}}

    assert changed("hub", plant) == {Finding("unread-grant", "EventBusPolicy"), Finding("unread-grant", "Permission")}
