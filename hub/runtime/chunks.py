"""Many things in tuples of a few, as `itertools.batched` does it from Python 3.12 on. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_T = TypeVar("_T")


def chunks(of: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """The things in tuples of this size, the last one perhaps shorter, each made when it is asked for."""
    rest = iter(of)
    while chunk := tuple(islice(rest, size)):
        yield chunk
