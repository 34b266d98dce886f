"""Mistakes in the configuration file, each with the line that it stands on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

# The keys and indices that lead to a thing in the file.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One mistake in the file: its line (counted from 1), its place, and what to do."""

    line: int
    place: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.place}: {self.message}" if self.place else f"line {self.line}: {self.message}"


class ConfigInvalid(Exception):
    """The file has faults: all of them, in the order of their lines."""

    def __init__(self, path: str, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(f"{path}: {fault}" for fault in faults))
        self.path = path
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Source:
    """The file as it was written, where everything in it has a line."""

    root: yaml.Node | None

    def fault(self, place: Place, message: str) -> Fault:
        """A fault of a place."""
        return Fault(self.line(place), written(place), message)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that is there."""
        return self._found(place)[0]

    def text(self, place: Place) -> str | None:
        """What was written at a place, or None where there is no single value."""
        _, node, whole = self._found(place)
        return node.value if whole and isinstance(node, yaml.ScalarNode) else None

    def _found(self, place: Place) -> tuple[int, yaml.Node | None, bool]:
        """The line and the node of a place, or of the nearest thing around it, and whether it is the place itself."""
        node, line = self.root, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == step), None)
                if found is None:
                    return line, node, False
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                return line, node, False
        return line, node, True

    def repeated(self) -> Iterator[Fault]:
        """A fault for each key, and for each value of a list, that stands there for the second time.

        YAML takes the last of two equal keys without a word; a person meant both. No list of the file means more by a
        value that it holds twice.
        """
        return _repeated(self.root, (), set())


def written(place: Place) -> str:
    """A place as a person writes it: `policy.rules[0].template`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")


def listed(section: object, key: str) -> list[Any]:
    """A list in a section of a file that may have faults, or an empty one where there is none."""
    found = section.get(key) if isinstance(section, dict) else None
    return found if isinstance(found, list) else []


def named_twice(source: Source, place: Place, sections: list[Any], key: str) -> Iterator[Fault]:
    """A fault for each section of a list that has what is to tell it apart from an earlier one."""
    seen: Counter[str] = Counter()
    for index, section in enumerate(sections):
        value = section.get(key) if isinstance(section, dict) else None
        if isinstance(value, str):
            seen[value] += 1
            if seen[value] > 1:
                yield source.fault((*place, index, key), f"{value!r} stands here twice")


def _repeated(node: yaml.Node | None, place: Place, visited: set[int]) -> Iterator[Fault]:
    # By an anchor, a thing can stand in many places, and hold itself.
    if node is None or id(node) in visited:
        return
    visited.add(id(node))
    seen: set[str] = set()
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in seen:
                yield Fault(key.start_mark.line + 1, written((*place, key.value)), "this key stands here twice")
            seen.add(key.value)
            yield from _repeated(value, (*place, key.value), visited)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            if isinstance(value, yaml.ScalarNode) and value.value in seen:
                message = f"{value.value!r} stands here twice"
                yield Fault(value.start_mark.line + 1, written((*place, index)), message)
            elif isinstance(value, yaml.ScalarNode):
                seen.add(value.value)
            yield from _repeated(value, (*place, index), visited)
