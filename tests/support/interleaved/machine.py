"""Schedules of the whole pipeline: functions that are switched at every call, what people and AWS do, and faults.

At every step:

- no foreign record set has changed, and no name lies outside policy;
- no record set appears that no instance claimed since the last rest, also after a restore, when the ledger has claims
  from before;
- a record set that is published and right stays, whatever happens to other instances, the ledger, functions, clocks,
  messages and rows, for as long as it is right. What nobody can know is excepted: a name is unsure, until the next
  rest, once a claimant was renamed, stopped, started, moved or ended; of one that only ended, until its record is gone.

At rest, when all events are delivered and every spoke was swept and the zone audited, the zone is what policy says. If
nothing happened that no event tells, it is so before the sweeps and the audit. Nothing takes for ever: the steps to
rest are bounded.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from hub.runtime import contract
from hub.runtime.model.names import RecordSet
from tests.support.interleaved.baton import Choices
from tests.support.interleaved.invocations import Invocations
from tests.support.interleaved.operations import Operations
from tests.support.interleaved.organization import permitted
from tests.support.interleaved.state import HAZARDS, SPOKES, Task, texts
from tests.support.interleaved.workers import FAULTS, Parts
from tests.support.pipeline.machine import ACCOUNTS, NAMES

STEPS, PHASES = 360, 2
# Steps for which a function stops, sometimes.
STOP = 50
# Steps to rest, at most: some 30 for each instance, sweep and audit, repeated for each round.
REST_STEPS = 4_000
# Sweeps of every spoke, each with an audit, until the zone is right.
ROUNDS = 2
_fleets: dict[int, tuple[Any, ...]] = {}


class Violation(AssertionError):
    """A promise was broken. `code` says which."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(slots=True)
