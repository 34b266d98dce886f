"""A worker killed before or after any of its calls of AWS leaves nothing that its successor does not mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.runtime.model.names import InstanceRef
from hub.runtime.publisher.holders import desired_record_sets
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world
from tests.support.pipeline.deployed import SandboxDriver, faults_injected, forget_ended
from tests.support.pipeline.machine import ZONE, configuration, expected

CONFIG = configuration()
POLICY = CONFIG.compiled_policy()
Owners = dict[str, set[str]]


@contextmanager
def deployed(clock: MovedClock) -> Iterator[SandboxDriver]:
    with world(CONFIG, clock) as made, faults_injected(made) as faults:
        yield SandboxDriver(made, clock, faults)


def held(driver: SandboxDriver, prefix: str, refs: dict[str, InstanceRef]) -> Owners:
    """Who holds which name, without what differs from run to run; the zone is as policy says, to the value."""
    driver.converge()
    owned = driver.owned()
    wanted = expected(POLICY, driver, driver.zone_id)
    assert owned == {fqdn: set(desired_record_sets(claims)) for fqdn, claims in wanted.items()}
    letters = {ref.set_identifier: letter for letter, ref in refs.items()}
    return {
        fqdn.removeprefix(prefix): {letters[one.set_identifier] for one in sets} for fqdn, sets in sorted(owned.items())
    }


def story(driver: SandboxDriver, prefix: str) -> list[Owners]:
    """A start, a renaming, a newer instance of the name in another account, its end, and the end of the first."""
    old = driver.launch(PAYMENTS, f"{prefix}web")
    states = [held(driver, prefix, {"old": old})]
    driver.rename(old, f"{prefix}api")
    states.append(held(driver, prefix, {"old": old}))
    new = driver.launch(SEARCH, f"{prefix}api")
    states.append(held(driver, prefix, {"old": old, "new": new}))
    driver.end(new, shown=True)
    states.append(held(driver, prefix, {"old": old}))
    driver.end(old, shown=False)
    states.append(held(driver, prefix, {}))
    # The next story is no slower for what this one leaves.
    forget_ended(SEARCH)
    return states


def killed_at_every_call(driver: SandboxDriver, fault: str) -> None:
    """Tell the story once for each call that it makes, with the worker killed there."""
    whole = story(driver, "whole-")
    short = f"api.{ZONE}."
    assert [state.get(short, set()) for state in whole] == [set(), {"old"}, {"new"}, {"old"}, set()]
    before = driver.faults.seen
    assert story(driver, "again-") == whole
    calls = driver.faults.seen - before
    # Describing, assuming roles, and each row of ledger and zone: were there few, they would not have been counted.
    assert calls > 60
    for call in range(calls):
        driver.arm(fault, call)
        assert story(driver, f"k{call}-") == whole, f"{fault} call {call}"
        # A session that is kept from one story to the next spares the last few.
        assert driver.faults.fault is None or call >= calls - 5, f"call {call} was never made"
        driver.disarm()
    assert driver.owned() == {}
