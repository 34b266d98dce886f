"""A set of strings that takes eight bytes a string. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field


@dataclass(slots=True)
class HashSet:
    """A set of strings, stored as their hashes, which differ from process to process.

    If 100,000 strings are looked up among 100,000 others, the chance that any is found by mistake is one in two
    thousand million. A removal then waits for the next sweep or audit.

    """

    _hashes: array[int] = field(default_factory=lambda: array("q"))
    _in_order: bool = False

    def add(self, text: str) -> None:
        """Add a string."""
        self._hashes.append(hash(text))
        self._in_order = False

    def __contains__(self, text: str) -> bool:
        return self.has(hash(text))

    def has(self, hashed: int) -> bool:
        """Whether something with this hash was added."""
        if not self._in_order:
            self._hashes, self._in_order = array("q", sorted(self._hashes)), True
        position = bisect_left(self._hashes, hashed)
        return position < len(self._hashes) and self._hashes[position] == hashed
