"""Where the path from an event to a record is interrupted, by the last heartbeat of each stage. Pure.

A heartbeat leaves every five minutes. What did not arrive for three of them is interrupted: the stages before the
interruption have worked since, and of the stages behind it nothing is known. Unknown is not well.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime import contract
from hub.runtime.model.names import NEVER, Millis

if TYPE_CHECKING:
    from hub.runtime.model.path import PathState

# Milliseconds.
HEARTBEAT_LATE: Final = 3 * contract.SCHEDULE_MINUTES * 60_000


class Stage(StrEnum):
    """A stage of the path, or what runs beside it."""

    SPOKES = "spokes"
    EVENTS = "event bus and queue"
    OBSERVER = "observer"
    LEDGER = "ledger"
    STREAM = "ledger's stream"
    PUBLISHER = "publisher"
    ZONES = "zones"
    SWEEPS = "sweeps"
    AUDITS = "audits"
    ASSOCIATIONS = "associations"
    HISTORY = "history"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class PathFacts:
    """What AWS says of the hub's own parts; None where nobody asked.

    `waiting` counts the messages of the events queue, about, also those that a run left. `stream_faults` say why the
    publisher does not follow the ledger's stream, `table_fault` what the ledger's table lacks, and `queue_faults` which
    functions do not get the messages of their queues, and whether the historian does not follow the stream, with the
    reason. `unknown` says why this is not known.
    """

    waiting: int | None = None
    stream_faults: tuple[str, ...] = ()
    table_fault: str = ""
    unknown: str = ""
    queue_faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PathProblem:
    """An interruption: at which stage, since when (0 if unknown), what is known of it, and what to do."""

    stage: Stage
    since: Millis
    what: str
    todo: str


_NOT_YET: Final = "no heartbeat has taken the whole path yet; the first one takes up to five minutes after a deployment"


def path_problems(state: PathState, now: Millis, facts: PathFacts) -> tuple[PathProblem, ...]:
    """Return where the path is interrupted, from the first stage on."""
    if state.row_fault:
        todo = "delete the malformed row of the ledger, or return to the version that wrote it"
        return (PathProblem(Stage.LEDGER, NEVER, f"the state of the path cannot be read: {state.row_fault}", todo),)
    found: list[PathProblem] = []
    if now - state.observed_at > HEARTBEAT_LATE:
        found.append(_before_the_ledger(state, facts))
    elif now - state.answered_at > HEARTBEAT_LATE and not facts.stream_faults:
        what = _NOT_YET if not state.answered_at else "no heartbeat has come through the ledger's stream since then"
        todo = "orgdns doctor checks the stream and the publisher; then read the publisher's log"
        found.append(PathProblem(Stage.PUBLISHER, state.answered_at, what, todo))
    found += [PathProblem(Stage.STREAM, state.answered_at, fault, "") for fault in facts.stream_faults]
    if stall := state.stalled(now):
        names = f"{stall.names:,} names wait" if stall.names else "a check of the zones failed"
        todo = "repair what the reason names; the publisher goes on by itself within minutes"
        found.append(PathProblem(Stage.PUBLISHER, stall.since, f"{names}: {stall.reason}", todo))
    return tuple(found)


def _before_the_ledger(state: PathState, facts: PathFacts) -> PathProblem:
    """Return the problem of a heartbeat that did not reach the ledger."""
    if not state.observed_at:
        return PathProblem(Stage.EVENTS, NEVER, _NOT_YET, "wait five minutes, then run orgdns doctor")
    if facts.waiting:
        what = f"the observer writes no heartbeat, and {facts.waiting:,} events wait in its queue"
        todo = "orgdns doctor checks the observer and its event source mapping; then read the observer's log"
        return PathProblem(Stage.OBSERVER, state.observed_at, what, todo)
    what = "no heartbeat has reached the observer since then"
    todo = "orgdns doctor checks the schedule, the event bus, its rules and the policy of the events queue"
    return PathProblem(Stage.EVENTS, state.observed_at, what, todo)
