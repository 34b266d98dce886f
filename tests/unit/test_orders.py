"""The outcome depends on the instances and the policy alone, not on the order or the number of events."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.runtime.model.names import (
    NEVER,
    Claim,
    ConflictRule,
    InstanceRef,
    InstanceState,
    NameKey,
    RecordSet,
    WhenStopped,
)
from hub.runtime.names.templates import Template
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import DELIVERIES_BEFORE_GONE, Observer
from hub.runtime.observer.recorder import InstanceResult, Recorder
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import Rule, Scope
from hub.runtime.publisher.holders import conflict_rule, desired_record_sets
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, covering, instance
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_zones import MemoryZones

ACCOUNTS = (PAYMENTS, SEARCH)
NAMES = ("web", "Web", "api")
NUMBERS = st.integers(1, 4)


def policy(conflict: ConflictRule, stopped: WhenStopped, ttl: int = 60, only: str | None = None) -> Policy:
    short = Rule(
        "short",
        (Template.parse("{name}.corp.internal", [CORP]), Template.parse("{instance_id}.x.corp.internal", [CORP])),
        ttl,
        conflict,
        Scope(accounts=frozenset({only}) if only else None),
        stopped=stopped,
    )
    return Policy(covering("eu-central-1"), (CORP,), (short,))


POLICIES = st.builds(
    policy,
    st.sampled_from(ConflictRule),
    st.sampled_from(WhenStopped),
    st.sampled_from([30, 60]),
    st.sampled_from([None, PAYMENTS.id]),
)


@dataclass
class World:
    """Observer and publisher with their world; `hints` are on their way."""

    observer: Observer
    publisher: Publisher
    organization: MemoryOrganization
    ledger: MemoryLedger
    zones: MemoryZones
    hints: list[Hint] = field(default_factory=list)

    def expected(self) -> dict[NameKey, set[RecordSet]]:
        """What the zone should hold by the instances and the policy alone."""
        claims: defaultdict[NameKey, list[Claim]] = defaultdict(list)
        for shown in self.organization.instances.values():
            account = self.organization.accounts[shown.ref.account]
            for claim in self.observer.policy.decide(shown, account, ZONE_IDS, {}).claims:
                claims[claim.key].append(claim)
        return {key: set(desired_record_sets(name_claims)) for key, name_claims in claims.items()}

    def content(self) -> dict[NameKey, set[RecordSet]]:
        return {key: owned for key, owned in self.zones.owned.items() if owned}

    def deliver(self, position: int) -> None:
        hint = self.hints.pop(position % len(self.hints))
        (outcome,) = self.observer.observe([hint], AMPLE)
        if outcome.result is InstanceResult.RETRY:
            self.hints.append(replace(hint, attempt=hint.attempt + 1))

    def publish(self) -> None:
        while self.ledger.touched:
            touched, self.ledger.touched = set(self.ledger.touched), []
            for outcome in self.publisher.publish(dict.fromkeys(touched, NEVER), (), AMPLE):
                if outcome.result is NameResult.RETRY:
                    self.ledger.touched.append(outcome.key)

    def converge(self) -> None:
        while self.hints:
            self.deliver(0)
        self.publish()


def world() -> World:
    clock, ledger, zones = MemoryClock(), MemoryLedger(), MemoryZones()
    statuses = MemoryStatuses(clock, ledger_generation=ledger.generation)
    organization = MemoryOrganization({account.id: account for account in ACCOUNTS})
    observer = Observer(
        policy=policy(ConflictRule.NEWEST, WhenStopped.KEEP),
        zone_ids=ZONE_IDS,
        accounts=organization,
        labels=organization,
        instances=organization,
        recorder=Recorder(ledger, clock),
        clock=clock,
        sleep=clock.sleep,
    )
    return World(
        observer,
        Publisher(ledger, statuses, zones, clock),
        organization,
        ledger,
        zones,
    )


class Orders(RuleBasedStateMachine):
    """Instances start, stop, are renamed and end, policy changes, and events arrive late, twice and in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.ended: set[int] = set()

    def ref(self, number: int) -> InstanceRef:
        return instance(number, account=ACCOUNTS[number % 2].id).ref

    def state(self, number: int) -> InstanceState | None:
        shown = self.world.organization.instances.get(self.ref(number))
        return shown.state if shown else None

    def show(self, number: int, name: str | None, state: InstanceState) -> None:
        shown = instance(number, name=name, account=ACCOUNTS[number % 2].id, state=state, launched_at=number // 2)
        self.world.organization.instances[shown.ref] = shown

    @rule(number=NUMBERS, name=st.sampled_from((*NAMES, None)))
    def starts(self, number: int, name: str | None) -> None:
        if number not in self.ended:
            self.show(number, name, InstanceState.RUNNING)
            self.world.hints.append(Hint(self.ref(number), InstanceState.RUNNING))

    @rule(number=NUMBERS)
    def stops(self, number: int) -> None:
        if self.state(number) is InstanceState.RUNNING:
            shown = self.world.organization.instances[self.ref(number)]
            self.world.organization.instances[shown.ref] = replace(shown, state=InstanceState.STOPPED)
            self.world.hints.append(Hint(shown.ref, InstanceState.STOPPED))

    @rule(number=NUMBERS, name=st.sampled_from(NAMES))
    def is_renamed(self, number: int, name: str) -> None:
        state = self.state(number)
        if state in {InstanceState.RUNNING, InstanceState.STOPPED}:
            assert state
            self.show(number, name, state)
            self.world.hints.append(Hint(self.ref(number), expected_tags=frozenset({(("Name", name),)})))

    @rule(number=NUMBERS, remembered=st.booleans())
    def ends(self, number: int, *, remembered: bool) -> None:
        if self.state(number):
            self.ended.add(number)
            if remembered:
                self.show(number, None, InstanceState.TERMINATED)
            else:
                del self.world.organization.instances[self.ref(number)]
            self.world.hints.append(Hint(self.ref(number), InstanceState.TERMINATED))

    @rule(new=POLICIES)
    def policy_changes(self, new: Policy) -> None:
        """Every instance is described again, sooner or later."""
        self.world.observer = replace(self.world.observer, policy=new)
        self.world.hints += [Hint(ref) for ref in self.world.organization.instances]

    @precondition(lambda self: self.world.hints)
    @rule(position=st.integers(0, 30))
    def event_comes(self, position: int) -> None:
        self.world.deliver(position)

    @precondition(lambda self: self.world.hints)
    @rule(position=st.integers(0, 30))
    def event_comes_twice(self, position: int) -> None:
        self.world.hints.append(self.world.hints[position % len(self.world.hints)])

    @rule(fault=st.sampled_from([None, None, "before", "after"]))
    def names_are_published(self, fault: str | None) -> None:
        self.world.zones.faults = [fault]
        self.world.publish()
        self.world.zones.faults = []

    @invariant()
    def a_name_is_never_held_by_two_where_one_is_to_hold_it(self) -> None:
        for key, owned in self.world.content().items():
            claims = self.world.ledger.name(key).claims
            if len({record_set.holder for record_set in owned}) > 1 and claims:
                # Shared now, or shared when it was published last: then a change is on its way.
                assert conflict_rule(claims) is ConflictRule.SHARE or key in self.world.ledger.touched

    @invariant()
    def a_name_that_is_claimed_is_not_missing_once_published(self) -> None:
        for key in {claim.key for claim in self.world.ledger.live_claims()} - set(self.world.ledger.touched):
            assert self.world.zones.owned[key]

    def teardown(self) -> None:
        """Once every event has arrived, the zone is as instances and policy say."""
        self.world.converge()
        assert self.world.content() == self.world.expected()


TestOrders = Orders.TestCase


@given(
    st.permutations(range(6)),
    st.sampled_from(ConflictRule),
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 2), st.booleans()), min_size=6, max_size=6),
)
def test_order_of_events_does_not_matter(
    order: list[int], conflict: ConflictRule, facts: list[tuple[str, int, bool]]
) -> None:
    """Six instances, some of which have ended, give the same zone in any order of their events."""
    outcomes = []
    for sequence in (range(6), order):
        made = world()
        made.observer = replace(made.observer, policy=policy(conflict, WhenStopped.KEEP))
        for number, (name, launched_at, ended) in enumerate(facts):
            shown = instance(number, name=name, launched_at=launched_at)
            made.organization.instances[shown.ref] = shown
            if ended:
                made.organization.instances[shown.ref] = replace(shown, state=InstanceState.TERMINATED)
        for number in sequence:
            ended = facts[number][2]
            state = InstanceState.TERMINATED if ended else InstanceState.RUNNING
            made.hints.append(Hint(instance(number).ref, state, attempt=DELIVERIES_BEFORE_GONE))
            made.converge()
        assert made.content() == made.expected()
        outcomes.append(made.content())
    assert outcomes[0] == outcomes[1]
    assert all(key.zone_id == CORP_ZONE for key in outcomes[0])


