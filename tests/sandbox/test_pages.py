from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.pages import InvalidToken, page

IDS = st.sets(st.text(min_size=1, max_size=8), max_size=20)


@given(IDS, st.integers(min_value=1, max_value=7))
def test_the_pages_together_are_everything_once_and_in_order(ids: set[str], size: int) -> None:
    """Each is full but the last, and only the last has no token."""
    found: list[str] = []
    token: str | None = None
    for _ in range(len(ids) + 1):
        one, token = page(ids, token, size)
        found.extend(one)
        if token is None:
            break
        assert len(one) == size
    assert token is None
    assert found == sorted(ids)


def test_a_token_outlives_the_id_that_it_stands_for() -> None:
    """The next page begins with whatever follows."""
    _, token = page(["a", "b", "c"], None, 1)
    assert page(["a", "c"], token, 1) == (["c"], None)


@pytest.mark.parametrize("token", ["b", "nonsense!", "Zm9v\n", "/w=="])
def test_a_token_that_no_page_gave_is_refused(token: str) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(InvalidToken):
        page(["a", "b"], token, 1)
