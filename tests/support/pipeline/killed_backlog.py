"""A worker killed before or after calls that defers and releases names: none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import InstanceRef
from hub.runtime.publisher.backlog.turnstile import ACCOUNT_BURST
from sandbox.example import PAYMENTS
from tests.support.pipeline.deployed import SandboxDriver
from tests.support.pipeline.killed import Owners, holders_at_rest, killed_in

# Each has three names. Renaming one changes six, and all of them at least as many as an account may change at once.
CROWD = -(-ACCOUNT_BURST // 6)
# A change of an instance's names comes back in this time, so that it is never damped.
BETWEEN_RENAMES = 1_200
# A batch of the observer has ten messages, and only a full one lets it receive further ones.
DELIVERIES = 11
# Receiving further messages and deleting them, sending to the backlog, pacing, and releasing.
OWN = frozenset(
    {
        "ReceiveMessage",
        "DeleteMessageBatch",
        "SendMessageBatch",
        "PutItem control pace",
        "UpdateItem control backlog",
        "BatchWriteItem name released",
    }
)
# AWS calls of the functions in the steps that kill, at least.
CALLS = 30


def story(driver: SandboxDriver, run: str, crowd: dict[str, InstanceRef]) -> Iterator[Owners]:
    """Rename a crowd, launch one more instance of that account, whose names wait, and terminate it."""
    prefix = f"{run}-"
    for function in (NAMES.observer_function, NAMES.publisher_function):
        # What environments keep of earlier runs would change the number of a call.
        driver.made.functions.cold_start(function)
    driver.clock.advance(BETWEEN_RENAMES)
    for label, ref in crowd.items():
        driver.rename(ref, f"{prefix}{label}")
    yield holders_at_rest(driver, prefix, crowd)
    late = driver.launch(PAYMENTS, f"{prefix}late")
    driver.deliver(0, DELIVERIES)
    yield holders_at_rest(driver, prefix, {**crowd, "late": late})
    driver.end(late, shown=True)
    yield holders_at_rest(driver, prefix, crowd)


def killed_at_calls(driver: SandboxDriver, fault: str) -> Counter[str]:
    """Kill the worker at calls of the launch; how often at which call."""
    crowd = {f"crowd-{number}": driver.launch(PAYMENTS, f"first-{number}") for number in range(CROWD)}
    driver.converge()
    whole = list(story(driver, "whole", crowd))
    # A new environment would let the account have its burst again.
    return killed_in(driver, fault, lambda run: story(driver, run, crowd), whole, CALLS, (0, 2), OWN)
