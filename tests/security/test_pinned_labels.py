"""`organization.account_labels` gives an account a label, whatever anybody is called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from orgdns.config.load import parse
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE
from sandbox.world import Vpc, World, world
from tests.support.path.sweeps import CORP, REGION, hour
from tests.support.security.organization import SPEC, held_by, rename


@pytest.fixture(scope="module")
def made(clock: MovedClock) -> Iterator[World]:
    content = yaml.safe_load(example.CONFIG.read_text())
    content["organization"]["account_labels"] = {PAYMENTS: "ledgers"}
    with world(parse(yaml.safe_dump(content)), clock, SPEC) as organization:
        yield organization


def test_label_of_the_configuration_cannot_be_taken(made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
    """No other account gets the label by its name, and the account does not lose it by another name."""
    rename(made, SCIENCE, "Ledgers")
    rename(made, PAYMENTS, "Whatever")
    made.launch(SCIENCE, REGION, "web")
    (owner,) = made.launch(PAYMENTS, REGION, "web")
    made.converge()
    hour(made, clock)
    assert made.resolve(f"web.{REGION}.ledgers.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, owner)}
    assert not [name for name in held_by(made, SCIENCE) if "ledgers" in name]
