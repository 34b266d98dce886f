"""A message in the logs, and what it means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgdns.reference.functions import Function


class Level(StrEnum):
    """How much a message matters: by default the logs have all but DEBUG."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its fields, which are separated by spaces. One text may have several sets of fields."""

    text: str
    level: Level
    functions: tuple[Function, ...]
    fields: str
    meaning: str
