from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.cloudformation.deployer import Deployer, deployer
from sandbox.aws.cloudwatch.bridge import metrics_answered, strict_alarms
from sandbox.aws.emulator import emulated_aws
from sandbox.aws.functions.mappings import own_event_sources
from sandbox.clock import moved_clock
from tests.support.sandbox.cloudwatch import Watched
from tests.support.sandbox.functions import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def deploys() -> Iterator[Deployer]:
    with emulated_aws(), deployer() as deploys:
        yield deploys


@pytest.fixture
def watched() -> Iterator[Watched]:
    with moved_clock() as clock, emulated_aws(), own_event_sources(), strict_alarms():
        made = Watched(World(clock))
        with made.queues.in_force(), metrics_answered(made.store):
            yield made
