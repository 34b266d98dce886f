"""Writes the claims of an instance to the ledger, safely repeatable after a crash. Over ports; no AWS, no log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.damping import INSTANCE_CHANGES, Damping
from hub.runtime.model.names import NEVER, Account, Claim, Fqdn, Instance, InstanceRef, Refusal
from hub.runtime.model.observation import Observation
from hub.runtime.model.reasons.cause import NO_TRIGGER, Cause, Trigger
from hub.runtime.observer.looks import Look, Observed
from hub.runtime.observer.usage import Unlimited
from hub.runtime.policy.draft import MAX_REFUSALS, Decision
from hub.runtime.ports import Clock, LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Collection

    from hub.runtime.observer.ports import Admission, InstanceLedger


GONE: Final = "EC2 did not show the instance twice in a row"
ENDED: Final = "the instance has ended"
DAMPED: Final = "the instance is damped: its events are ignored for a while"
SUPERSEDED: Final = "the row of the instance changed since it was read"
# How often an end is written over a row that others keep changing, before the event or the sweep is repeated.
WRITES: Final = 10


class InstanceResult(StrEnum):
    """The result of a description of an instance, or of a hint about it."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    DROPPED = "dropped"
    NOT_COVERED = "not covered"
    RETRY = "retry"
    UNREADABLE = "unreadable"
    # The instance is damped from now on, or already was.
    DAMPED = "damped"
    STILL_DAMPED = "still damped"


