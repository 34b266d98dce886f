"""How the claims of an instance come into the ledger, so that a crash anywhere between and a repeat end the same.

Over ports. No AWS, no log; what it did is what it returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import Account, Claim, Fqdn, Instance, InstanceRef, Millis, Refusal
from hub.runtime.model.observation import Observation
from hub.runtime.policy.decide import Decision
from hub.runtime.ports import Clock, LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from hub.runtime.observer.ports import InstanceLedger


class InstanceResult(StrEnum):
    """What became of a look at an instance, or of a hint about it."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DROPPED = "dropped"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class InstanceOutcome:
    """What became of one instance, and why.

    `superseded` says that the ledger already has a later look at the instance: only a new look can tell.
    """

    ref: InstanceRef
    result: InstanceResult
    reason: str = ""
    names: tuple[Fqdn, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes what instances claim."""

    ledger: InstanceLedger
    clock: Clock

    def seen(self, instance: Instance, account: Account, decision: Decision, looked_at: Millis) -> InstanceOutcome:
        """Record what policy gives an instance as it was seen."""
        return self._record(instance.ref, decision, (instance, account), looked_at)

    def ended(self, ref: InstanceRef) -> InstanceOutcome:
        """Withdraw all that an instance claims, for ever."""
        return self._record(ref, Decision(), (None, None), None)

    def unseen(self, ref: InstanceRef, reason: str, looked_at: Millis) -> InstanceOutcome:
        """Withdraw all that an instance claims, until it is seen again."""
        return self._record(ref, Decision(refusals=(Refusal("*", reason),)), (None, None), looked_at)

    def _record(
        self,
        ref: InstanceRef,
        decision: Decision,
        facts: tuple[Instance, Account] | tuple[None, None],
        looked_at: Millis | None,
    ) -> InstanceOutcome:
        """Write an instance's claims, so that a crash anywhere between and a repeat end the same.

        The instance's row goes first and names old claims and new, then the claims, then the row again without the
        old ones. An older look never overwrites a newer one; an end, which has no time of a look, is never overwritten.
        """
        ended = looked_at is None
        names = tuple(claim.key.fqdn for claim in decision.claims)
        try:
            while True:
                before = self.ledger.observation(ref) or Observation(ref, Millis(0))
                if before.ended and not ended:
                    return InstanceOutcome(ref, InstanceResult.UNCHANGED, "the instance has ended")
                if looked_at is not None and before.observed_at > looked_at:
                    # By another worker, whose clock may be ahead: only a look that starts now can tell.
                    return InstanceOutcome(ref, InstanceResult.RETRY, "a later look was recorded", superseded=True)
                observed_at = max(before.observed_at, self.clock()) if looked_at is None else looked_at
                try:
                    instance, account = facts
                    seen = replace(
                        before,
                        observed_at=observed_at,
                        instance=instance,
                        account=account,
                        refusals=decision.refusals,
                        ended=ended,
                    )
                    changed = self._write(before, seen, decision.claims)
                except Outdated:
                    continue
                result = InstanceResult.RECORDED if changed else InstanceResult.UNCHANGED
                # What was refused is told once, and kept in the row.
                refusals = decision.refusals if changed else ()
                return InstanceOutcome(ref, result, "ended" if ended else "", names, refusals)
        except LedgerUnavailable as unavailable:
            return InstanceOutcome(ref, InstanceResult.RETRY, str(unavailable))

    def _write(self, before: Observation, seen: Observation, claims: tuple[Claim, ...]) -> bool:
        """Whether the claims, or what was refused, changed.

        Raises:
            Outdated: When somebody else wrote the row since it was read; nothing was written then.
        """
        kept = {claim.key for claim in claims}
        old = tuple(claim for claim in before.claims if claim.key not in kept)
        same = before.settled and (before.claims, before.ended) == (claims, seen.ended)
        row = replace(seen, claims=claims if same else (*claims, *old), settled=same, version=before.version + 1)
        # Also when all is the same: a look older than this one must find that it is too late.
        self.ledger.put_observation(row)
        if same:
            return before.refusals != seen.refusals
        for claim in claims:
            self.ledger.put_claim(claim, row.version)
        for claim in old:
            self.ledger.withdraw_claim(claim.key, row.ref, row.version)
        try:
            self.ledger.put_observation(replace(row, claims=claims, settled=True, version=row.version + 1))
        except Outdated:
            # A later look took over, with all of these claims named in the row that it read.
            return True
        return True
