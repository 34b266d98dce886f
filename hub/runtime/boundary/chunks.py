"""Splits an iterable into tuples, as `itertools.batched` does from Python 3.12 on. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")


def chunks(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """Yield tuples of `size` items, the last one perhaps shorter. Items are read as the tuples are needed."""
    remaining = iter(items)
    while chunk := tuple(islice(remaining, size)):
        yield chunk
