"""Counts what the accounts hold, so that no account takes more of a zone than its share. Over ports; no AWS, no log.

The ledger has the counts: each sweep of a spoke stores exact ones, and between sweeps the functions add what they
change. Each execution environment of a function remembers the counts of the accounts that it works for, and its own
changes, and writes these changes together: with the time of a spoke's last event, or when they reach a step. When an
account has grown by a step, the environment also reads the counts again. The first name that an account adds in an
environment therefore costs one read, and names within a step cost nothing. What an environment has not written, and
what it has admitted without reading, is less than a step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER
from hub.runtime.model.usage import Usage, difference, summed, usage_of
from hub.runtime.observer.quota import fitting

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.names import Claim, Fqdn, InstanceRef, Millis, Spoke
    from hub.runtime.model.usage import Limits, UsageByZone
    from hub.runtime.observer.ports import UsageLedger
    from hub.runtime.policy.draft import Decision
    from hub.runtime.ports import Clock

# An environment adds to an account less than this part of a limit without reading the counts again.
STEPS: Final = 100
# A name is refused by counts that are at most this old: others may have freed names since. Milliseconds.
REFUSE_BY: Final = 60_000


def step(limit: int) -> int:
    """Return by how much an account may grow in one environment before the environment reads the counts again."""
    return max(1, limit // STEPS)


@dataclass(slots=True)
class _Account:
    """What an environment knows of an account: the counts that it read, and its own changes since then.

    `grown` are only the changes that add something: other environments may have used what became free. `unwritten` are
    the changes by spoke that the ledger does not have yet.
    """

    read_at: Millis = NEVER
    counts: UsageByZone | None = None
    since: dict[str, Usage] = field(default_factory=dict)
    grown: dict[str, Usage] = field(default_factory=dict)
    unwritten: dict[Spoke, dict[str, Usage]] = field(default_factory=dict)

    @property
    def used(self) -> dict[str, Usage]:
        return summed([self.counts or {}, self.since])

    def count(self, spoke: Spoke, change: UsageByZone) -> None:
        if change:
            self.since = summed([self.since, change])
            self.grown = summed([self.grown, _growth(change)])
            self.unwritten[spoke] = summed([self.unwritten.get(spoke, {}), change])


class Unlimited:
    """Admits every name and counts nothing."""

    def fitting(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:  # noqa: ARG002 - as Admission
        """Return the decision."""
        return decision

    def admit(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:  # noqa: ARG002 - as Admission
        """Return the decision."""
        return decision

    def undo(self, ref: InstanceRef, before: Collection[Claim], admitted: Decision) -> None:
        """Do nothing."""

    def recounted(self, spoke: Spoke) -> None:
        """Do nothing."""


class AccountUsage:
    """What the accounts hold in the zones, as one execution environment knows it."""

    def __init__(self, ledger: UsageLedger, limits: Limits, zone_ids: Mapping[Fqdn, str], clock: Clock) -> None:
        self._ledger = ledger
        self._limits = limits
        self._step = Usage(step(limits.account_names), step(limits.account_records))
        self._domains = {zone_id: domain.removesuffix(".") for domain, zone_id in zone_ids.items()}
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    def fitting(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:
        """Return what of a decision fits into the limits of the account now. Count nothing.

        Raises:
            LedgerUnavailable: if the counts are needed and cannot be read.
        """
        if not _growth(difference(usage_of(decision.claims), usage_of(before))):
            return decision
        account = self._account(ref)
        if account.counts is None:
            self._read_again(ref.account)
        found = self._fitting(account.used, before, decision)
        if found is not decision and self._clock() - account.read_at >= REFUSE_BY:
            self._read_again(ref.account)
            found = self._fitting(account.used, before, decision)
        return found

    def admit(self, ref: InstanceRef, before: Collection[Claim], decision: Decision) -> Decision:
        """Return what of a decision fits into the limits of the account, and count it in place of `before`.

        Raises:
            LedgerUnavailable: if the counts are needed and cannot be read or written.
        """
        account = self._account(ref)
        change = difference(usage_of(decision.claims), usage_of(before))
        growth = _growth(change)
        if growth and self._reaches_step(summed([account.grown, growth])):
            # Count first and read then: of two environments that do this, at least one sees what the other adds.
            account.count(ref.spoke, change)
            self._read_again(ref.account)
            admitted = self._fitting(difference(account.used, change), before, decision)
            account.count(ref.spoke, difference(usage_of(admitted.claims), usage_of(decision.claims)))
        else:
            admitted = self.fitting(ref, before, decision)
            account.count(ref.spoke, difference(usage_of(admitted.claims), usage_of(before)))
        if self._reaches_step(difference({}, summed(account.unwritten.values()))):
            # A sweep counts these ends, too, and writing them then would make them count twice.
            self._write(account)
        return admitted

    def undo(self, ref: InstanceRef, before: Collection[Claim], admitted: Decision) -> None:
        """Take back what `admit` counted, because it was not written."""
        self._account(ref).count(ref.spoke, difference(usage_of(before), usage_of(admitted.claims)))

    def take(self, spoke: Spoke) -> dict[str, Usage]:
        """Return the changes of a spoke that the ledger does not have yet. The caller writes them."""
        account = self._accounts.get(spoke.account)
        return account.unwritten.pop(spoke, {}) if account else {}

    def recounted(self, spoke: Spoke) -> None:
        """Forget the counts of the spoke's account: a sweep stored exact ones for the spoke."""
        account = self._accounts.get(spoke.account)
        if account is not None:
            account.unwritten.pop(spoke, None)
            account.counts = None

    def _account(self, ref: InstanceRef) -> _Account:
        return self._accounts.setdefault(ref.account, _Account())

    def _fitting(self, used: UsageByZone, before: Collection[Claim], decision: Decision) -> Decision:
        return fitting(decision, before, used, self._limits, self._domains)

    def _reaches_step(self, usage: UsageByZone) -> bool:
        step = self._step
        return any(each.names >= step.names or each.records >= step.records for each in usage.values())

    def _read_again(self, account_id: str) -> None:
        """Write this environment's changes, then read what all have written."""
        account = self._accounts[account_id]
        self._write(account)
        account.counts = self._ledger.usage_of_account(account_id)
        account.since, account.grown = {}, {}
        account.read_at = self._clock()

    def _write(self, account: _Account) -> None:
        """Write this environment's changes. A change that may have been written is not written again."""
        while account.unwritten:
            spoke, change = account.unwritten.popitem()
            if any(change.values()):
                self._ledger.add_usage(spoke, change)


def _growth(change: UsageByZone) -> dict[str, Usage]:
    """Return what a change adds."""
    added = {zone_id: Usage(max(0, each.names), max(0, each.records)) for zone_id, each in change.items()}
    return {zone_id: each for zone_id, each in added.items() if each}
