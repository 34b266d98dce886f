"""Patterns of ARNs, and what the Service Authorization Reference says of single actions."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.lint.reference import action, fits, has_key, matching, overlap

TEXTS = st.text("ab:", max_size=6)
PATTERNS = st.text("ab:*", max_size=6)


@given(TEXTS, PATTERNS)
def test_text_and_pattern(text: str, pattern: str) -> None:
    """A text overlaps a pattern if it matches it."""
    assert overlap(text, pattern) == fnmatchcase(text, pattern)


@given(PATTERNS, PATTERNS, st.data())
def test_two_patterns(left: str, right: str, data: st.DataObject) -> None:
    """Patterns overlap in either order, and if a text matches both."""
    assert overlap(left, right) == overlap(right, left)
    text = "".join(data.draw(TEXTS) if character == "*" else character for character in left)
    assert not fnmatchcase(text, right) or overlap(left, right)


def test_unknown_actions() -> None:
    """Actions and services that AWS does not have are unknown."""
    assert action("sqs:SendMessage")
    assert action("sqs:NoSuchAction") is None
    assert action("nosuchservice:Action") is None
    assert matching("nosuchservice:*") == []
    assert "sqs:SendMessage" in matching("sqs:send*")


def test_actions_on_profiles_have_no_resource_type() -> None:
    """A grant to associate a Profile cannot name the Profile."""
    for name in ("AssociateProfile", "DisassociateProfile"):
        associating = action(f"route53profiles:{name}")
        assert associating
        assert associating.resource_types == frozenset()
        assert has_key(associating, "route53profiles:ResourceIds")


@pytest.mark.parametrize(
    ("name", "arn", "expected"),
    [
        ("logs:PutLogEvents", "arn:aws:logs:eu-central-1:222222222222:log-group:/aws/lambda/orgdns:*", True),
        ("logs:PutLogEvents", "arn:aws:logs:eu-central-1:222222222222:log-group:/aws/lambda/orgdns", False),
        ("sts:AssumeRole", "arn:aws:iam::*:role/orgdns-reader", True),
        ("sts:AssumeRole", "arn:aws:iam::222222222222:user/somebody", False),
        ("sqs:SendMessage", "arn:aws:sqs:eu-central-1:222222222222:*", True),
        ("sqs:SendMessage", "arn:aws:sns:eu-central-1:222222222222:*", False),
    ],
)
def test_resources_of_an_action(name: str, arn: str, *, expected: bool) -> None:
    """An ARN fits an action if it stands for resources of the action's type."""
    found = action(name)
    assert found
    assert fits(found, arn) is expected


def test_keys_with_a_variable() -> None:
    """A key of the reference with a variable stands for all keys of that form, and names of keys ignore case."""
    describing = action("ec2:DescribeVpcAttribute")
    assert describing
    assert has_key(describing, "aws:ResourceTag/dns")
    assert has_key(describing, "AWS:requestedregion")
    assert not has_key(describing, "aws:ResourceTags")
