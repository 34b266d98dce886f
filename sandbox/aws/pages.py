"""Pages of a listing, as the sandbox's own operations give them out. Pure."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class InvalidToken(ValueError):
    """A token that no page gave out."""


def page(ids: Iterable[str], token: str | None, size: int) -> tuple[list[str], str | None]:
    """The ids of one page in order, and the token of the page after it, or None after the last.

    What is added or removed meanwhile shifts no page: a token tells the id to go on from, be it there or not.

    Raises:
        InvalidToken: the token cannot be read.
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
