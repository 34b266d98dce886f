"""The ports of the observer: what it needs, not how it is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hub.runtime.model.names import Claim, InstanceRef, NameKey
    from hub.runtime.model.observation import Observation


class InstanceLedger(Protocol):
    """The rows of instances and their claims; each method raises LedgerUnavailable."""

    def observation(self, ref: InstanceRef) -> Observation | None:
        """Return the instance's row, read consistently."""
        ...

    def put_observation(self, observation: Observation) -> None:
        """Write the row over its previous version; raises Outdated if the ledger has another version."""
        ...

    def put_claim(self, claim: Claim, version: int) -> None:
        """Write a claim for this version of its instance's row, unless the claim has a later version."""
        ...

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        """Withdraw a claim for this version of its instance's row, unless the claim has a later version."""
        ...
