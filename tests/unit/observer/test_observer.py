"""Which names an instance has in each state of its life."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.model.names import InstanceState, WhenStopped
from hub.runtime.observer.events import Hint
from hub.runtime.observer.recorder import InstanceResult
from tests.support.build import key
from tests.support.use_cases.observer_world import World


def test_running_instance_claims_its_names(world: World) -> None:
    """A running instance claims the names that policy gives it."""
    outcome = world.event(world.show(name="web"))
    assert outcome.result is InstanceResult.RECORDED
    assert world.claimed() == set(outcome.names)
    assert "web.corp.internal." in world.claimed()


def test_end_withdraws_all_claims_without_a_description(world: World) -> None:
    """The end is taken from the event: it needs no role in the account, which may be deleted by then."""
    subject = world.show()
    world.event(subject)
    world.organization.unreachable.add(subject.spoke)
    world.organization.descriptions.clear()
    assert world.event(subject, "terminated").result is InstanceResult.RECORDED
    assert world.claimed() == set()
    assert world.organization.descriptions == []


def test_rename_moves_the_name(world: World) -> None:
    """A changed tag withdraws the old name and claims the new one."""
    subject = world.show(name="web")
    world.event(subject)
    world.ledger.touched.clear()
    world.show(name="api")
    world.event(subject, None)
    assert key("web").fqdn not in world.claimed()
    assert key("api").fqdn in world.claimed()


def test_repeated_event_changes_no_claim(world: World) -> None:
    """A duplicate describes the instance, and writes no claim."""
    subject = world.show()
    world.event(subject)
    world.ledger.touched.clear()
    assert world.event(subject).result is InstanceResult.UNCHANGED
    assert world.ledger.touched == []


def test_late_event_of_a_start_does_not_undo_an_end(world: World) -> None:
    """Events arrive in any order. An end is final, although EC2 may still show the instance as running."""
    subject = world.show()
    world.event(subject, "terminated")
    assert world.event(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == set()


def test_stopped_instance_keeps_its_names(world: World) -> None:
    """A stopped instance keeps its private address, and so its names, and its claims say that it does not run."""
    subject = world.show()
    world.event(subject)
    before = world.claimed()
    world.show(state=InstanceState.STOPPING)
    assert world.event(subject, "stopping").result is InstanceResult.RECORDED
    assert world.claimed() == before
    assert {claim.running for claim in world.ledger.live_claims()} == {False}
    world.ledger.touched.clear()
    world.show(state=InstanceState.STOPPED)
    assert world.event(subject, "stopped").result is InstanceResult.UNCHANGED
    assert world.ledger.touched == []
    world.show()
    assert world.event(subject).result is InstanceResult.RECORDED
    assert {claim.running for claim in world.ledger.live_claims()} == {True}
    assert world.claimed() == before


def test_n2_an_events_state_is_a_hint_only(world: World) -> None:
    """The described state decides: a late or forged event of a stop takes no name from an instance that runs."""
    subject = world.show()
    world.event(subject)
    for state in ("stopping", "stopped"):
        world.event(subject, state)
        assert {claim.running for claim in world.ledger.live_claims()} == {True}


def test_stopped_instance_is_named_like_a_running_one(world: World) -> None:
    """The claims depend on the current state alone, not on whether the stop or the change of the tag came first."""
    subject = world.show(name="web")
    world.event(subject)
    world.show(name="api", state=InstanceState.STOPPED)
    world.event(subject, None, ("api",))
    after = world.claimed()
    world.show(name="api")
    world.event(subject)
    assert world.claimed() == after
    assert key("api").fqdn in after


def test_stop_withdraws_the_names_of_a_rule_that_says_so(world: World) -> None:
    """Names that a rule withdraws at a stop come back at the next start; names of other rules stay."""
    everybody, short, by_id = world.observer.policy.rules
    rules = (everybody, replace(short, stopped=WhenStopped.WITHDRAW), by_id)
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=rules))
    subject = world.show()
    world.event(subject)
    running = world.claimed()
    world.show(state=InstanceState.STOPPED)
    world.event(subject, "stopped")
    assert running - world.claimed() == {key("web").fqdn}
    world.show()
    world.event(subject)
    assert world.claimed() == running


def test_instance_keeps_its_names_while_it_starts_again(world: World) -> None:
    """A tag that changes while an instance starts again removes no name."""
    subject = world.show()
    world.event(subject)
    before = world.claimed()
    world.show(state=InstanceState.PENDING, name="other")
    assert world.event(subject, None).result is InstanceResult.UNCHANGED
    assert world.claimed() == before


def test_late_tag_brings_the_name(world: World) -> None:
    """An instance without a tag at launch causes no wait and no failure; the tag's own event brings the name."""
    subject = world.show(name=None)
    first = world.event(subject)
    assert first.result is InstanceResult.RECORDED
    assert {refusal.rule for refusal in first.refusals} == {"everybody", "short-names"}
    world.show(name="web")
    world.event(subject, None)
    assert key("web").fqdn in world.claimed()


def test_events_of_one_instance_are_merged(world: World) -> None:
    """Several events of one instance in a batch describe it once; an end among them decides."""
    subject = world.show()
    assert len(world.observe(Hint(subject, InstanceState.RUNNING), Hint(subject))) == 1
    assert len(world.organization.descriptions) == 1
    world.observe(Hint(subject, InstanceState.TERMINATED), Hint(subject, InstanceState.RUNNING))
    assert world.claimed() == set()