@pytest.mark.parametrize("conflict", ConflictRule)
@pytest.mark.parametrize("older", [False, True])
def test_n2_a_running_claimant_goes_before_a_stopped_one_in_any_order(conflict: ConflictRule, *, older: bool) -> None:
    """A member of a warm pool runs, stops and starts beside another `web`: the zone never depends on the events' order.

    The pool's instance is the newer one of the two, or the older one. Each event is delivered when EC2 shows the last
    state already.
    """
    pool, other = instance(1 if older else 2), instance(2 if older else 1)
    life = (InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED)
    for last in (InstanceState.STOPPED, InstanceState.RUNNING):
        events = [*((pool, state) for state in life), (pool, last), (other, InstanceState.RUNNING)]
        for order in permutations(range(len(events))):
            made = world()
            made.observer = replace(made.observer, policy=policy(conflict, WhenStopped.KEEP))
            made.organization.instances |= {pool.ref: replace(pool, state=last), other.ref: other}
            for number in order:
                shown, state = events[number]
                made.hints.append(Hint(shown.ref, state))
                made.converge()
            assert made.content() == made.expected()
            owners = {found.holder for sets in made.content().values() for found in sets}
            if last is InstanceState.STOPPED:
                assert owners == {str(other.ref)}
            elif conflict is ConflictRule.SHARE:
                assert owners == {str(pool.ref), str(other.ref)}
            else:
                assert owners == {str(instance(1 if conflict is ConflictRule.OLDEST else 2).ref)}
