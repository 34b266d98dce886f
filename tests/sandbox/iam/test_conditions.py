"""Condition operators and keys, and policies that cannot be evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.iam.conditions import PolicyError
from sandbox.aws.iam.evaluation import (
    Request,
    identity_allows,
    resource_allows,
)
from tests.support.sandbox.policies import ACCOUNT, OTHER, ROLE, TABLE, Statement, document, grant, request, statement

NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


def conditioned(condition: Statement, key: str | None = None, value: str | tuple[str, ...] = ()) -> bool:
    made = Request(ROLE, ACCOUNT, "a:B", TABLE, {} if key is None else {key: value})
    return identity_allows([document(statement(action="a:B", Condition=condition))], made)


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringLike", "*.corp.internal", "web.corp.internal", True),
        ("StringLike", "*.corp.internal", "corp.internal", False),
        ("StringLike", "?", "", False),
        ("StringNotLike", "a*", "ab", False),
        ("ArnEquals", "arn:aws:iam::*:role/orgdns-delivery-*", f"arn:aws:iam::{OTHER}:role/orgdns-delivery-x", True),
        ("ArnLike", "arn:aws:iam::*:role/orgdns-delivery-*", ROLE, False),
        ("ArnNotLike", "arn:aws:iam::*:role/orgdns-delivery-*", ROLE, True),
        ("ArnLike", "arn:aws:iam::*:role/x", "no arn", False),
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", "true", "false", False),
        ("Null", "false", "there", True),
        ("Null", "true", "there", False),
    ],
)
def test_condition_operators(*, operator: str, expected: object, actual: str, holds: bool) -> None:
    """Each operator compares as IAM documents; one matching value of the policy suffices."""
    assert conditioned({operator: {"some:Key": expected}}, "some:key", actual) is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("StringLike", False),
        ("ArnLike", False),
        ("ArnNotEquals", True),
        ("Bool", False),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_absent_key(*, operator: str, holds: bool) -> None:
    """An absent key fails positive operators, and passes negated ones and ForAllValues."""
    value = "true" if operator.startswith("Bool") else "x"
    assert conditioned({operator: {"some:Key": value}}) is holds
    assert conditioned({operator: {"some:Key": value}}, "some:Key", ()) is holds


def test_null_check_complements_for_all_values() -> None:
    """ForAllValues with a Null check refuses a request without the key."""
    condition = {"ForAllValues:StringLike": {NAMES: ["*.corp.internal"]}, "Null": {NAMES: "false"}}
    assert not conditioned(condition)
    assert conditioned(condition, NAMES, ("web.corp.internal", "db.corp.internal"))
    assert not conditioned(condition, NAMES, ("web.corp.internal", "db.other.internal"))


def test_for_any_value_needs_one_match() -> None:
    """ForAnyValue holds if any of the request's values matches."""
    condition = {"ForAnyValue:StringEquals": {"some:Key": ["a"]}}
    assert conditioned(condition, "some:Key", ("b", "a"))
    assert not conditioned(condition, "some:Key", ("b", "c"))


def test_all_conditions_must_hold() -> None:
    """Several operators, and several keys of one operator, must all hold."""
    condition = {"StringEquals": {"events:source": "aws.ec2", "aws:PrincipalOrgID": "o-1"}, "Bool": {"x:y": "true"}}
    policy = [document(statement(Condition=condition))]
    whole = {"events__source": "aws.ec2", "aws__PrincipalOrgID": "o-1", "x__y": "true"}
    assert identity_allows(policy, request(**whole))
    for key in whole:
        assert not identity_allows(policy, request(**{**whole, key: "other"}))


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"Statement": []},
        {"Statement": "text"},
        {"Version": "2020-01-01", "Statement": [statement()]},
        {"Statement": [statement()], "Extra": 1},
        document({"Effect": "Allow", "Action": "a:B"}),
        document(statement("Maybe")),
        document(statement(action="GetItem")),
        document(statement(resource="table/ledger")),
        document(statement(action=[])),
        document(statement(resource="arn:aws:s3:::${aws:username}")),
        document(statement(NotAction="a:B")),
        document(statement(NotResource="*")),
        document(statement(Extra="x")),
        document(statement(Condition={"NumericEquals": {"a:b": "1"}})),
        document(statement(Condition={"ForSomeValues:StringEquals": {"a:b": "1"}})),
        document(statement(Condition={"NullIfExists": {"a:b": "true"}})),
        document(statement(Condition={"StringEquals": {}})),
        document(statement(Condition={"Bool": {"a:b": "maybe"}})),
        document(grant("*", Resource="*")),
        document(statement(), statement("Maybe", "other:Action")),
        # A fault in a statement is reported even if the statement does not match.
        document(statement(), statement(action="other:Action", Condition={"IpAddress": {"a:b": "1"}})),
    ],
)
def test_unreadable_policy_is_an_error(policy: dict[str, Any]) -> None:
    """A malformed policy, or one that uses what is not modeled, is an error and allows nothing."""
    with pytest.raises(PolicyError):
        identity_allows([policy], request())


@pytest.mark.parametrize(
    "principal",
    [
        "orgdns",
        {},
        {"Federated": "x"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b"},
        {"Service": "events"},
    ],
)
def test_unknown_principal_is_an_error(principal: object) -> None:
    """A principal of another form, and a resource policy without a Principal, are errors."""
    with pytest.raises(PolicyError):
        resource_allows(document(grant(principal)), request())
    with pytest.raises(PolicyError):
        resource_allows(document(statement()), request())


def test_multivalued_key_needs_a_set_operator() -> None:
    """Several values cannot be compared without ForAllValues or ForAnyValue."""
    with pytest.raises(PolicyError, match="several values"):
        conditioned({"StringEquals": {"some:Key": "a"}}, "some:Key", ("a",))
