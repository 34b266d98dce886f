"""The observer: from hints to claims in the ledger, over ports. No AWS, no log; what it did is what it returns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import SPOKE_CALLS
from hub.runtime.membership import Cause, NotMember, Subject, member_account
from hub.runtime.model.names import Account, Instance, InstanceRef, InstanceState, Millis, Spoke
from hub.runtime.observer.events import Tags
from hub.runtime.observer.recorder import InstanceOutcome, InstanceResult, Recorder
from hub.runtime.policy.rules import STOPPED_STATES
from hub.runtime.ports import Accounts, Clock, Instances, Sleep, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Fqdn
    from hub.runtime.observer.events import Hint
    from hub.runtime.policy.decide import Policy

# EC2 is eventually consistent (EC2 API Reference, "Eventual consistency"): what an event just told may not show yet. A
# short second look spares the minutes until the queue delivers the message again. Seconds between looks.
LOOK_AGAIN_AFTER: Final = (0.5, 1.0, 2.0)
# Delivered this often, each time looked for several times, and never there: the instance is gone for longer than EC2
# shows it.
DELIVERIES_BEFORE_GONE: Final = 3
# Assuming the role and describing the instances of a spoke takes this many seconds at most.
DESCRIBE_SECONDS: Final = SPOKE_CALLS.seconds(calls=2)
NO_TIME: Final = "no time is left in this run"


@dataclass(frozen=True, slots=True)
class _Looked:
    """The instances of one spoke that are still to be seen, by the hints about them."""

    spoke: Spoke
    account: Account
    hints: dict[InstanceRef, Hint]

    def discarded_records(self, reason: str) -> list[InstanceOutcome]:
        """Leave all of them to the queue, and wait for none."""
        outcomes = [InstanceOutcome(ref, InstanceResult.RETRY, reason) for ref in self.hints]
        self.hints.clear()
        return outcomes


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at the instances that hints name, and writes what they claim."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    instances: Instances
    recorder: Recorder
    clock: Clock
    sleep: Sleep

    def observe(self, hints: Iterable[Hint], deadline: Deadline) -> list[InstanceOutcome]:
        """One outcome for each instance that is named.

        A hint that may succeed later ends as RETRY; nothing is ever removed because something could not be read.
        """
        merged: dict[InstanceRef, Hint] = {}
        for hint in hints:
            earlier = merged.get(hint.ref)
            merged[hint.ref] = _merged(earlier, hint) if earlier else hint
        by_spoke: defaultdict[Spoke, list[Hint]] = defaultdict(list)
        for ref in sorted(merged):
            by_spoke[ref.spoke].append(merged[ref])
        outcomes: list[InstanceOutcome] = []
        to_look: list[_Looked] = []
        for spoke, of_spoke in by_spoke.items():
            decided, account = self._without_a_look(spoke, of_spoke, deadline)
            outcomes += decided
            done = {outcome.ref for outcome in decided}
            if account is not None:
                to_look.append(_Looked(spoke, account, {hint.ref: hint for hint in of_spoke if hint.ref not in done}))
        # Not always the same ones first: a spoke that does not answer takes the time of those after it.
        start = self.clock() % len(to_look) if to_look else 0
        return outcomes + self._look(to_look[start:] + to_look[:start], deadline)

    def _without_a_look(
        self, spoke: Spoke, hints: list[Hint], deadline: Deadline
    ) -> tuple[list[InstanceOutcome], Account | None]:
        """What needs no look at the instances, and the account for those that do."""
        if not deadline.allows(DESCRIBE_SECONDS):
            return [InstanceOutcome(hint.ref, InstanceResult.RETRY, NO_TIME) for hint in hints], None
        try:
            account = member_account(spoke, self.accounts, self.policy, Subject.INSTANCES)
        except NotMember as refused:
            return [self._outside(hint, refused) for hint in hints], None
        return [self.recorder.ended(hint.ref) for hint in hints if hint.final], account

    def _outside(self, hint: Hint, refused: NotMember) -> InstanceOutcome:
        """Return the outcome of a hint from a spoke that is not to be worked on."""
        # The instances of an inactive account may live on; an event does not decide what becomes of their names. But an
        # end is an end in every account that the organization knows.
        if hint.final and refused.cause in {Cause.ACCOUNT_INACTIVE, Cause.UNITS_UNKNOWN}:
            return self.recorder.ended(hint.ref)
        result = InstanceResult.RETRY if refused.cause.temporary else InstanceResult.DROPPED
        return InstanceOutcome(hint.ref, result, str(refused))

    def _look(self, waiting: list[_Looked], deadline: Deadline) -> list[InstanceOutcome]:
        """Describe the instances of all spokes, a few times if they are not yet as their events say."""
        outcomes: list[InstanceOutcome] = []
        for pause in (*LOOK_AGAIN_AFTER, None):
            for spoke in waiting:
                outcomes += self._look_at(spoke, deadline, last=pause is None)
            waiting = [spoke for spoke in waiting if spoke.hints]
            if waiting and pause is not None:
                self.sleep(pause)
        return outcomes

    def _look_at(self, looked: _Looked, deadline: Deadline, *, last: bool) -> list[InstanceOutcome]:
        """Describe the instances of one spoke; the outcomes of those that are settled now, and no longer waited for."""
        hints = looked.hints
        if not deadline.allows(DESCRIBE_SECONDS):
            return looked.discarded_records(NO_TIME)
        looked_at = self.clock()
        try:
            seen = self.instances.describe(looked.spoke, [ref.id for ref in hints])
        except SpokeUnreachable as unreachable:
            return looked.discarded_records(str(unreachable))
        outcomes = []
        for ref, hint in list(hints.items()):
            instance = seen.get(ref.id)
            if instance is None or (self._not_yet(instance, hint) and not last):
                outcome = self._unseen(hint) if last else None
            else:
                outcome = self._judge(instance, looked.account, looked_at, hint)
            if outcome is not None and (last or not outcome.superseded):
                outcomes.append(outcome)
                del hints[ref]
        return outcomes

    def _judge(self, instance: Instance, account: Account, looked_at: Millis, hint: Hint) -> InstanceOutcome:
        """Record what policy gives an instance as it was seen."""
        ref = instance.ref
        if instance.state.final:
            return self.recorder.ended(ref)
        early = self._not_yet(instance, hint) and hint.attempt < DELIVERIES_BEFORE_GONE
        if instance.state is InstanceState.PENDING:
            if early:
                return InstanceOutcome(ref, InstanceResult.RETRY, f"the instance is {instance.state}")
            return InstanceOutcome(ref, InstanceResult.UNCHANGED, f"{instance.state}: names stay until it runs or ends")
        if not instance.addressed:
            return InstanceOutcome(ref, InstanceResult.RETRY, "the instance has no address yet")
        decision = self.policy.decide(instance, account, self.zone_ids)
        outcome = self.recorder.seen(instance, account, decision, looked_at)
        if early and outcome.result is not InstanceResult.RETRY:
            # Recorded as it was seen; but what the event told does not show yet, or no longer.
            return replace(outcome, result=InstanceResult.RETRY, reason="state or tags are not those of the event")
        return outcome

    def _not_yet(self, instance: Instance, hint: Hint) -> bool:
        """Whether what is seen lies behind what the event says."""
        seen = instance.state
        if seen is InstanceState.PENDING or (seen in STOPPED_STATES and hint.state is InstanceState.RUNNING):
            return hint.state is InstanceState.RUNNING
        if seen is InstanceState.RUNNING and hint.state in STOPPED_STATES:
            return True
        if seen.final:
            return False
        told = {self._read(tags) for tags in hint.told}
        return not instance.addressed or bool(told and self._read(instance.tags) not in told)

    def _read(self, tags: Tags) -> Tags:
        """Those of the tags that policy reads, and that a person sets: an event may tell of no others."""
        keys = self.policy.tags_read
        return tuple((key, value) for key, value in tags if key in keys and not key.startswith("aws:"))

    def _unseen(self, hint: Hint) -> InstanceOutcome:
        """What becomes of a hint whose instance does not show at all."""
        if hint.attempt >= DELIVERIES_BEFORE_GONE:
            return InstanceOutcome(hint.ref, InstanceResult.DROPPED, "no such instance")
        return InstanceOutcome(hint.ref, InstanceResult.RETRY, "the instance does not show yet")


def _merged(one: Hint, other: Hint) -> Hint:
    """The hint that asks for all that both ask for."""
    state = next((hint.state for hint in (one, other) if hint.final), one.state or other.state)
    # Of two sets of tags that were told, the later one counts; of two at one time, nobody knows which that is.
    told = sorted((hint for hint in (one, other) if hint.told), key=lambda hint: hint.time)
    tags = frozenset[Tags]().union(*(hint.told for hint in told if hint.time == told[-1].time))
    time = told[-1].time if told else ""
    # The one that was delivered less often has the longer patience.
    return replace(one, state=state, told=tags, attempt=min(one.attempt, other.attempt), time=time)
