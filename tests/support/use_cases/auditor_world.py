"""An auditor, the zones that it reads and the ledger that it marks, in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import ForeignRecordSet, Fqdn, NameKey, Published, RecordSet, Spoke
from hub.runtime.model.status import SpokeStatus, ZoneStatus
from hub.runtime.names.dry_run import NOT_DRY
from hub.runtime.ports import ZoneClosed, ZoneRecordSets, ZoneUnavailable
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.repair.decision import Repaired
from tests.support.build import CORP_ZONE, claim, key, record_set, ref
from tests.support.memory import MemoryClock, MemoryLedger
from tests.support.memory_statuses import MemoryStatuses

HOME = ref(1).spoke


@dataclass
class Zones:
    """The names of zones. A listing fails after `breaks_after` names."""

    record_sets: dict[NameKey, ZoneRecordSets] = field(default_factory=dict)
    breaks_after: int | None = None
    closed: bool = False

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        if self.closed:
            raise ZoneClosed("AccessDenied")
        of_zone = [
            (name_key.fqdn, existing)
            for name_key, existing in sorted(self.record_sets.items())
            if name_key.zone_id == zone_id
        ]
        yield from of_zone[: self.breaks_after]
        if self.breaks_after is not None:
            raise ZoneUnavailable("Throttling")


class World:
    """An auditor, the zones that it reads and the ledger that it marks."""

    def __init__(self) -> None:
        self.clock = MemoryClock(now=10**12)
        self.ledger = MemoryLedger()
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)
        self.zones = Zones()
        self.seconds_left = 900.0
        self.dry_run = NOT_DRY
        self.repaired: list[Repaired] = []
        self.swept(HOME)

    def lose_ledger(self, *, statuses: bool) -> None:
        """Empty the table, or only what is not a status."""
        generation = self.ledger.generation
        generation.lose()
        self.ledger = MemoryLedger(generation=generation)
        if statuses:
            self.statuses.spokes.clear()

    def swept(self, spoke: Spoke) -> None:
        self.statuses.spokes[spoke] = SpokeStatus(
            spoke, swept_at=self.clock(), generation=self.ledger.generation.begun()
        )

    def audit(self, *zone_ids: str) -> list[ZoneStatus]:
        auditor = Auditor(
            ledger=self.ledger,
            statuses=self.statuses,
            zones=self.zones,
            guard=Guard(share=0.3, names=10, grace=0),
            clock=self.clock,
            paused=self.statuses.paused,
            dry_run=self.dry_run,
        )
        return auditor.audit(zone_ids or (CORP_ZONE,), Deadline(lambda: self.seconds_left), self.repaired.append)

    def found(self) -> dict[str, int]:
        """The differences that an audit of the zone counts."""
        (status,) = self.audit()
        assert status.fault == ""
        return dict(status.differences)

    def publish(self, *numbers: int, claimed: bool = True) -> None:
        """Publish names so that claims, memory and zone agree."""
        for number in numbers:
            record = record_set(number, name=f"n{number}")
            self.hold(record)
            self.remember(record)
            if claimed:
                self.ledger.put_claim(claim(number, name=f"n{number}"), 1)

    def hold(self, *owned: RecordSet, foreign: tuple[ForeignRecordSet, ...] = (), name: str = "") -> None:
        name_key = NameKey(CORP_ZONE, owned[0].fqdn) if owned else key(name)
        self.zones.record_sets[name_key] = ZoneRecordSets(tuple(sorted(owned)), foreign)

    def remember(self, *owned: RecordSet, **how: object) -> None:
        self.ledger.published[NameKey(CORP_ZONE, owned[0].fqdn)] = replace(Published(owned), **how)  # type: ignore[arg-type]

    @property
    def marked(self) -> set[str]:
        return {name_key.fqdn.split(".")[0] for name_key in self.ledger.marked}
