"""The ports of the observer: what it needs, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.damping import CallSweeps
    from hub.runtime.model.names import Claim, InstanceRef, NameKey, Spoke
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.reasons.cause import Trigger
    from hub.runtime.model.status import FailedLook, SpokeStatus
    from hub.runtime.model.usage import UsageByZone
    from hub.runtime.policy.draft import Decision


class InstanceLedger(Protocol):
    """The rows of instances and their claims; each method raises LedgerUnavailable."""

    def observation(self, ref: InstanceRef) -> Observation | Unreadable | None:
        """Return the instance's row, read consistently."""
        ...

    def rows_and_generation(
        self, refs: Collection[InstanceRef]
    ) -> tuple[str, Mapping[InstanceRef, Observation | Unreadable]]:
        """Return the generation of the ledger, which begins now if it has none, and the rows of these instances.

        All are read consistently; an instance without a row is left out.
        """
        ...

    def put_observation(self, observation: Observation, over: Observation | None = None) -> None:
        """Write a row over the one that was read, or a new row; raises Outdated if the ledger has another one."""
        ...

    def put_claim(self, claim: Claim, version: int, trigger: Trigger) -> int:
        """Write a claim for this version of its instance's row, unless the claim has a later version.

        Return the version that the claim has. `trigger` is what caused it.
        """
        ...

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int, trigger: Trigger) -> int:
        """Withdraw a claim for this version of its instance's row, unless the claim has a later version.

        Return the version that the claim has.
        """
        ...


class UsageLedger(Protocol):
    """What the accounts hold in the zones; each method raises LedgerUnavailable."""

    def usage_of_account(self, account_id: str) -> UsageByZone:
        """Return what an account holds in all its regions, read consistently."""
        ...

    def add_usage(self, spoke: Spoke, change: UsageByZone) -> None:
        """Add a change to what a spoke holds."""
        ...


class CallLedger(Protocol):
    """The statuses of spokes, with the sweeps that calls caused; each method raises LedgerUnavailable."""

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """Return the status of a spoke; a new status if the ledger has none."""
        ...

    def put_call_sweeps(self, spoke: Spoke, before: CallSweeps, after: CallSweeps) -> None:
        """Record the sweeps that calls cause; raises Outdated if they changed since `before`."""
        ...


class LookLedger(Protocol):
    """The statuses of spokes, with their failed looks; each method raises LedgerUnavailable."""

    def put_failed_look(self, spoke: Spoke, look: FailedLook) -> None:
        """Record why the last look at instances of a spoke failed; an empty one if it did not."""
        ...


class Admission(Protocol):
    """Which names an instance gets within the limits of its account. Reading the counts may raise LedgerUnavailable."""

    def fitting(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:
        """Return what of a decision fits into the limits. Count nothing."""
        ...

    def admit(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:
        """Return what of a decision fits into the limits, and count it in place of `before`."""
        ...

    def undo(self, ref: InstanceRef, before: Collection[Claim], admitted: Decision) -> None:
        """Take back what `admit` counted, because it was not written."""
        ...

    def recounted(self, spoke: Spoke) -> None:
        """Forget the counts of the spoke's account: a sweep stored exact ones for the spoke."""
        ...
