from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import permutations, product

import pytest

from hub.runtime.contract import GROUP_TAG
from hub.runtime.deadline import Deadline
from hub.runtime.model.names import Account, Instance, InstanceRef, InstanceState, Spoke, WhenStopped
from hub.runtime.names.templates import Template
from hub.runtime.observer.events import Hint, Tags
from hub.runtime.observer.observer import DELIVERIES_BEFORE_GONE, Observer
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult, Recorder
from hub.runtime.policy.rules import Rule, Scope
from hub.runtime.ports import SpokeUnreachable
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, example_policy, instance, key, ref
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger, MemoryOrganization


def tags_of(*names: str | None) -> frozenset[Tags]:
    """The tags of events that tell of these Name tags."""
    return frozenset(() if name is None else (("Name", name),) for name in names)


class World:
    """An observer, and the world that it sees."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.organization = MemoryOrganization({PAYMENTS.id: PAYMENTS, SEARCH.id: SEARCH})
        self.ledger = MemoryLedger()
        self.seconds_left = 90.0
        self.observer = Observer(
            policy=example_policy(),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            instances=self.organization,
            recorder=Recorder(self.ledger, self.clock),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def observe(self, *hints: Hint) -> list[InstanceOutcome]:
        return self.observer.observe(hints, Deadline(lambda: self.seconds_left))

    def show(self, number: int = 1, **facts: object) -> InstanceRef:
        shown = instance(number, **facts)  # type: ignore[arg-type]  # the builder's own arguments
        self.organization.instances[shown.ref] = shown
        return shown.ref

    def hear(
        self, subject: InstanceRef, state: str | None = "running", names: tuple[str | None, ...] = (), attempt: int = 1
    ) -> InstanceOutcome:
        (outcome,) = self.observe(Hint(subject, InstanceState(state) if state else None, tags_of(*names), attempt))
        return outcome

    def claimed(self) -> set[str]:
        return {claim.key.fqdn for claim in self.ledger.live_claims()}


@pytest.fixture
def world() -> World:
    return World()


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


def test_end_first_seen_by_the_look_counts(world: World) -> None:
    """An instance that ended before its event of running is looked at claims nothing."""
    subject = world.show()
    world.hear(subject)
    world.show(state=InstanceState.TERMINATED, address=None)
    looks = len(world.organization.looks)
    world.hear(subject, None)
    assert world.claimed() == set()
    assert len(world.organization.looks) == looks + 1


def test_what_was_decided_by_is_remembered_until_the_end(world: World) -> None:
    """The ledger can say why: it keeps the facts and the refusals, the latest ones, and nothing of what has ended."""
    subject = world.show(name=None, tags={"Owner": "x"})
    world.hear(subject)
    row = world.ledger.observations[subject]
    assert (row.instance, row.account) == (world.organization.instances[subject], PAYMENTS)
    assert {refusal.rule for refusal in row.refusals} == {"everybody", "short-names"}
    # The claims stay as they are; what is told of them does not.
    world.show(name=None, tags={"Owner": "y"})
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    row = world.ledger.observations[subject]
    assert row.instance == world.organization.instances[subject]
    world.hear(subject, "terminated")
    row = world.ledger.observations[subject]
    assert (row.instance, row.account, row.refusals, row.claims) == (None, None, (), ())


@pytest.mark.parametrize("writes_before_the_crash", range(6))
def test_end_that_crashed_is_ended_by_its_repeat(world: World, writes_before_the_crash: int) -> None:
    """A worker died while it withdrew the names of an instance; the next one withdraws what is left of them."""
    subject = world.show()
    world.hear(subject)
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject, "terminated")
    world.ledger.fail_at = None
    world.hear(subject, "terminated", attempt=2)
    assert world.claimed() == set()
    assert world.ledger.observations[subject].settled


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


def test_stop_that_does_not_show_yet_is_looked_for_again(world: World) -> None:
    """EC2 may still show as running what an event calls stopped: the queue brings it back."""
    subject = world.show()
    assert world.hear(subject, "stopped").result is InstanceResult.RETRY
    assert world.hear(subject, "stopped", attempt=DELIVERIES_BEFORE_GONE).result is not InstanceResult.RETRY


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


@pytest.mark.parametrize(
    "unready",
    [
        lambda world: world.organization.instances.clear(),
        lambda world: world.show(address=None),
        lambda world: world.show(state=InstanceState.PENDING),
    ],
)
def test_instance_that_is_not_ready_is_looked_at_again_and_then_later(
    world: World, unready: Callable[[World], object]
) -> None:
    """What EC2 does not show yet is looked for a few times within seconds, and then left to the queue."""
    unready(world)
    outcome = world.hear(ref())
    assert outcome.result is InstanceResult.RETRY
    assert len(world.organization.looks) == 4
    assert world.claimed() == set()


def test_instance_that_shows_at_the_second_look_is_recorded(world: World) -> None:
    """An event that is faster than EC2's answer does not wait for the queue."""
    subject = world.show(state=InstanceState.PENDING)
    sleep = world.clock.sleep

    def wake(seconds: float) -> None:
        sleep(seconds)
        world.show()

    world.observer = replace(world.observer, sleep=wake)
    assert world.hear(subject).result is InstanceResult.RECORDED
    assert len(world.organization.looks) == 2


