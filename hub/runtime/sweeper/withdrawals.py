"""Whether the names of an unreachable spoke may be withdrawn without a person's approval. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.guard import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.runtime.model.names import Millis
    from hub.runtime.model.status import SpokeStatus

# The part of the spokes that may lose their names in a day because they are unreachable.
SHARE: Final = 0.1


def awaits_approval(status: SpokeStatus, others: Iterable[SpokeStatus], grace: int, now: Millis) -> bool:
    """Whether a spoke whose grace period is over keeps its names until a person approves.

    One bad change, such as a service control policy or an update of a StackSet, makes many spokes unreachable. They
    pass their grace period within a day of each other, so the first one of them must already see the others: spokes
    that will pass it in the next 24 hours count, and those whose names were withdrawn in the last 24 hours. If they are
    more than a tenth of all spokes, their names await approval.

    Only spokes with names count: a region without instances can lose nothing, and would hide that the others lose
    everything. The spokes of one account never await approval: closing an account is ordinary, even where its regions
    are more than a tenth of a small organization.

    Args:
        status: The spoke.
        others: All spokes that the ledger knows; the spoke may be among them.
        grace: Milliseconds that an unreachable spoke keeps its names.
        now: The current time.
    """
    statuses = {other.spoke: other for other in others} | {status.spoke: status}
    lost = {spoke for spoke, other in statuses.items() if other.withdrawn_at > now - WINDOW}
    kept = {spoke: other for spoke, other in statuses.items() if other.names and not other.withdrawn}
    losing = {spoke for spoke, other in kept.items() if other.fault_since and now - other.fault_since >= grace - WINDOW}
    together = losing | lost
    return len({spoke.account for spoke in together}) > 1 and len(together) > SHARE * len(kept.keys() | lost)
