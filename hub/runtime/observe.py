"""The observer: from hints to claims in the ledger, over ports. No AWS, no log; what it did is what it returns."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model import Account, Fqdn, Instance, InstanceRef, InstanceState, Millis, Spoke
from hub.runtime.policy import Decision, Policy, Refusal
from hub.runtime.ports import (
    Accounts,
    AccountUnknown,
    Clock,
    Instances,
    LedgerUnavailable,
    Observation,
    Observations,
    Outdated,
    Sleep,
    SpokeUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.events import Hint

# EC2 is eventually consistent (EC2 API Reference, "Eventual consistency"): what an event just told may not show yet. A
# short second look spares the minutes until the queue delivers the message again. Seconds between looks.
LOOK_AGAIN_AFTER: Final = (0.5, 1.0, 2.0)
# Delivered this often, each time looked for several times, and never there: the instance is gone for longer than EC2
# shows it.
DELIVERIES_BEFORE_GONE: Final = 3


class Ending(StrEnum):
    """What became of a hint."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DROPPED = "dropped"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the hints about one instance, and why."""

    ref: InstanceRef
    ending: Ending
    reason: str = ""
    names: tuple[Fqdn, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at the instances that hints name, and writes what they claim."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    instances: Instances
    ledger: Observations
    clock: Clock
    sleep: Sleep

    def observe(self, hints: Iterable[Hint]) -> list[Outcome]:
        """One outcome for each instance that is named, in the order of spokes and ids.

        A hint that may succeed later ends as RETRY; nothing is ever removed because something could not be read.
        """
        by_spoke: defaultdict[Spoke, dict[InstanceRef, Hint]] = defaultdict(dict)
        for hint in hints:
            merged = by_spoke[hint.ref.spoke]
            earlier = merged.get(hint.ref)
            merged[hint.ref] = _merged(earlier, hint) if earlier else hint
        return [outcome for spoke in sorted(by_spoke) for outcome in self._observe_spoke(spoke, by_spoke[spoke])]

    def _observe_spoke(self, spoke: Spoke, hints: Mapping[InstanceRef, Hint]) -> list[Outcome]:
        refs = sorted(hints)
        if spoke.region not in self.policy.regions:
            return [Outcome(ref, Ending.DROPPED, "region not covered") for ref in refs]
        try:
            account = self.accounts.account(spoke.account)
        except AccountUnknown:
            return [Outcome(ref, Ending.DROPPED, "unknown account") for ref in refs]
        except SpokeUnreachable as unreachable:
            return [Outcome(ref, Ending.RETRY, str(unreachable)) for ref in refs]
        ended = [ref for ref in refs if hints[ref].final]
        outcomes = [self._record(ref, Decision(), ended=True) for ref in ended]
        if not account.active:
            # Its instances may well live on; what becomes of its names is not an event's to decide.
            return outcomes + [Outcome(ref, Ending.DROPPED, "account not active") for ref in refs if ref not in ended]
        return outcomes + self._look(spoke, account, {ref: hints[ref] for ref in refs if ref not in ended})

    def _look(self, spoke: Spoke, account: Account, hints: Mapping[InstanceRef, Hint]) -> list[Outcome]:
        """Describe the instances, a few times if they are not yet as their events say, and record what is seen."""
        outcomes: list[Outcome] = []
        waiting = dict(hints)
        for pause in (*LOOK_AGAIN_AFTER, None):
            if not waiting:
                break
            looked_at = self.clock()
            try:
                seen = self.instances.describe(spoke, [ref.id for ref in waiting])
            except SpokeUnreachable as unreachable:
                return outcomes + [Outcome(ref, Ending.RETRY, str(unreachable)) for ref in waiting]
            for ref, hint in list(waiting.items()):
                instance = seen.get(ref.id)
                if instance is None or _not_yet(instance, hint):
                    continue
                del waiting[ref]
                outcomes.append(self._judge(instance, account, looked_at))
            if waiting and pause is not None:
                self.sleep(pause)
        return outcomes + [self._unseen(hint, seen.get(ref.id)) for ref, hint in waiting.items()]

    def _judge(self, instance: Instance, account: Account, looked_at: Millis) -> Outcome:
        """Record what policy gives an instance as it was seen."""
        if instance.state is InstanceState.PENDING:
            return Outcome(instance.ref, Ending.UNCHANGED, "pending: the event of its running follows")
        if instance.state.final:
            return self._record(instance.ref, Decision(), ended=True)
        decision = self.policy.decide(instance, account, self.zone_ids)
        return self._record(instance.ref, decision, ended=False, looked_at=looked_at)

    def _unseen(self, hint: Hint, seen: Instance | None) -> Outcome:
        """What becomes of a hint whose instance does not show, or not as the event says."""
        if seen is not None:
            return Outcome(hint.ref, Ending.RETRY, f"the instance is {seen.state} and has no address yet")
        if hint.attempt >= DELIVERIES_BEFORE_GONE:
            return Outcome(hint.ref, Ending.DROPPED, "no such instance")
        return Outcome(hint.ref, Ending.RETRY, "the instance does not show yet")

    def _record(self, ref: InstanceRef, decision: Decision, *, ended: bool, looked_at: Millis | None = None) -> Outcome:
        """Write an instance's claims, so that a crash anywhere between and a repeat end the same.

        The instance's row goes first and names old claims and new, then the claims, then the row again without the
        old ones. An older look never overwrites a newer one; an end is never overwritten.
        """
        names = tuple(claim.key.fqdn for claim in decision.claims)
        observed_at = self.clock() if looked_at is None else looked_at
        try:
            while True:
                before = self.ledger.observation(ref) or Observation(ref, observed_at)
                if before.ended and not ended:
                    return Outcome(ref, Ending.UNCHANGED, "the instance has ended")
                if before.observed_at > observed_at:
                    if not ended:
                        return Outcome(ref, Ending.UNCHANGED, "a later look was recorded")
                    # The end is no look that could be too old.
                    observed_at = before.observed_at
                try:
                    changed = self._write(before, decision, observed_at, ended=ended)
                except Outdated:
                    continue
                ending = Ending.RECORDED if changed else Ending.UNCHANGED
                return Outcome(ref, ending, "ended" if ended else "", names, decision.refusals)
        except LedgerUnavailable as unavailable:
            return Outcome(ref, Ending.RETRY, str(unavailable))

    def _write(self, before: Observation, decision: Decision, observed_at: Millis, *, ended: bool) -> bool:
        """Whether anything changed but the time of the look.

        Raises:
            Outdated: When somebody else wrote the row since it was read; nothing was written then.
        """
        kept = {claim.key for claim in decision.claims}
        old = tuple(claim for claim in before.claims if claim.key not in kept)
        same = before.settled and (before.claims, before.ended) == (decision.claims, ended)
        row = replace(
            before,
            observed_at=observed_at,
            claims=decision.claims if same else (*decision.claims, *old),
            ended=ended,
            settled=same,
            version=before.version + 1,
        )
        # Also when all is the same: a look older than this one must find that it is too late.
        self.ledger.put_observation(row)
        if same:
            return False
        for claim in decision.claims:
            self.ledger.put_claim(claim, row.observed_at)
        for claim in old:
            self.ledger.withdraw_claim(claim.key, row.ref, row.observed_at)
        try:
            self.ledger.put_observation(replace(row, claims=decision.claims, settled=True, version=row.version + 1))
        except Outdated:
            # A later look took over, with all of these claims named in the row that it read.
            return True
        return True


def _merged(one: Hint, other: Hint) -> Hint:
    """The hint that asks for all that both ask for."""
    state = next((hint.state for hint in (one, other) if hint.final), one.state or other.state)
    return replace(one, state=state, attempt=max(one.attempt, other.attempt))


def _not_yet(instance: Instance, hint: Hint) -> bool:
    """Whether what is seen lies behind what the event says."""
    if instance.state is InstanceState.PENDING:
        return hint.state is InstanceState.RUNNING
    return instance.state is InstanceState.RUNNING and not (instance.private_ipv4 or instance.ipv6)
