"""In each kind of policy, actions, resource types, condition keys and principals fit, or the linter says so."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from orgdns.cfn.rendering import Form
from tests.support.build import ROOT
from tests.support.generated import read
from tests.support.lint.documents import controls, documented
from tests.support.lint.findings import unjustified, unneeded
from tests.support.lint.iam import findings, in_statements
from tests.support.lint.justified import DOCUMENTED, IAM
from tests.support.lint.reference import action, key_type
from tests.support.lint.statements import Kind, of_document

Json = dict[str, Any]
PAGES = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
NAMED = re.compile(r"`([a-z0-9-]+:[A-Z][A-Za-z0-9]+)`")
BUS = {"Fn::GetAtt": ["EventBus", "Arn"]}
QUEUE = {"Fn::GetAtt": ["EventsQueue", "Arn"]}
QUEUE_ARN = "arn:aws:sqs:eu-central-1:123456789012:orgdns-events"
BUS_ARN = "arn:aws:events:eu-central-1:123456789012:event-bus/orgdns"
FOREIGN = "arn:aws:sns:eu-central-1:222222222222:topic"


@pytest.mark.parametrize("name", sorted(controls()))
def test_service_control_policies(name: str) -> None:
    """Each action exists and is denied on resources of its type, under keys that its requests have."""
    assert in_statements(controls()[name]) == set()


@pytest.mark.parametrize("name", sorted(documented()))
def test_policies_of_the_documentation(name: str) -> None:
    """An operator can copy each policy, and it grants what it says."""
    assert unjustified(in_statements(documented()[name]), DOCUMENTED) == []


def test_every_argument_about_the_documentation_is_needed() -> None:
    """No argument is about a finding that no longer occurs."""
    assert unneeded(set().union(*map(in_statements, documented().values())), DOCUMENTED) == []


def test_every_policy_is_read() -> None:
    """No policy of the documentation is outside the blocks that the linter reads."""
    assert sum(page.read_text().count('"Effect"') for page in PAGES) == sum(map(len, documented().values()))


def test_every_action_and_key_of_the_documentation_exists() -> None:
    """Whatever a page names in code type as `service:Action` is an action or a condition key."""
    named = {name for page in PAGES for name in NAMED.findall(page.read_text())}
    assert {name for name in named if not action(name) and not key_type(name, {name.partition(":")[0]})} == set()
    assert {"sqs:SendMessage", "aws:RequestedRegion"} <= named


TRUST, BUS_POLICY, QUEUE_POLICY = "trust", "bus", "queue"
# A statement of each kind that grants what it says.
RIGHT: dict[str, Json] = {
    TRUST: {
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "222222222222"},
            "ArnEquals": {"aws:SourceArn": "arn:aws:scheduler:eu-central-1:222222222222:schedule-group/orgdns"},
        },
    },
    BUS_POLICY: {
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": BUS,
        "Condition": {
            "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
            "ForAllValues:StringEquals": {"events:source": "aws.ec2"},
            "Null": {"events:source": "false"},
        },
    },
    QUEUE_POLICY: {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "222222222222"},
            "ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-central-1:222222222222:rule/orgdns/orgdns-received-vpcs"},
        },
    },
}


def planted(kind: str, **elements: Any) -> set[tuple[str, str]]:  # noqa: ANN401 - elements of a policy
    """The rules and subjects of what the linter finds in a statement of a kind, after a change."""
    template = read("hub", form=Form.JSON)
    resources = template["Resources"]
    statement = {"Sid": "Planted", "Effect": "Allow"} | RIGHT[kind] | elements
    if kind == TRUST:
        resources["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"].append(statement)
    elif kind == BUS_POLICY:
        resources["EventBusPolicy"]["Properties"]["Statement"] = statement
    else:
        resources["EventsQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"].append(statement)
    found = unjustified(findings(template), IAM)
    assert all(" Planted " in finding.where for finding in found)
    return {(finding.rule, finding.where.partition(" Planted ")[2]) for finding in found}


@pytest.mark.parametrize("kind", sorted(RIGHT))
def test_right_statement(kind: str) -> None:
    """The linter has nothing to say of a statement that grants what it says."""
    assert planted(kind) == set()


@pytest.mark.parametrize(
    ("kind", "elements", "expected"),
    [
        # An action that does not exist, or that is of another kind of policy.
        (
            TRUST,
            {"Action": "sts:AssumRole"},
            {("unknown-action", "sts:AssumRole"), ("action-of-another-policy", "sts:AssumRole")},
        ),
        (TRUST, {"Action": "sqs:SendMessage"}, {("action-of-another-policy", "sqs:SendMessage")}),
        (TRUST, {"Action": "sts:GetCallerIdentity"}, {("action-of-another-policy", "sts:GetCallerIdentity")}),
        (
            BUS_POLICY,
            {"Action": "events:PutEvent"},
            {("unknown-action", "events:PutEvent"), ("wrong-resource", BUS_ARN)},
        ),
        (
            QUEUE_POLICY,
            {"Action": "sqs:SendMesage"},
            {("unknown-action", "sqs:SendMesage"), ("wrong-resource", QUEUE_ARN)},
        ),
        # A resource of a type that the action does not support.
        (TRUST, {"Resource": "*"}, {("unknown-element", "Resource")}),
        (BUS_POLICY, {"Resource": FOREIGN}, {("wrong-resource", FOREIGN), ("wrong-resource", "events:PutEvents")}),
        (QUEUE_POLICY, {"Resource": BUS}, {("wrong-resource", BUS_ARN), ("wrong-resource", "sqs:SendMessage")}),
    ],
)
def test_planted_action_or_resource(kind: str, elements: Json, expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    assert planted(kind, **elements) == expected


@pytest.mark.parametrize(
    ("kind", "operator", "key", "expected"),
    [
        # A key that requests for the action do not have.
        (TRUST, "StringEquals", "sqs:Anything", {("unknown-key", "sts:AssumeRole sqs:Anything")}),
        (
            BUS_POLICY,
            "StringEquals",
            "events:detail.service",
            {("unknown-key", "events:PutEvents events:detail.service")},
        ),
        (QUEUE_POLICY, "StringEquals", "aws:SourceOrg", {("unknown-key", "sqs:SendMessage aws:SourceOrg")}),
        # A key that a service does not have, and one that only a service has.
        (TRUST, "StringLike", "aws:PrincipalOrgID", {("key-of-another-principal", "aws:principalorgid")}),
        (QUEUE_POLICY, "ArnLike", "aws:PrincipalArn", {("key-of-another-principal", "aws:principalarn")}),
        # A condition that a request without the key meets.
        (TRUST, "ForAllValues:StringEquals", "aws:SourceOrgPaths", {("vacuous-condition", "aws:SourceOrgPaths")}),
        (BUS_POLICY, "ForAllValues:StringEquals", "events:detail-type", {("vacuous-condition", "events:detail-type")}),
        (QUEUE_POLICY, "StringEqualsIfExists", "aws:SourceOrgID", {("vacuous-condition", "aws:SourceOrgID")}),
        # An operator that does not exist, or that does not compare such a key.
        (TRUST, "StringEqual", "aws:SourceOrgID", {("unknown-operator", "StringEqual")}),
        (
            BUS_POLICY,
            "StringEquals",
            "events:detail-type",
            {("missing-set-operator", "StringEquals events:detail-type")},
        ),
        (QUEUE_POLICY, "NumericEquals", "aws:SourceOrgID", {("wrong-type", "NumericEquals aws:SourceOrgID")}),
        (QUEUE_POLICY, "Null", "aws:SourceOrgID", {("wrong-type", "Null aws:SourceOrgID")}),
    ],
)
def test_planted_condition(kind: str, operator: str, key: str, expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    condition = json.loads(json.dumps(RIGHT[kind]["Condition"]))
    condition.setdefault(operator, {})[key] = "arn:aws:iam::222222222222:role/x"
    assert planted(kind, Condition=condition) == expected


@pytest.mark.parametrize(
    ("kind", "elements", "expected"),
    [
        (
            TRUST,
            {"Principal": {"Service": "schedule.amazonaws.com"}},
            {("unknown-principal", "schedule.amazonaws.com")},
        ),
        (
            TRUST,
            {"Principal": {"Service": "events.amazonaws.com"}},
            {("source-of-another-service", "arn:aws:scheduler:eu-central-1:222222222222:schedule-group/orgdns")},
        ),
        (
            BUS_POLICY,
            {"Principal": {"AWS": "arn:aws:iam::*:role/orgdns-reader"}},
            {("unknown-principal", "arn:aws:iam::*:role/orgdns-reader")},
        ),
        (BUS_POLICY, {"Principal": {"Aws": "222222222222"}}, {("unknown-principal", "222222222222")}),
        (
            QUEUE_POLICY,
            {"Principal": {"AWS": "arn:aws:iam::222222222222:role/x"}},
            {("key-of-another-principal", "aws:sourceaccount"), ("key-of-another-principal", "aws:sourcearn")},
        ),
        (QUEUE_POLICY, {"Effect": "allow"}, {("unknown-element", "Effect allow")}),
        (QUEUE_POLICY, {"Conditions": {}}, {("unknown-element", "Conditions")}),
    ],
)
def test_planted_principal_or_element(kind: str, elements: Json, expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    assert planted(kind, **elements) == expected


TABLE = "arn:aws:dynamodb:REGION:HUB_ACCOUNT:table/orgdns-ledger"
EXECUTION = "arn:*:iam::*:role/stacksets-exec-*"
READER = "arn:*:iam::*:role/orgdns-reader"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, set()),
        ({"Action": ["iam:DeleteRole", "iam:RenameRole"]}, {("unknown-action", "iam:RenameRole")}),
        ({"Action": ["iam:DeleteRole", "iam:DeleteUser"]}, {("wrong-resource", "iam:DeleteUser")}),
        ({"Action": ["iam:DeleteRole", "iam:ListRoles"]}, {("wrong-resource", "iam:ListRoles")}),
        (
            {"Resource": ["arn:*:iam::*:user/orgdns-reader", READER]},
            {("wrong-resource", "arn:*:iam::*:user/orgdns-reader")},
        ),
        (
            {"Condition": {"ArnNotLike": {"aws:PrincipalARNs": EXECUTION}}},
            {("unknown-key", "iam:DeleteRole aws:PrincipalARNs")},
        ),
        (
            {"Action": ["iam:DeleteRole", "iam:PassRole"], "Condition": {"StringEquals": {"iam:PassedToService": "x"}}},
            {("unknown-key", "iam:DeleteRole iam:PassedToService")},
        ),
        ({"Condition": {"ArnNotLik": {"aws:PrincipalArn": EXECUTION}}}, {("unknown-operator", "ArnNotLik")}),
        ({"Condition": {"Bool": {"aws:PrincipalArn": EXECUTION}}}, {("wrong-type", "Bool aws:PrincipalArn")}),
        ({"Principal": "*"}, {("unknown-element", "Principal")}),
    ],
)
def test_planted_fault_in_a_service_control_policy(elements: Json, expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    condition = {"ArnNotLike": {"aws:PrincipalArn": EXECUTION}}
    statement = {
        "Sid": "Planted",
        "Effect": "Deny",
        "Action": "iam:DeleteRole",
        "Resource": READER,
        "Condition": condition,
    }
    found = in_statements(of_document("scp", {"Statement": [statement | elements]}, Kind.CONTROL))
    assert {(rule, where.removeprefix("scp Planted ")) for rule, where in found} == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, set()),
        ({"Action": "dynamodb:GetItems"}, {("unknown-action", "dynamodb:GetItems"), ("wrong-resource", TABLE)}),
        (
            {"Resource": "arn:aws:sqs:REGION:HUB_ACCOUNT:orgdns-events"},
            {
                ("wrong-resource", "arn:aws:sqs:REGION:HUB_ACCOUNT:orgdns-events"),
                ("wrong-resource", "dynamodb:GetItem"),
            },
        ),
        ({"Condition": {"StringEquals": {"sqs:x": "y"}}}, {("unknown-key", "dynamodb:GetItem sqs:x")}),
        (
            {"Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "a"}}},
            {("vacuous-condition", "dynamodb:LeadingKeys")},
        ),
    ],
)
def test_planted_fault_in_a_documented_policy(elements: Json, expected: set[tuple[str, str]]) -> None:
    """The linter finds each fault, and nothing else."""
    statement = {"Sid": "Planted", "Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
    found = in_statements(of_document("docs", [statement | elements], Kind.IDENTITY))
    assert {(rule, where.removeprefix("docs Planted ")) for rule, where in found} == expected