def test_instance_that_never_shows_is_dropped_in_the_end(world: World) -> None:
    """An event about an instance that is long gone does not end as a dead letter, and takes nothing away."""
    subject = world.show()
    world.hear(subject)
    before = world.claimed()
    world.organization.instances.clear()
    assert world.hear(subject, attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.DROPPED
    assert world.claimed() == before


def test_spoke_that_cannot_be_asked_is_tried_later(world: World) -> None:
    """A role that is missing or denied says nothing of the instances: no claim goes, and other spokes go on."""
    near, far = world.show(1), world.show(2, account=SEARCH.id)
    world.hear(near)
    before = world.claimed()
    world.organization.unreachable.add(near.spoke)
    outcomes = world.observe(Hint(near), Hint(far))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        near: InstanceResult.RETRY,
        far: InstanceResult.RECORDED,
    }
    assert before < world.claimed()


def test_unknown_account_is_dropped(world: World) -> None:
    """An account that the organization does not have gets no look, no name, and no second delivery."""
    outcome = world.hear(ref(account="999999999999"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.DROPPED,
        "the organization has no account 999999999999",
    )
    assert world.organization.looks == []


def test_unknown_account_cannot_end_an_instance(world: World) -> None:
    """An event can only ever touch the instance that it names, in the account that it came from."""
    world.hear(world.show())
    before = world.claimed()
    world.hear(ref(account=SEARCH.id), "terminated")
    world.hear(ref(account="999999999999"), "terminated")
    assert world.claimed() == before


def test_region_that_is_not_covered_is_dropped(world: World) -> None:
    """Policy says which regions there are."""
    outcome = world.hear(ref(region="sa-east-1"))
    assert (outcome.result, outcome.reason) == (
        InstanceResult.DROPPED,
        "the configuration does not cover the region sa-east-1",
    )


def test_suspended_account_loses_nothing_by_an_event(world: World) -> None:
    """What becomes of a suspended account's names is not an event's to decide, but an end is an end."""
    one, two = world.show(1), world.show(2, name="two")
    world.hear(one)
    world.hear(two)
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, PAYMENTS.label, active=False)
    assert world.hear(one, None).result is InstanceResult.DROPPED
    assert world.hear(two, "terminated").result is InstanceResult.RECORDED
    assert key("web").fqdn in world.claimed()
    assert key("two").fqdn not in world.claimed()


def test_older_look_never_overwrites_a_newer_one(world: World) -> None:
    """Two workers look at one instance; the one that looked first and writes last looks again, and sees the truth."""
    subject = world.show(name="old")
    looked = world.organization.describe
    slow: list[dict[str, Instance]] = []

    class SlowWorker(MemoryOrganization):
        def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
            seen = looked(spoke, instance_ids)
            if not slow:
                # While this worker has its answer and not yet written it, the other one looks and writes.
                slow.append(seen)
                world.show(name="new")
                world.hear(subject, None)
            return seen

    worker = replace(world.observer, instances=SlowWorker())
    (outcome,) = worker.observe([Hint(subject)], AMPLE)
    assert outcome.result is InstanceResult.UNCHANGED
    assert key("new").fqdn in world.claimed()
    assert key("old").fqdn not in world.claimed()


