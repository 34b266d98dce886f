"""Someone deletes one row of the ledger by hand: no record of a living instance changes, whatever runs next."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.runtime.model.names import Fqdn, RecordSet
from tests.support.build import CORP_ZONE
from tests.support.pipeline.machine import ACCOUNTS, NAMES, configuration
from tests.support.pipeline_memory import MemoryDriver

POLICY = configuration().compiled_policy()
KINDS = ("instance", "claim", "published", "status", "zone", "generation", "nothing")
STEPS = ("work", "sweep", "audit", "start", "touch")
Zone = dict[Fqdn, set[RecordSet]]


def delete_row(driver: MemoryDriver, kind: str, position: int) -> None:
    """Delete one row of a kind. The table's stream reports a deleted claim."""
    ledger, statuses = driver.ledger, driver.statuses
    rows: dict[str, dict[Any, Any]] = {
        "instance": ledger.observations,
        "claim": ledger.claims,
        "published": ledger.published,
        "status": statuses.spokes,
        "zone": statuses.zones,
        "generation": ledger.generation.rows,
    }
    if of_kind := rows.get(kind):
        key = sorted(of_kind, key=str)[position % len(of_kind)]
        del of_kind[key]
        if kind == "claim":
            ledger.touched.append(key[0])


def take(driver: MemoryDriver, step: str, position: int) -> None:
    match step:
        case "start":
            # A name of its own, so that it takes none from another instance.
            driver.launch(ACCOUNTS[position % len(ACCOUNTS)], f"new-{driver.launched}")
            driver.deliver(0, 1)
            driver.work()
        case "touch":
            # A change of another claim on a name, or a stream record that is delivered again.
            keys = sorted(driver.zones.owned)
            driver.ledger.touched.append(keys[position % len(keys)])
            driver.work()
        case _:
            {"work": driver.work, "sweep": driver.sweep, "audit": driver.audit}[step]()


def held(driver: MemoryDriver, names: set[Fqdn]) -> Zone:
    return {fqdn: sets for fqdn, sets in driver.owned().items() if fqdn in names and sets}


INSTANCES = st.lists(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(NAMES), st.booleans()), min_size=1, max_size=5
)
SCHEDULE = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=8)


@given(
    instances=INSTANCES,
    swept=st.booleans(),
    kind=st.sampled_from(KINDS),
    position=st.integers(0, 60),
    schedule=SCHEDULE,
)
@settings(max_examples=3 * settings().max_examples)
def test_p7_deleting_any_single_row_changes_no_record(
    *,
    instances: list[tuple[str, str, bool]],
    swept: bool,
    kind: str,
    position: int,
    schedule: list[tuple[str, int]],
) -> None:
    """The records stay as they are at every step, and at rest."""
    driver = MemoryDriver(POLICY, CORP_ZONE)
    for account, name, stopped in instances:
        ref = driver.launch(account, name)
        if stopped:
            driver.switch(ref, on=False)
    if swept:
        driver.rest()
    else:
        settle(driver)
    names = set(driver.owned())
    before = held(driver, names)
    delete_row(driver, kind, position)
    for step, number in schedule:
        take(driver, step, number)
        assert held(driver, names) == before, f"{step} after a lost row of kind {kind}"
    driver.rest()
    assert held(driver, names) == before


def settle(driver: MemoryDriver) -> None:
    """Deliver all events, and publish."""
    while driver.pending():
        driver.deliver(0, 1)
    while driver.queue or driver.ledger.touched:
        driver.work()
