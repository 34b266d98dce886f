"""A set of strings by their hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.sweeper.hash_set import HashSet


@given(st.sets(st.text(), max_size=50), st.text())
def test_set_has_what_was_added(texts: set[str], other: str) -> None:
    """The set has all strings that were added, and no others."""
    seen = HashSet()
    for text in texts:
        seen.add(text)
    assert all(text in seen for text in texts)
    assert (other in seen) == (other in texts)
    seen.add(other)
    assert other in seen
