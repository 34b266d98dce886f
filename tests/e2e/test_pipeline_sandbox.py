"""The deployed pipeline: a few schedules in each run, two hundred with `make test-deep`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from sandbox.clock import MovedClock
from sandbox.world import World, world
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.deployed_faults import faults_injected
from tests.support.pipeline.machine import ZONE, Pipeline, configuration

CONFIG = configuration()
FEW, MANY, STEPS = 4, 200, 25


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    with world(CONFIG, clock) as organization:
        yield organization


def test_pipeline_as_deployed(made: World, clock: MovedClock) -> None:
    """The state machine holds over the deployed templates, the packaged code, EC2's events and the strict Route 53."""
    runs = 0
    with faults_injected(made) as faults:

        class Deployed(Pipeline):
            def __init__(self) -> None:
                nonlocal runs
                super().__init__()
                runs += 1
                driver = SandboxDriver(made, clock, faults)
                self.policy, self.zone_id = CONFIG.compiled_policy(), made.zone_ids[ZONE]
                self.driver, self.prefix = driver, f"r{runs}-"
                self.clean = driver.clear  # type: ignore[method-assign]  # the driver cleans up

        fixed = settings().derandomize
        run_state_machine_as_test(
            Deployed, settings=settings(max_examples=FEW if fixed else MANY, stateful_step_count=STEPS)
        )
    assert runs >= FEW
