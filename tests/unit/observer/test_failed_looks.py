"""The ledger keeps why looks at a spoke fail, until a look works."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hub.runtime.model.names import InstanceRef, Millis, Spoke
from hub.runtime.model.status import MOST_WAITING, FailedLook
from hub.runtime.observer.failed_looks import WRITE_AGAIN, FailedLooks
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult
from hub.runtime.ports import LedgerUnavailable
from tests.support.build import PAYMENTS, SEARCH, ref

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
OTHER = Spoke(SEARCH.id, "eu-central-1")
DENIED = "444444444444/eu-central-1: UnauthorizedOperation"


def failed(number: int = 1, account: str = PAYMENTS.id, reason: str = DENIED) -> InstanceOutcome:
    return InstanceOutcome(ref(number, account), InstanceResult.RETRY, reason, failed=True)


def outcome(result: InstanceResult, account: str = PAYMENTS.id) -> InstanceOutcome:
    return InstanceOutcome(ref(1, account), result)


@dataclass(slots=True)
class World:
    """The ledger's failed looks, each as it was written, and the environment that writes them."""

    now: Millis = NOW
    written: list[tuple[Spoke, FailedLook]] = field(default_factory=list)
    down: bool = False
    looks: FailedLooks = field(init=False)

    def __post_init__(self) -> None:
        self.looks = FailedLooks(self, lambda: self.now)

    def put_failed_look(self, spoke: Spoke, look: FailedLook) -> None:
        if self.down:
            raise LedgerUnavailable("ThrottlingException")
        self.written.append((spoke, look))

    def note(self, *outcomes: InstanceOutcome, **ages: int) -> None:
        """Note outcomes; `ages` are the seconds since the event of the instance `i<number>` of Payments."""
        reported: dict[InstanceRef, Millis] = {
            ref(int(name[1:])): Millis(self.now - age * 1_000) for name, age in ages.items()
        }
        self.looks.note(outcomes, reported)


@pytest.fixture
def world() -> World:
    return World()


def test_failed_look_has_the_oldest_event(world: World) -> None:
    """Why, when, since when, and of how many instances events wait."""
    world.note(failed(1), failed(2), i1=10, i2=90)
    look = FailedLook(DENIED, NOW, Millis(NOW - 90_000), 2, (ref(1).id, ref(2).id))
    assert world.written == [(SPOKE, look)]


def test_only_the_first_instances_are_named(world: World) -> None:
    """A row has room for what a person reads, and all are counted."""
    world.note(*(failed(number) for number in range(1, 51)))
    ((_, look),) = world.written
    assert (look.events, look.instances) == (50, tuple(ref(number).id for number in range(1, MOST_WAITING + 1)))


def test_event_without_a_readable_time_waits_since_now(world: World) -> None:
    """A time of zero would be half a century ago."""
    world.looks.note([failed(1), failed(2)], {ref(1): Millis(0)})
    assert world.written[0][1].since == NOW


def test_same_failure_is_written_once_a_minute(world: World) -> None:
    """In a burst, each run would write otherwise. Another spoke is written at once."""
    for seconds in (0, 59, 0):
        world.now = Millis(world.now + seconds * 1_000)
        world.note(failed())
    assert len(world.written) == 1
    world.note(failed(account=SEARCH.id))
    world.now = Millis(NOW + WRITE_AGAIN)
    world.note(failed())
    assert [spoke for spoke, _ in world.written] == [SPOKE, OTHER, SPOKE]


@pytest.mark.parametrize("result", [InstanceResult.RECORDED, InstanceResult.UNCHANGED, InstanceResult.UNREADABLE])
def test_look_that_works_ends_it(world: World, result: InstanceResult) -> None:
    """EC2 answered, also if the answer cannot be read. It is written once."""
    world.note(failed())
    for _ in range(2):
        world.note(outcome(result))
    assert world.written[1:] == [(SPOKE, FailedLook())]


@pytest.mark.parametrize("result", [InstanceResult.DROPPED, InstanceResult.STILL_DAMPED, InstanceResult.RETRY])
def test_without_a_look_it_stays(world: World, result: InstanceResult) -> None:
    """What was not looked at says nothing of the spoke. Nor does an event that comes again for another reason."""
    world.note(failed())
    world.note(outcome(result))
    assert len(world.written) == 1


def test_look_that_works_in_another_spoke_or_beside_a_failure_ends_nothing(world: World) -> None:
    """While some instances cannot be looked at, their events wait."""
    world.note(failed())
    world.note(outcome(InstanceResult.RECORDED, SEARCH.id))
    world.note(failed(2), outcome(InstanceResult.RECORDED))
    assert len(world.written) == 1


def test_events_that_come_again_for_another_reason_are_no_failed_look(world: World) -> None:
    """For example because the ledger does not answer, or because time is up."""
    world.note(outcome(InstanceResult.RETRY))
    assert world.written == []


def test_what_could_not_be_written_is_written_by_the_next_run(world: World) -> None:
    """Neither the failure nor its end is lost with a write."""
    world.down = True
    with pytest.raises(LedgerUnavailable):
        world.note(failed())
    world.down = False
    world.note(failed())
    world.down = True
    with pytest.raises(LedgerUnavailable):
        world.note(outcome(InstanceResult.RECORDED))
    world.down = False
    world.note(outcome(InstanceResult.RECORDED))
    assert [bool(look.reason) for _, look in world.written] == [True, False]
