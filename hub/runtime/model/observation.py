"""What the ledger records about an instance. Pure."""

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
    """An instance as last described, and the claims that the ledger may hold for it.

    `settled` is False from before the claims are written until after, so that a crash in between can be detected.
    `version` counts the writes of the row; it is 0 if there is no row yet. `instance` and `account` are the input of
    the policy's decision, and `refusals` are the names that it refused. An instance that has ended has none of these.
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
