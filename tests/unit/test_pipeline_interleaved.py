"""The pipeline with functions that are switched at every call: some schedules each time, 20,000 with `make test-deep`.

A schedule that fails prints its seed and a short form of it, step by step. This runs it again:
`SEED=<seed> pytest tests/unit/test_pipeline_interleaved.py`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import pytest
from hypothesis import settings

from tests.support.interleaved.baton import Choices
from tests.support.interleaved.machine import Machine, Violation
from tests.support.interleaved.planted import PLANTED, Plant
from tests.support.interleaved.shrinking import replayed, shrunk

SCHEDULES = 40
DEEP = 20_000
PROCESSES = 2
# Each planted fault is found within so many schedules.
WITHIN = 300


def failure_of(seed: int) -> str:
    """How the schedule of a seed fails, or an empty text."""
    machine = Machine(Choices.of_seed(seed))
    try:
        machine.run()
    except Exception as error:  # noqa: BLE001 - a bug in a function is found like a broken promise
        short = shrunk(machine.choices.made, Machine, tries=400)
        _, traced = replayed(short, lambda choices: Machine(choices, tracing=True))
        return "\n".join(
            [f"seed {seed}: {error!r}", f"SEED={seed} pytest tests/unit/test_pipeline_interleaved.py", *traced.trace]
        )
    return ""


def first_failure(seeds: Sequence[int]) -> str:
    """How the first of these schedules that fails fails, or an empty text."""
    return next((failure for seed in seeds if (failure := failure_of(seed))), "")


def test_p9_p10_p12_every_schedule_keeps_all_promises() -> None:
    """Whatever happens, in whatever order, nothing that is right is lost, and at rest the zone is what policy says."""
    if "SEED" in os.environ:
        assert not (failure := failure_of(int(os.environ["SEED"]))), failure
        return
    if settings().derandomize:
        assert not (failure := first_failure(range(SCHEDULES))), failure
        return
    start = Random().randrange(10**9)  # noqa: S311 - this is no secret
    parts = [range(start + first, start + DEEP, PROCESSES * 100) for first in range(PROCESSES * 100)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        failures = list(filter(None, processes.map(first_failure, parts)))
    assert not failures, "\n\n".join(failures[:3])


@pytest.mark.some(one_in=3)
@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED.keys())
def test_schedules_find_planted_faults(plant: Plant) -> None:
    """Without any one idea of the design, some schedule of the same seeds breaks a promise."""
    assert any(breaks(seed, plant) for seed in range(plant.first, plant.first + WITHIN))


def breaks(seed: int, plant: Plant) -> bool:
    try:
        plant.machine(Choices.of_seed(seed)).run()
    except Violation:
        return True
    return False


def test_a_schedule_is_the_same_again() -> None:
    """A seed gives the same trace each time, and so do the choices that it made."""
    first, second = (Machine(Choices.of_seed(7), tracing=True) for _ in range(2))
    first.run()
    second.run()
    code, third = replayed(first.choices.made, lambda choices: Machine(choices, tracing=True))
    assert code == ""
    assert without_ids(first) == without_ids(second) == without_ids(third)


def without_ids(machine: Machine) -> list[str]:
    """The trace without the random ids of the ledger's generations."""
    return [
        " ".join(word for word in line.split() if not word.startswith(("generation=", "id="))) for line in machine.trace
    ]
