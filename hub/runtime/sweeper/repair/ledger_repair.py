"""Repairs rows of instances and rows of claims that contradict each other, over ports. No AWS, no log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.observation import ClaimId
from hub.runtime.ports import Outdated
from hub.runtime.sweeper.repair.decision import Repaired, RepairKind, repair_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hub.runtime.model.names import InstanceRef, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.sweeper.ports import AuditLedger, Statuses
    from hub.runtime.sweeper.repair.decision import Repair

# The number of claims read at once (DynamoDB API Reference, BatchGetItem: up to 100).
READ_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class LedgerRepair:
    """Repairs the ledger beside workers that write to it: each write fails, or does nothing, if a row has changed."""

    ledger: AuditLedger
    statuses: Statuses

    def repaired(self, differing: Iterable[ClaimId], check_time: Callable[[], None]) -> Iterator[Repaired]:
        """Read claims that seem to differ from their instances' rows again; repair what differs, and yield it.

        `check_time` is called before each step, and may raise. A repeat is safe.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written.
        """
        have_swept: set[Spoke] = set()
        generation = self.statuses.generation()
        for chunk in chunks(differing, READ_AT_ONCE):
            check_time()
            claim_ids = sorted(set(chunk))
            # The rows are read before the claims: a claim changes only after its row.
            rows = self.ledger.known_observations({claim_id.instance for claim_id in claim_ids})
            stored = self.ledger.stored_claims(claim_ids)
            for ref, of_instance in groupby(claim_ids, key=lambda claim_id: claim_id.instance):
                row = rows.get(ref)
                of_claims = {claim_id.key: stored.get(claim_id) for claim_id in of_instance}
                known = {key: found for key, found in of_claims.items() if not isinstance(found, Unreadable)}
                if isinstance(row, Unreadable):
                    # What it says of its claims is not known.
                    continue
                repair = repair_of(ref, row, known, generation)
                if repair.row and ref.spoke not in have_swept:
                    self._have_swept(ref.spoke)
                    have_swept.add(ref.spoke)
                with suppress(Outdated):
                    # If another worker wrote the row, and did not repair it, the next audit does.
                    yield from self._carried_out(ref, repair, row)

    def _carried_out(self, ref: InstanceRef, repair: Repair, row: Observation | None) -> Iterator[Repaired]:
        if repair.row:
            self.ledger.put_observation(repair.row, row)
            yield from (Repaired(RepairKind.ROW, ClaimId(ref, key)) for key in repair.because_of)
        version = row.version if row else 0
        for claim in repair.claims:
            if self.ledger.copy_claim(claim, version) == version:
                yield Repaired(RepairKind.CLAIM, ClaimId(ref, claim.key))

    def _have_swept(self, spoke: Spoke) -> None:
        """Have a spoke swept within the hour, also if the ledger does not know it, or if it is over or empty."""
        self.statuses.register_spoke(spoke)
        status = self.statuses.spoke_status(spoke)
        if status.over:
            self.statuses.put_spoke_status(replace(status, withdrawn=False))
        elif status.empty:
            # As if an event had come: what the last sweep found stays as it is.
            self.statuses.note_event(spoke)
