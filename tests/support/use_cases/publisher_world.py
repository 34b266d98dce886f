"""A publisher, the ledger that it reads and the zones that it writes, in memory."""

from __future__ import annotations

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import (
    NEVER,
    Claim,
    ForeignRecordSet,
    NameKey,
)
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
        self.zones = MemoryZones()
        self.deadline = Deadline(lambda: self.seconds_left)
        self.seconds_left = 300.0
        self.clock = MemoryClock()
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)
        self.publisher = Publisher(self.ledger, self.statuses, self.zones, self.clock)

    def claim(self, *claims: Claim) -> None:
        for claim in claims:
            self.ledger.put_claim(claim, 1)

    def withdraw(self, claim: Claim) -> None:
        self.ledger.withdraw_claim(claim.key, claim.instance, 2)

    def publish(self, *keys: NameKey) -> list[NameOutcome]:
        return self.publisher.publish(dict.fromkeys(keys or self.ledger.touched, NEVER), (), self.deadline)

    def results(self, *keys: NameKey) -> set[NameResult]:
        return {outcome.result for outcome in self.publish(*keys)}


def by_hand(name: str = "web", kind: str = "A", routing: str = "Simple") -> ForeignRecordSet:
    value = "fd00::1" if kind == "AAAA" else "192.0.2.1"
    return ForeignRecordSet(key(name).fqdn, kind, routing, (value,), 60)
