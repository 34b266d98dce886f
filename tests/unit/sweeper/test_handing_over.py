"""A label passes from an account that was renamed to another one, and never too early."""

from __future__ import annotations

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import NameKey
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import PAYMENTS, SCIENCE, SEARCH, claim, key
from tests.support.use_cases.label_world import LabelWorld

LABEL = "treasury"
NAME: NameKey = key(f"web.{LABEL}")


@pytest.fixture
def world() -> LabelWorld:
    """The first account has the label, a claim and a record under it, and is renamed. The second one wants it."""
    made = LabelWorld({PAYMENTS.id: LABEL, SCIENCE.id: "other", SEARCH.id: "search"})
    claims(made, PAYMENTS.id)
    made.publish_all()
    made.organizations.names |= {PAYMENTS.id: "own", SCIENCE.id: LABEL}
    return made


def claims(world: LabelWorld, account: str, function: int = 0) -> None:
    world.begin(world.functions[function], account)
    world.write(world.functions[function])


def label(world: LabelWorld, account: str, function: int = 0) -> str | None:
    return world.functions[function].accounts.account(account).label


def hour(world: LabelWorld, *, publishes: bool = True) -> None:
    """Sweep the spokes, which deny the reader role, free labels and publish, every 20 minutes."""
    for _ in range(3):
        for function in world.functions:
            for account in (PAYMENTS.id, SCIENCE.id):
                world.sweep_denied(function, account)
            world.free(function)
        if publishes:
            world.publish_all()
        world.clock.sleep(1_200)


def test_label_passes_within_three_hours(world: LabelWorld) -> None:
    """The names of the account that denies its reader role are withdrawn, and the other one gets the label."""
    world.clock.sleep(901)
    hour(world)
    assert not world.under(LABEL)
    assert label(world, SCIENCE.id) is None
    hour(world)
    hour(world)
    claims(world, SCIENCE.id)
    assert world.under(LABEL) == {SCIENCE.id}
    assert world.ledger.held_labels[LABEL].account_id == SCIENCE.id


def test_label_of_an_account_that_keeps_its_name_stays(world: LabelWorld) -> None:
    """Only a new name releases a label, however long another account wants it."""
    world.organizations.names[PAYMENTS.id] = LABEL
    for _ in range(5):
        hour(world)
    assert label(world, SCIENCE.id) is None
    assert f"belongs to the account {PAYMENTS.id}" in world.functions[0].accounts.account(SCIENCE.id).reason
    assert world.under(LABEL) == {PAYMENTS.id}


def test_label_that_its_account_takes_back_stays(world: LabelWorld) -> None:
    """An account that has its name again keeps the label and its names."""
    world.clock.sleep(901)
    assert label(world, PAYMENTS.id) == "own"
    world.organizations.names[PAYMENTS.id] = LABEL
    world.clock.sleep(901)
    assert label(world, PAYMENTS.id) == LABEL
    for _ in range(5):
        hour(world)
    assert world.under(LABEL) == {PAYMENTS.id}
    assert not world.ledger.held_labels[LABEL].released_at


def test_label_passes_after_every_function_has_forgotten_it(world: LabelWorld) -> None:
    """A function may write for 45 minutes what it knew before the rename: nobody else has the label then."""
    late, other = world.functions
    world.organizations.names[PAYMENTS.id] = LABEL
    world.clock.sleep(901)
    late.registry.read()
    # The other function releases the label now. The late one describes the account a quarter of an hour later, while it
    # has its old name for a moment, and has a run that begins and ends a quarter of an hour later each.
    world.organizations.names[PAYMENTS.id] = "own"
    world.sweep_denied(other, PAYMENTS.id)
    world.publish_all()
    assert not world.under(LABEL)
    seconds = 0
    for after, act in (
        (880, lambda: world.organizations.names.update({PAYMENTS.id: LABEL})),
        (881, lambda: late.accounts.account(PAYMENTS.id)),
        (882, lambda: world.organizations.names.update({PAYMENTS.id: "own"})),
        (1_210, lambda: world.free(other)),
        (1_770, lambda: world.begin(late, PAYMENTS.id)),
        (2_420, lambda: world.free(other)),
        (2_430, lambda: claims(world, SCIENCE.id, 1)),
        (2_650, lambda: world.write(late)),
    ):
        world.clock.sleep(after - seconds)
        seconds = after
        act()
    assert world.under(LABEL) == {PAYMENTS.id}


