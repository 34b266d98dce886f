"""A set of strings by their hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.sweeper.hash_set import HashSet


@given(st.sets(st.text(), max_size=50), st.text())
def test_set_has_what_was_added(texts: set[str], other: str) -> None:
    """The set has all strings that were added, and no others."""
    strings = HashSet()
    for text in texts:
        strings.add(text)
    assert all(text in strings for text in texts)
    assert (other in strings) == (other in texts)
    strings.add(other)
    assert other in strings
