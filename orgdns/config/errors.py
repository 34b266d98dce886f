"""Mistakes in the configuration file, each with its line."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from hub.runtime.boundary.texts import bounded
from hub.runtime.messages import short
from hub.runtime.names.labels import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# The keys and indices that lead to a value in the file.
Place = tuple[str | int, ...]
# How much is printed of a file with very many or very long mistakes, so that a person can read it.
MAX_PRINTED: Final = 100
MAX_PLACE: Final = 200
MAX_MESSAGE: Final = 1_000
_NUMBERS: Final = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_TEXT: Final = "tag:yaml.org,2002:str"
_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the file: its line (counted from 1), its place, and what is wrong."""

    line: int
    place: str
    message: str

    def __str__(self) -> str:
        place = f"{bounded(printable(self.place), MAX_PLACE)}: " if self.place else ""
        return f"line {self.line}: {place}{bounded(printable(self.message), MAX_MESSAGE)}"


class ConfigInvalid(Exception):
    """The file has faults. The exception carries all of them, in the order of their lines, and prints the first."""

    def __init__(self, path: str, faults: tuple[Fault, ...]) -> None:
        lines = [f"{path}: {fault}" for fault in faults[:MAX_PRINTED]]
        if more := len(faults) - MAX_PRINTED:
            lines += [f"{path}: and {more:,} more mistakes: correct these first"] if more > 0 else []
        super().__init__("\n".join(lines))
        self.path = path
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Source:
    """The file as written: every value in it has a line.

    Configurations with the same values are equal, wherever they are written, so all sources are equal.
    """

    root: yaml.Node | None = field(default=None, compare=False)
    path: str = field(default="orgdns.yaml", compare=False)
    # The keys of the mappings that were searched, because a file with many mistakes is searched for each.
    _keys: dict[int, dict[object, tuple[yaml.ScalarNode, yaml.Node]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def fault(self, place: Place, message: str) -> Fault:
        """A fault at a place. A key that YAML reads as a number is shown as the file has it."""
        key = self._key_at(place) if place else None
        return Fault(self.line(place), written((*place[:-1], key.value) if key else place), message)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest enclosing value if the file does not have the place."""
        return self._found(place)[0]

    def text(self, place: Place) -> str | None:
        """The text of the value at a place, or None if the file has no single value there."""
        _, node, whole = self._found(place)
        return node.value if whole and isinstance(node, yaml.ScalarNode) else None

    def converted(self, place: Place) -> object:
        """What YAML makes of the single value at a place; the text itself if it has no meaning of its own."""
        _, node, whole = self._found(place)
        return _value(node) if whole and isinstance(node, yaml.ScalarNode) else None

    def converted_key(self, place: Place) -> object:
        """What YAML makes of the key at the end of a place."""
        found = self._key_at(place)
        return _value(found) if found else place[-1]

    def has(self, place: Place) -> bool:
        """Whether the file has a value at a place."""
        return self._found(place)[2]

    def numbers(self) -> Iterator[Fault]:
        """A fault for each number that is not written as a plain decimal number: YAML reads 0100 as 64, 1:30 as 90."""
        return _numbers(self.root, (), set())

    def key(self, place: Place) -> str:
        """The key at the end of a place, as the file has it, also if the key is a number."""
        found = self._key_at(place)
        return str(found.value if found else place[-1])

    def _key_at(self, place: Place) -> yaml.ScalarNode | None:
        _, node, _ = self._found(place[:-1])
        found = self._keys_of(node).get(place[-1]) if isinstance(node, yaml.MappingNode) else None
        return found[0] if found else None

    def _found(self, place: Place) -> tuple[int, yaml.Node | None, bool]:
        """The line and the node of a place or of the nearest enclosing value, and whether it is the place itself."""
        node, line = self.root, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = self._keys_of(node).get(step)
                if found is None:
                    return line, node, False
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line, node, False
        return line, node, True

    def _keys_of(self, node: yaml.MappingNode) -> dict[object, tuple[yaml.ScalarNode, yaml.Node]]:
        """The nodes of a mapping's keys and values by the text of the key; of equal keys, the first.

        A key that YAML reads as something else than a text is also found by that value.
        """
        if id(node) not in self._keys:
            pairs = [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
            found: dict[object, tuple[yaml.ScalarNode, yaml.Node]] = {}
            for key, value in reversed(pairs):
                found[key.value] = (key, value)
                if key.tag != _TEXT:
                    # pydantic shows a date as Python writes it.
                    found |= dict.fromkeys((_value(key), repr(_value(key))), (key, value))
            self._keys[id(node)] = found
        return self._keys[id(node)]

    def invalid(self, faults: Iterable[Fault], numbers: Iterable[Fault]) -> ConfigInvalid:
        """The error with all faults, in the order of their lines.

        A fault about how a number is written is left out where the number has another.
        """
        found = set(faults)
        places = {fault.place for fault in found}
        return ConfigInvalid(
            self.path, tuple(sorted(found | {fault for fault in numbers if fault.place not in places}))
        )

    def repeated(self) -> Iterator[Fault]:
        """A fault for each duplicate key, and for each value that a list has twice.

        YAML silently takes the last of two equal keys, but the author meant both. No list in the file gives a meaning
        to a repeated value.
        """
        return _repeated(self.root, (), set())


def printable(text: str) -> str:
    """The text on one line, with control characters as escapes: a key of the file can have any."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def written(place: Place) -> str:
    """A place as people write it: `policy.rules[0].template`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def listed(section: object, key: str) -> list[Any]:
    """A list in a section of a file that may have faults, or an empty list if the section has none."""
    found = section.get(key) if isinstance(section, dict) else None
    return found if isinstance(found, list) else []


def named_twice(source: Source, place: Place, sections: list[Any], key: str) -> Iterator[Fault]:
    """A fault for each section whose `key`, which identifies it in the list, has the value of an earlier section."""
    seen: Counter[str] = Counter()
    for index, section in enumerate(sections):
        value = section.get(key) if isinstance(section, dict) else None
        if isinstance(value, str):
            seen[value] += 1
            if seen[value] > 1:
                yield source.fault((*place, index, key), f"{shown(value)} is used twice")


def _value(node: yaml.ScalarNode) -> object:
    """The value of a scalar, as `yaml.safe_load` gives it."""
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_object(node, deep=True)
    finally:
        constructor.dispose()


def _numbers(node: yaml.Node | None, place: Place, visited: set[int]) -> Iterator[Fault]:
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _numbers(value, (*place, str(key.value)), visited)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _numbers(value, (*place, index), visited)
    elif isinstance(node, yaml.ScalarNode) and node.tag in _NUMBERS and not _PLAIN.fullmatch(node.value):
        message = f"{shown(node.value)} is not a plain decimal number: YAML reads it as {short(_value(node))}"
        yield Fault(node.start_mark.line + 1, written(place), message)


def _repeated(node: yaml.Node | None, place: Place, visited: set[int]) -> Iterator[Fault]:
    # An anchor can put one value in many places, even inside itself.
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    seen: set[str] = set()
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in seen:
                yield Fault(key.start_mark.line + 1, written((*place, key.value)), "this key is a duplicate")
            seen.add(key.value)
            yield from _repeated(value, (*place, key.value), visited)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            if isinstance(value, yaml.ScalarNode) and value.value in seen:
                message = f"{shown(value.value)} is listed twice"
                yield Fault(value.start_mark.line + 1, written((*place, index)), message)
            elif isinstance(value, yaml.ScalarNode):
                seen.add(value.value)
            yield from _repeated(value, (*place, index), visited)
