"""A set of strings by their hashes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.sweeper.hash_set import HashSet


@given(st.sets(st.text(), max_size=50), st.text())
def test_what_was_seen_is_known(texts: set[str], other: str) -> None:
    """All that was added is there, and nothing else."""
    seen = HashSet()
    for text in texts:
        seen.add(text)
    assert all(text in seen for text in texts)
    assert (other in seen) == (other in texts)
    seen.add(other)
    assert other in seen
