"""The pipeline over ports in memory: a few schedules each time, tens of thousands with `make test-deep`."""

from __future__ import annotations

from hypothesis import settings

from tests.support.build import CORP_ZONE
from tests.support.pipeline.machine import Pipeline, configuration
from tests.support.pipeline_memory import MemoryDriver

POLICY = configuration().compiled_policy()
STEPS = 40


class InMemory(Pipeline):
    """The use cases, without AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.zone_id, self.prefix = POLICY, CORP_ZONE, ""
        self.driver = MemoryDriver(POLICY, CORP_ZONE)


TestInMemory = InMemory.TestCase
# The fixed profile has 100 cases, the deep one 10,000.
TestInMemory.settings = settings(
    max_examples=settings().max_examples * (4 if settings().derandomize else 2), stateful_step_count=STEPS
)
