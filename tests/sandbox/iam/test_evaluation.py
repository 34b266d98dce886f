"""Which requests policies allow: actions, resources, principals, and identity with resource policies."""

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
    """Actions match without case, resources with it; wildcards match within a part of an ARN."""
    assert identity_allows([document(statement(action=action, resource=resource))], request()) is expected


def test_a_wildcard_does_not_reach_over_a_part_of_an_arn() -> None:
    """`table*` in an ARN's region does not swallow the account behind it."""
    policy = document(statement(resource="arn:aws:dynamodb:eu*ledger:x:y"))
    assert not identity_allows([policy], request())


def test_a_call_on_everything_needs_a_grant_on_everything() -> None:
    """A call with no resource of its own is granted by `*` alone."""
    asked = Request(ROLE, ACCOUNT, "ec2:DescribeInstances", "*")
    assert identity_allows([document(statement(action="ec2:*"))], asked)
    assert not identity_allows([document(statement(action="ec2:*", resource="arn:aws:ec2:*:*:instance/*"))], asked)


def test_not_action_and_not_resource_match_all_but_what_they_name() -> None:
    """NotAction and NotResource turn the match around."""
    deny = document(statement(), {"Effect": "Deny", "NotAction": "dynamodb:*", "NotResource": "arn:aws:s3:::*"})
    assert evaluate(deny, request()) is Effect.ALLOW
    assert evaluate(deny, request("sqs:SendMessage")) is Effect.DENY
    assert evaluate(deny, request("s3:GetObject", "arn:aws:s3:::bucket")) is Effect.NO_DECISION


@pytest.mark.parametrize("order", [1, -1])
def test_an_explicit_deny_wins_whatever_the_order(order: int) -> None:
    """A Deny that matches decides, first or last, in one document or in two."""
    both = [statement(), statement("Deny", resource=TABLE)][::order]
    assert evaluate(document(*both), request()) is Effect.DENY
    assert not identity_allows([document(each) for each in both], request())


def test_nothing_that_matches_is_no_decision_and_no_permission() -> None:
    """What no statement speaks of is not allowed."""
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
    """An account stands for all of its principals, a role's ARN for that role alone."""
    assert resource_allows(document(grant(principal, Resource="*")), request()) is expected


def test_a_service_is_allowed_by_the_resource_alone() -> None:
    """A service principal has no identity policy and is matched by its name."""
    asked = Request("events.amazonaws.com", "", "sqs:SendMessage", TABLE, {"aws:SourceArn": TABLE})
    policy = document(
        grant({"Service": "events.amazonaws.com"}, Resource="*", Condition={"ArnEquals": {"aws:SourceArn": TABLE}})
    )
    assert allowed(asked, [], policy, ACCOUNT)
    assert not allowed(asked, [], None, ACCOUNT)
    assert not allowed(Request("lambda.amazonaws.com", "", asked.action, TABLE, asked.context), [], policy, ACCOUNT)


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
    """One account or two, trust policy or not, decide which sides must allow."""
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
def test_a_deny_that_matches_always_wins(documents: list[Any], asked: Request) -> None:
    """Whatever else is granted, one Deny on the request ends it, on either side."""
    deny = document(statement("Deny", asked.action, asked.resource))
    assert not identity_allows([*documents, deny], asked)
    assert not allowed(asked, [*documents, deny], document(grant("*")), ACCOUNT)


@given(st.lists(DOCUMENTS, max_size=3), st.builds(statement, st.just("Allow"), ACTIONS, RESOURCES), REQUESTS)
def test_an_allow_more_never_takes_a_permission_away(documents: list[Any], more: Statement, asked: Request) -> None:
    """What was allowed stays allowed when an Allow is added."""
    before = identity_allows(documents, asked)
    assert identity_allows([*documents, document(more)], asked) or not before


@given(st.lists(STATEMENTS, min_size=1, max_size=5), REQUESTS, st.randoms())
def test_the_order_and_the_cut_of_statements_decide_nothing(
    statements: list[Statement], asked: Request, random: Random
) -> None:
    """One document with all statements and one for each, in any order, mean the same."""
    shuffled = random.sample(statements, len(statements))
    whole = identity_allows([document(*statements)], asked)
    assert whole == identity_allows([document(each) for each in shuffled], asked)


@given(st.lists(DOCUMENTS, max_size=2), DOCUMENTS, REQUESTS)
def test_across_accounts_is_never_easier(documents: list[Any], policy: dict[str, Any], asked: Request) -> None:
    """What is allowed across accounts would be allowed within one."""
    resource = document(*({**each, "Principal": {"AWS": ROLE}} for each in policy["Statement"]))
    assert not allowed(asked, documents, resource, OTHER) or allowed(asked, documents, resource, ACCOUNT)
