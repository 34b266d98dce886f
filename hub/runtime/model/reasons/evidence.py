"""How the ledger knows what a zone holds under a name. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub.runtime.model.reasons.cause import Cause


@dataclass(frozen=True, slots=True)
class Evidence:
    """How the ledger knows the record sets of a name, and why they last changed. Nothing is decided by it.

    `seen` is a time at which the zone held exactly these record sets, or 0 if none is known: a reading began then, or
    Route 53 accepted a change that replaced all of them. Somebody else may have changed the name since. `accepted` is
    when Route 53 accepted the change to these record sets, if the ledger was just told so; `cause` is why, and `by` the
    instance whose claim changed, as text, if only one did. `sent` is a time before a pending change was sent. Times are
    in milliseconds, and 0 if unknown.
    """

    seen: int = 0
    accepted: int = 0
    cause: Cause = Cause.UNKNOWN
    by: str = ""
    sent: int = 0
