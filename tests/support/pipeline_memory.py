"""The pipeline in memory: the use cases over ports, with faults at any call of a port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hub.runtime.guard import Guard
from hub.runtime.history.entry import MarkKind
from hub.runtime.model.names import (
    NEVER,
    Account,
    Action,
    Change,
    ForeignRecordSet,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    NameKey,
    NameState,
    RecordSet,
    Spoke,
)
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceResult, Recorder
from hub.runtime.policy.decide import Policy
from hub.runtime.ports import LedgerUnavailable, SpokeDenied, SpokeUnreachable, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.sweeper import Sweeper
from tests.support.build import CORP, instance
from tests.support.history.past import Past
from tests.support.memory import AMPLE, MemoryClock, MemoryGeneration, MemoryLedger, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_zones import MemoryZones
from tests.support.pipeline.faulty import Faulty, Killed, Plan, Sent
from tests.support.pipeline.machine import ACCOUNTS, LABELS, REGION

ATTEMPTS = 5


class MemoryDriver:
    """All workers over ports in memory."""

    in_one_go = True

    def __init__(self, policy: Policy, zone_id: str) -> None:
        self.policy, self.zone_id = policy, zone_id
        self.clock = MemoryClock(now=10**12)
        self.past = Past(self.clock)
        domains = {found: domain for domain, found in self.zone_ids.items()}
        self.zones = MemoryZones(domains=domains, clock=self.clock, journal=self.past.held)
        self.sent: list[Change] = []
        self._make_ledger()
        accounts = {
            account: Account(account, LABELS[account], units=("r-ab12", "ou-ab12-workload")) for account in ACCOUNTS
        }
        self.organization = MemoryOrganization(accounts, page=1)
        self.plan = Plan()
        self.launched = 0
        self.on_their_way: list[Hint] = []
        self.queue: list[Hint] = []
        self._wire()

    def _wire(self) -> None:
        plan, clock = self.plan, self.clock
        ledger: Any = Faulty(self.ledger, plan, LedgerUnavailable, LedgerUnavailable)
        statuses: Any = Faulty(self.statuses, plan, LedgerUnavailable, LedgerUnavailable)
        zones: Any = Faulty(Sent(self.zones, self.sent, self.past), plan, ZoneUnavailable, ZoneClosed)
        dry_run = self.policy.dry_run(zone_ids := self.zone_ids)
        spokes: Any = Faulty(self.organization, plan, SpokeUnreachable, SpokeDenied)
        guard = Guard(0.3, 1_000, 7 * 86_400_000)
        recorder = Recorder(ledger, clock)
        accounts = self.organization
        self.observer = Observer(self.policy, zone_ids, accounts, accounts, spokes, recorder, clock, clock.sleep)
        self.publisher = Publisher(ledger, statuses, zones, clock, dry_run=dry_run)
        self.sweeper = Sweeper(
            policy=self.policy,
            policy_digest="p",
            zone_ids=zone_ids,
            accounts=self.organization,
            labels=self.organization,
            instances=spokes,
            rows=ledger,
            statuses=statuses,
            recorder=recorder,
            guard=guard,
            clock=clock,
            queues=statuses,
        )
        self.auditor = Auditor(ledger, statuses, zones, guard, clock, statuses.paused, dry_run)

    @property
    def zone_ids(self) -> dict[Fqdn, str]:
        """The zone of forward names, and the zones for PTR records that the policy has."""
        reverse = {zone.domain: f"Z0{number}" for number, zone in enumerate(self.policy.reverse_zones)}
        return {CORP: self.zone_id} | reverse

    def deploy(self, policy: Policy) -> None:
        """Work with another policy from now on."""
        self.policy = policy
        self._wire()

    def launch(self, account: str, name: str) -> InstanceRef:
        self.launched += 1
        shown = instance(self.launched, name=name, account=account, region=REGION)
        self.organization.instances[shown.ref] = shown
        self.on_their_way.append(Hint(shown.ref, InstanceState.RUNNING))
        return shown.ref

    def rename(self, ref: InstanceRef, name: str) -> None:
        shown = self.organization.instances[ref]
        self.organization.instances[ref] = replace(shown, tags=(("Name", name),))
        self.on_their_way.append(Hint(ref, expected_tags=frozenset({(("Name", name),)})))

    def switch(self, ref: InstanceRef, *, on: bool) -> None:
        state = InstanceState.RUNNING if on else InstanceState.STOPPED
        self.organization.instances[ref] = replace(self.organization.instances[ref], state=state)
        self.on_their_way.append(Hint(ref, state))

    def end(self, ref: InstanceRef, *, shown: bool) -> None:
        running = self.organization.instances.pop(ref)
        if shown:
            self.organization.instances[ref] = replace(running, state=InstanceState.TERMINATED, interfaces=())
        self.on_their_way.append(Hint(ref, InstanceState.TERMINATED))

    def pending(self) -> int:
        return len(self.on_their_way)

    def deliver(self, position: int, times: int) -> None:
        self.queue += [self.on_their_way.pop(position)] * times

    def arm(self, fault: str, calls: int) -> None:
        self.plan.fault, self.plan.calls = fault, calls

    def disarm(self) -> None:
        self.plan.fault = None

    def work(self) -> None:
        self._observe()
        self._publish()

    def _observe(self) -> None:
        hints, self.queue = self.queue, []
        again = {hint.ref for hint in hints}
        with suppress(Killed):
            again = {
                outcome.ref for outcome in self.observer.observe(hints, AMPLE) if outcome.result is InstanceResult.RETRY
            }
        tried = [replace(hint, attempt=hint.attempt + 1) for hint in hints if hint.ref in again]
        # After so many deliveries, the event becomes a dead letter.
        self.queue += [hint for hint in tried if hint.attempt <= ATTEMPTS]

    def _publish(self) -> None:
        marked, touched = set(self.ledger.marked), [*self.ledger.touched]
        try:
            outcomes = self.publisher.publish(dict.fromkeys({*touched, *marked}, NEVER), marked, AMPLE)
        except Killed:
            return
        again = {outcome.key for outcome in outcomes if outcome.result is NameResult.RETRY}
        self.ledger.touched = [key for key in self.ledger.touched if key in again or key not in touched]
        self.ledger.marked = {key: reason for key, reason in self.ledger.marked.items() if key in again}

    def sweep(self) -> None:
        for account in ACCOUNTS:
            try:
                self.sweeper.sweep(Spoke(account, REGION), AMPLE, lambda _outcome: None)
            except (Killed, LedgerUnavailable):
                continue

    def audit(self) -> None:
        before = {zone_id: self.statuses.zone_status(zone_id).audited_at for zone_id in self.zone_ids.values()}
        with suppress(Killed, LedgerUnavailable):
            self.auditor.audit(self.zone_ids.values(), AMPLE)
        for zone_id, audited_at in before.items():
            if (status := self.statuses.zone_status(zone_id)).audited_at != audited_at:
                self.past.audited(status)

    def lose_ledger(self) -> None:
        self.past.lose()
        self._make_ledger()
        self._wire()

    def _make_ledger(self) -> None:
        generation = MemoryGeneration(begins=lambda: self.past.mark(MarkKind.GENERATION))
        self.ledger = MemoryLedger(generation=generation, past=self.past)
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)

    def rest(self) -> None:
        while self.on_their_way:
            self.deliver(0, 1)
        while self.queue or self.ledger.touched or self.ledger.marked:
            self.work()
        self.sweep()
        self.work()
        self.audit()
        self.work()
        assert (self.queue, self.ledger.touched, self.ledger.marked) == ([], [], {})

    def check_history(self) -> None:
        self.past.check(self.ledger.published.get)

    def instances(self) -> Iterator[tuple[Instance, Account]]:
        for shown in self.organization.instances.values():
            yield shown, self.organization.accounts[shown.ref.account]

    def recorded(self, fqdn: Fqdn) -> NameState:
        return self.ledger.name(NameKey(self.zone_id, fqdn))

    def owned(self) -> dict[Fqdn, set[RecordSet]]:
        return self.owned_in(self.zone_id)

    def owned_in(self, zone_id: str) -> dict[Fqdn, set[RecordSet]]:
        return {key.fqdn: sets for key, sets in self.zones.owned.items() if key.zone_id == zone_id and sets}

    def foreign(self) -> dict[Fqdn, set[ForeignRecordSet]]:
        return {key.fqdn: set(sets) for key, sets in self.zones.foreign.items()}

    def make_foreign(self, fqdn: Fqdn) -> None:
        made = ForeignRecordSet(fqdn, "A", "Simple", ("192.0.2.1",), 300)
        self.zones.foreign[NameKey(self.zone_id, fqdn)] = [made]

    def remove_foreign(self, fqdn: Fqdn) -> None:
        del self.zones.foreign[NameKey(self.zone_id, fqdn)]

    def remove_ours(self, record_set: RecordSet) -> None:
        self._by_hand(Change(Action.DELETE, record_set))

    def edit_ours(self, record_set: RecordSet) -> None:
        edited = replace(record_set, values=("192.0.2.99",))
        self._by_hand(Change(Action.DELETE, record_set), Change(Action.CREATE, edited))

    def _by_hand(self, *changes: Change) -> None:
        faults, self.zones.faults = self.zones.faults, []
        self.zones.change(self.zone_id, changes)
        self.zones.faults = faults
