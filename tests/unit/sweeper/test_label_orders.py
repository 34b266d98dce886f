"""Accounts are renamed, functions know old labels, spokes deny: no label ever has names of two accounts."""

from __future__ import annotations

from random import Random
from typing import Final

import pytest

from tests.support.build import PAYMENTS, SCIENCE, key
from tests.support.use_cases.label_world import LabelWorld

LABEL: Final = "treasury"
NAMES: Final = {PAYMENTS.id: ("own", LABEL), SCIENCE.id: ("other", LABEL)}
SCHEDULES: Final = 250
STEPS: Final = 100
HAPPENS: Final = {"begin": 3, "write": 3, "sweep": 2, "publish": 3, "free": 3, "rename": 1}


def step(world: LabelWorld, chance: Random) -> None:
    """One thing that may happen next."""
    function = chance.choice(world.functions)
    account = chance.choice(list(NAMES))
    world.clock.sleep(60 * chance.choice((0, 0, 0, 2, 7, 13)))
    match chance.choices(list(HAPPENS), list(HAPPENS.values()))[0]:
        case "rename":
            # Mostly, the first account has given the label back, and the second one wants it.
            world.organizations.names[account] = NAMES[account][(account == SCIENCE.id) ^ (chance.random() < 0.1)]
        case "begin":
            world.begin(function, account)
        case "write":
            world.write(function)
        case "sweep":
            world.sweep_denied(function, account)
        case "publish":
            for _ in range(chance.choice((1, 2, 4, 8))):
                world.publish(key(f"web.{LABEL}"))
        case "free":
            world.free(function)


@pytest.mark.parametrize("part", range(4))
def test_no_label_has_names_of_two_accounts(part: int) -> None:
    """Whatever happens in whatever order, an account has nothing under a label that another account has."""
    passed = 0
    for seed in range(part * SCHEDULES, (part + 1) * SCHEDULES):
        chance = Random(seed)  # noqa: S311 - a schedule, not a secret
        world = LabelWorld({PAYMENTS.id: LABEL, SCIENCE.id: "other"})
        seen: set[str] = set()
        for number in range(STEPS):
            step(world, chance)
            accounts = world.under(LABEL)
            assert len(accounts) <= 1, f"schedule {seed}, step {number}"
            seen |= accounts
        passed += len(seen) > 1
    # Otherwise the schedules would show nothing.
    assert passed > SCHEDULES / 20
