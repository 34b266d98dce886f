"""What the ledger remembers of an instance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.runtime.model.names import (
        Account,
        Claim,
        Instance,
        InstanceRef,
        Millis,
        Refusal,
    )


@dataclass(frozen=True, slots=True)
class Observation:
    """What was last seen of an instance, and the claims that it may have in the ledger.

    `settled` is False from before the claims are written until after: a crash in between is seen by it.
    `version` counts the writes of the row, 0 for a row that is not there yet. `instance` and `account` are what policy
    decided by, and `refusals` what it did not give; an instance that has ended has none of these.
    """

    ref: InstanceRef
    observed_at: Millis
    claims: tuple[Claim, ...] = ()
    ended: bool = False
    settled: bool = True
    version: int = 0
    instance: Instance | None = None
    account: Account | None = None
    refusals: tuple[Refusal, ...] = ()