@pytest.mark.parametrize("behind", [0, 1, 5])
def test_end_wins_over_a_slow_look_whatever_the_clocks_say(world: World, behind: int) -> None:
    """A worker is slow between its row and its claims; meanwhile the instance ends, on a host whose clock is behind."""
    subject = world.show()
    observer = world.observer

    def end() -> None:
        late = MemoryClock(world.clock.now - behind - 1)
        (outcome,) = replace(observer, clock=late).observe([Hint(subject, InstanceState.TERMINATED)], AMPLE)
        assert outcome.result is InstanceResult.RECORDED

    world.ledger.between = end
    world.hear(subject)
    assert world.claimed() == set()
    assert world.hear(subject).result is InstanceResult.UNCHANGED
    assert world.claimed() == set()


def test_look_by_a_clock_that_is_behind_is_not_lost(world: World) -> None:
    """A newer look that seems older, because its host's clock is behind, looks again until it counts."""
    subject = world.show(name="old")
    world.hear(subject)
    world.show(name="new")
    behind = MemoryClock(world.clock.now - 300)
    worker = replace(world.observer, clock=behind, sleep=behind.sleep)
    (outcome,) = worker.observe([Hint(subject, expected_tags=tags_of("new"))], AMPLE)
    assert outcome.result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_rename_that_does_not_show_yet_is_looked_for_again(world: World) -> None:
    """EC2 still shows the old tag when the event of the new one comes: the message is kept until it shows."""
    subject = world.show(name="old")
    world.hear(subject)
    first = world.hear(subject, None, ("new",))
    assert (first.result, first.reason) == (
        InstanceResult.RETRY,
        "EC2 does not show the state or tags that the event reports",
    )
    assert key("old").fqdn in world.claimed()
    world.show(name="new")
    assert world.hear(subject, None, ("new",), attempt=2).result is InstanceResult.RECORDED
    assert key("new").fqdn in world.claimed()


def test_tag_that_decides_nothing_is_not_waited_for(world: World) -> None:
    """An event tells all tags: of those that policy does not read, none has to show before the names count."""
    subject = world.show(name="web", tags={"Owner": "x"})
    early = Hint(subject, expected_tags=frozenset({(("Name", "web"), ("Owner", "y"))}))
    assert [outcome.result for outcome in world.observe(early)] == [InstanceResult.RECORDED]
    assert len(world.organization.looks) == 1


def test_tag_that_aws_sets_is_not_waited_for(world: World) -> None:
    """A rule may read the Auto Scaling group, of which an event about a person's tags need not tell."""
    by_group = Rule("by-group", (Template.parse("{asg}.corp.internal", [CORP]),), 60)
    rules = (*world.observer.policy.rules, by_group)
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=rules))
    subject = world.show(name="web", tags={GROUP_TAG: "fleet"})
    assert world.hear(subject, None, ("web",)).result is InstanceResult.RECORDED
    assert key("fleet").fqdn in world.claimed()


def test_ledger_that_is_away_is_told_though_tags_do_not_show_either(world: World) -> None:
    """Of two reasons to look again, the one that a person can do something about is told."""
    subject = world.show(name="old")
    world.ledger.fail_at = 0
    outcome = world.hear(subject, None, ("new",))
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, "the ledger is away")


def test_rename_that_was_renamed_again_is_settled_in_the_end(world: World) -> None:
    """A late event of a name that the instance no longer has: what EC2 shows is recorded, and counts in the end."""
    subject = world.show(name="third")
    assert world.hear(subject, None, ("second",)).result is InstanceResult.RETRY
    assert key("third").fqdn in world.claimed()
    assert world.hear(subject, None, ("second",), attempt=DELIVERIES_BEFORE_GONE).result is InstanceResult.UNCHANGED


def test_removed_tag_is_expected_to_be_gone(world: World) -> None:
    """An event that tells that the Name tag is gone waits for a look without it."""
    subject = world.show(name="web")
    world.hear(subject)
    assert world.hear(subject, None, (None,)).result is InstanceResult.RETRY
    world.show(name=None)
    world.hear(subject, None, (None,), attempt=2)
    assert key("web").fqdn not in world.claimed()


