"""Why names change: what caused a look at an instance, or a comparison of a name with its zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Cause(StrEnum):
    """Why claims on a name changed, or why the publisher compared the name with its zone.

    A handover needs no cause: the instances before and after a change show it.
    """

    # An event of EC2: the instance runs, stops, has other tags, or ended.
    START = "start"
    STOP = "stop"
    TAGS = "tags"
    END = "end"
    # A sweep found what no event reported; after a call of the account, after a new policy, or after an approval.
    SWEEP = "sweep"
    CALL = "call"
    POLICY = "policy"
    APPROVAL = "approval"
    # An audit found that the zone, the ledger and the claims differ.
    AUDIT = "audit"
    # A version that keeps no causes wrote the row, or a later one with a cause that this version does not know.
    UNKNOWN = ""

    @classmethod
    def named(cls, text: object) -> Cause:
        """The cause that a text names; unknown if it names none of this version's."""
        return cls(text) if isinstance(text, str) and text in set(cls) else cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Trigger:
    """What caused a look at an instance: why, and the time of the event in milliseconds, or 0 if no event did."""

    cause: Cause = Cause.UNKNOWN
    at: int = 0


NO_TRIGGER: Final = Trigger()


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to look at a name: why, and the instance whose claim changed, as text; empty if none did."""

    cause: Cause = Cause.UNKNOWN
    by: str = ""


NO_REASON: Final = Reason()


def deciding(reasons: Sequence[Reason], affected: Collection[str]) -> Reason:
    """Return the one of several reasons, in their order, that says why a name changed.

    It is the last one of the instances in `affected`, which gained or lost record sets. If there is none, it is the
    last one of any instance, and if there is none of these, the last one. It has no instance if several changed.
    """
    by_instance = [reason for reason in reasons if reason.by]
    relevant = [reason for reason in by_instance if reason.by in affected] or by_instance or reasons
    if not relevant:
        return NO_REASON
    last = relevant[-1]
    return last if len({reason.by for reason in relevant}) == 1 else Reason(last.cause)
