"""Any rows of the ledger are lost, or replaced by older versions of themselves: sweeps and audits repair them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn, InstanceRef, RecordSet
from hub.runtime.publisher.holders import desired_record_sets
from tests.support.build import CORP_ZONE
from tests.support.pipeline.machine import ACCOUNTS, NAMES, configuration, expected
from tests.support.pipeline_memory import MemoryDriver

POLICY = configuration().compiled_policy()
KINDS = ("observations", "claims", "published")


@dataclass
class Ledger:
    """A pipeline at rest after a history of some instances, and the ledger as it was at each step of it."""

    driver: MemoryDriver = field(default_factory=lambda: MemoryDriver(POLICY, CORP_ZONE))
    versions: list[dict[str, dict[Any, Any]]] = field(default_factory=list)
    live: list[InstanceRef] = field(default_factory=list)

    def act(self, act: int, position: int, name: int) -> None:
        """Launch, rename, stop or end an instance, and let all workers finish."""
        driver = self.driver
        if not self.live or act < 3:
            self.live.append(driver.launch(ACCOUNTS[position % len(ACCOUNTS)], NAMES[name]))
        elif act == 3:
            driver.rename(self.live[position % len(self.live)], NAMES[name])
        elif act == 4:
            driver.end(self.live.pop(position % len(self.live)), shown=bool(name))
        driver.rest()
        self.versions.append({kind: deepcopy(getattr(driver.ledger, kind)) for kind in KINDS})

    @property
    def rows(self) -> list[tuple[str, Any]]:
        """All rows that the ledger has or had."""
        return sorted({(kind, row) for version in self.versions for kind in KINDS for row in version[kind]}, key=str)

    def damage(self, row: int, version: int) -> None:
        """Delete a row, or replace it by what it was at a step."""
        kind, key = self.rows[row % len(self.rows)]
        rows = getattr(self.driver.ledger, kind)
        known = [each[kind][key] for each in self.versions if key in each[kind]]
        before = rows.pop(key, None)
        if version:
            rows[key] = known[-1 - version % len(known)]
        if kind == "claims" and before != rows.get(key):
            # The table's stream carries each change of a claim, whoever makes it.
            self.driver.ledger.touched.append(key[0])

    def steps(self) -> Iterator[str]:
        """Sweep, audit, sweep and audit, with publishing between."""
        for step in ("work", *("sweep", "work", "audit", "work") * 2):
            getattr(self.driver, step)()
            while self.driver.ledger.touched or self.driver.ledger.marked:
                self.driver.work()
            yield step

    def wanted(self) -> dict[Fqdn, set[RecordSet]]:
        claims = expected(POLICY, self.driver, CORP_ZONE)
        return {fqdn: set(desired_record_sets(of_name)) for fqdn, of_name in claims.items()}

    def in_order(self) -> None:
        """The zone and the ledger are as policy says of the instances."""
        claims = expected(POLICY, self.driver, CORP_ZONE)
        assert self.driver.owned() == self.wanted()
        assert self.driver.ledger.live_claims() == {claim for of_name in claims.values() for claim in of_name}
        rows = self.driver.ledger.observations.values()
        assert {claim for row in rows for claim in row.claims} == self.driver.ledger.live_claims()
        assert all(row.settled for row in rows)


HISTORIES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=6)
DAMAGE = st.tuples(st.integers(0, 99), st.integers(0, 5))


def at_rest(history: list[tuple[int, int, int]]) -> Ledger:
    ledger = Ledger()
    for act, position, name in history:
        ledger.act(act, position, name)
    return ledger


@given(HISTORIES, st.lists(DAMAGE, min_size=1, max_size=8))
def test_p8_any_rows_are_repaired(history: list[tuple[int, int, int]], damages: list[tuple[int, int]]) -> None:
    """After a sweep, an audit, a sweep and an audit, ledger and zone are as policy says."""
    ledger = at_rest(history)
    for damage in damages:
        ledger.damage(*damage)
    assert list(ledger.steps())
    ledger.in_order()


@given(HISTORIES, DAMAGE)
def test_p8_no_record_goes_missing_because_of_one_row(
    history: list[tuple[int, int, int]], damage: tuple[int, int]
) -> None:
    """Whatever happens to one row, each record of a living instance stays at every step."""
    ledger = at_rest(history)
    ledger.damage(*damage)
    for step in ledger.steps():
        owned = ledger.driver.owned()
        for fqdn, sets in ledger.wanted().items():
            assert sets <= owned.get(fqdn, set()), f"after the {step}, {fqdn} lacks a record"
    ledger.in_order()


def test_the_history_of_a_ledger_is_in_order() -> None:
    """Without damage nothing is repaired."""
    ledger = at_rest([(0, 0, 0), (0, 1, 0), (3, 0, 1), (4, 1, 0)])
    ledger.in_order()
    assert not any(status.repaired for status in ledger.driver.statuses.zones.values())
