from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.aws.emulator import emulated_aws
from sandbox.aws.events.ec2 import ec2_events
from sandbox.aws.events.eventbridge import events_routed
from sandbox.clock import moved_clock
from tests.support.sandbox.ec2 import Account
from tests.support.sandbox.eventbridge import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def account() -> Iterator[Account]:
    with moved_clock() as clock, emulated_aws():
        account = Account(clock)
        with ec2_events(account.events.append, clock):
            yield account


@pytest.fixture
def world() -> Iterator[World]:
    with moved_clock(), emulated_aws():
        world = World()
        with events_routed(world.router):
            yield world
