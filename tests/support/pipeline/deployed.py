"""The pipeline deployed in the sandbox, with a fault at any AWS call of a function."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hub.runtime import contract
from hub.runtime.aws.instances import instance_of
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.aws.zones import record_set_of, wire_of
from hub.runtime.history.timeline import held_at
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import (
    Account,
    ForeignRecordSet,
    Fqdn,
    Instance,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    RecordSet,
    Spoke,
)
from hub.runtime.model.owner import DEFAULT_OWNER as OWNER
from hub.runtime.model.status import ScheduleCursor
from sandbox.aws.route53.wire import wire_of as strict_wire_of
from sandbox.clock import MovedClock
from sandbox.example import HUB, NETWORK
from sandbox.world import World
from tests.support.history.deployed import found, kept, millis
from tests.support.path.sweeps import forget_ended
from tests.support.pipeline.deployed_faults import Faults
from tests.support.pipeline.machine import ACCOUNTS, LABELS, REGION, ZONE

Event = dict[str, Any]
QUEUES = (NAMES.events_queue, NAMES.sweeps_queue, NAMES.associations_queue, NAMES.backlog_queue)


@dataclass
class SandboxDriver:
    """Drives the deployed organization."""

    in_one_go = False

    made: World
    clock: MovedClock
    faults: Faults
    undelivered: list[Event] = field(default_factory=list)
    # What orgdns had under each name after each change of the zone, and since when.
    held: defaultdict[Fqdn, list[tuple[Millis, set[RecordSet]]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.made.router.tamper = self._withhold
        self.zone_id = self.made.zone_ids[ZONE]
        self.faults.accepted = self._accepted

    def _accepted(self, at: Millis) -> None:
        owned = self.owned()
        for fqdn in owned.keys() | self.held.keys():
            self.held[fqdn].append((at, owned.get(fqdn, set())))

    def _withhold(self, event: Event) -> tuple[Event, ...]:
        self.undelivered.append(event)
        return ()

    def launch(self, account: str, name: str) -> InstanceRef:
        # Instances of the same moment have no order of age.
        self.clock.advance(1)
        (instance,) = self.made.launch(account, REGION, name)
        return InstanceRef(account, REGION, instance)

    def rename(self, ref: InstanceRef, name: str) -> None:
        self.made.tag(ref.account, REGION, ref.id, Name=name)

    def switch(self, ref: InstanceRef, *, on: bool) -> None:
        (self.made.start if on else self.made.stop)(ref.account, REGION, ref.id)

    def end(self, ref: InstanceRef, *, shown: bool) -> None:
        self.made.end(ref.account, REGION, ref.id)
        if not shown:
            forget_ended(ref.account, REGION)

    def pending(self) -> int:
        return len(self.undelivered)

    def deliver(self, position: int, times: int) -> None:
        event = self.undelivered.pop(position)
        bus = f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAMES.event_bus}"
        for _ in range(times):
            self.made.router.arrive(bus, event)

    def arm(self, fault: str, calls: int, kind: str = "") -> None:
        self.faults.fault, self.faults.calls, self.faults.kind = fault, calls, kind
        self.faults.called.clear()

    def disarm(self) -> None:
        self.faults.fault = None

    def work(self) -> None:
        self.made.converge()
        self.clock.advance(30)

    def statuses(self) -> DynamoStatuses:
        return DynamoStatuses(self._table())

    def _table(self) -> Table:
        client = self.made.client("dynamodb", HUB)
        now = self.clock.now
        return Table(client, NAMES.ledger_table, lambda: Millis(int(now() * 1000)), self.clock.advance)

    def sweep(self) -> None:
        self.statuses().put_cursor(ScheduleCursor())
        self.made.schedules.fire(contract.SWEEP_SCHEDULE)
        self.made.converge()
        self.clock.advance(10)
        self.made.converge()

    def audit(self) -> None:
        self.made.schedules.fire(contract.AUDIT_SCHEDULE)
        self.made.converge()

    def lose_ledger(self) -> None:
        self.made.empty_ledger()

    def rest(self) -> None:
        self.converge()
        self.clock.advance(130)
        self.sweep()
        self.audit()
        assert self.made.waiting(NAMES.events_queue) == 0

    def converge(self) -> None:
        """Deliver all events and retry failures until no message and no batch of the stream waits."""
        while self.undelivered:
            self.deliver(0, 1)
        for _ in range(150):
            self.made.converge()
            if any(self.made.waiting(queue) for queue in QUEUES):
                # A failed message is visible again after its timeout: 12 minutes for events, 30 for VPCs and the
                # backlog, 90 for sweeps.
                self.clock.advance(550)
            elif self.made.functions.retrying():
                self.clock.advance(61)
            else:
                break
        else:
            raise AssertionError("the queues and the stream did not drain")

    def check_history(self) -> None:
        """What `orgdns history` says of a name is what the zone held, and it knows what the zone holds now.

        The driver in memory knows what else history must know.
        """
        kept(self.made)
        now = millis(self.clock)
        for fqdn, changes in self.held.items():
            (name,) = found(self.made, fqdn).names
            assert held_at(name.periods, now).record_sets is not None, f"{fqdn} is not known now: {name}"
            changed = sorted({at for at, _ in changes} | {period.since for period in name.periods} | {now})
            times = {time for each in changed for time in (each - 1, each, each + 1) if changed[0] <= time <= now}
            for at in sorted(times):
                said = held_at(name.periods, Millis(at)).record_sets
                held = next((sets for since, sets in reversed(changes) if since <= at), set())
                assert said is None or set(said) == held, f"{fqdn} is wrong at {at}: {changes}\n{name}"

    def instances(self) -> Iterator[tuple[Instance, Account]]:
        for account in ACCOUNTS:
            known = Account(account, LABELS[account])
            answer = self.made.client("ec2", account, REGION).describe_instances()
            for reservation in answer["Reservations"]:
                for described in reservation["Instances"]:
                    yield instance_of(Spoke(account, REGION), described), known

    def recorded(self, fqdn: Fqdn) -> NameState:
        return DynamoLedger(self._table()).name(NameKey(self.zone_id, fqdn))

    def owned(self) -> dict[Fqdn, set[RecordSet]]:
        return _by_name(found for found in self._sets() if isinstance(found, RecordSet))

    def foreign(self) -> dict[Fqdn, set[ForeignRecordSet]]:
        apex = Fqdn(f"{ZONE}.")
        return _by_name(found for found in self._sets() if isinstance(found, ForeignRecordSet) and found.fqdn != apex)

    def _sets(self) -> Iterator[RecordSet | ForeignRecordSet]:
        return (record_set_of(OWNER, strict_wire_of(found)) for found in self.made.route53.record_sets(self.zone_id))

    def make_foreign(self, fqdn: Fqdn) -> None:
        self._by_hand("CREATE", _foreign(fqdn))

    def remove_foreign(self, fqdn: Fqdn) -> None:
        self._by_hand("DELETE", _foreign(fqdn))

    def remove_ours(self, record_set: RecordSet) -> None:
        self._by_hand("DELETE", wire_of(OWNER, record_set))

    def edit_ours(self, record_set: RecordSet) -> None:
        self._by_hand("DELETE", wire_of(OWNER, record_set))
        self._by_hand("CREATE", wire_of(OWNER, record_set) | {"ResourceRecords": [{"Value": "192.0.2.99"}]})

    def _by_hand(self, action: str, wire: dict[str, Any]) -> None:
        # Let the account's buckets refill.
        self.clock.advance(1)
        changes: Any = {"Changes": [{"Action": action, "ResourceRecordSet": wire}]}
        self.made.client("route53", NETWORK).change_resource_record_sets(HostedZoneId=self.zone_id, ChangeBatch=changes)

    def clear(self) -> None:
        """Terminate and remove everything, so that the next run starts empty."""
        for account in ACCOUNTS:
            ids = [found.ref.id for found, owner in self.instances() if owner.id == account and not found.state.final]
            if ids:
                self.made.end(account, REGION, *ids)
            forget_ended(account, REGION)
        for fqdn in self.foreign():
            self.remove_foreign(fqdn)
        self.rest()
        assert self.owned() == {}, json.dumps(sorted(self.owned()))


def _foreign(fqdn: Fqdn) -> dict[str, Any]:
    return {"Name": fqdn, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": "192.0.2.1"}]}


def _by_name(sets: Iterator[Any]) -> dict[Fqdn, set[Any]]:
    found: dict[Fqdn, set[Any]] = {}
    for record_set in sets:
        found.setdefault(record_set.fqdn, set()).add(record_set)
    return found
