"""Changes of a document: an answer of AWS, a message, a row. They are drawn as three numbers, so that drawing is fast.

A document is what JSON knows, and times. A change leaves out a member, or gives it another value: one of a later API,
one at the edge of its type, one that is too long or cannot be encoded, and rarely one of another type.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, Final

from botocore.model import Shape
from botocore.session import Session
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

# The way to a value: the names of members, or one of these for an element of a list and a value of a map.
Path = tuple[str, ...]
ELEMENT, ENTRY = "[]", "{}"


class Change(Enum):
    """A change that is not another value."""

    REMOVED = "the member is missing"
    DOUBLED = "the list has its elements twice"


REMOVED, DOUBLED = Change.REMOVED, Change.DOUBLED

_LATER: Final = "of-a-later-api"
_LONG: Final = "x" * 3_000
# Of the numbers up to 60, those from here on make a value of another type.
RARELY: Final = 50
# What the type allows, and what it does not. DynamoDB returns numbers as texts.
_ALLOWED: Final[dict[str, tuple[Any, ...]]] = {
    "string": (REMOVED, _LATER, "", _LONG, "\ud800", "\x00\u202e\n", "999999999999999999999", "-1", "a#b/c#d", "."),
    "integer": (REMOVED, 0, 1, -1, 2**31, 2**63, 10**30),
    "boolean": (REMOVED, True, False),
    "timestamp": (
        REMOVED,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(2026, 1, 1),  # noqa: DTZ001 - a time without a zone is what is tested
    ),
    "list": (REMOVED, [], DOUBLED),
    "structure": (REMOVED, {}),
}
_NUMBERS: Final = (7, 1.5, float("nan"), float("inf"))
_OTHER_TYPES: Final[tuple[Any, ...]] = (
    *(None, "text", b"\xff", True, *_NUMBERS),
    *([], {}, [None], [{}], {"Unknown": "x"}),
)


@dataclass(frozen=True)
class Mutation:
    """One change. `place` chooses among several elements, `change` among the values, which may be of another type."""

    path: Path
    place: int
    change: int
    other_type: bool = False

    def value(self, kind: str) -> Any:  # noqa: ANN401 - any value
        values = _OTHER_TYPES if self.other_type else _ALLOWED[kind]
        return copy.deepcopy(values[self.change % len(values)])


def removed(*path: str) -> Mutation:
    """The member is missing."""
    return Mutation(path, 0, 0)


def kind_of(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "integer"
        case datetime():
            return "timestamp"
        case list() | tuple():
            return "list"
        case dict():
            return "structure"
        case _:
            return "string"


def present(document: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401 - any document
    """The paths of a document, without itself."""
    if path:
        yield path
    match document:
        case dict():
            for name, value in document.items():
                yield from present(value, (*path, name))
        case list():
            for value in document:
                yield from present(value, (*path, ELEMENT))
        case _:
            pass


@cache
def possible(service: str, operation: str) -> frozenset[Path]:
    """The paths of an operation's answer in the model of the service."""
    shape = _session().get_service_model(service).operation_model(operation).output_shape
    return frozenset(_possible(shape)) if shape else frozenset()


@cache
def _session() -> Session:
    return Session()


def _possible(shape: Shape, path: Path = (), above: tuple[str, ...] = ()) -> Iterator[Path]:
    if path:
        yield path
    if shape.name in above:
        return
    above = (*above, shape.name)
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():  # type: ignore[attr-defined]  # a StructureShape
                yield from _possible(member, (*path, name), above)
        case "list":
            yield from _possible(shape.member, (*path, ELEMENT), above)  # type: ignore[attr-defined]  # a ListShape
        case "map":
            yield from _possible(shape.value, (*path, ENTRY), above)  # type: ignore[attr-defined]  # a MapShape


def mutations(*choices: Collection[Path], typed: int = 0, most: int = 3) -> st.SearchStrategy[list[Mutation]]:
    """Up to this many changes at these paths, as often from each of the choices.

    A value whose path has at most `typed` steps keeps its type: it is changed once, because one that a change removed
    has no type any more.
    """

    def once(changes: list[Mutation]) -> list[Mutation]:
        paths = [change.path for change in changes]
        return [
            change
            for position, change in enumerate(changes)
            if len(change.path) > typed or change.path not in paths[:position]
        ]

    paths = st.one_of(*(_sampled(frozenset(choice)) for choice in choices if choice))
    changes = st.builds(_mutation, paths, _SMALL, _SMALL, _SMALL, st.just(typed))
    return st.lists(changes, min_size=1, max_size=most).map(once)


@cache
def _sampled(paths: frozenset[Path]) -> st.SearchStrategy[Path]:
    return st.sampled_from(sorted(paths))


_SMALL: Final = st.integers(0, 59)


def _mutation(path: Path, place: int, change: int, rare: int, typed: int) -> Mutation:
    return Mutation(path, place, change, other_type=rare >= RARELY and len(path) > typed)


def mutated(document: Any, changes: Collection[Mutation]) -> Any:  # noqa: ANN401 - any document
    """A copy of a document with these changes, in order. A change whose place is gone does nothing.

    REMOVED if the document itself is.
    """
    whole = {"": copy.deepcopy(document)}
    for change in changes:
        _change(whole, ("", *change.path), change)
    return whole.get("", REMOVED)


def _change(container: Any, path: Path, mutation: Mutation) -> None:  # noqa: ANN401 - any document
    rest = path[1:]
    place = _place(container, path, mutation)
    if place is None:
        return
    if rest:
        _change(container[place], rest, mutation)
        return
    old = container.get(place) if isinstance(container, dict) else container[place]
    value = mutation.value("string" if old is None else kind_of(old))
    if value is DOUBLED:
        value = copy.deepcopy([*list(old or []), *list(old or [])])
    if value is not REMOVED:
        container[place] = value
    elif old is not None or isinstance(container, list):
        container.pop(place)


def _place(container: object, path: Path, mutation: Mutation) -> Any:  # noqa: ANN401 - a name or an index
    """The key of the step in a container, which has a value for it if further steps follow; None if it has no place."""
    step, rest = path[0], path[1:]
    match container:
        case dict() if step == ENTRY:
            return sorted(container)[mutation.place % len(container)] if container else None
        case dict() if step != ELEMENT:
            if rest:
                container.setdefault(step, [] if rest[0] == ELEMENT else {})
            return step
        case list() if step == ELEMENT:
            if not container:
                container.append([] if rest[:1] == (ELEMENT,) else {})
            return mutation.place % len(container)
        case _:
            return None


def cases(number: int) -> settings:
    """As many cases as this in `make test`, and a hundred times as many in `make test-deep`."""
    return settings(
        max_examples=max(1, number * settings().max_examples // 100),
        # A case has at most three changes, so that the first one found is short enough.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
