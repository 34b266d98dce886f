"""What a check finds: all is fine, a problem and what to do, or why it could not look. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, TypeVar

T = TypeVar("T")


class Result(StrEnum):
    """The result of a check."""

    FINE = "fine"
    PROBLEM = "problem"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A fact that could not be read, and why: usually a permission that the credentials lack."""

    reason: str


# A fact as it was read.
Fact: TypeAlias = T | Unknown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check saw, and the problems among it, each with what to do."""

    seen: str
    problems: tuple[str, ...] = ()


def problem(text: str) -> Verdict:
    """The verdict that there is one problem."""
    return Verdict("", (text,))


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check, with the text for a person."""

    check: str
    result: Result
    text: str


def finding(check: str, verdict: Verdict | Unknown) -> Finding:
    """The finding of a check."""
    if isinstance(verdict, Unknown):
        return Finding(check, Result.UNKNOWN, verdict.reason)
    if verdict.problems:
        return Finding(check, Result.PROBLEM, "; ".join(verdict.problems))
    return Finding(check, Result.FINE, verdict.seen)
