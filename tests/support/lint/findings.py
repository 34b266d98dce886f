"""Findings of linters, and which of them are justified."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase
from typing import NamedTuple


class Finding(NamedTuple):
    """What a rule of a linter found.

    Attributes:
        rule: The rule's id.
        where: The resource, and what in it.
    """

    rule: str
    where: str


class Justified(NamedTuple):
    """Findings that are no faults.

    Attributes:
        rule: The rule's id.
        where: A pattern of the places, in which `*` stands for any text.
        why: The argument.
    """

    rule: str
    where: str
    why: str

    def covers(self, finding: Finding) -> bool:
        """Whether the argument is about this finding."""
        return finding.rule == self.rule and fnmatchcase(finding.where, self.where)


def unjustified(found: Collection[Finding], arguments: Collection[Justified]) -> list[Finding]:
    """The findings that no argument covers: fix them, or argue."""
    return sorted(finding for finding in found if not any(argument.covers(finding) for argument in arguments))


def unneeded(found: Collection[Finding], arguments: Collection[Justified]) -> list[Justified]:
    """The arguments that cover no finding: remove them."""
    return [argument for argument in arguments if not any(map(argument.covers, found))]
