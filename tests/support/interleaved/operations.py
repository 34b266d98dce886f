"""What people and AWS do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.runtime.model.names import Action, Change, ForeignRecordSet, Fqdn, InstanceRef, NameKey
from hub.runtime.observer.events import Hint
from tests.support.build import CORP_ZONE
from tests.support.interleaved.state import HAZARDS, HOUR, SPOKES, State, Task, hint_text, texts
from tests.support.pipeline.machine import ACCOUNTS, NAMES, ZONE


@dataclass(slots=True)
class Operations(State):
    """The surroundings of a schedule at work."""

    def operate(self) -> None:
        self.left -= 1
        operations: list[tuple[int, Callable[[], str]]] = [
            (4, self._deliver),
            (4, self._launch),
            (3, self._rename),
            (3, self._end),
            (2, self._switch),
            (2, self._duplicate),
            (3, self._request_sweep),
            (2, self._request_audit),
            (1, self._pass_time),
            (1, self._snapshot),
        ]
        hazards: dict[str, list[tuple[int, Callable[[], str]]]] = {
            "skew": [(1, self._jump)],
            "hands": [(2, self._foreign), (2, self._change_ours)],
            "silence": [(2, self._move)],
            "loss": [(3, self._lose)],
            "restore": [(3, self._restore)],
            "row": [(3, self._delete_row)],
        }
        operations += [each for hazard in HAZARDS if hazard in self.hazards for each in hazards.get(hazard, ())]
        operations = [each for each in operations if not self.doing or each[1].__name__.strip("_") in self.doing]
        position = self.choices.weighted([weight for weight, _ in operations])
        if told := operations[position][1]():
            self.note(f"== {told}")

    def _some(self) -> InstanceRef | None:
        """Most of what happens in a phase happens to one instance, so that functions meet there."""
        live = self.world.truth.live
        if not live:
            return None
        return live[self.focus % len(live)] if self.choices.below(3) else self.choices.of(live)

    def _announce(self, hint: Hint) -> None:
        self.history.append(hint)
        (self.queue if self.choices.below(2) else self.undelivered).append(hint)

    def change_focus(self) -> None:
        """Rename, stop or start the instance to which most happens, and report it at once."""
        self.left -= 1
        live = self.world.truth.live
        if not live:
            return
        ref = live[self.focus % len(live)]
        told = self._rename(ref) if self.choices.below(3) else self._switch(ref)
        self.queue += [hint for hint in self.undelivered if hint.ref == ref]
        self.undelivered = [hint for hint in self.undelivered if hint.ref != ref]
        self.note(f"== {told}")

    def _deliver(self) -> str:
        if not self.undelivered:
            return ""
        hint = self.undelivered.pop(self.choices.below(len(self.undelivered)))
        times = (1, 1, 2, 0)[self.choices.below(4 if "silence" in self.hazards else 3)]
        self.queue += [hint] * times
        self.told &= times > 0
        return f"deliver {hint_text(hint)} {times} times"

    def _duplicate(self) -> str:
        if not self.history:
            return ""
        hint = self.choices.of(self.history)
        self.queue.append(hint)
        return f"deliver {hint_text(hint)} again"

    def _launch(self) -> str:
        truth = self.world.truth
        if len(truth.live) >= 5:
            return ""
        account, name = self.choices.of(ACCOUNTS), self.choices.of(NAMES)
        hint = truth.launch(account, name)
        self._announce(hint)
        return f"launch {hint.ref} {name}"

    def _rename(self, ref: InstanceRef | None = None) -> str:
        if not (ref := ref or self._some()):
            return ""
        (name,) = {*NAMES} - {self.world.truth.ec2.instances[ref].tag("Name")}
        self._announce(self.world.truth.rename(ref, name))
        return f"rename {ref} {name}"

    def _switch(self, ref: InstanceRef | None = None) -> str:
        if not (ref := ref or self._some()):
            return ""
        hint = self.world.truth.switch(ref)
        self._announce(hint)
        return f"switch {hint_text(hint)}"

    def _move(self) -> str:
        if not (ref := self._some()):
            return ""
        self.told = False
        self.world.truth.move(ref, self.steps % 250)
        return f"move {ref}"

    def _end(self) -> str:
        if not (ref := self._some()):
            return ""
        shown = bool(self.choices.below(2))
        self._announce(self.world.truth.end(ref, shown=shown))
        return f"end {ref}{'' if shown else ', not shown'}"

    def _request_sweep(self) -> str:
        spoke = self.choices.of(SPOKES)
        self.tasks.append(Task(spoke))
        return f"request a sweep of {spoke}"

    def _request_audit(self) -> str:
        self.tasks.append(Task(None))
        return "request an audit"

    def _foreign(self) -> str:
        key = NameKey(CORP_ZONE, Fqdn(f"{self.choices.of(NAMES)}.{ZONE}."))
        self.told = False
        if key in self.by_hand:
            del self.by_hand[key]
            del self.world.zones.foreign[key]
            return f"remove the foreign record of {key.fqdn}"
        if self.world.zones.owned[key]:
            return ""
        made = ForeignRecordSet(key.fqdn, "A", "Simple", ("192.0.2.1",), 300)
        self.world.zones.foreign[key] = self.by_hand[key] = [made]
        return f"make a foreign record of {key.fqdn}"

    def _change_ours(self) -> str:
        ours = sorted(self.owned)
        if not ours:
            return ""
        record_set, edited = self.choices.of(ours), self.choices.below(2)
        self.told = False
        changes = [Change(Action.DELETE, record_set)]
        changes += [Change(Action.CREATE, replace(record_set, values=("192.0.2.99",)))] if edited else []
        self.world.zones.change(CORP_ZONE, changes)
        self.owned = self.read()
        self.secure.discard(record_set)
        # A person did this: nobody else may know it before the next audit.
        self.world.truth.unsure[record_set.fqdn].add(InstanceRef("by", "hand", record_set.holder))
        return f"{'edit' if edited else 'remove'} {texts([record_set])} by hand"

    def _pass_time(self) -> str:
        minutes = self.choices.of((1, 5, 13))
        self.world.now += minutes * 60_000
        return f"{minutes} minutes pass"

    def _snapshot(self) -> str:
        self.snapshots.append(self.world.table.snapshot())
        return "snapshot"

    def _lose(self) -> str:
        self.told = False
        table = self.world.table
        if self.choices.below(2):
            self.tasks += [Task(spoke) for spoke in SPOKES]
        if self.choices.below(2):
            self._replace_table({})
            return f"the ledger is made anew, as {table.label}"
        for key in table.sorted_keys():
            table.put(key, None)
        if self.choices.below(2):
            for records in table.shards:
                records.clear()
            return "the ledger is emptied, and its stream is lost"
        return "the ledger is emptied"

    def _restore(self) -> str:
        self.told = False
        number = self.choices.below(len(self.snapshots))
        self._replace_table(self.snapshots[number])
        return f"snapshot {number} is restored, as {self.world.table.label}"

    def _replace_table(self, rows: dict[str, Any]) -> None:
        table = self.world.table
        table.rows = {partition: dict(of_partition) for partition, of_partition in rows.items()}
        table.label = f"stream-{int(table.label[7:]) + 1}"
        table.shards = tuple([] for _ in table.shards)
        self.busy.clear()
        if self.choices.below(2):
            self.world.deployed_label = table.label

    def _delete_row(self) -> str:
        keys = self.world.table.sorted_keys()
        if self.row_deleted or not keys:
            return ""
        self.row_deleted, self.told = True, False
        key = self.choices.of(keys)
        self.world.table.put(key, None)
        return f"the row {key} is deleted"

    def _jump(self) -> str:
        if not self.running:
            return ""
        worker = self.choices.of(self.running)
        worker.clock.offset += self.choices.of((-HOUR, HOUR, -60_000, 60_000, -4 * HOUR))
        return f"the clock of {worker.name} jumps"
