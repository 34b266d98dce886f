"""Which requests policies allow: actions, resources, principals, and identity policies with resource policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.iam.evaluation import (
    Effect,
    Request,
    allowed,
    evaluate,
    granted_actions,
    identity_allows,
    resource_allows,
)
from tests.support.sandbox.policies import ACCOUNT, OTHER, ROLE, TABLE, Statement, document, grant, request, statement

if TYPE_CHECKING:
    from random import Random


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("DynamoDB:getitem", TABLE, True),
        ("dynamodb:Get*", TABLE, True),
        ("dynamodb:GetIte?", TABLE, True),
        ("dynamodb:GetIt?", TABLE, False),
        ("*", "*", True),
        ("dynamodb:PutItem", TABLE, False),
        ("dynamodb:GetItem", TABLE.replace("ledger", "Ledger"), False),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:*:{ACCOUNT}:table/*", True),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ledge?", True),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:eu-west-1:{OTHER}:table/ledger", False),
        ("dynamodb:GetItem", "arn:aws:*:*:*:*", True),
        (["x:Y", "dynamodb:GetItem"], [f"{TABLE}-2", TABLE], True),
        ("dynamodb:G[e]tItem", TABLE, False),
    ],
)
def test_action_and_resource(*, action: object, resource: object, expected: bool) -> None:
    """Actions match case-insensitively, resources case-sensitively; a wildcard stays within a part of an ARN."""
    assert identity_allows([document(statement(action=action, resource=resource))], request()) is expected


def test_wildcard_stays_within_a_part_of_an_arn() -> None:
    """`table*` in an ARN's region does not match the account after it."""
    policy = document(statement(resource="arn:aws:dynamodb:eu*ledger:x:y"))
    assert not identity_allows([policy], request())


def test_call_without_resource_needs_a_grant_on_all() -> None:
    """Only `*` grants a call that has no resource."""
    call = Request(ROLE, ACCOUNT, "ec2:DescribeInstances", "*")
    assert identity_allows([document(statement(action="ec2:*"))], call)
    assert not identity_allows([document(statement(action="ec2:*", resource="arn:aws:ec2:*:*:instance/*"))], call)


def test_not_action_and_not_resource_invert_the_match() -> None:
    """NotAction and NotResource match everything they do not name."""
    deny = document(statement(), {"Effect": "Deny", "NotAction": "dynamodb:*", "NotResource": "arn:aws:s3:::*"})
    assert evaluate(deny, request()) is Effect.ALLOW
    assert evaluate(deny, request("sqs:SendMessage")) is Effect.DENY
    assert evaluate(deny, request("s3:GetObject", "arn:aws:s3:::bucket")) is Effect.NO_DECISION


@pytest.mark.parametrize("order", [1, -1])
def test_explicit_deny_wins_in_any_order(order: int) -> None:
    """A matching Deny decides, first or last, in the same document or in another one."""
    both = [statement(), statement("Deny", resource=TABLE)][::order]
    assert evaluate(document(*both), request()) is Effect.DENY
    assert not identity_allows([document(each) for each in both], request())


def test_unmatched_request_is_not_allowed() -> None:
    """A request that no statement matches is not allowed."""
    policy = document(statement(action="dynamodb:PutItem"))
    assert evaluate(policy, request()) is Effect.NO_DECISION
    assert not identity_allows([policy], request())
    assert not identity_allows([], request())


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ACCOUNT}, True),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, True),
        ({"AWS": OTHER}, False),
        ({"AWS": [OTHER, ROLE]}, True),
        ({"AWS": f"{ROLE}-2"}, False),
        ({"Service": "events.amazonaws.com"}, False),
        ({"Service": "events.amazonaws.com", "AWS": ROLE}, True),
    ],
)
def test_principal(*, principal: object, expected: bool) -> None:
    """An account matches all of its principals; a role's ARN matches that role alone."""
    assert resource_allows(document(grant(principal, Resource="*")), request()) is expected


def test_service_needs_the_resource_policy_alone() -> None:
    """A service principal has no identity policy, and is matched by name."""
    call = Request("events.amazonaws.com", "", "sqs:SendMessage", TABLE, {"aws:SourceArn": TABLE})
    policy = document(
        grant({"Service": "events.amazonaws.com"}, Resource="*", Condition={"ArnEquals": {"aws:SourceArn": TABLE}})
    )
    assert allowed(call, [], policy, ACCOUNT)
    assert not allowed(call, [], None, ACCOUNT)
    assert not allowed(Request("lambda.amazonaws.com", "", call.action, TABLE, call.context), [], policy, ACCOUNT)


NAMED = document(grant({"AWS": ROLE}))
DELEGATED = document(grant({"AWS": ACCOUNT}))
DENIED = document({**grant({"AWS": ACCOUNT}), "Effect": "Deny"})
ALLOWS = document(statement(action="*"))


