"""IAM's evaluation logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.iam.conditions import PolicyError
from sandbox.aws.iam.evaluation import (
    Effect,
    Request,
    allowed,
    evaluate,
    granted_actions,
    identity_allows,
    resource_allows,
)

if TYPE_CHECKING:
    from random import Random

ACCOUNT = "111111111111"
OTHER = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/orgdns-observer"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/ledger"
NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"

Statement = dict[str, Any]


def document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(
    effect: str = "Allow", action: object = "dynamodb:GetItem", resource: object = "*", **rest: object
) -> Statement:
    return {"Effect": effect, "Action": action, "Resource": resource, **rest}


def grant(principal: object, **rest: object) -> Statement:
    return {"Effect": "Allow", "Principal": principal, "Action": "*", **rest}


def request(action: str = "dynamodb:GetItem", resource: str = TABLE, **context: str | tuple[str, ...]) -> Request:
    return Request(ROLE, ACCOUNT, action, resource, {key.replace("__", ":"): value for key, value in context.items()})


def conditioned(condition: Statement, key: str | None = None, value: str | tuple[str, ...] = ()) -> bool:
    made = Request(ROLE, ACCOUNT, "a:B", TABLE, {} if key is None else {key: value})
    return identity_allows([document(statement(action="a:B", Condition=condition))], made)


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
    """Each operator compares as IAM's own does; of several values in the policy one suffices."""
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
def test_a_key_that_is_absent(*, operator: str, holds: bool) -> None:
    """An absent key fails what must match, passes what must not, and passes ForAllValues."""
    value = "true" if operator.startswith("Bool") else "x"
    assert conditioned({operator: {"some:Key": value}}) is holds
    assert conditioned({operator: {"some:Key": value}}, "some:Key", ()) is holds


def test_null_makes_up_for_what_for_all_values_lets_through() -> None:
    """ForAllValues with a Null check refuses a request that does not carry the key at all."""
    condition = {"ForAllValues:StringLike": {NAMES: ["*.corp.internal"]}, "Null": {NAMES: "false"}}
    assert not conditioned(condition)
    assert conditioned(condition, NAMES, ("web.corp.internal", "db.corp.internal"))
    assert not conditioned(condition, NAMES, ("web.corp.internal", "db.other.internal"))


def test_for_any_value_wants_one_of_many() -> None:
    """ForAnyValue holds as soon as one of the request's values matches."""
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
        # A fault in a statement that does not match shows all the same.
        document(statement(), statement(action="other:Action", Condition={"IpAddress": {"a:b": "1"}})),
    ],
)
def test_a_policy_that_cannot_be_read_is_an_error(policy: dict[str, Any]) -> None:
    """What is malformed or not modelled raises, and never allows."""
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
def test_a_principal_that_is_not_modelled_is_an_error(principal: object) -> None:
    """A principal of another form raises, and a resource's policy without one too."""
    with pytest.raises(PolicyError):
        resource_allows(document(grant(principal)), request())
    with pytest.raises(PolicyError):
        resource_allows(document(statement()), request())


def test_a_multivalued_key_needs_a_set_operator() -> None:
    """Without ForAllValues or ForAnyValue many values cannot be compared."""
    with pytest.raises(PolicyError, match="many values"):
        conditioned({"StringEquals": {"some:Key": "a"}}, "some:Key", ("a",))


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
