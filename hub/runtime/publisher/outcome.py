"""The outcome of publishing a name. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from hub.runtime.model.names import Change, InstanceRef, Millis, NameKey

# A deployment's permissions take a while to reach all of AWS: until then a zone may seem closed to the writer role.
# Milliseconds after the change of the ledger; later, the name is abandoned so that others continue.
PATIENCE_MILLIS: Final = 120_000


class NameResult(StrEnum):
    """The result for a name."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    CLOSED = "closed"
    PAUSED = "paused"
    DEFERRED = "deferred"
    RETRY = "retry"
    UNREADABLE = "unreadable"
    # Nothing is written to the zone, although something else is claimed.
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class NameOutcome:
    """The result for one name, and the reason.

    `left_out` is the number of members of a shared name that do not hold it, because it is full. `zone_full` means that
    the name is in conflict because its zone is at its quota of records. `restored` are the instances whose claims on
    the name were missing and were written again. A deferred name is in the backlog because of the `account`; without
    one, because of an audit. `at` is when the change of a published name was accepted and recorded.

    """

    key: NameKey
    result: NameResult
    reason: str = ""
    changes: tuple[Change, ...] = ()
    left_out: int = 0
    zone_full: bool = False
    restored: tuple[InstanceRef, ...] = ()
    account: str = ""
    at: Millis = NEVER


def patient(outcome: NameOutcome, changed_at: Millis, now: Millis) -> NameOutcome:
    """Return the outcome, but retry a name whose zone is closed if it changed less than two minutes ago."""
    if outcome.result is NameResult.CLOSED and now - changed_at < PATIENCE_MILLIS:
        return replace(outcome, result=NameResult.RETRY)
    return outcome
