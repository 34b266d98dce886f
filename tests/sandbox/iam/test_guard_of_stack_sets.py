"""Which permissions a guarded role needs for a StackSet that it reads as a delegated administrator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.iam.guard import Guard
from tests.support.sandbox.organizations import HUB, MANAGEMENT, REGION, client, client_with, simulated_organization

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = f"arn:aws:iam::{HUB}:role/orgdns-sweeper"
STACK_SETS = [f"arn:aws:cloudformation:{REGION}:{owner}:stackset/spokes:*" for owner in (MANAGEMENT, HUB)]


@pytest.fixture
def guard() -> Iterator[Guard]:
    with simulated_organization():
        guard = Guard({"orgdns-sweeper"})
        with guard.in_force():
            yield guard


def listed(stack_sets: list[str], *others: str) -> str:
    """The answer of StackSets to a role with these grants: the code of the error, and its message."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam = client("iam", HUB)
    iam.create_role(RoleName="orgdns-sweeper", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    granted = [
        {"Effect": "Allow", "Action": "cloudformation:ListStackInstances", "Resource": stack_sets},
        *({"Effect": "Allow", "Action": other, "Resource": "*"} for other in others),
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": granted})
    iam.put_role_policy(RoleName="orgdns-sweeper", PolicyName="x", PolicyDocument=document)
    session = client("sts", HUB).assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    with pytest.raises(ClientError) as refused:
        client_with(session, "cloudformation").list_stack_instances(StackSetName="spokes", CallAs="DELEGATED_ADMIN")
    return str(refused.value)


def test_delegated_administrator_must_prove_it(guard: Guard) -> None:
    """Without organizations:ListDelegatedAdministrators, StackSets says that the account is no administrator."""
    answer = listed(STACK_SETS)
    assert "(ValidationError)" in answer
    assert "Account used is not a delegated administrator" in answer
    assert [each.action for each in guard.denied] == ["organizations:ListDelegatedAdministrators"]


@pytest.mark.parametrize("named", STACK_SETS)
@pytest.mark.usefixtures("guard")
def test_either_owner_may_count(named: str) -> None:
    """A policy that names only one of the two accounts to which the StackSet may belong is refused."""
    assert "(AccessDenied)" in listed([named], "organizations:ListDelegatedAdministrators")


def test_both_grants_suffice(guard: Guard) -> None:
    """With both permissions the call reaches StackSets, which has no such StackSet here."""
    assert "StackSetNotFoundException" in listed(STACK_SETS, "organizations:ListDelegatedAdministrators")
    assert guard.denied == []
