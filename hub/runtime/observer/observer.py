"""The observer: turns hints into claims in the ledger, over ports. No AWS, no log; it returns what it did."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import SPOKE_CALLS
from hub.runtime.membership import Cause as Exclusion
from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.names import NEVER, Account, Instance, InstanceRef, InstanceState, Spoke
from hub.runtime.model.reasons.cause import Cause, Trigger
from hub.runtime.observer.events import Tags
from hub.runtime.observer.recorder import DAMPED, InstanceOutcome, InstanceResult, Recorder
from hub.runtime.observer.spoke_order import SpokeOrder
from hub.runtime.policy.rules import STOPPED_STATES
from hub.runtime.ports import AccountLabels, Accounts, Clock, Instances, LedgerUnavailable, Sleep, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Fqdn
    from hub.runtime.observer.events import Hint
    from hub.runtime.observer.looks import Look
    from hub.runtime.policy.decide import Policy

# EC2 is eventually consistent (EC2 API Reference, "Eventual consistency"): it may not show yet what an event reports.
# Describing the instance again soon spares the minutes until the queue delivers the message again. Seconds between two
# descriptions.
DESCRIBE_AGAIN_AFTER: Final = (0.5, 1.0, 2.0)
# An instance that EC2 did not show in this many deliveries, in several descriptions each, no longer exists: it ended
# longer ago than EC2 shows ended instances.
DELIVERIES_BEFORE_GONE: Final = 3
# Reading the rows of a spoke's instances, assuming the role and describing the instances takes this many seconds at
# most.
DESCRIBE_SECONDS: Final = SPOKE_CALLS.seconds(calls=3)
NO_TIME: Final = "no time is left in this run"
# The causes for which it is not known whether the account is in the organization.
_NO_ANSWER: Final = frozenset({Exclusion.ACCOUNT_UNKNOWN, Exclusion.ORGANIZATION_UNREACHABLE})


@dataclass(frozen=True, slots=True)
class _WaitingSpoke:
    """The instances of one spoke that are still to be described, with the hints about them."""

    spoke: Spoke
    account: Account
    hints: dict[InstanceRef, Hint]

    def retried(self, reason: str, *, failed: bool = False) -> list[InstanceOutcome]:
        """Leave all instances to the queue, and wait for none of them."""
        outcomes = [InstanceOutcome(ref, InstanceResult.RETRY, reason, failed=failed) for ref in self.hints]
        self.hints.clear()
        return outcomes

    def damped(self, looks: Mapping[InstanceRef, Look]) -> list[InstanceOutcome]:
        """Drop the hints about instances that are damped: they need no description."""
        damped = [ref for ref in self.hints if looks[ref].damped]
        for ref in damped:
            del self.hints[ref]
        return [InstanceOutcome(ref, InstanceResult.STILL_DAMPED, DAMPED) for ref in damped]


@dataclass(frozen=True, slots=True)
class Observer:
    """Describes the instances that hints name, and writes their claims."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    labels: AccountLabels
    instances: Instances
    recorder: Recorder
    clock: Clock
    sleep: Sleep

    def observe(self, hints: Iterable[Hint], deadline: Deadline) -> list[InstanceOutcome]:
        """Return one outcome for each instance that the hints name.

        The outcome of a hint that may succeed later is RETRY. Nothing is removed because something could not be read.

        """
        merged: dict[InstanceRef, Hint] = {}
        for hint in hints:
            earlier = merged.get(hint.ref)
            merged[hint.ref] = _merged(earlier, hint) if earlier else hint
        by_spoke: defaultdict[Spoke, list[Hint]] = defaultdict(list)
        for ref in sorted(merged):
            by_spoke[ref.spoke].append(merged[ref])
        spokes = list(by_spoke)
        # Of accounts with as many hints, another one is the first each time.
        start = self.clock() % len(spokes) if spokes else 0
        order = SpokeOrder(Counter(ref.account for ref in merged))
        outcomes: list[InstanceOutcome] = []
        waiting: dict[Spoke, _WaitingSpoke] = {}
        for spoke in order.each(spokes[start:] + spokes[:start], deadline):
            decided, account = self._decided_by_event(spoke, by_spoke[spoke], deadline)
            outcomes += decided
            done = {outcome.ref for outcome in decided}
            undecided = {hint.ref: hint for hint in by_spoke[spoke] if hint.ref not in done}
            if account is not None and undecided:
                waiting[spoke] = _WaitingSpoke(spoke, account, undecided)
                outcomes += self._described(waiting[spoke], deadline, last=False)
        return outcomes + self._converge(waiting, order, deadline)

    def _decided_by_event(
        self, spoke: Spoke, hints: list[Hint], deadline: Deadline
    ) -> tuple[list[InstanceOutcome], Account | None]:
        """Return the outcomes of hints that need no description, and the account if others need one."""
        if not deadline.allows(DESCRIBE_SECONDS):
            return [InstanceOutcome(hint.ref, InstanceResult.RETRY, NO_TIME) for hint in hints], None
        try:
            account = member_account(spoke, self.accounts, self.policy.coverage)
        except NotMember as refused:
            return [self._outside(hint, refused) for hint in hints], None
        return [self.recorder.ended(hint.ref, hint.trigger) for hint in hints if hint.final], account

    def _outside(self, hint: Hint, refused: NotMember) -> InstanceOutcome:
        """Return the outcome of a hint from a spoke that orgdns must not work on."""
        # The instances of such an account may still run, so an event does not remove their names. But an end is final
        # in every account that the organization knows.
        if (
            hint.final
            and refused.cause not in _NO_ANSWER
            and (ended := self.recorder.ended_if_known(hint.ref, hint.trigger))
        ):
            return ended
        result = InstanceResult.RETRY if refused.cause.temporary else InstanceResult.NOT_COVERED
        return InstanceOutcome(hint.ref, result, str(refused), failed=refused.cause.temporary)

    def _converge(
        self, waiting: Mapping[Spoke, _WaitingSpoke], order: SpokeOrder, deadline: Deadline
    ) -> list[InstanceOutcome]:
        """Describe for a while those instances again that are not as their events report."""
        outcomes: list[InstanceOutcome] = []
        for number, pause in enumerate(DESCRIBE_AGAIN_AFTER, 1):
            waiting = {spoke: each for spoke, each in waiting.items() if each.hints}
            if not waiting:
                break
            self.sleep(pause)
            for spoke in order.each(waiting, deadline):
                outcomes += self._described(waiting[spoke], deadline, last=number == len(DESCRIBE_AGAIN_AFTER))
        return outcomes

    def _described(self, waiting: _WaitingSpoke, deadline: Deadline, *, last: bool) -> list[InstanceOutcome]:
        """Describe the instances of one spoke; return the outcomes of those that need no further description."""
        hints = waiting.hints
        if not deadline.allows(DESCRIBE_SECONDS):
            return waiting.retried(NO_TIME)
        outcomes: list[InstanceOutcome] = []
        try:
            looks = self.recorder.looks(hints)
            outcomes += waiting.damped(looks)
            if not hints:
                return outcomes
            found = self.instances.describe(waiting.spoke, [ref.id for ref in hints])
        except (SpokeUnreachable, LedgerUnavailable) as unavailable:
            failed = isinstance(unavailable, SpokeUnreachable)
            return outcomes + waiting.retried(str(unavailable), failed=failed)
        for ref, hint in list(hints.items()):
            # An instance that is missing may be the one that has no readable id.
            instance = found.get(ref.id, found.get(""))
            if isinstance(instance, Unreadable):
                # Another description would say the same: the sweeps look again.
                outcome: InstanceOutcome | None = self.recorder.unreadable(ref, instance, looks[ref])
            elif instance is None or (not last and looks[ref].patient and self._outdated(instance, hint)):
                outcome = self._missing(hint) if last else None
            else:
                look = replace(looks[ref], trigger=hint.trigger)
                outcome = self._recorded(instance, waiting.account, look, hint)
            if outcome is not None and (last or not outcome.superseded):
                outcomes.append(outcome)
                del hints[ref]
        return outcomes

    def _recorded(self, instance: Instance, account: Account, look: Look, hint: Hint) -> InstanceOutcome:
        """Record the names that policy gives an instance as it was described."""
        ref = instance.ref
        if instance.state.final:
            return self.recorder.ended(ref, Trigger(Cause.END))
        early = hint.attempt < DELIVERIES_BEFORE_GONE and look.patient and self._outdated(instance, hint)
        if instance.state is InstanceState.PENDING:
            if early:
                return InstanceOutcome(ref, InstanceResult.RETRY, f"the instance is {instance.state}")
            reason = f"the instance is {instance.state}: it keeps its names until it runs or ends"
            return InstanceOutcome(ref, InstanceResult.UNCHANGED, reason)
        if not instance.addressed:
            return InstanceOutcome(ref, InstanceResult.RETRY, "the instance has no address yet")
        decision = self.policy.decide(instance, account, self.zone_ids, self.labels.reserved())
        outcome = self.recorder.described(instance, account, decision, replace(look, contradicted=early))
        if early and outcome.result not in {InstanceResult.RETRY, InstanceResult.DAMPED}:
            # Recorded as described, but EC2 does not show yet what the event reports, or no longer shows it.
            reason = "EC2 does not show the state or tags that the event reports"
            return replace(outcome, result=InstanceResult.RETRY, reason=reason)
        return outcome

    def _outdated(self, instance: Instance, hint: Hint) -> bool:
        """Whether the description of an instance may be older than the event."""
        state = instance.state
        if state is InstanceState.PENDING or (state in STOPPED_STATES and hint.state is InstanceState.RUNNING):
            return hint.state is InstanceState.RUNNING
        if state is InstanceState.RUNNING and hint.state in STOPPED_STATES:
            return True
        if state.final:
            return False
        expected = {self._relevant(tags) for tags in hint.expected_tags}
        return not instance.addressed or bool(expected and self._relevant(instance.tags) not in expected)

    def _relevant(self, tags: Tags) -> Tags:
        """Return the tags that policy reads and that people set. An event may not report the others."""
        keys = self.policy.tags_read
        return tuple((key, value) for key, value in tags if key in keys and not key.startswith("aws:"))

    def _missing(self, hint: Hint) -> InstanceOutcome:
        """Return the outcome of a hint whose instance EC2 does not show."""
        if hint.attempt >= DELIVERIES_BEFORE_GONE:
            return InstanceOutcome(hint.ref, InstanceResult.DROPPED, "the instance does not exist")
        return InstanceOutcome(hint.ref, InstanceResult.RETRY, "EC2 does not show the instance yet")


def _merged(first: Hint, second: Hint) -> Hint:
    """Return one hint with everything that two hints about an instance say."""
    state = next((hint.state for hint in (first, second) if hint.final), first.state or second.state)
    # The later report of tags counts. If two have the same time, either may be the later report.
    reports = sorted((hint for hint in (first, second) if hint.expected_tags), key=lambda hint: hint.time)
    tags = frozenset[Tags]().union(*(hint.expected_tags for hint in reports if hint.time == reports[-1].time))
    time = reports[-1].time if reports else ""
    # The hint with fewer deliveries may wait longer for EC2.
    attempt = min(first.attempt, second.attempt)
    # The earlier event waited longer.
    at = min(filter(None, (first.reported_at, second.reported_at)), default=NEVER)
    return replace(first, state=state, expected_tags=tags, attempt=attempt, time=time, reported_at=at)