def test_registration_that_crashed_is_ended_by_the_same_look(world: World) -> None:
    """A worker died after its first write; the next one sees the same instance, and must not take it for done."""
    subject = world.show()
    world.ledger.fail_at = 1
    assert world.hear(subject).result is InstanceResult.RETRY
    world.ledger.fail_at = None
    assert world.claimed() == set()
    world.hear(subject)
    assert key("web").fqdn in world.claimed()


def test_later_of_two_renames_counts(world: World) -> None:
    """Two renames in one batch, and EC2 still shows the first: the later one is what is looked for."""
    subject = world.show(name="first")
    early = Hint(subject, expected_tags=tags_of("first"), time="2026-11-02T09:00:00Z")
    late = Hint(subject, expected_tags=tags_of("second"), time="2026-11-02T09:00:01Z")
    for hints in permutations([early, late, replace(early, expected_tags=tags_of("zeroth"))]):
        (outcome,) = world.observe(*hints)
        assert outcome.result is InstanceResult.RETRY
    world.show(name="second")
    for hints in permutations([early, late, Hint(subject, InstanceState.RUNNING)]):
        (outcome,) = world.observe(*hints)
        assert outcome.result is not InstanceResult.RETRY


def test_fresh_hint_beside_an_old_one_has_its_own_patience(world: World) -> None:
    """An event delivered for the third time does not use up the patience of a new one about the same instance."""
    subject = world.show(name="old")
    time = "2026-11-02T09:00:00Z"
    fresh = Hint(subject, expected_tags=tags_of("new"), time=time)
    (outcome,) = world.observe(Hint(subject, InstanceState.RUNNING, attempt=3), fresh)
    assert outcome.result is InstanceResult.RETRY


def test_started_instance_that_still_shows_as_stopped_is_tried_again(world: World) -> None:
    """A tag changed while it was stopped counts when it runs, though EC2 is slow to show that it does."""
    subject = world.show(name="before")
    world.hear(subject)
    world.show(name="after", state=InstanceState.STOPPED)
    assert world.hear(subject).result is InstanceResult.RETRY
    world.show(name="after")
    world.hear(subject, attempt=2)
    assert key("after").fqdn in world.claimed()
    assert key("before").fqdn not in world.claimed()


def test_spoke_that_answers_late_does_not_starve_another_for_ever(world: World) -> None:
    """A spoke that takes all the time does not come first each time."""
    slow, quick = world.show(1, account=PAYMENTS.id), world.show(2, account=SEARCH.id, name="quick")
    left = {"seconds": 90.0}

    class OneIsSlow(MemoryOrganization):
        def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
            if spoke == slow.spoke:
                left["seconds"] -= 60
                raise SpokeUnreachable("read timeout")
            return world.organization.describe(spoke, instance_ids)

    worker = replace(world.observer, instances=OneIsSlow())
    for _ in range(5):
        left["seconds"] = 90.0
        worker.observe(
            [Hint(slow, InstanceState.RUNNING), Hint(quick, InstanceState.RUNNING)], Deadline(lambda: left["seconds"])
        )
    assert key("quick").fqdn in world.claimed()


def test_many_spokes_wait_together(world: World) -> None:
    """The pauses between looks are the same for one spoke and for many."""
    regions = sorted(world.observer.policy.regions)
    subjects = [
        world.show(number, account=account, region=region, state=InstanceState.PENDING)
        for number, (account, region) in enumerate(product([PAYMENTS.id, SEARCH.id], regions), 1)
    ]
    before = world.clock.now
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert world.clock.now - before < 4_000


def test_run_without_time_left_hands_back_what_it_cannot_do(world: World) -> None:
    """With no time for another question the messages are kept, and nothing is asked."""
    one, two = world.show(1), world.show(2, account=SEARCH.id)
    world.hear(two)
    before = world.claimed()
    looks = len(world.organization.looks)
    world.seconds_left = 10.0
    outcomes = world.observe(Hint(one), Hint(two, InstanceState.TERMINATED))
    assert {outcome.ref: outcome.result for outcome in outcomes} == {
        one: InstanceResult.RETRY,
        two: InstanceResult.RETRY,
    }
    assert (world.claimed(), len(world.organization.looks)) == (before, looks)


