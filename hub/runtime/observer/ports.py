"""What the observer needs of the world. Pure: nothing here says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hub.runtime.model.names import Claim, InstanceRef, NameKey
    from hub.runtime.model.observation import Observation


class InstanceLedger(Protocol):
    """The observer's side of the ledger."""

    def observation(self, ref: InstanceRef) -> Observation | None:
        """The instance's row, read consistently."""
        ...

    def put_observation(self, observation: Observation) -> None:
        """Write the row over the version before it; raises Outdated when that is not what is there."""
        ...

    def put_claim(self, claim: Claim, version: int) -> None:
        """Write a claim of this version of its instance's row, unless one of a later version is there."""
        ...

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        """Withdraw a claim as of this version of its instance's row, unless one of a later version is there."""
        ...
