"""One thing that cannot be read affects only itself: the one place that catches what a parser raises. Pure.

A parser of one instance, row, record set, event or tag raises whatever it likes. `readable` turns that into a value, so
that the rest of the page, batch, spoke or zone goes on, and the thing can be counted, logged and shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from hub.runtime.boundary.texts import bounded

if TYPE_CHECKING:
    from collections.abc import Callable

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Malformed(Exception):
    """What a parser itself finds wrong with a value, in words for a person."""


@dataclass(frozen=True, slots=True, order=True)
class Unreadable:
    """A thing that was there and could not be read. Nothing that belongs to it may be removed because of that.

    `what` identifies it for a person and for the code that keeps it: an instance's id, the key of a row, a name. It is
    empty if not even that could be read. `reason` says what is wrong with it.
    """

    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what or 'something without an identity'} cannot be read: {self.reason}"


def readable(parse: Callable[[_In], _Out], value: _In, what: object) -> _Out | Unreadable:
    """Return what a parser makes of a value, or that the value is unreadable.

    Args:
        parse: A pure function, so that whatever it raises comes from the value.
        value: One thing from outside.
        what: The identity of the thing.
    """
    try:
        return parse(value)
    except Exception as error:  # noqa: BLE001 - a parser of foreign input may raise anything, and all of it means this
        reason = str(error) if isinstance(error, Malformed) else f"{type(error).__name__}: {error}"
        return Unreadable(bounded(what), bounded(reason))
