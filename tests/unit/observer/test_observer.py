"""Which names an instance has in each state of its life."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.model.names import InstanceState, WhenStopped
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import key
from tests.support.observer_world import World


def test_running_instance_claims_its_names(world: World) -> None:
    """An instance that runs claims what policy gives it."""
    outcome = world.hear(world.show(name="web"))
    assert outcome.result is InstanceResult.RECORDED
    assert world.claimed() == set(outcome.names)
    assert "web.corp.internal." in world.claimed()


def test_end_withdraws_all_claims_without_a_look(world: World) -> None:
    """The end is taken from the event: it needs no role in the account, which may be gone by then."""
    subject = world.show()
    world.hear(subject)
    world.organization.unreachable.add(subject.spoke)
    assert world.hear(subject, "terminated").result is InstanceResult.RECORDED
    assert world.claimed() == set()


def test_rename_moves_the_name(world: World) -> None:
    """A changed tag withdraws the old name and claims the new one; names that stay are not touched."""
    subject = world.show(name="web")
    world.hear(subject)
    world.ledger.touched.clear()
    world.show(name="api")
    world.hear(subject, None)
    assert key("web").fqdn not in world.claimed()
    assert key("api").fqdn in world.claimed()


def test_repeated_event_changes_no_claim(world: World) -> None:
    """A duplicate costs a look-up, and writes no claim."""
    subject = world.show()
    world.hear(subject)
    world.ledger.touched.clear()
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    assert world.ledger.touched == []


def test_late_running_after_the_end_brings_nothing_back(world: World) -> None:
    """Events come in any order; the end is final, though EC2 may still show the instance as it was."""
    subject = world.show()
    world.hear(subject, "terminated")
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == set()


def test_stopped_instance_keeps_its_names(world: World) -> None:
    """The private address survives a stop, and so do the names."""
    subject = world.show()
    world.hear(subject)
    before = world.claimed()
    world.show(state=InstanceState.STOPPED)
    assert world.hear(subject, "stopped").result is InstanceResult.UNCHANGED
    assert world.claimed() == before


def test_stopped_instance_is_named_as_one_that_runs(world: World) -> None:
    """What an instance claims depends on what it is now, not on what came first: the stop or the change of its tag."""
    subject = world.show(name="web")
    world.hear(subject)
    world.show(name="api", state=InstanceState.STOPPED)
    world.hear(subject, None, ("api",))
    after = world.claimed()
    world.show(name="api")
    world.hear(subject)
    assert world.claimed() == after
    assert key("api").fqdn in after


def test_stopping_withdraws_the_names_of_a_rule_that_says_so(world: World) -> None:
    """Names that are withdrawn at a stop are there again at the next start; those of other rules stay."""
    everybody, short, by_id = world.observer.policy.rules
    rules = (everybody, replace(short, stopped=WhenStopped.WITHDRAW), by_id)
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=rules))
    subject = world.show()
    world.hear(subject)
    running = world.claimed()
    world.show(state=InstanceState.STOPPED)
    world.hear(subject, "stopped")
    assert running - world.claimed() == {key("web").fqdn}
    world.show()
    world.hear(subject)
    assert world.claimed() == running


def test_started_again_keeps_its_names_meanwhile(world: World) -> None:
    """A tag changed while a stopped instance starts again takes nothing away."""
    subject = world.show()
    world.hear(subject)
    before = world.claimed()
    world.show(state=InstanceState.PENDING, name="other")
    assert world.hear(subject, None).result is InstanceResult.UNCHANGED
    assert world.claimed() == before


def test_tag_that_comes_later_gives_the_name_then(world: World) -> None:
    """An instance without its tag at launch is no wait and no failure; the tag's own event brings the name."""
    subject = world.show(name=None)
    first = world.hear(subject)
    assert first.result is InstanceResult.RECORDED
    assert {refusal.rule for refusal in first.refusals} == {"everybody", "short-names"}
    world.show(name="web")
    world.hear(subject, None)
    assert key("web").fqdn in world.claimed()


def test_hints_about_one_instance_are_one_look(world: World) -> None:
    """A batch with many events of one instance describes it once; the end among them decides."""
    subject = world.show()
    assert len(world.observe(Hint(subject, InstanceState.RUNNING), Hint(subject))) == 1
    assert len(world.organization.looks) == 1
    world.observe(Hint(subject, InstanceState.TERMINATED), Hint(subject, InstanceState.RUNNING))
    assert world.claimed() == set()
