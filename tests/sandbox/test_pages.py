from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.pages import InvalidToken, page

IDS = st.sets(st.text(min_size=1, max_size=8), max_size=20)


@given(IDS, st.integers(min_value=1, max_value=7))
def test_pages_have_every_id_once_and_in_order(ids: set[str], size: int) -> None:
    """Every page but the last is full, and only the last has no token."""
    found: list[str] = []
    token: str | None = None
    for _ in range(len(ids) + 1):
        page_ids, token = page(ids, token, size)
        found.extend(page_ids)
        if token is None:
            break
        assert len(page_ids) == size
    assert token is None
    assert found == sorted(ids)


def test_token_survives_the_deletion_of_its_id() -> None:
    """The next page begins with whatever id follows."""
    _, token = page(["a", "b", "c"], None, 1)
    assert page(["a", "c"], token, 1) == (["c"], None)


@pytest.mark.parametrize("token", ["b", "nonsense!", "Zm9v\n", "/w=="])
def test_invalid_token_is_refused(token: str) -> None:
    """Any token that was not issued with a page is refused."""
    with pytest.raises(InvalidToken):
        page(["a", "b"], token, 1)
