"""A worker killed before or after its AWS calls: the next invocation completes its work."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from hypothesis import settings

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import InstanceRef
from hub.runtime.publisher.holders import desired_record_sets
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SEARCH
from sandbox.world import world
from tests.support.path.sweeps import forget_ended
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.deployed_faults import faults_injected
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
    labels = {str(ref): label for label, ref in refs.items()}
    return {fqdn.removeprefix(prefix): {labels[found.holder] for found in sets} for fqdn, sets in sorted(owned.items())}


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


def killed_at_calls(driver: SandboxDriver, fault: str) -> Counter[str]:
    """Kill the worker at calls of both stories; how often at which call."""
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
    return kills


@dataclass(frozen=True)
class Call:
    """The call of a step to kill the worker at: so many calls of a kind, or of any kind, pass first."""

    passing: int = 0
    kind: str = ""
    cold: bool = True

    def otherwise(self) -> Iterator[Call]:
        """The call to kill at if the step did not come to this one: few kinds of calls need a new environment."""
        if self.kind and not self.cold:
            yield replace(self, cold=True)

    def following(self) -> Iterator[Call]:
        """The call to kill at next, if the step came to this one."""
        if not self.kind:
            yield replace(self, passing=self.passing + 1)


def killed_in(
    driver: SandboxDriver,
    fault: str,
    story: Callable[[str], Iterator[object]],
    whole: Sequence[object],
    least: int,
    spared: Collection[int] = (),
    own: Collection[str] = (),
) -> Counter[str]:
    """Kill the worker in every step of a story, except those `spared`; how often at which call.

    It is killed at each kind of call of the story, in one of the steps that have it; with `make test-deep`, at every
    call of each step. Each step ends at rest, so one run of the story kills the worker once in each of its steps. The
    story gets a text of its own for each run. Each step must end as it did in the whole story. The functions begin a
    step in new environments where the call needs it.

    If only some kinds of calls are the story's `own`, and other stories have the rest, it is killed at these, and the
    functions keep their environments.
    """
    cold = not own
    steps = _called_in(driver, story, whole, cold=cold)
    # Describing, assuming roles, and each row of the ledger and the zone. Fewer would mean that calls were not counted.
    counts = {step: len(calls) for step, calls in enumerate(steps) if step not in spared}
    assert sum(counts.values()) >= least, counts
    every = not settings().derandomize
    tried = {step: [call for call in steps[step] if every or not own or call in own] for step in counts}
    kinds = _shared_out(tried)
    ahead: dict[int, deque[Call]] = {
        step: deque([Call(cold=cold)] if every else (Call(kind=kind, cold=False) for kind in kinds[step]))
        for step in counts
    }
    kills: Counter[str] = Counter()
    run = 0
    while any(ahead.values()):
        running = story(f"k{run}")
        for step, expected_state in enumerate(whole):
            call = ahead[step].popleft() if ahead.get(step) else None
            if call:
                if call.cold:
                    _cold_start(driver)
                driver.arm(fault, call.passing, call.kind)
            assert next(running) == expected_state, f"{fault} {call} of step {step}"
            if call and driver.faults.fault is None:
                kills[driver.faults.struck] += 1
                ahead[step].extend(call.following())
            elif call and cold:
                ahead[step].extend(call.otherwise())
            driver.disarm()
        assert list(running) == []
        run += 1
    called = set(chain.from_iterable(kinds.values()))
    # What the ledger still knows of an account changes the calls of a step by one or two, so a kind may be missed.
    assert len(called - kills.keys()) <= len(called) // 10, f"never killed: {called - kills.keys()}"
    return kills


def _shared_out(steps: dict[int, list[str]]) -> dict[int, list[str]]:
    """The kinds of calls of the steps, each at one step that has it. The steps have about as many each."""
    kinds: dict[int, list[str]] = {step: [] for step in steps}
    having = {
        kind: [step for step, calls in steps.items() if kind in calls] for calls in steps.values() for kind in calls
    }
    # Those that few steps have come first.
    for kind, found in sorted(having.items(), key=lambda each: len(each[1])):
        kinds[min(found, key=lambda step: len(kinds[step]))].append(kind)
    return kinds


def _called_in(
    driver: SandboxDriver, story: Callable[[str], Iterator[object]], whole: Sequence[object], *, cold: bool
) -> list[list[str]]:
    """The calls of each step of a story in which nothing is killed."""
    driver.faults.called.clear()
    running, steps = story("again"), list[list[str]]()
    for step, expected_state in enumerate(whole):
        if cold:
            _cold_start(driver)
        assert next(running) == expected_state, f"step {step}"
        steps.append([*driver.faults.called])
        driver.faults.called.clear()
    assert list(running) == []
    return steps


def _cold_start(driver: SandboxDriver) -> None:
    """Let every function begin in a new environment, so that a step makes the same calls in each run."""
    for function in NAMES.functions:
        driver.made.functions.cold_start(function)