def test_claim_without_a_record_keeps_the_label(world: LabelWorld) -> None:
    """A claim may be published at any time."""
    world.clock.sleep(901)
    world.zone.clear()
    world.ledger.published.clear()
    for _ in range(10):
        label(world, PAYMENTS.id)
        world.clock.sleep(1_201)
        assert not world.free(world.functions[0])


def test_record_that_is_not_deleted_yet_keeps_the_label(world: LabelWorld) -> None:
    """While publishing stands still, the records of the first account stay, and so does the label."""
    world.clock.sleep(901)
    for _ in range(4):
        hour(world, publishes=False)
    assert not world.ledger.live_claims()
    assert label(world, SCIENCE.id) is None
    for _ in range(2):
        hour(world)
    world.clock.sleep(901)
    assert label(world, SCIENCE.id) == LABEL


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_publisher_that_read_the_claim_before_finishes_before_the_label_passes(world: LabelWorld, steps: int) -> None:
    """Between two searches, a publisher's run ends; what it published is found."""
    world.clock.sleep(901)
    for function in world.functions:
        function.accounts.account(PAYMENTS.id)
    world.clock.sleep(3_600)
    world.zone[NAME] = ()
    world.ledger.published.clear()
    # The publisher reads the claim just before the sweep withdraws it and a search finds nothing.
    for _ in range(steps):
        world.publish(NAME)
    world.sweep_denied(world.functions[0], PAYMENTS.id)
    assert not world.free(world.functions[0])
    world.clock.sleep(800)
    if steps < 3:
        # The run marks the name as pending and sends its change batch.
        world.publish(NAME)
        world.publish(NAME)
    world.clock.sleep(410)
    assert not world.free(world.functions[1])
    assert world.ledger.held_labels[LABEL].account_id == PAYMENTS.id
    world.publish_all()
    hour(world)
    world.clock.sleep(901)
    assert label(world, SCIENCE.id) == LABEL


def test_names_of_others_and_other_names_do_not_keep_a_label(world: LabelWorld) -> None:
    """Only what the former account has under the label counts."""
    world.clock.sleep(901)
    for other in (claim(7, account=SEARCH.id, name=f"x.{LABEL}"), claim(8, name="elsewhere"), claim(9, name=LABEL)):
        world.ledger.put_claim(other, 1)
    for _ in range(3):
        hour(world)
    world.clock.sleep(901)
    assert label(world, SCIENCE.id) == LABEL


def test_of_two_functions_one_searches(world: LabelWorld) -> None:
    """A search reads the whole ledger, so a second function does not repeat it."""
    world.clock.sleep(901)
    for function in world.functions:
        world.sweep_denied(function, PAYMENTS.id)
    world.clock.sleep(3_600)
    for function in world.functions:
        function.registry.read()
        assert function.registry.due()
    world.free(world.functions[0])
    version = world.ledger.held_labels[LABEL].version
    world.free(world.functions[1])
    assert world.ledger.held_labels[LABEL].version == version


def test_search_without_time_decides_nothing(world: LabelWorld) -> None:
    """A search that does not reach the last name frees no label."""
    world.clock.sleep(901)
    hour(world)
    seconds = iter([900.0, 0.0])
    function = world.functions[0]
    world.clock.sleep(3_600)
    function.registry.read()
    assert not function.release.free(Deadline(lambda: next(seconds)))
    assert not world.ledger.held_labels[LABEL].vacant_since


def test_ledger_that_cannot_be_written_releases_nothing_twice(world: LabelWorld) -> None:
    """An account whose label cannot be looked up is unreachable for now; the next attempt decides."""
    world.clock.sleep(901)
    world.ledger.fail_at = 0
    with pytest.raises(SpokeUnreachable, match="cannot look up the label"):
        label(world, SCIENCE.id)
    world.ledger.fail_at = None
    assert label(world, SCIENCE.id) is None


def test_account_gets_the_label_of_the_configuration_after_its_holder(world: LabelWorld) -> None:
    """A label of the configuration passes as any other, and then stays whatever names the accounts have."""
    world.pinned = {SCIENCE.id: LABEL}
    world.organizations.names |= {PAYMENTS.id: LABEL, SCIENCE.id: "other"}
    world.functions = [type(function)(world) for function in world.functions]
    assert label(world, SCIENCE.id) is None
    assert label(world, PAYMENTS.id) is None
    for _ in range(3):
        hour(world)
    claims(world, SCIENCE.id)
    assert world.under(LABEL) == {SCIENCE.id}
    assert (
        f"gives the label {LABEL!r} to the account {SCIENCE.id}"
        in world.functions[0].accounts.account(PAYMENTS.id).reason
    )
