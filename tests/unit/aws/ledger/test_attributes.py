"""Values of rows, as DynamoDB expects and returns them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.aws.ledger.attributes import read, written
from hub.runtime.boundary.unreadable import Unreadable
from tests.support.running.examples import examples

# What rows have. DynamoDB's numbers have up to 38 digits.
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(10**37), 10**37)
    | st.frozensets(st.text(min_size=1), min_size=1),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
)


@settings(max_examples=examples(40))
@given(st.dictionaries(st.text(min_size=1), VALUES))
def test_rows_are_written_and_read_as_boto3_does(row: dict[str, Any]) -> None:
    """boto3's own types are the reference: what one writes, the other reads."""
    attributes = written(row)
    write, take = TypeSerializer().serialize, TypeDeserializer().deserialize
    assert {name: take(value) for name, value in attributes.items()} == row
    assert read({name: write(value) for name, value in row.items()}) == row
    assert read(attributes) == row


def test_numbers_are_exact() -> None:
    """A number is read as Decimal, as boto3 reads it."""
    assert read({"n": {"N": "1.10"}}) == {"n": Decimal("1.10")}
    assert written({"n": Decimal("1.10"), "t": ("a", True)}) == {
        "n": {"N": "1.10"},
        "t": {"L": [{"S": "a"}, {"BOOL": True}]},
    }


@pytest.mark.parametrize("value", [1.5, b"bytes", set(), {1}, object()])
def test_other_types_are_refused(value: object) -> None:
    """A value that rows do not have is a mistake of the caller."""
    with pytest.raises(TypeError, match="the ledger does not store"):
        written({"name": value})


def test_an_attribute_of_another_type_is_unreadable() -> None:
    """An attribute that the ledger never writes does not keep the rest of the row, and other rows, from being read."""
    row = read({"a": {"S": "x"}, "name": {"B": b"bytes"}, "list": {"L": [{"NS": ["1"]}]}})
    assert row["a"] == "x"
    assert isinstance(row["name"], Unreadable)
    assert "type B" in row["name"].reason
    assert isinstance(row["list"][0], Unreadable)


def test_lone_surrogates_are_stored_as_question_marks() -> None:
    """DynamoDB takes no text that cannot be encoded, and one such tag must not keep a row from being written."""
    assert written({"a\ud800": "b\udfff", "c": {"d\ud800": ["\ud800x"]}, "s": {"\ud800"}}) == {
        "a?": {"S": "b?"},
        "c": {"M": {"d?": {"L": [{"S": "?x"}]}}},
        "s": {"SS": ["?"]},
    }
