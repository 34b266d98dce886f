"""History of a deployed installation, read as `orgdns history` reads it."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.model.names import Millis
from orgdns.cli.reports.history.report import Answer, Use
from orgdns.cli.sources.history.lookup import Found, HistoryLookup
from sandbox.clock import MovedClock
from sandbox.world import World
from tests.support.path.health import operator


def kept(made: World) -> None:
    """Let time pass until the historian has kept what happened."""
    made.pass_time(11)


def millis(clock: MovedClock) -> Millis:
    """The time of the simulated organization."""
    return Millis(round(clock.now() * 1_000))


def found(made: World, subject: str) -> Found:
    """What history has of a name, an instance or an address. The emulator takes calls of one thread."""
    lookup = HistoryLookup.of(operator(made), lambda _: None)
    return replace(lookup, reader=replace(lookup.reader, threads=1)).found(subject)


def answer(made: World, name: str, at: Millis) -> Answer:
    """What a name held at a time, in the one zone that has it."""
    (one,) = found(made, name).at(at)
    return one


def instances(uses: tuple[Use, ...]) -> list[str]:
    """The ids of the instances of uses."""
    return [each.holder.rpartition("/")[2] for use in uses for each in use.record_sets or ()]
