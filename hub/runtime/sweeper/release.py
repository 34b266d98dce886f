"""The end of a label: free it when its former account has nothing left under it. Over ports; no AWS, no log."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.deadline import HUB_CALLS
from hub.runtime.names.labels import is_reverse
from hub.runtime.ports import Outdated
from hub.runtime.publisher.holders import desired_record_sets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import Fqdn, NameState, RecordSet
    from hub.runtime.policy.label_registry import LabelRegistry
    from hub.runtime.ports import Clock
    from hub.runtime.sweeper.ports import AuditLedger

# A search ends before the next name if fewer seconds than this remain.
STEP_SECONDS: Final = HUB_CALLS.seconds()


@dataclass(frozen=True, slots=True)
class LabelRelease:
    """Frees labels. `registry` is the one that the accounts of sweeps are in, so that it was read recently."""

    registry: LabelRegistry
    ledger: AuditLedger
    zone_ids: Mapping[Fqdn, str]
    clock: Clock

    def free(self, deadline: Deadline) -> tuple[HeldLabel, ...]:
        """Search the ledger for the labels that may be vacant, if there are any; return those that are free now.

        One function searches at a time. A search that runs out of time decides nothing.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
        """
        due = self._searching() if self.registry.due() and deadline.allows(STEP_SECONDS) else ()
        used: set[str] = set()
        for state in self.ledger.names(self.zone_ids.values()) if due else ():
            if not deadline.allows(STEP_SECONDS):
                return ()
            used |= {held.label for held in due if held.label not in used and used_in(held, state)}
        freed: list[HeldLabel] = []
        for held in due:
            after = held.searched(vacant=held.label not in used)
            with suppress(Outdated):
                self.registry.put(after)
                freed += [] if after.account_id else [held]
        return tuple(freed)

    def _searching(self) -> Collection[HeldLabel]:
        """Mark the labels that may be vacant as being searched for; return those that no other function marked."""
        self.registry.read()
        marked: list[HeldLabel] = []
        for held in self.registry.due():
            searching = held.searching(self.clock())
            with suppress(Outdated):
                self.registry.put(searching)
                marked.append(searching)
        return marked


def used_in(held: HeldLabel, state: NameState) -> bool:
    """Whether the account of a label has something under it at a name: a claim, or a record that may still be there.

    A record that no claim wants is about to be deleted. A change that is pending may have made a record that the ledger
    does not show. So may rows that cannot be read.
    """
    if state.unreadable and (held.label in state.key.fqdn or is_reverse(state.key.fqdn)):
        return True
    if any(claim.label == held.label and claim.instance.account == held.account_id for claim in state.claims):
        return True
    owned = [each for each in state.published.record_sets if _account(each) == held.account_id]
    named = held.label in state.key.fqdn
    if state.published.pending and (named or is_reverse(state.key.fqdn)):
        claimants = {claim.instance.account for claim in state.claims}
        return bool(owned) or held.account_id in claimants | {ref.account for ref in state.withdrawn}
    left = set(owned) - set(desired_record_sets(state.claims))
    # The PTR records of a name are under other names.
    return any(named or held.label in value for record_set in left for value in record_set.values)


def _account(record_set: RecordSet) -> str:
    owner = record_set.instance
    return owner.account if owner else ""
