"""A worker killed before or after any of its AWS calls: the next invocation completes its work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.runtime.model.names import InstanceRef
from hub.runtime.publisher.holders import desired_record_sets
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world
from tests.support.path.sweeps import forget_ended
from tests.support.pipeline.deployed import SandboxDriver, faults_injected
from tests.support.pipeline.machine import REGION, ZONE, configuration, expected

CONFIG = configuration()
POLICY = CONFIG.compiled_policy()
# AWS calls of the functions in one story, at least.
CALLS = 116
Owners = dict[str, set[str]]


@contextmanager
def deployed(clock: MovedClock) -> Iterator[SandboxDriver]:
    with world(CONFIG, clock) as made, faults_injected(made) as faults:
        yield SandboxDriver(made, clock, faults)


def holders_at_rest(driver: SandboxDriver, prefix: str, refs: dict[str, InstanceRef]) -> Owners:
    """The holders of each name, without the prefix of the run. Asserts that the zone matches the policy exactly."""
    driver.converge()
    owned = driver.owned()
    wanted = expected(POLICY, driver, driver.zone_id)
    assert owned == {fqdn: set(desired_record_sets(claims)) for fqdn, claims in wanted.items()}
    labels = {ref.set_identifier: label for label, ref in refs.items()}
    return {
        fqdn.removeprefix(prefix): {labels[found.set_identifier] for found in sets}
        for fqdn, sets in sorted(owned.items())
    }


def story(driver: SandboxDriver, prefix: str) -> list[Owners]:
    """Launch an instance and rename it; launch, stop and start a newer one in another account; terminate both."""
    old = driver.launch(PAYMENTS, f"{prefix}web")
    states = [holders_at_rest(driver, prefix, {"old": old})]
    driver.rename(old, f"{prefix}api")
    states.append(holders_at_rest(driver, prefix, {"old": old}))
    new = driver.launch(SEARCH, f"{prefix}api")
    states.append(holders_at_rest(driver, prefix, {"old": old, "new": new}))
    for on in (False, True):
        driver.switch(new, on=on)
        states.append(holders_at_rest(driver, prefix, {"old": old, "new": new}))
    driver.end(new, shown=True)
    states.append(holders_at_rest(driver, prefix, {"old": old}))
    driver.end(old, shown=False)
    states.append(holders_at_rest(driver, prefix, {}))
    # Terminated instances would slow the following stories down.
    forget_ended(SEARCH, REGION)
    return states


def killed_at_every_call(driver: SandboxDriver, fault: str) -> int:
    """Run the story once for each of its calls, and kill the worker at that call; how many kills there were."""
    whole = story(driver, "whole-")
    short = f"api.{ZONE}."
    assert [state.get(short, set()) for state in whole] == [
        set(), {"old"}, {"new"}, {"old"}, {"new"}, {"old"}, set(),
    ]  # fmt: skip
    before = driver.faults.counted
    assert story(driver, "again-") == whole
    calls = driver.faults.counted - before
    # Describing, assuming roles, and each row of the ledger and the zone. Fewer would mean that calls were not counted.
    assert calls >= CALLS
    kills = 0
    for call in range(calls):
        driver.arm(fault, call)
        assert story(driver, f"k{call}-") == whole, f"{fault} call {call}"
        # A session kept from the previous story can save the last few calls.
        assert driver.faults.fault is None or call >= calls - 5, f"call {call} did not happen"
        kills += driver.faults.fault is None
        driver.disarm()
    assert driver.owned() == {}
    return kills
