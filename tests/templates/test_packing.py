"""Grants are packed into policies that IAM accepts."""

from __future__ import annotations

from typing import Any

import awacs.s3
import pytest
from awacs.aws import Allow, Statement
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Template, encode_to_dict
from troposphere.iam import Role

from orgdns.cfn.quotas.limits import INLINE_POLICIES, MANAGED_POLICY
from orgdns.cfn.quotas.measures import filled_in, size
from orgdns.cfn.quotas.packing import STATEMENT_SIZE, add_role, packed, split
from orgdns.cfn.trust import document


def statement(names: Any, number: str) -> Statement:  # noqa: ANN401 - any sequence of texts
    return Statement(Sid=f"Get{number}", Effect=Allow, Action=[awacs.s3.GetObject], Resource=list(names))


def written(part: Any) -> Any:  # noqa: ANN401 - awacs ships no types
    return encode_to_dict(part.JSONrepr())


NAMES = st.lists(st.from_regex(r"[a-z]{1,200}", fullmatch=True), unique=True, max_size=80)


@given(NAMES)
def test_split_grants_name_each_item_once(names: list[str]) -> None:
    """No item is lost, no Sid is used twice, and each statement has a limited size."""
    made = [written(each) for each in split(names, statement)]
    assert sorted(name for each in made for name in each["Resource"]) == sorted(names)
    assert len({each["Sid"] for each in made}) == len(made)
    assert all(size(each) <= STATEMENT_SIZE for each in made)
    assert made == [written(each) for each in split(names, statement)]


def test_full_groups_are_not_measured_for_each_item() -> None:
    """The work grows with the items, not with their square."""
    measured = 0

    def counted(names: Any, number: str) -> Statement:  # noqa: ANN401 - as above
        nonlocal measured
        measured += 1
        return statement(names, number)

    groups = split([f"{number:060}" for number in range(500)], counted)
    assert len(groups) > 10
    assert measured <= 500 + 2 * len(groups)


@given(NAMES)
def test_items_that_must_be_apart_are(names: list[str]) -> None:
    """Two items that may not be together are never in one statement."""
    made = [written(each)["Resource"] for each in split(names, statement, lambda one, other: one[0] == other[0])]
    assert sorted(name for each in made for name in each) == sorted(names)
    assert all(len({name[0] for name in each}) == len(each) for each in made)


@given(st.lists(st.integers(1, 5_900), max_size=20))
def test_packed_grants_fit_into_their_policies(lengths: list[int]) -> None:
    """Every statement is in one policy, and none of the policies exceeds its quota."""
    statements = [statement(["x" * length], str(number)) for number, length in enumerate(lengths)]
    inline, *managed = packed(statements)
    found = [written(each)["Sid"] for group in (inline, *managed) for each in group]
    assert sorted(found) == sorted(written(each)["Sid"] for each in statements)
    assert size(written(document(*inline))) <= INLINE_POLICIES.limit
    assert all(size(written(document(*group))) <= MANAGED_POLICY.limit for group in managed)
    assert all(managed)


@pytest.mark.parametrize(("count", "managed"), [(1, 0), (2, 0), (3, 1), (5, 3)])
def test_grants_that_fit_are_inline(count: int, managed: int) -> None:
    """A small role has no managed policy, and a large one as many as it needs."""
    template = Template()
    statements = [statement(["x" * 4_000], str(number)) for number in range(count)]
    add_role(template, Role("SomeRole", RoleName="some", AssumeRolePolicyDocument={}), "some", statements)
    added = template.to_dict()["Resources"]
    assert len(added.pop("SomeRole")["Properties"]["Policies"]) == 1
    assert list(added) == [f"SomePolicy{number}" for number in range(1, managed + 1)]
    assert all(policy["Properties"]["Roles"] == [{"Ref": "SomeRole"}] for policy in added.values())


def test_references_count_at_their_longest() -> None:
    """What is known at deployment only counts with the most characters that it can have."""
    assert filled_in({"Fn::Sub": "${AWS::Partition}-${ZoneIdA}-${!x}"}) == f"{'x' * 10}-{'x' * 32}-${{!x}}"
    assert filled_in({"Fn::If": ["C", {"Ref": "AWS::AccountId"}, {"Ref": "AWS::Region"}]}) == "x" * 14
    assert filled_in([{"Fn::GetAtt": ["A", "Arn"]}, {"a": {"Ref": "B"}}, 3]) == ["x" * 128, {"a": "x" * 64}, 3]
