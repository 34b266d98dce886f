"""What the models of AWS's APIs forbid, which botocore's clients do not check."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import ShapeResolver, StringShape
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.sdk import OPERATIONS
from sandbox.aws.constraints import EXCEPTIONS, error_code, violations

SHAPES: Any = {
    "Request": {
        "type": "structure",
        "required": ["Name"],
        "members": {name: {"shape": name} for name in ("Name", "Kind", "Number", "Names", "Tags")},
    },
    "Name": {"type": "string", "min": 1, "max": 4, "pattern": "[a-z]+"},
    "Kind": {"type": "string", "enum": ["A", "AAAA"]},
    "Number": {"type": "integer", "min": 1, "max": 10},
    "Names": {"type": "list", "member": {"shape": "Name"}, "max": 2},
    "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Kind"}},
}
REQUEST: Any = ShapeResolver(SHAPES).get_shape_by_name("Request")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "Value null at 'Name' failed to satisfy constraint: Member must not be null"),
        ({"Name": ""}, "length greater than or equal to 1"),
        ({"Name": "abcde"}, "Value 'abcde' at 'Name' failed to satisfy constraint: Member must have length less than"),
        ({"Name": "A"}, "regular expression pattern: [a-z]+"),
        ({"Name": "a", "Kind": "MX"}, "Member must satisfy enum value set: [A, AAAA]"),
        ({"Name": "a", "Number": 0}, "value greater than or equal to 1"),
        ({"Name": "a", "Number": 11}, "value less than or equal to 10"),
        ({"Name": "a", "Names": ["a", "b", "c"]}, "length less than or equal to 2"),
        ({"Name": "a", "Names": ["a", "B"]}, "at 'Names.2.member'"),
        ({"Name": "a", "Tags": {"B": "A"}}, "at 'Tags.key'"),
        ({"Name": "a", "Tags": {"b": "B"}}, "at 'Tags.b'"),
    ],
)
def test_each_constraint(value: object, says: str) -> None:
    """A value that breaks one constraint is refused once, at its place."""
    found = list(violations("any", REQUEST, value))
    assert any(says in fault for fault in found), found


@given(
    st.fixed_dictionaries(
        {"Name": st.from_regex("[a-z]{1,4}", fullmatch=True)},
        optional={"Kind": st.sampled_from(["A", "AAAA"]), "Number": st.integers(1, 10)},
    )
)
def test_allowed_values_pass(value: dict[str, object]) -> None:
    """A value within every constraint is not refused."""
    assert list(violations("any", REQUEST, value)) == []


def test_pattern_that_python_cannot_read_is_left_out() -> None:
    """Java has patterns that Python does not have."""
    shape: Any = StringShape("Name", {"type": "string", "pattern": r"\p{L}+"})
    assert list(violations("any", shape, "1")) == []


def test_exceptions_are_of_calls_that_functions_make() -> None:
    """An exception that no call needs is an error."""
    for service, name in EXCEPTIONS:
        model: Any = Session().get_service_model(service)
        inputs = [model.operation_model(operation).input_shape for operation in OPERATIONS[service]]
        assert any(member.name == name for shape in inputs for member in shape.members.values())


def test_services_refuse_with_their_own_code() -> None:
    """Route 53 calls it InvalidInput, and most others ValidationException."""
    assert (error_code("route53"), error_code("dynamodb")) == ("InvalidInput", "ValidationException")
