"""A worker killed before or after any of its AWS calls: the next invocation completes its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
# AWS calls of the functions in each story, at least.
LIFE_CALLS, SWITCH_CALLS = 86, 30
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


def life(driver: SandboxDriver, prefix: str) -> list[Owners]:
    """Launch an instance and rename it, launch a newer one of that name in another account, and terminate both."""
    old = driver.launch(PAYMENTS, f"{prefix}web")
    states = [holders_at_rest(driver, prefix, {"old": old})]
    driver.rename(old, f"{prefix}api")
    states.append(holders_at_rest(driver, prefix, {"old": old}))
    new = driver.launch(SEARCH, f"{prefix}api")
    states.append(holders_at_rest(driver, prefix, {"old": old, "new": new}))
    driver.end(new, shown=True)
    states.append(holders_at_rest(driver, prefix, {"old": old}))
    driver.end(old, shown=False)
    states.append(holders_at_rest(driver, prefix, {}))
    # Terminated instances would slow the following stories down.
    forget_ended(SEARCH, REGION)
    return states


def stop_and_start(driver: SandboxDriver, prefix: str, refs: dict[str, InstanceRef]) -> list[Owners]:
    """Stop the newer of two instances of one name, and start it."""
    states = []
    for on in (False, True):
        driver.switch(refs["new"], on=on)
        states.append(holders_at_rest(driver, prefix, refs))
    return states


def killed_at_every_call(driver: SandboxDriver, fault: str) -> int:
    """Kill the worker at every call of both stories; how many kills there were.

    The stories are apart, because the time that one takes grows with the square of its calls.
    """
    short = f"api.{ZONE}."
    whole = life(driver, "whole-")
    assert [state.get(short, set()) for state in whole] == [set(), {"old"}, {"new"}, {"old"}, set()]
    kills = killed_in(driver, fault, lambda run: life(driver, f"{run}-"), whole, LIFE_CALLS)
    refs = {"old": driver.launch(PAYMENTS, "pair-api"), "new": driver.launch(SEARCH, "pair-api")}
    assert holders_at_rest(driver, "pair-", refs)[short] == {"new"}
    switched = stop_and_start(driver, "pair-", refs)
    assert [state[short] for state in switched] == [{"old"}, {"new"}]
    kills += killed_in(driver, fault, lambda _run: stop_and_start(driver, "pair-", refs), switched, SWITCH_CALLS)
    for ref in refs.values():
        driver.end(ref, shown=True)
    driver.converge()
    assert driver.owned() == {}
    return kills


def killed_in(driver: SandboxDriver, fault: str, story: Callable[[str], object], whole: object, least: int) -> int:
    """Run a story once for each of its calls, and kill the worker at that call; how many kills there were.

    The story gets a text of its own for each run. Each run must end as the whole story did, and have at least that many
    calls.
    """
    before = driver.faults.counted
    assert story("again") == whole
    calls = driver.faults.counted - before
    # Describing, assuming roles, and each row of the ledger and the zone. Fewer would mean that calls were not counted.
    assert calls >= least
    kills = 0
    for call in range(calls):
        driver.arm(fault, call)
        assert story(f"k{call}") == whole, f"{fault} call {call}"
        # A session kept from the previous story can save the last few calls.
        assert driver.faults.fault is None or call >= calls - 5, f"call {call} did not happen"
        kills += driver.faults.fault is None
        driver.disarm()
    return kills