@pytest.mark.parametrize("writes_before_the_crash", range(12))
def test_crash_at_any_write_and_a_repeat_end_the_same(world: World, writes_before_the_crash: int) -> None:
    """A rename that is killed at any of its writes is whole after the message is delivered again."""
    subject = world.show(name="web")
    world.hear(subject)
    world.show(name="api")
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject, None)
    world.ledger.fail_at = None
    assert world.hear(subject, None).result in {InstanceResult.RECORDED, InstanceResult.UNCHANGED}
    assert world.claimed() == {
        "api.corp.internal.",
        "api.eu-central-1.payments.corp.internal.",
        "i-00000000000000001.instances.internal.",
    }


@pytest.mark.parametrize("writes_before_the_crash", range(8))
def test_crash_and_a_different_look_leave_no_claim_behind(world: World, writes_before_the_crash: int) -> None:
    """A claim that a crashed worker may have written is withdrawn by the next one, though it wants other names."""
    subject = world.show(name="one")
    world.ledger.fail_at = writes_before_the_crash
    world.hear(subject)
    world.ledger.fail_at = None
    world.show(name="two")
    world.hear(subject, None)
    assert key("one").fqdn not in world.claimed()
    assert key("two").fqdn in world.claimed()


def test_hints_about_one_instance_are_one_look(world: World) -> None:
    """A batch with many events of one instance describes it once; the end among them decides."""
    subject = world.show()
    assert len(world.observe(Hint(subject, InstanceState.RUNNING), Hint(subject))) == 1
    assert len(world.organization.looks) == 1
    world.observe(Hint(subject, InstanceState.TERMINATED), Hint(subject, InstanceState.RUNNING))
    assert world.claimed() == set()


def test_one_look_a_spoke(world: World) -> None:
    """Instances of one spoke are described together."""
    subjects = [world.show(number, name=f"n{number}") for number in range(1, 31)]
    world.observe(*(Hint(subject, InstanceState.RUNNING) for subject in subjects))
    assert len(world.organization.looks) == 1
    assert len({claim.instance for claim in world.ledger.live_claims()}) == 30
    assert {claim.key.zone_id for claim in world.ledger.live_claims()} == {CORP_ZONE, *ZONE_IDS.values()}


def test_account_whose_units_nobody_tells_is_not_decided_about(world: World) -> None:
    """Where policy goes by units, an account without them loses nothing and is asked for again; ends need none."""
    one, two = world.show(1), world.show(2, name="two")
    world.hear(one)
    world.hear(two)
    before = world.claimed()
    everybody, *others = world.observer.policy.rules
    by_unit = replace(everybody, scope=Scope(units=frozenset({"ou-ab12-workload"})))
    world.observer = replace(world.observer, policy=replace(world.observer.policy, rules=(by_unit, *others)))
    world.organization.accounts[PAYMENTS.id] = Account(PAYMENTS.id, "payments")
    outcome = world.hear(one)
    told = f"Organizations does not return the organizational units of account {PAYMENTS.id}"
    assert (outcome.result, outcome.reason) == (InstanceResult.RETRY, told)
    assert world.claimed() == before
    assert world.hear(two, "terminated").result is InstanceResult.RECORDED
    assert "two.corp.internal." not in world.claimed()


def test_refusal_is_told_once(world: World) -> None:
    """What was refused is told when it changes, not at each look; the row keeps it."""
    subject = world.show(name="db")
    assert [refusal.rule for refusal in world.hear(subject).refusals] == ["short-names"]
    again = world.hear(subject)
    assert (again.result, again.refusals) == (InstanceResult.UNCHANGED, ())
    world.show(name="db", tags={"Other": "x"})
    assert world.hear(subject).refusals == ()
    kept = world.ledger.observations[subject]
    assert [refusal.rule for refusal in kept.refusals] == ["short-names"]
    assert kept.instance
    assert kept.instance.tag("Other") == "x"
