"""The publisher: turns claims into record sets in the zones, over ports. No AWS, no log; it returns what it did.

It is level-triggered: it reads all claims on each name, works out what the zone should hold, and sends the difference
to what the ledger remembers. Each change batch is a compare-and-swap, so a wrong memory does no harm: Route 53 refuses
the batch, and the publisher reads what the zone holds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING

from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.publisher.batch_sender import BatchSender
from hub.runtime.publisher.batches import batches
from hub.runtime.publisher.holders import left_out
from hub.runtime.publisher.outcome import NameOutcome, NameResult, patient
from hub.runtime.publisher.planner import Planner
from hub.runtime.publisher.run import PublishRun

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Claim, Millis, NameKey
    from hub.runtime.model.reasons.cause import Reason
    from hub.runtime.ports import Clock
    from hub.runtime.publisher.backlog.deferral import Deferral
    from hub.runtime.publisher.ports import NameLedger, PublishControls, Zones


@dataclass(frozen=True, slots=True)
class Publisher:
    """Brings zones in line with claims.

    `adopting` are the ids of the zones in which orgdns adopts records that other tools left for known instances.
    `backlog` takes the names that are not published now. Without one, each call waits for its turn. For what is in
    `dry_run`, the ledger gets what would be published, and the zone nothing.
    """

    ledger: NameLedger
    controls: PublishControls
    zones: Zones
    clock: Clock
    adopting: frozenset[str] = frozenset()
    backlog: Deferral | None = None
    dry_run: DryRun = NOT_DRY

    def publish(
        self,
        changed_at: Mapping[NameKey, Millis],
        marked: Collection[NameKey],
        deadline: Deadline,
        told: Mapping[NameKey, Collection[Claim]] = MappingProxyType({}),
        changed_by: Mapping[NameKey, Collection[str]] = MappingProxyType({}),
        released: Mapping[NameKey, str] = MappingProxyType({}),
        reasons: Mapping[NameKey, Sequence[Reason]] = MappingProxyType({}),
    ) -> list[NameOutcome]:
        """Publish names; return one outcome for each, in order. RETRY marks what may succeed later; a repeat is safe.

        `changed_at` has the names, each with the time of its change in the ledger, and `told` the claims that
        were written. Of any other claimant, the row is read before it gets a record. For the names in `marked`,
        the zones are read before anything is decided, and the rows of all claimants. While publishing is paused, names
        are abandoned: the ledger keeps them, and an audit finds them afterwards.

        `changed_by` has the accounts that changed claims on a name, and "" for an audit that marked it. Names above
        their rates go to the backlog, and come back `released`, with the account because of which they were there.
        `reasons` says why names are to be looked at: the ledger keeps it beside what is published.
        """
        ordered = sorted(changed_at)
        run = PublishRun(
            self.ledger,
            self.controls,
            deadline,
            marked,
            changed_at,
            self.clock(),
            told,
            self.dry_run,
            reasons=reasons,
            clock=self.clock,
        )
        if not run.paused(ordered):
            if self.backlog:
                self.backlog.admit(run, changed_by, released)
            waiting = [key for key in ordered if key not in run.outcomes]
            # Prompt names first: to read and send what comes back from the backlog may take seconds.
            self._publish(run, [key for key in waiting if key in run.prompt])
            self._publish(run, [key for key in waiting if key not in run.prompt])
            for key in run.states:
                members, restored = left_out(run.claims(key)), run.restored.get(key, ())
                run.outcomes[key] = replace(run.outcomes[key], left_out=members, restored=restored)
            if self.backlog:
                self.backlog.send_back(run, changed_by, released)
        now = self.clock()
        return [patient(run.outcomes[key], changed_at[key], now) for key in ordered]

    def _publish(self, run: PublishRun, keys: Iterable[NameKey]) -> None:
        by_zone = _read(run, keys)
        planner = Planner(run, self.zones, self.adopting)
        # Zones take turns, so that a zone with many batches, or with a refused batch, delays no other zone.
        of_zones = [batches(planner.planned(of_zone), self.zones.most_changes) for of_zone in by_zone.values()]
        first = [batch for turn in zip_longest(*of_zones) for batch in turn if batch]
        BatchSender(run, self.zones, planner).send(first)


def _read(run: PublishRun, keys: Iterable[NameKey]) -> dict[str, list[NameKey]]:
    """Read the state of each name from the ledger; return the names that could be read by their zones."""
    by_zone: defaultdict[str, list[NameKey]] = defaultdict(list)
    for key in keys:
        if run.out_of_time([key]):
            continue
        try:
            state = run.ledger.name(key)
        except LedgerUnavailable as unavailable:
            run.outcomes[key] = NameOutcome(key, NameResult.RETRY, str(unavailable))
            continue
        if state.unreadable:
            # Left as it is: what its rows mean is not known, and trying again would read the same.
            run.outcomes[key] = NameOutcome(key, NameResult.UNREADABLE, str(state.unreadable[0]))
        else:
            run.put_state(state)
            by_zone[key.zone_id].append(key)
    return by_zone
