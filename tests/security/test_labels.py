"""The administrator of a member account can rename it: no name stays under a label that another account gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox import example
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS, SCIENCE, SEARCH
from sandbox.world import Vpc, World
from tests.support.path.faults import reader_role_denied
from tests.support.path.sweeps import CORP, REGION, sweep
from tests.support.security.organization import held_by, rename

TREASURY = f"web.{REGION}.treasury.{CORP}"


@pytest.fixture(autouse=True)
def named_as_before(made: World, clock: MovedClock) -> Iterator[None]:
    """Give the accounts their names back after a test."""
    before = {account: rename(made, account) for account in (PAYMENTS, SCIENCE, SEARCH)}
    yield
    for account, name in before.items():
        rename(made, account, name)
    clock.advance(1_800)


def hours(made: World, clock: MovedClock, number: int) -> None:
    """Let hours pass, in each of which the spokes that have instances are swept."""
    for _ in range(number):
        clock.advance(3_540)
        sweep(made, clock, PAYMENTS, SCIENCE, SEARCH)


class TestLabelOfAnotherTeam:
    """An account takes a label that no account has, takes names under it, and gives the label back."""

    def test_leaves_no_name_behind_a_denied_role(self, made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
        """A sweep withdraws the names under a former label. Only then the label passes to the account that wants it."""
        rename(made, SCIENCE, "Treasury")
        clock.advance(3_600)
        (instance,) = made.launch(SCIENCE, REGION, "web")
        made.converge()
        assert made.resolve(TREASURY, remote_vpc) == {made.address(SCIENCE, REGION, instance)}
        with reader_role_denied(made, clock, SCIENCE):
            rename(made, SCIENCE, "Data Science")
            rename(made, SEARCH, "Treasury")
            (other,) = made.launch(SEARCH, REGION, "web")
            # The label does not pass while the former account has a name under it.
            made.converge()
            assert made.resolve(TREASURY, remote_vpc) == {made.address(SCIENCE, REGION, instance)}
            hours(made, clock, 2)
            assert TREASURY not in [name.removesuffix(".") for name in held_by(made, SCIENCE)]
            hours(made, clock, 3)
            assert made.resolve(TREASURY, remote_vpc) == {made.address(SEARCH, REGION, other)}
            assert made.logged(NAMES.sweeper_function, "label is free")[-1]["label"] == "treasury"
        # The account is back, and gets no name under the label, under whatever name.
        rename(made, SCIENCE, "TREASURY!")
        hours(made, clock, 2)
        assert made.resolve(TREASURY, remote_vpc) == {made.address(SEARCH, REGION, other)}
        assert not [name for name in held_by(made, SCIENCE) if "treasury" in name]
        made.end(SCIENCE, REGION, instance)
        made.end(SEARCH, REGION, other)

    def test_keeps_nothing_while_publishing_is_paused(self, made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
        """The label waits for the records, not only for the claims."""
        rename(made, SCIENCE, "Vault")
        clock.advance(3_600)
        (instance,) = made.launch(SCIENCE, REGION, "web")
        made.converge()
        dynamodb = made.client("dynamodb", example.HUB)
        pause = {"pk": {"S": contract.CONTROL_KEY}, "sk": {"S": contract.PAUSE_KEY}}
        dynamodb.put_item(TableName=NAMES.ledger_table, Item=pause | {"reason": {"S": "test"}})
        rename(made, SCIENCE, "Data Science")
        rename(made, SEARCH, "Vault")
        (other,) = made.launch(SEARCH, REGION, "web")
        hours(made, clock, 3)
        name = f"web.{REGION}.vault.{CORP}"
        assert made.resolve(name, remote_vpc) == {made.address(SCIENCE, REGION, instance)}
        dynamodb.delete_item(TableName=NAMES.ledger_table, Key=pause)
        made.audit()
        hours(made, clock, 3)
        assert made.resolve(name, remote_vpc) == {made.address(SEARCH, REGION, other)}
        made.end(SCIENCE, REGION, instance)
        made.end(SEARCH, REGION, other)


class TestNameOfAnotherAccountsLabel:
    """Directly below a zone, the label of another account would pass for that account."""

    def test_cannot_be_taken_by_a_tag(self, made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
        """An account with short names cannot call an instance as another account."""
        hours(made, clock, 1)
        (instance,) = made.launch(SEARCH, REGION, "Payments")
        made.converge()
        assert not made.resolve(f"payments.{CORP}", remote_vpc)
        refused = made.logged(NAMES.observer_function, "name refused")[-1]
        assert f"the label of the account {PAYMENTS}" in str(refused["reason"])
        made.end(SEARCH, REGION, instance)

    def test_cannot_be_taken_away_by_renaming_the_account(
        self, made: World, clock: MovedClock, remote_vpc: Vpc
    ) -> None:
        """A name that an instance has already stays, although another account takes the label of this name."""
        (instance,) = made.launch(PAYMENTS, REGION, "gateway")
        made.converge()
        rename(made, SCIENCE, "Gateway")
        hours(made, clock, 2)
        assert made.resolve(f"gateway.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, instance)}
        # So does the next instance of this name.
        made.end(PAYMENTS, REGION, instance)
        (replacement,) = made.launch(PAYMENTS, REGION, "gateway")
        made.converge()
        assert made.resolve(f"gateway.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, replacement)}
        made.end(PAYMENTS, REGION, replacement)

    def test_cannot_be_taken_away_between_two_instances(self, made: World, clock: MovedClock, remote_vpc: Vpc) -> None:
        """An instance ends, and its account starts the next one some hours later."""
        (instance,) = made.launch(PAYMENTS, REGION, "ledger-db")
        made.converge()
        made.end(PAYMENTS, REGION, instance)
        made.converge()
        rename(made, SCIENCE, "Ledger DB")
        hours(made, clock, 2)
        (replacement,) = made.launch(PAYMENTS, REGION, "ledger-db")
        made.converge()
        assert made.resolve(f"ledger-db.{CORP}", remote_vpc) == {made.address(PAYMENTS, REGION, replacement)}
        made.end(PAYMENTS, REGION, replacement)
