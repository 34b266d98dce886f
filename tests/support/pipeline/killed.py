"""A worker killed before or after any of its AWS calls: the next invocation completes its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from hub.runtime import contract
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
    # With one shard a step has the same calls in each run. The interleaved schedules kill with four.
    with world(CONFIG, clock, shards=1) as made, faults_injected(made) as faults:
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


def life(driver: SandboxDriver, prefix: str) -> Iterator[Owners]:
    """Launch an instance and rename it, launch a newer one of that name in another account, and terminate both."""
    old = driver.launch(PAYMENTS, f"{prefix}web")
    yield holders_at_rest(driver, prefix, {"old": old})
    driver.rename(old, f"{prefix}api")
    yield holders_at_rest(driver, prefix, {"old": old})
    new = driver.launch(SEARCH, f"{prefix}api")
    yield holders_at_rest(driver, prefix, {"old": old, "new": new})
    driver.end(new, shown=True)
    yield holders_at_rest(driver, prefix, {"old": old})
    driver.end(old, shown=False)
    yield holders_at_rest(driver, prefix, {})
    # Terminated instances would slow the following stories down.
    forget_ended(SEARCH, REGION)


def stop_and_start(driver: SandboxDriver, prefix: str, refs: dict[str, InstanceRef]) -> Iterator[Owners]:
    """Stop the newer of two instances of one name, and start it."""
    for on in (False, True):
        # Two changes would come back meanwhile: the instance is never damped.
        driver.clock.advance(2_400)
        driver.switch(refs["new"], on=on)
        yield holders_at_rest(driver, prefix, refs)


def killed_at_every_call(driver: SandboxDriver, fault: str) -> int:
    """Kill the worker at every call of both stories; how many kills there were."""
    short = f"api.{ZONE}."
    whole = list(life(driver, "whole-"))
    assert [state.get(short, set()) for state in whole] == [set(), {"old"}, {"new"}, {"old"}, set()]
    kills = killed_in(driver, fault, lambda run: life(driver, f"{run}-"), whole, LIFE_CALLS)
    refs = {"old": driver.launch(PAYMENTS, "pair-api"), "new": driver.launch(SEARCH, "pair-api")}
    assert holders_at_rest(driver, "pair-", refs)[short] == {"new"}
    switched = list(stop_and_start(driver, "pair-", refs))
    assert [state[short] for state in switched] == [{"old"}, {"new"}]
    kills += killed_in(driver, fault, lambda _run: stop_and_start(driver, "pair-", refs), switched, SWITCH_CALLS)
    for ref in refs.values():
        driver.end(ref, shown=True)
    driver.converge()
    assert driver.owned() == {}
    return kills.total()


def killed_in(
    driver: SandboxDriver,
    fault: str,
    story: Callable[[str], Iterator[object]],
    whole: Sequence[object],
    least: int,
    spared: Collection[int] = (),
    *,
    cold: bool = True,
) -> Counter[str]:
    """Kill the worker at every call of every step of a story, except those `spared`; how often at which call.

    Each step ends at rest, so one run of the story kills the worker once in each of its steps: first at the first call
    of each, then at the second, until a run of the step has no further call. So each call of that run was killed in
    some run before. The story gets a text of its own for each run. Each step must end as it did in the whole story.
    If `cold`, the functions begin each step in new environments.
    """
    calls: list[int] = []
    called: set[str] = set()
    driver.faults.called.clear()
    counted = story("again")
    for step, expected_state in enumerate(whole):
        if cold:
            _cold_start(driver)
        assert next(counted) == expected_state, f"step {step}"
        calls.append(len(driver.faults.called))
        called.update(driver.faults.called if step not in spared else ())
        driver.faults.called.clear()
    assert list(counted) == []
    unfinished = set(range(len(calls))) - set(spared)
    # Describing, assuming roles, and each row of the ledger and the zone. Fewer would mean that calls were not counted.
    assert sum(calls[step] for step in unfinished) >= least, calls
    kills: Counter[str] = Counter()
    call = 0
    while unfinished:
        steps = story(f"k{call}")
        for step, expected_state in enumerate(whole):
            if step in unfinished:
                if cold:
                    _cold_start(driver)
                driver.arm(fault, call)
            assert next(steps) == expected_state, f"{fault} call {call} of step {step}"
            if driver.faults.fault is not None:
                # This run had fewer calls than there were kills.
                called.update(driver.faults.called)
                unfinished.discard(step)
            elif step in unfinished:
                kills[driver.faults.struck] += 1
            driver.disarm()
        assert list(steps) == []
        call += 1
    # What the ledger still knows of an account changes the number of a call by one or two, so a kind may be missed.
    assert len(called - kills.keys()) <= len(called) // 10, f"never killed: {called - kills.keys()}"
    return kills


def _cold_start(driver: SandboxDriver) -> None:
    """Let every function begin in a new environment, so that a step makes the same calls in each run."""
    for function in (
        contract.OBSERVER_FUNCTION,
        contract.PUBLISHER_FUNCTION,
        contract.SWEEPER_FUNCTION,
        contract.ASSOCIATOR_FUNCTION,
    ):
        driver.made.functions.cold_start(function)
