"""Ports that fail as a plan says, and zones that keep what was sent to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from hub.runtime.model.names import Change, Millis
from tests.support.history.past import Past
from tests.support.memory_zones import MemoryZones


class Killed(BaseException):
    """The worker was killed."""


@dataclass
class Plan:
    """The next fault, and the number of calls before it."""

    fault: str | None = None
    calls: int = 0


class Faulty:
    """A port that fails as the plan says, with the errors of its kind."""

    def __init__(self, target: object, plan: Plan, unavailable: type[Exception], denied: type[Exception]) -> None:
        self._target, self._plan = target, plan
        self._unavailable, self._denied = unavailable, denied

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        method: Any = getattr(self._target, name)
        if not callable(method):
            return method

        def call(*arguments: object, **named: object) -> Any:  # noqa: ANN401 - as above
            if name == "delay":
                return method(*arguments, **named)
            answer = self._carried_out(lambda: method(*arguments, **named))
            # A listing may break at each page.
            return self._paged(answer) if isinstance(answer, Iterator) else answer

        return call

    def _paged(self, pages: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while (page := self._carried_out(lambda: next(pages, end))) is not end:
            yield page

    def _carried_out(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - as above
        plan = self._plan
        plan.calls -= plan.fault is not None
        if plan.fault is None or plan.calls >= 0:
            return call()
        fault, plan.fault = plan.fault, None
        if fault == "killed before":
            raise Killed
        if fault == "throttled":
            raise self._unavailable("Throttling")
        if fault == "denied":
            raise self._denied("AccessDenied")
        call()
        if fault == "killed after":
            raise Killed
        raise self._unavailable("read timeout")


class Sent:
    """The zones, and each change that was sent to them, whatever became of it."""

    def __init__(self, zones: MemoryZones, sent: list[Change], past: Past) -> None:
        self._zones, self._sent, self._past = zones, sent, past

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the zones have
        return getattr(self._zones, name)

    def change(self, zone_id: str, changes: Collection[Change], *arguments: Any, **named: Any) -> Millis | None:  # noqa: ANN401 - as above
        self._sent += changes
        at = self._zones.change(zone_id, changes, *arguments, **named)
        self._past.ours |= {at} if at else set()
        return at
