"""The machine's comparison of history with the past: it passes where history is right, and fails where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hub.runtime.model.names import Fqdn, Millis, NameKey
from sandbox.example import PAYMENTS
from tests.support.build import CORP_ZONE
from tests.support.pipeline.machine import ZONE, configuration
from tests.support.pipeline_memory import MemoryDriver

POLICY = configuration().compiled_policy()
WEB = NameKey(CORP_ZONE, Fqdn(f"web.{ZONE}."))


@pytest.fixture
def driver() -> MemoryDriver:
    """An instance starts, a person edits its name, an audit repairs that, and the instance ends."""
    made = MemoryDriver(POLICY, CORP_ZONE)
    ref = made.launch(PAYMENTS, "web")
    made.rest()
    (record_set,) = made.owned()[WEB.fqdn]
    made.edit_ours(record_set)
    made.audit()
    made.work()
    made.end(ref, shown=True)
    made.rest()
    return made


def test_history_is_right(driver: MemoryDriver) -> None:
    """What it does not know is before the first change, and from the last proof before the edit to its finding."""
    driver.check_history()
    assert [len(driver.past.held[WEB]), len(driver.past.entries[WEB])] == [4, 4]
    assert [entry.found for entry in driver.past.entries[WEB]] == [False, True, False, False]


def drop_all(driver: MemoryDriver) -> None:
    driver.past.entries[WEB].clear()


def drop_one(driver: MemoryDriver) -> None:
    driver.past.entries[WEB].pop(2)


def shift(driver: MemoryDriver) -> None:
    driver.past.entries[WEB][0] = replace(driver.past.entries[WEB][0], at=Millis(driver.past.entries[WEB][0].at - 1))


def trust(driver: MemoryDriver) -> None:
    """As if the edit had been one of the publisher's changes, made when it was found."""
    driver.past.entries[WEB][1] = replace(driver.past.entries[WEB][1], found=False)


@pytest.mark.parametrize("spoil", [drop_all, drop_one, shift, trust])
def test_wrong_history_is_found(driver: MemoryDriver, spoil: Callable[[MemoryDriver], None]) -> None:
    """A history that lacks a change, has a wrong time, or never knows anything does not pass."""
    spoil(driver)
    with pytest.raises(AssertionError, match=r"is wrong at|is not known at"):
        driver.check_history()
