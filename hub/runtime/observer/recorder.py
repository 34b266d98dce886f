"""Writes the claims of an instance to the ledger, safely repeatable after a crash. Over ports; no AWS, no log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from hub.runtime.model.names import Account, Claim, Fqdn, Instance, InstanceRef, Millis, Refusal
from hub.runtime.model.observation import Observation
from hub.runtime.observer.usage import Unlimited
from hub.runtime.policy.decide import MAX_REFUSALS, Decision
from hub.runtime.ports import Clock, LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.observer.ports import Admission, InstanceLedger


class InstanceResult(StrEnum):
    """The result of a description of an instance, or of a hint about it."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DROPPED = "dropped"
    NOT_COVERED = "not covered"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class InstanceOutcome:
    """The result for one instance, and the reason.

    `superseded` means that the ledger already has a later description of the instance: only a new description can
    decide.

    """

    ref: InstanceRef
    result: InstanceResult
    reason: str = ""
    names: tuple[Fqdn, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes what instances claim, within the limits of their accounts."""

    ledger: InstanceLedger
    clock: Clock
    admission: Admission = field(default_factory=Unlimited)

    def described(
        self, instance: Instance, account: Account, decision: Decision, described_at: Millis
    ) -> InstanceOutcome:
        """Record the names that policy gives an instance as it was described."""
        return self._record(instance.ref, decision, (instance, account), described_at)

    def ended(self, ref: InstanceRef) -> InstanceOutcome:
        """Withdraw all claims of an instance for good."""
        return self._record(ref, Decision(), (None, None), None)

    def ended_if_known(self, ref: InstanceRef) -> InstanceOutcome | None:
        """Withdraw all claims of an instance for good, or return None if the ledger does not know the instance."""
        try:
            known = self.ledger.observation(ref) is not None
        except LedgerUnavailable as unavailable:
            return InstanceOutcome(ref, InstanceResult.RETRY, str(unavailable))
        return self.ended(ref) if known else None

    def missing(self, ref: InstanceRef, reason: str, described_at: Millis) -> InstanceOutcome:
        """Withdraw all claims of an instance until EC2 shows it again."""
        return self._record(ref, Decision(refusals=(Refusal("*", reason),)), (None, None), described_at)

    def without_labels(self, row: Observation, account: Account, labels: Collection[str]) -> InstanceOutcome:
        """Withdraw an instance's claims under labels that are no longer its account's; keep everything else."""
        if row.ended:
            return self.ended(row.ref)
        kept = tuple(claim for claim in row.claims if claim.label not in labels)
        refusals = [
            Refusal(claim.rule, f"the label {claim.label!r} is no longer the account's", claim.key.fqdn)
            for claim in row.claims
            if claim.label in labels
        ]
        decision = Decision(kept, (*refusals, *row.refusals)[:MAX_REFUSALS])
        facts = (row.instance, account) if row.instance else (None, None)
        return self._record(row.ref, decision, facts, row.observed_at)

    def _record(
        self,
        ref: InstanceRef,
        decision: Decision,
        facts: tuple[Instance, Account] | tuple[None, None],
        described_at: Millis | None,
    ) -> InstanceOutcome:
        """Write an instance's claims; `described_at` is None for an end.

        The instance's row is written first, with the old and the new claims. Then the claims are written, and then the
        row again without the old claims. An older description never overwrites a newer one, and nothing overwrites an
        end.

        """
        ended = described_at is None
        try:
            while True:
                before = self.ledger.observation(ref) or Observation(ref, Millis(0))
                if before.ended and not ended:
                    return InstanceOutcome(ref, InstanceResult.UNCHANGED, "the instance has ended")
                if described_at is not None and before.observed_at > described_at:
                    # Another worker recorded it, whose clock may be ahead: only a description that starts now can
                    # decide.
                    reason = "a later description of the instance is already recorded"
                    return InstanceOutcome(ref, InstanceResult.RETRY, reason, superseded=True)
                observed_at = max(before.observed_at, self.clock()) if described_at is None else described_at
                admitted = self.admission.admit(ref, before.claims, decision)
                try:
                    instance, account = facts
                    after = replace(
                        before,
                        observed_at=observed_at,
                        instance=instance,
                        account=account,
                        refusals=admitted.refusals,
                        ended=ended,
                    )
                    changed = self._write(before, after, admitted.claims)
                except Outdated:
                    self.admission.undo(ref, before.claims, admitted)
                    continue
                result = InstanceResult.RECORDED if changed else InstanceResult.UNCHANGED
                names = tuple(claim.key.fqdn for claim in admitted.claims)
                # Refusals are reported when they change; the row keeps them.
                refusals = admitted.refusals if changed else ()
                return InstanceOutcome(ref, result, "ended" if ended else "", names, refusals)
        except LedgerUnavailable as unavailable:
            return InstanceOutcome(ref, InstanceResult.RETRY, str(unavailable))

    def _write(self, before: Observation, after: Observation, claims: tuple[Claim, ...]) -> bool:
        """Write the row and the claims; return whether the claims or the refusals changed.

        Raises:
            Outdated: if another worker wrote the row since it was read. Nothing is written then.
        """
        kept = {claim.key for claim in claims}
        old = tuple(claim for claim in before.claims if claim.key not in kept)
        same = before.settled and (before.claims, before.ended) == (claims, after.ended)
        row = replace(after, claims=claims if same else (*claims, *old), settled=same, version=before.version + 1)
        # Write even if nothing changed, so that an older description finds a later version.
        self.ledger.put_observation(row)
        if same:
            return before.refusals != after.refusals
        for claim in claims:
            self.ledger.put_claim(claim, row.version)
        for claim in old:
            self.ledger.withdraw_claim(claim.key, row.ref, row.version)
        try:
            self.ledger.put_observation(replace(row, claims=claims, settled=True, version=row.version + 1))
        except Outdated:
            # A later description took over, and found all of these claims in the row.
            return True
        return True
