"""Faults that schedules must find: the functions as they would be without one idea of the design."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hub.runtime.aws.backlog.queue import BacklogQueue
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.rows import Row
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Claim, InstanceRef, NameKey, NameState, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.reasons.cause import NO_TRIGGER, Trigger
from hub.runtime.model.tasks import Release
from hub.runtime.observer.looks import Look
from hub.runtime.observer.recorder import Recorder
from hub.runtime.policy.draft import Decision
from tests.support.interleaved.backlog import QueueClient
from tests.support.interleaved.baton import Choices
from tests.support.interleaved.machine import Machine
from tests.support.interleaved.state import SPOKES
from tests.support.interleaved.workers import Parts, Worker


class WriteAnyway(Table):
    """Writes rows whatever is there."""

    def put(self, row: Row, _condition: str = "", _values: Row | None = None) -> bool:
        return super().put(row)


def _anyway(ledger: DynamoLedger) -> DynamoLedger:
    table = ledger._table  # noqa: SLF001 - another view of the same table
    return DynamoLedger(WriteAnyway(table._client, table.name, table._clock, table._sleep, table.stream))  # noqa: SLF001 - as above


class RowsUnlocked(DynamoLedger):
    """Writes the rows of instances over any version."""

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        _anyway(self).put_observation(observation, over)


class ClaimsUnfenced(DynamoLedger):
    """Writes claims over those of a later version of the instance's row."""

    def put_claim(self, claim: Claim, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        return super().put_claim(claim, 10**6, trigger) and version

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int, trigger: Trigger = NO_TRIGGER) -> int:
        return super().withdraw_claim(key, ref, 10**6, trigger) and version


class PendingIgnored(DynamoLedger):
    """Takes what was to be published for what is published."""

    def name(self, key: NameKey) -> NameState:
        state = super().name(key)
        return replace(state, published=replace(state.published, pending=False))


class RowsUnasked(DynamoLedger):
    """Shows the publisher no rows of instances, so that claims alone decide."""

    def known_observations(self, _refs: Collection[InstanceRef]) -> dict[InstanceRef, Any]:
        return {}


class AllSettled(DynamoStatuses):
    """Takes every spoke for settled."""

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        return self.generation(), frozenset(spokes)


class SettledBefore(DynamoStatuses):
    """Takes a spoke for settled that was swept in any life of the ledger."""

    def settled(self, spokes: Collection[Spoke]) -> tuple[str, frozenset[Spoke]]:
        return self.generation(), frozenset(spoke for spoke in spokes if self.spoke_status(spoke).swept_at)


class ReadEarly(DynamoLedger):
    """Reads the claims on a name and the rows of instances once: before the question whether spokes are settled."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._states: dict[NameKey, NameState] = {}
        self._rows: dict[InstanceRef, Any] = {}

    def name(self, key: NameKey) -> NameState:
        if key not in self._states:
            self._states[key] = super().name(key)
            rows = (row for spoke in SPOKES for row in super(ReadEarly, self).observations_of(spoke))
            self._rows = {row.ref: row for row in rows if isinstance(row, Observation)}
        return self._states[key]

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Any]:
        return {ref: self._rows[ref] for ref in refs if ref in self._rows}


class OlderLooks(Recorder):
    """Writes what a look gave over the row of a later look."""

    def _looked(self, ref: InstanceRef, decision: Decision, facts: Any, look: Look) -> Any:  # noqa: ANN401 - as there
        return super()._looked(ref, decision, facts, replace(look, row=self.ledger.observation(ref)))


class NamesUnsent(BacklogQueue):
    """Sends no names, and says that it did."""

    def put(self, releases: Iterable[Release]) -> dict[NameKey, str]:
        del releases
        return {}


class RefusalsIgnored(BacklogQueue):
    """Takes every name for sent, also if the queue did not take it."""

    def put(self, releases: Iterable[Release]) -> dict[NameKey, str]:
        super().put(releases)
        return {}


@dataclass(slots=True)
class Planted(Parts):
    """The functions with other parts; the publisher's ledger and statuses apart."""

    ledgers: type[DynamoLedger] = DynamoLedger
    publisher_ledgers: type[DynamoLedger] = DynamoLedger
    publisher_statuses: type[DynamoStatuses] = DynamoStatuses
    recorders: type[Recorder] = Recorder
    queues: type[BacklogQueue] = BacklogQueue

    def ledger(self, table: Table) -> DynamoLedger:
        return self.ledgers(table)

    def publisher_ledger(self, table: Table) -> DynamoLedger:
        return self.publisher_ledgers(table)

    def publisher_status_rows(self, table: Table) -> DynamoStatuses:
        return self.publisher_statuses(table, table.latest_stream)

    def backlog_queue(self, worker: Worker) -> BacklogQueue:
        client: Any = QueueClient(worker.world.backlog, worker.step)
        return self.queues(lambda: client, "backlog")

    def recorder(self, worker: Worker) -> Recorder:
        return self.recorders(worker.ledger, worker.clock)


@dataclass(frozen=True, slots=True)
class Plant:
    """A fault, what happens in the schedules that look for it, and the first of their seeds."""

    parts: Parts
    doing: frozenset[str]
    hazards: frozenset[str] = field(default_factory=frozenset)
    most: int = 24
    first: int = 0
    # Releases come to another shard; messages of the backlog are lost with their worker.
    astray: int = 0
    forgetful: bool = False

    def machine(self, choices: Choices) -> Machine:
        """A schedule that looks for the fault."""
        made = Machine(choices, self.parts, only=self.hazards, doing=self.doing, most=self.most)
        made.world.table.astray, made.forgetful = self.astray, self.forgetful
        return made


PLANTED: Mapping[str, Plant] = {
    "pending ignored": Plant(
        Planted(publisher_ledgers=PendingIgnored), frozenset({"rename"}), frozenset({"faults"}), 5, first=100
    ),
    "older looks accepted": Plant(Planted(recorders=OlderLooks), frozenset({"rename"}), most=5, first=50),
    "claims unfenced": Plant(Planted(ClaimsUnfenced), frozenset({"rename"}), most=5, first=35),
    "row version unchecked": Plant(Planted(RowsUnlocked), frozenset({"rename"}), most=5, first=20),
    "settled before a loss": Plant(
        Planted(publisher_statuses=SettledBefore),
        frozenset({"restore", "launch", "deliver"}),
        frozenset({"restore"}),
    ),
    "rows not asked": Plant(
        Planted(publisher_ledgers=RowsUnasked, publisher_statuses=AllSettled),
        frozenset({"delete_row", "request_audit"}),
        frozenset({"row"}),
    ),
    "rows and claims read too early": Plant(
        Planted(publisher_ledgers=ReadEarly), frozenset({"lose", "request_sweep"}), frozenset({"loss"}), first=150
    ),
    "names for the backlog not sent": Plant(Planted(queues=NamesUnsent), frozenset({"rename"}), most=5),
    "refusals of the backlog ignored": Plant(
        Planted(queues=RefusalsIgnored), frozenset({"rename"}), frozenset({"faults"})
    ),
    "released in another shard": Plant(Planted(), frozenset({"rename"}), frozenset({"faults"}), astray=1),
    "messages of killed releasers lost": Plant(Planted(), frozenset({"rename"}), frozenset({"faults"}), forgetful=True),
}
