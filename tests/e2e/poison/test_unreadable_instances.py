"""Instances that EC2 shows as orgdns cannot read them: each affects only itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.names import InstanceRef
from hub.runtime.model.observation import Observation
from sandbox.clock import MovedClock
from sandbox.example import PAYMENTS
from sandbox.world import World
from tests.support.path.odd import ODDITIES, REGION, Change, odd_instance
from tests.support.path.sweeps import forget_ended, ledger, lose_events, names, spoke_status, sweep


@pytest.fixture(autouse=True)
def nothing_left(made: World, clock: MovedClock) -> Iterator[None]:
    """Deliver events again after each test, and end its instances."""
    yield
    made.router.tamper = lambda event: (event,)
    ec2 = made.client("ec2", PAYMENTS, REGION)
    for reservation in ec2.describe_instances()["Reservations"]:
        made.end(PAYMENTS, REGION, *(instance["InstanceId"] for instance in reservation["Instances"]))
    made.converge()
    sweep(made, clock)
    assert names(made) == set()
    assert not made.waiting(NAMES.events_queue)
    assert not made.waiting(NAMES.events_dead_letter_queue)
    assert not spoke_status(made, clock).unreadable


def row(made: World, instance_id: str) -> Observation:
    """The ledger's row of an instance."""
    found = ledger(made).observation(InstanceRef(PAYMENTS, REGION, instance_id))
    assert isinstance(found, Observation)
    return found


@pytest.mark.some(one_in=4)
@pytest.mark.parametrize("change", ODDITIES.values(), ids=ODDITIES)
def test_p1_unreadable_by_event(made: World, change: Change) -> None:
    """The other instance of the batch gets its name, and so does the odd one as soon as it can be read."""
    odd, well = made.launch(PAYMENTS, REGION, "odd")[0], made.launch(PAYMENTS, REGION, "well")[0]
    with odd_instance(odd, change):
        made.converge()
        assert names(made) == {"well"}
        assert made.logged(NAMES.observer_function, "instance unreadable")[-1]["instance"].endswith(odd)
        assert not made.waiting(NAMES.events_queue)
    assert row(made, odd).fault
    assert not row(made, odd).claims
    assert not row(made, well).fault
    made.tag(PAYMENTS, REGION, odd, Name="no-longer-odd")
    made.converge()
    assert names(made) == {"no-longer-odd", "well"}
    assert not row(made, odd).fault


@pytest.mark.some(one_in=4)
@pytest.mark.parametrize("change", ODDITIES.values(), ids=ODDITIES)
def test_p1_unreadable_by_sweep(made: World, clock: MovedClock, change: Change) -> None:
    """The sweep finds what events missed of the others, and takes nothing from the odd one."""
    odd, gone = made.launch(PAYMENTS, REGION, "odd")[0], made.launch(PAYMENTS, REGION, "gone")[0]
    made.converge()
    before = row(made, odd)
    lose_events(made)
    made.end(PAYMENTS, REGION, gone)
    forget_ended(PAYMENTS, REGION)
    made.launch(PAYMENTS, REGION, "late")
    with odd_instance(odd, change):
        sweep(made, clock)
        assert names(made) == {"late", "odd"}
        status = spoke_status(made, clock)
        assert (status.unreadable, status.unreadable_first, status.fault) == (1, (odd,), "")
        assert row(made, odd).claims == before.claims
        assert row(made, odd).fault
        version = row(made, odd).version
        sweep(made, clock)
        assert row(made, odd).version == version
    sweep(made, clock)
    assert names(made) == {"late", "odd"}
    assert not row(made, odd).fault
    assert not spoke_status(made, clock).unreadable


@pytest.mark.some(one_in=3)
@pytest.mark.parametrize("bad", [None, 7, "", "i-\ud800", "web"])
def test_p1_instance_without_a_readable_id(made: World, clock: MovedClock, bad: object) -> None:
    """It may be any instance that is missing: the sweep removes none of these, says so, and does everything else."""
    hidden, renamed = made.launch(PAYMENTS, REGION, "hidden")[0], made.launch(PAYMENTS, REGION, "before")[0]
    made.converge()
    lose_events(made)
    made.tag(PAYMENTS, REGION, renamed, Name="after")
    swept_at = spoke_status(made, clock).swept_at
    clock.advance(60)
    with odd_instance(hidden, lambda described: described.update(InstanceId=bad)):
        sweep(made, clock)
        status = spoke_status(made, clock)
    assert names(made) == {"after", "hidden"}
    assert "without a readable id" in status.fault
    assert (status.swept_at, status.unreadable) == (swept_at, 1)
    sweep(made, clock)
    assert spoke_status(made, clock).fault == ""


def test_p1_unreadable_instance_that_ends_loses_its_names(made: World) -> None:
    """An end needs no description."""
    (odd,) = made.launch(PAYMENTS, REGION, "odd")
    made.converge()
    with odd_instance(odd, ODDITIES["no state"]):
        made.tag(PAYMENTS, REGION, odd, Name="renamed")
        made.converge()
        assert names(made) == {"odd"}
        made.end(PAYMENTS, REGION, odd)
        made.converge()
    assert names(made) == set()