@pytest.mark.parametrize(
    ("action", "identity", "resource", "resource_account", "expected"),
    [
        # Within one account either side suffices, and an account as principal only delegates.
        ("sqs:SendMessage", [ALLOWS], None, ACCOUNT, True),
        ("sqs:SendMessage", [], NAMED, ACCOUNT, True),
        ("sqs:SendMessage", [], DELEGATED, ACCOUNT, False),
        ("sqs:SendMessage", [], None, ACCOUNT, False),
        ("sqs:SendMessage", [ALLOWS], DENIED, ACCOUNT, False),
        ("sqs:SendMessage", [document(statement("Deny", "*"))], NAMED, ACCOUNT, False),
        # A role's trust policy must always allow.
        ("sts:AssumeRole", [ALLOWS], None, ACCOUNT, False),
        ("sts:AssumeRole", [], NAMED, ACCOUNT, True),
        ("sts:AssumeRole", [], DELEGATED, ACCOUNT, False),
        ("sts:AssumeRole", [ALLOWS], DELEGATED, ACCOUNT, True),
        # Across accounts both sides must allow.
        ("sqs:SendMessage", [ALLOWS], NAMED, OTHER, True),
        ("sqs:SendMessage", [ALLOWS], DELEGATED, OTHER, True),
        ("sqs:SendMessage", [ALLOWS], None, OTHER, False),
        ("sqs:SendMessage", [], NAMED, OTHER, False),
        ("sts:AssumeRole", [], NAMED, OTHER, False),
        ("sts:AssumeRole", [ALLOWS], NAMED, OTHER, True),
        ("sts:AssumeRole", [ALLOWS], DENIED, OTHER, False),
    ],
)
def test_identity_and_resource_policies_together(
    *, action: str, identity: list[Any], resource: dict[str, Any] | None, resource_account: str, expected: bool
) -> None:
    """Which sides must allow depends on the accounts, and on whether the action assumes a role."""
    assert allowed(request(action), identity, resource, resource_account) is expected


def test_granted_actions_are_those_of_allow_statements() -> None:
    """A Deny grants nothing."""
    policies = [document(statement(action=["a:B", "a:C"]), statement("Deny", "a:D")), document(statement(action="e:*"))]
    assert granted_actions(policies) == {"a:B", "a:C", "e:*"}


ACTIONS = st.sampled_from(["a:Get", "a:Put", "a:*", "b:Get", "*"])
RESOURCES = st.sampled_from(["*", TABLE, "arn:aws:s3:::bucket", "arn:aws:s3:::*"])
STATEMENTS = st.builds(statement, st.sampled_from(["Allow", "Deny"]), ACTIONS, RESOURCES)
DOCUMENTS = st.lists(STATEMENTS, min_size=1, max_size=4).map(lambda statements: document(*statements))
REQUESTS = st.builds(
    request, st.sampled_from(["a:Get", "a:Put", "b:Get"]), st.sampled_from([TABLE, "arn:aws:s3:::bucket"])
)


@given(st.lists(DOCUMENTS, max_size=3), REQUESTS)
def test_matching_deny_always_wins(documents: list[Any], call: Request) -> None:
    """One matching Deny on either side refuses the request, whatever else is granted."""
    deny = document(statement("Deny", call.action, call.resource))
    assert not identity_allows([*documents, deny], call)
    assert not allowed(call, [*documents, deny], document(grant("*")), ACCOUNT)


@given(st.lists(DOCUMENTS, max_size=3), st.builds(statement, st.just("Allow"), ACTIONS, RESOURCES), REQUESTS)
def test_further_allow_never_removes_a_permission(documents: list[Any], more: Statement, call: Request) -> None:
    """An allowed request stays allowed if an Allow is added."""
    before = identity_allows(documents, call)
    assert identity_allows([*documents, document(more)], call) or not before


@given(st.lists(STATEMENTS, min_size=1, max_size=5), REQUESTS, st.randoms())
def test_order_and_grouping_of_statements_do_not_matter(
    statements: list[Statement], call: Request, random: Random
) -> None:
    """One document with all statements equals one document for each, in any order."""
    shuffled = random.sample(statements, len(statements))
    whole = identity_allows([document(*statements)], call)
    assert whole == identity_allows([document(each) for each in shuffled], call)


@given(st.lists(DOCUMENTS, max_size=2), DOCUMENTS, REQUESTS)
def test_cross_account_access_is_never_easier(documents: list[Any], policy: dict[str, Any], call: Request) -> None:
    """A request that is allowed across accounts is also allowed within one account."""
    resource = document(*({**each, "Principal": {"AWS": ROLE}} for each in policy["Statement"]))
    assert not allowed(call, documents, resource, OTHER) or allowed(call, documents, resource, ACCOUNT)
