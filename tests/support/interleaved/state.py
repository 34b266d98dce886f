"""The state of a schedule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hub.runtime.model.names import ForeignRecordSet, NameKey, RecordSet, Spoke
from hub.runtime.observer.events import Hint
from hub.runtime.publisher.backlog.turnstile import Turnstile
from tests.support.interleaved.backlog import NarrowTurnstile
from tests.support.interleaved.baton import Choices
from tests.support.interleaved.dynamodb import MemoryTable
from tests.support.interleaved.organization import Truth
from tests.support.interleaved.workers import Parts, Surroundings, Worker
from tests.support.memory_zones import MemoryZones
from tests.support.pipeline.machine import ACCOUNTS, REGION

SPOKES = tuple(Spoke(account, REGION) for account in ACCOUNTS)
HOUR = 3_600_000
# Faults of calls, clocks that are off, what people do in the zone, changes without an event, the ledger emptied or made
# anew, the ledger restored, and one row deleted by hand.
HAZARDS = ("faults", "skew", "hands", "silence", "loss", "restore", "row")


@dataclass(slots=True)
class Task:
    """A message of the sweeper's queue: a spoke to sweep, or the zone to audit."""

    spoke: Spoke | None
    attempt: int = 1


@dataclass(slots=True)
class State:
    """What a schedule has done so far, and what surrounds the functions."""

    choices: Choices
    parts: Parts = field(default_factory=Parts)
    tracing: bool = False
    # The hazards of all phases; None if the schedule chooses them.
    only: frozenset[str] | None = None
    # What people and AWS do: the names of operations; empty for all that the hazards allow.
    doing: frozenset[str] = frozenset()
    # How many of them in a phase, and how many are left.
    most: int = 24
    left: int = 0
    world: Surroundings = field(init=False)
    running: list[Worker] = field(default_factory=list)
    undelivered: list[Hint] = field(default_factory=list)
    queue: list[Hint] = field(default_factory=list)
    history: list[Hint] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    # Each environment of the publisher has one, and a shard has an environment.
    turnstiles: defaultdict[int, Turnstile] = field(default_factory=lambda: defaultdict(NarrowTurnstile))
    # Messages of the backlog are lost with the worker that has them: a planted fault.
    forgetful: bool = False
    # The steps at which Lambda tries a shard again.
    retried_at: dict[int, int] = field(default_factory=dict)
    hazards: frozenset[str] = frozenset()
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    row_deleted: bool = False
    focus: int = 0
    # Whether the events tell everything that happened since the last rest, and were delivered.
    told: bool = True
    by_hand: dict[NameKey, list[ForeignRecordSet]] = field(default_factory=dict)
    owned: set[RecordSet] = field(default_factory=set)
    secure: set[RecordSet] = field(default_factory=set)
    seen: tuple[int, int] = (0, 0)
    steps: int = 0
    invocations: int = 0
    rounds: int = 0
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        world = Surroundings(Truth(), MemoryTable(lambda: world.now), MemoryZones())
        self.world = world

    def read(self) -> set[RecordSet]:
        """The record sets of orgdns in the zone, as they were seen last."""
        zones = self.world.zones
        self.seen = (len(zones.batches), self.world.truth.changes)
        return {each for sets in zones.owned.values() for each in sets}

    def note(self, told: str) -> None:
        if self.tracing:
            self.trace.append(f"{self.steps:4} {told}")


def hint_text(hint: Hint) -> str:
    tags = next((value for tags in hint.expected_tags for _, value in tags), "")
    return f"{hint.ref.account[:3]}/{hint.ref.id[-3:]} {hint.state or ''}{tags}"


def texts(record_sets: Iterable[RecordSet]) -> str:
    return ", ".join(
        f"{each.fqdn} {each.holder[:3]}/{each.holder[-3:]} {each.values[0]}" for each in sorted(record_sets)
    )
