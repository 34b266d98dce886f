"""What a dry run keeps back of one name. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.runtime.model.names import RecordSet


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a name would hold if nothing were in dry run; `blocked` says why not all of it could be published."""

    record_sets: tuple[RecordSet, ...] = ()
    blocked: str = ""
