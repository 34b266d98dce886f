"""What cannot be read becomes a value; texts stay bounded and can be stored."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import Unreadable, readable


def test_a_parser_that_succeeds_returns_its_value() -> None:
    assert readable(int, "12", "a number") == 12


def test_whatever_a_parser_raises_makes_its_value_unreadable() -> None:
    assert readable(int, "x", "row 7") == Unreadable("row 7", "ValueError: invalid literal for int() with base 10: 'x'")
    empty: dict[str, int] = {}
    assert readable(lambda row: row["a"], empty, "row 8") == Unreadable("row 8", "KeyError: 'a'")


def test_an_unreadable_thing_says_what_and_why() -> None:
    assert str(Unreadable("i-1", "no State")) == "i-1 cannot be read: no State"
    assert str(Unreadable("", "no id")) == "something without an identity cannot be read: no id"


@given(st.text(st.characters(categories=["L", "Cs", "So"]), max_size=1_200), st.integers(0, 600))
def test_a_bounded_text_has_a_bounded_length_and_can_be_encoded(text: str, most: int) -> None:
    shown = bounded(text, most)
    assert len(shown) <= most + 3
    shown.encode()
    if len(text) <= most and not any("\ud800" <= character <= "\udfff" for character in text):
        assert shown == text