@dataclass(frozen=True, slots=True)
class InstanceOutcome:
    """The result for one instance, and the reason.

    `superseded` means that the instance's row changed after it was read: only a new look can decide. `failed` means
    that the account, or what orgdns must know of it, did not answer.

    """

    ref: InstanceRef
    result: InstanceResult
    reason: str = ""
    names: tuple[Fqdn, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    superseded: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes what instances claim, within the limits of their accounts."""

    ledger: InstanceLedger
    clock: Clock
    admission: Admission = field(default_factory=Unlimited)

    def looks(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Look]:
        """Begin a look at each of these instances, of which events report something, before it is described.

        Raises:
            LedgerUnavailable: if the ledger cannot be read.
        """
        generation, rows = self.ledger.rows_and_generation(refs)
        began_at = self.clock()
        return {ref: Look(rows.get(ref), generation, began_at, by_event=True) for ref in refs}

    def described(self, instance: Instance, account: Account, decision: Decision, look: Look) -> InstanceOutcome:
        """Record the names that policy gives an instance as it was described."""
        if look.damped:
            return InstanceOutcome(instance.ref, InstanceResult.STILL_DAMPED, DAMPED)
        return self._looked(instance.ref, decision, (instance, account), look)

    def unreadable(self, ref: InstanceRef, found: Unreadable, look: Look) -> InstanceOutcome:
        """Record that an instance could not be read, and why. Its claims and all else stay as they are."""
        before = look.row or Observation(ref, look.began_at)
        if isinstance(before, Unreadable):
            return InstanceOutcome(ref, InstanceResult.UNREADABLE, before.reason)
        if before.ended:
            return InstanceOutcome(ref, InstanceResult.UNCHANGED, ENDED)
        try:
            if before.fault != found.reason:
                row = replace(before, fault=found.reason, version=before.version + 1)
                self.ledger.put_observation(row, before if before.version else None)
        except (Outdated, LedgerUnavailable) as fault:
            return _retried(ref, fault)
        return InstanceOutcome(ref, InstanceResult.UNREADABLE, found.reason)

    def ended(self, ref: InstanceRef, trigger: Trigger = NO_TRIGGER) -> InstanceOutcome:
        """Withdraw all claims of an instance for good. An end is final, so it needs no look."""
        try:
            for _ in range(WRITES):
                before = self.ledger.observation(ref) or Observation(ref, NEVER)
                if isinstance(before, Unreadable):
                    # Its claims and its version are not known.
                    return InstanceOutcome(ref, InstanceResult.UNREADABLE, before.reason)
                at = max(before.observed_at, self.clock())
                after = replace(
                    before,
                    observed_at=at,
                    ended=True,
                    instance=None,
                    account=None,
                    fault="",
                    damping=Damping(),
                    held=before.addresses,
                )
                with suppress(Outdated):
                    return self._recorded(before, after, Decision(), "ended", trigger=trigger)
        except LedgerUnavailable as fault:
            return _retried(ref, fault)
        return InstanceOutcome(ref, InstanceResult.RETRY, SUPERSEDED, superseded=True)

    def ended_if_known(self, ref: InstanceRef, trigger: Trigger = NO_TRIGGER) -> InstanceOutcome | None:
        """Withdraw all claims of an instance for good, or return None if the ledger does not know the instance."""
        try:
            known = self.ledger.observation(ref) is not None
        except LedgerUnavailable as fault:
            return _retried(ref, fault)
        return self.ended(ref, trigger) if known else None

    def observed(self, observed: Observed, account: Account) -> InstanceOutcome:
        """Record an instance as it was observed, whether EC2 shows it or not."""
        if observed.ended:
            return self.ended(observed.ref, observed.look.trigger)
        if observed.instance is None:
            return self.missing(observed.ref, GONE, observed.look)
        return self.described(observed.instance, account, observed.decision, observed.look)

    def missing(self, ref: InstanceRef, reason: str, look: Look) -> InstanceOutcome:
        """Withdraw all claims of an instance until EC2 shows it again."""
        return self._looked(ref, Decision(refusals=(Refusal("*", reason),)), (None, None), look)

    def without_labels(self, row: Observation, account: Account, labels: Collection[str]) -> InstanceOutcome:
        """Withdraw an instance's claims under labels that are no longer its account's; keep everything else."""
        kept = tuple(claim for claim in row.claims if claim.label not in labels and row.wants(claim.key))
        refusals = [
            Refusal(claim.rule, f"the label {claim.label!r} is no longer the account's", claim.key.fqdn)
            for claim in row.claims
            if claim.label in labels
        ]
        decision = Decision(kept, (*refusals, *row.refusals)[:MAX_REFUSALS])
        facts = (row.instance, account) if row.instance else (None, None)
        # No look: what was known of the instance, and in which generation, stays.
        look = Look(row, row.generation, row.observed_at, trigger=Trigger(Cause.SWEEP))
        return self._looked(row.ref, decision, facts, look)

    def _looked(
        self,
        ref: InstanceRef,
        decision: Decision,
        facts: tuple[Instance, Account] | tuple[None, None],
        look: Look,
    ) -> InstanceOutcome:
        """Record what a look gave, unless the instance's row changed after it was read."""
        before = look.row or Observation(ref, NEVER)
        if isinstance(before, Unreadable):
            return InstanceOutcome(ref, InstanceResult.UNREADABLE, before.reason)
        if before.ended and not before.settled:
            # The worker that recorded the end was interrupted.
            return self.ended(ref, Trigger(Cause.END))
        if before.ended:
            return InstanceOutcome(ref, InstanceResult.UNCHANGED, ENDED)
        instance, account = facts
        after = replace(
            before,
            observed_at=look.began_at,
            generation=look.generation,
            instance=instance,
            account=account,
            fault="",
            damping=before.damping.passed(look.began_at),
            held=() if instance else before.addresses,
        )
        # An instance that is not shown is gone, or between two states.
        counted = instance is not None and not look.allowed
        try:
            if counted and self._damped(before, decision, look):
                return self._damp(before)
            by_event = look if counted or look.contradicted else None
            return self._recorded(before, after, decision, look=by_event, trigger=look.trigger)
        except (Outdated, LedgerUnavailable) as fault:
            return _retried(ref, fault)

    def _damped(self, before: Observation, decision: Decision, look: Look) -> bool:
        """Whether a look would change the claims of an instance that has no change left."""
        if before.damping.changed(INSTANCE_CHANGES, look.began_at):
            return False
        return set(self.admission.fitting(before.ref, before.claims, decision).claims) != set(before.wanted)

    def _damp(self, before: Observation) -> InstanceOutcome:
        """Record that events of an instance are ignored for a while. What its row wants stays, and is completed."""
        after = replace(before, damping=before.damping.begun(INSTANCE_CHANGES))
        self._write(before, after, before.wanted)
        return InstanceOutcome(before.ref, InstanceResult.DAMPED, after.damping.reason)

    def _recorded(
        self,
        before: Observation,
        after: Observation,
        decision: Decision,
        reason: str = "",
        look: Look | None = None,
        trigger: Trigger = NO_TRIGGER,
    ) -> InstanceOutcome:
        """Write a row and its claims, within the limits of the account; see `_write`.

        `look` is the look that an event caused, if damping counts it.
        """
        admitted = self.admission.admit(before.ref, before.claims, decision)
        if look and (look.contradicted or set(admitted.claims) != set(before.wanted)):
            after = replace(after, damping=before.damping.changed(INSTANCE_CHANGES, look.began_at) or before.damping)
        try:
            changed = self._write(before, replace(after, refusals=admitted.refusals), admitted.claims, trigger)
        except Outdated:
            self.admission.undo(before.ref, before.claims, admitted)
            raise
        result = InstanceResult.RECORDED if changed else InstanceResult.UNCHANGED
        names = tuple(claim.key.fqdn for claim in admitted.claims)
        # Refusals are reported when they change; the row keeps them.
        return InstanceOutcome(before.ref, result, reason, names, admitted.refusals if changed else ())

    def _write(
        self, before: Observation, after: Observation, claims: tuple[Claim, ...], trigger: Trigger = NO_TRIGGER
    ) -> bool:
        """Write the row and the claims; return whether the claims or the refusals changed.

        The row is written first, with the old and the new claims. Then the claims that differ are written, and then the
        row again without the old claims. After an interruption, or in a new generation of the ledger, claims may be
        missing, so all are written again.

        Raises:
            Outdated: if another worker wrote the row since it was read. Nothing is written then.
        """
        wanted = {claim.key for claim in claims}
        old = tuple(claim for claim in before.claims if claim.key not in wanted)
        unchanged = before.settled and (before.claims, before.ended) == (claims, after.ended)
        changed = not unchanged or before.refusals != after.refusals
        settled = replace(after, claims=claims, withdrawing=frozenset(), settled=True, version=before.version + 1)
        over = before if before.version else None
        if unchanged and (after.ended or before.generation == after.generation):
            # Written although nothing changed, so that a look that began earlier does not count.
            self.ledger.put_observation(settled, over)
            return changed
        withdrawing = frozenset(claim.key for claim in old)
        row = replace(settled, claims=(*claims, *old), withdrawing=withdrawing, settled=False)
        self.ledger.put_observation(row, over)
        # If the row changed again, another look took over, and found all of these claims in the row.
        with suppress(Outdated):
            stored = before.claims if before.settled and before.generation == after.generation else ()
            differing = tuple(claim for claim in claims if claim not in stored)
            row = self._write_claims(row, differing, old, trigger)
            self.ledger.put_observation(replace(settled, version=row.version + 1), row)
        return changed

    def _write_claims(
        self, row: Observation, claims: tuple[Claim, ...], old: tuple[Claim, ...], trigger: Trigger
    ) -> Observation:
        """Write and withdraw claims for the row's version; return the row, whose version is at least that of each.

        Claims of a row that was lost may have later versions than a new row. Then the row's version rises above them.

        Raises:
            Outdated: if another worker wrote the row meanwhile.
        """
        while True:
            written = [self.ledger.put_claim(claim, row.version, trigger) for claim in claims]
            withdrawn = [self.ledger.withdraw_claim(claim.key, row.ref, row.version, trigger) for claim in old]
            latest = max((*written, *withdrawn), default=row.version)
            if latest <= row.version:
                return row
            raised = replace(row, version=latest + 1)
            self.ledger.put_observation(raised, row)
            row = raised


def _retried(ref: InstanceRef, fault: Outdated | LedgerUnavailable) -> InstanceOutcome:
    """Return the outcome of a write that may succeed later: after a new look if the row changed meanwhile."""
    superseded = isinstance(fault, Outdated)
    return InstanceOutcome(ref, InstanceResult.RETRY, SUPERSEDED if superseded else str(fault), superseded=superseded)
