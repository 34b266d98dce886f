"""Pages of a listing, as the sandbox's own operations return them. Pure."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class InvalidToken(ValueError):
    """A token that was not issued with a page."""


def page(ids: Iterable[str], token: str | None, size: int) -> tuple[list[str], str | None]:
    """The ids of one page in order, and the token of the next page; None after the last.

    A token names the next id, whether or not it still exists, so additions and removals between calls shift no page.

    Raises:
        InvalidToken: if the token cannot be read.
    """
    ordered = sorted(ids)
    start = bisect_left(ordered, _read(token)) if token else 0
    following = ordered[start + size : start + size + 1]
    return ordered[start : start + size], _token(following[0]) if following else None


def _token(first: str) -> str:
    return urlsafe_b64encode(first.encode()).decode()


def _read(token: str) -> str:
    try:
        first = urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidToken(token) from error
    if _token(first) != token:
        raise InvalidToken(token)
    return first
