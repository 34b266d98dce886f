"""A publisher, the ledger that it reads and the zones that it writes, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    NEVER,
    Claim,
    ForeignRecordSet,
    InstanceRef,
    NameKey,
    Spoke,
)
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SpokeStatus
from hub.runtime.publisher.outcome import NameOutcome, NameResult
from hub.runtime.publisher.publisher import Publisher
from tests.support.build import key
from tests.support.memory import MemoryClock, MemoryLedger
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_zones import MemoryZones


class World:
    """A publisher, the ledger that it reads and the zones that it writes."""

    def __init__(self) -> None:
        self.ledger = MemoryLedger()
        # The claims whose records the stream has.
        self.told: defaultdict[NameKey, set[Claim]] = defaultdict(set)
        self.zones = MemoryZones()
        self.deadline = Deadline(lambda: self.seconds_left)
        self.seconds_left = 300.0
        self.clock = MemoryClock()
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)
        self.publisher = Publisher(self.ledger, self.statuses, self.zones, self.clock)

    def claim(self, *claims: Claim) -> None:
        """Write claims as the observer does: to the rows of their instances first."""
        for claim in claims:
            kept = [kept for kept in self.row(claim.instance).claims if kept.key != claim.key]
            self.ledger.put_claim(claim, self.put_row(claim.instance, (*kept, claim)))
            self.told[claim.key].add(claim)

    def withdraw(self, claim: Claim) -> None:
        kept = [kept for kept in self.row(claim.instance).claims if kept.key != claim.key]
        self.ledger.withdraw_claim(claim.key, claim.instance, self.put_row(claim.instance, kept))

    def row(self, ref: InstanceRef) -> Observation:
        return self.ledger.observations.get(ref, Observation(ref, NEVER))

    def put_row(self, ref: InstanceRef, claims: Iterable[Claim]) -> int:
        """Write the row of an instance that is described now; return its version."""
        generation = self.ledger.generation.begun()
        row = self.row(ref)
        row = replace(row, claims=tuple(claims), version=row.version + 1, generation=generation)
        self.ledger.observations[ref] = row
        return row.version

    def sweep(self, *spokes: Spoke) -> None:
        """Settle spokes, as a complete sweep does."""
        for spoke in spokes:
            self.statuses.spokes[spoke] = SpokeStatus(spoke, generation=self.ledger.generation.begun())

    def lose_ledger(self) -> None:
        """Empty the table."""
        for rows in (self.ledger.observations, self.ledger.claims, self.ledger.published, self.statuses.spokes):
            rows.clear()
        self.ledger.generation.lose()

    def publish(self, *keys: NameKey) -> list[NameOutcome]:
        changed_at = dict.fromkeys(keys or self.ledger.touched, NEVER)
        told = {key: self.told.pop(key, set()) for key in changed_at}
        return self.publisher.publish(changed_at, (), self.deadline, told)

    def results(self, *keys: NameKey) -> set[NameResult]:
        return {outcome.result for outcome in self.publish(*keys)}


def by_hand(name: str = "web", kind: str = "A", routing: str = "Simple") -> ForeignRecordSet:
    value = "fd00::1" if kind == "AAAA" else "192.0.2.1"
    return ForeignRecordSet(key(name).fqdn, kind, routing, (value,), 60)
