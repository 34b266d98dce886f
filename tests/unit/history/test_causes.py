"""Why names change: from an event, a sweep or an audit to the row of what is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import InstanceState
from hub.runtime.model.reasons.cause import NO_REASON, Cause, Reason, Trigger, deciding
from hub.runtime.observer.events import Hint
from tests.support.build import ref
from tests.support.memory import MemoryLedger
from tests.support.use_cases.observer_world import World as ObserverWorld
from tests.support.use_cases.observer_world import tags_of
from tests.support.use_cases.sweeper_world import SPOKE
from tests.support.use_cases.sweeper_world import World as SweeperWorld

ONE, TWO = str(ref(1)), str(ref(2))
START, END, AUDIT = Reason(Cause.START, ONE), Reason(Cause.END, TWO), Reason(Cause.AUDIT)


def triggers(ledger: MemoryLedger) -> set[Trigger]:
    return set(ledger.triggers.values())


@pytest.mark.parametrize(
    ("state", "names", "cause"),
    [
        ("running", (), Cause.START),
        ("stopping", (), Cause.STOP),
        ("stopped", (), Cause.STOP),
        ("shutting-down", (), Cause.END),
        ("terminated", (), Cause.END),
        (None, ("db",), Cause.TAGS),
        # Of both, the state.
        ("running", ("db",), Cause.START),
    ],
)
def test_events_say_why_names_change(state: str | None, names: tuple[str, ...], cause: Cause) -> None:
    """A claim carries the event's cause and time."""
    world = ObserverWorld()
    world.show()
    world.event(ref())
    shown = InstanceState(state) if state else InstanceState.RUNNING
    world.show(name="db", state=shown)
    world.ledger.triggers.clear()
    hint = Hint(ref(), InstanceState(state) if state else None, tags_of(*names))
    world.observe(replace(hint, reported_at=world.clock()))
    assert {each.cause for each in triggers(world.ledger)} == {cause}
    assert all(each.at for each in triggers(world.ledger))


def test_sweeps_say_why_they_are_made() -> None:
    """A sweep is of the schedule, after a call, or the first one with another policy."""
    world = SweeperWorld()
    causes = []
    for number, (digest, after_call) in enumerate([("p1", False), ("p1", True), ("p2", False), ("p2", False)], 1):
        world.show(number)
        world.digest = digest
        world.ledger.triggers.clear()
        world.sweep(after_call=after_call)
        causes.append({each.cause for each in triggers(world.ledger)})
    assert causes == [{Cause.SWEEP}, {Cause.CALL}, {Cause.POLICY}, {Cause.SWEEP}]
    assert all(not each.at for each in triggers(world.ledger))


def test_approved_removals_say_so() -> None:
    """What a person approved has that cause, and nothing else of the same sweep."""
    world = SweeperWorld()
    refs = world.show(*range(1, 31))
    world.sweep()
    world.end(*refs[:20])
    world.sweep()
    world.statuses.approve_spoke(SPOKE)
    world.show(31)
    world.ledger.triggers.clear()
    world.sweep()
    causes = {instance: trigger.cause for (_, instance), trigger in world.ledger.triggers.items()}
    assert {causes[each] for each in refs[:20]} == {Cause.APPROVAL}
    assert causes[ref(31)] is Cause.SWEEP


@pytest.mark.parametrize(
    ("reasons", "affected", "expected"),
    [
        ([], {ONE}, NO_REASON),
        ([START], {ONE}, START),
        # The one that gained or lost the name decides, wherever it is.
        ([START, END], {ONE}, START),
        ([START, END], {TWO}, END),
        # Of several, the last one, and nobody alone.
        ([START, END], {ONE, TWO}, Reason(Cause.END)),
        ([START, Reason(Cause.TAGS, ONE)], {ONE}, Reason(Cause.TAGS, ONE)),
        # A claim that changed says more than an audit, even if another instance gains the name.
        ([AUDIT, END], {ONE}, END),
        ([END, AUDIT], {ONE}, END),
        ([AUDIT], {ONE}, AUDIT),
    ],
)
def test_one_of_several_reasons_decides(reasons: list[Reason], affected: set[str], expected: Reason) -> None:
    """The last reason of those whose record sets changed, or else of any instance, or else any."""
    assert deciding(reasons, affected) == expected


def test_unknown_causes_are_no_fault() -> None:
    """A later version may have other causes."""
    assert [Cause.named(text) for text in ("end", "moon", None, 5, "")] == [Cause.END, *[Cause.UNKNOWN] * 4]
