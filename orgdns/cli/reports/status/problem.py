"""A kind of problem, and what the reports on it share. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hub.runtime.model.health.path import Stage
    from hub.runtime.model.names import Millis
    from hub.runtime.model.status import ZoneStatus

_FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem.

    `kind` is the name of its page in docs/runbook, and of its alarm if it has one. `since` is 0 if that is not known.
    `affected` are spokes, zones and accounts as the commands take them, or a stage of the path, or a function, and
    `lines` say what is known of each.
    """

    kind: str
    stage: Stage
    title: str
    since: Millis
    affected: tuple[str, ...]
    lines: tuple[str, ...]
    todo: str


def one(
    kind: str, stage: Stage, title: str, since: Millis, affected: Iterable[str], lines: Sequence[str], todo: str
) -> Iterator[Problem]:
    """Yield the problem if it affects anything."""
    if lines:
        yield Problem(kind, stage, title, since, tuple(affected), tuple(lines), todo)


def earliest(times: Iterable[Millis]) -> Millis:
    """The earliest of the times that are known; 0 if none is."""
    return min((each for each in times if each), default=NEVER)


def zone_ids_of(zones: Iterable[ZoneStatus]) -> list[str]:
    """The ids of zones."""
    return [zone.zone_id for zone in zones]


def first(texts: Sequence[str]) -> str:
    """The first of many texts."""
    return f"{', '.join(texts[:_FIRST])}{', ...' if len(texts) > _FIRST else ''}"