class Machine(Operations, Invocations):
    """One schedule."""

    def run(self) -> None:
        """Run all phases, each from rest to rest."""
        try:
            self._start(self.choices.below(6))
            for _ in range(1 + self.choices.below(PHASES)):
                chosen = self.choices.below(1 << len(HAZARDS))
                self.hazards = frozenset(each for bit, each in enumerate(HAZARDS) if chosen >> bit & 1)
                self.hazards = self.hazards if self.only is None else self.only
                self.note(f"-- a phase with {', '.join(sorted(self.hazards)) or 'no hazards'}")
                self.focus = self.choices.below(5)
                self._phase()
                self.rest()
        finally:
            self.stop()

    def _start(self, fleet: int) -> None:
        if fleet not in _fleets:
            built = Machine(Choices.of_seed(fleet), Parts())
            for number in range(fleet % 3 + 2):
                account, name = ACCOUNTS[(number + fleet) % 3], NAMES[(number * fleet) % 2]
                built.undelivered.append(built.world.truth.launch(account, name))
            built.rest()
            _fleets[fleet] = (
                built.world.truth.ec2.instances,
                built.world.truth.launched,
                built.world.table.rows,
                built.world.zones,
            )
        instances, launched, rows, zones = _fleets[fleet]
        truth = self.world.truth
        truth.ec2.instances, truth.launched = dict(instances), launched
        self.world.table.rows = {partition: dict(of_partition) for partition, of_partition in rows.items()}
        self.world.zones = copy.deepcopy(zones)
        self._rested()

    def _phase(self) -> None:
        self.left = self.most
        for _ in range(STEPS):
            if self.left and self.choices.below(STEPS) < self.most + STEPS // 25:
                self.operate()
                self._check()
            elif not self._turn(faulty="faults" in self.hazards):
                if not self.left:
                    return
                self.operate()
                self._check()

    def _turn(self, *, faulty: bool | None) -> bool:
        """Let one worker make one call, or begin an invocation; return whether there was anything to do.

        On the way to rest, `faulty` is None: no call fails, and nothing else happens.
        """
        begins = self.beginnings()
        awake = [worker for worker in self.running if worker.asleep_until <= self.steps] or self.running
        weights = [3] * len(begins) + [worker.pace for worker in awake]
        if not weights and self.retried_at:
            self.retried_at.clear()
            return True
        if not weights:
            return False
        position = self.choices.weighted(weights)
        self.steps += 1
        if position < len(begins):
            begins[position]()
        else:
            worker = awake[position - len(begins)]
            # Most of what can go wrong, goes wrong where the outside is changed.
            often = 8 if worker.seat.doing.startswith("zones.change") else 50
            fault = self.choices.of(FAULTS) if faulty and not (self.choices.below(often) + 1) % often else None
            # A zone that is closed to the publisher waits for an audit.
            self.told &= fault != "denied" or not worker.seat.doing.startswith("zones.")
            self.note(f"{worker.name}: {worker.seat.doing}" + (f"   ** {fault}" if fault else ""))
            made = worker.seat.doing
            worker.seat.resume(fault)
            # Sometimes a function stops between two calls until others have done a lot, most often when it has just
            # seen what may change, and when it is about to change something. Then something happens.
            critical = made.startswith(("ec2.", "query name")) or worker.seat.doing.startswith("zones.change")
            rarely = 8 if critical else 25
            if stops := not (self.choices.below(rarely) + 1) % rarely:
                worker.asleep_until = self.steps + STOP
            if (stops or fault) and self.left and faulty is not None and self.choices.below(2):
                self.change_focus()
        self._check()
        return True

    def rest(self) -> None:
        """Deliver everything, sweep every spoke and audit the zone; the zone must be right then."""
        self.note("-- to rest")
        bound = self.steps + REST_STEPS
        self.world.deployed_label = self.world.table.label
        self.retried_at.clear()
        for worker in self.running:
            worker.pace, worker.asleep_until = 10, 0
        self.queue += self.undelivered
        self.undelivered.clear()
        self._drain(bound)
        if self.told:
            self._compare("events")
        for self.rounds in range(1, ROUNDS + 1):
            self.tasks += [Task(spoke) for spoke in SPOKES]
            self._drain(bound)
            self.tasks.append(Task(None))
            self._drain(bound)
            if self.owned == self._right():
                break
        self._compare("rest")
        self._rested()

    def _compare(self, code: str) -> None:
        right = self._right()
        if self.owned != right:
            raise Violation(code, f"missing {texts(right - self.owned)}; wrong {texts(self.owned - right)}")

    def _right(self) -> set[RecordSet]:
        blocked = {key.fqdn for key in self.by_hand}
        return {each for fqdn, sets in self.world.truth.desired().items() for each in sets if fqdn not in blocked}

    def _rested(self) -> None:
        self.world.truth.rest()
        self.row_deleted, self.told = False, self._no_row_repaired()
        self.snapshots = [*self.snapshots[-2:], self.world.table.snapshot()]
        self.owned = self.read()
        self.secure = self.owned & self._right()

    def _no_row_repaired(self) -> bool:
        """Whether no audit repaired a row since its spoke was swept: until the next sweep, events are not enough."""
        kept = [row for rows in self.world.table.rows.values() for sort, row in rows.items() if _of_instance(sort)]
        return all("generation" in row for row in kept)

    def _drain(self, bound: int) -> None:
        while self._turn(faulty=None):
            if self.steps > bound:
                raise Violation("bound", f"no rest after {REST_STEPS} steps: {[each.name for each in self.running]}")

    def _check(self) -> None:
        zones, truth = self.world.zones, self.world.truth
        batches, changes = self.seen
        if (batches, changes) == (len(zones.batches), truth.changes):
            return
        if batches != len(zones.batches):
            self._check_zone()
        desired = {each for sets in truth.desired().values() for each in sets}
        self.seen = (len(zones.batches), truth.changes)
        self.secure = {each for each in self.owned & desired if not truth.unsure[each.fqdn]}

    def _check_zone(self) -> None:
        truth, before = self.world.truth, self.owned
        self.owned = self.read()
        if dict(self.world.zones.foreign) != self.by_hand:
            raise Violation("foreign", f"{dict(self.world.zones.foreign)} instead of {self.by_hand}")
        for record_set in self.owned - before:
            owner = record_set.instance
            if owner is None or not permitted(owner.account, record_set.fqdn):
                raise Violation("policy", f"{owner} holds {record_set.fqdn}")
            if record_set not in truth.possible:
                raise Violation("stale", f"{texts([record_set])} appears")
        if lost := self.secure - self.owned:
            raise Violation("lost", f"{texts(lost)} is gone")
        for record_set in before - self.owned:
            if owner := record_set.instance:
                truth.known_end(record_set.fqdn, owner)


def _of_instance(sort: str) -> bool:
    return sort.startswith(contract.INSTANCE_PREFIX)
