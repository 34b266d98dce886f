"""How many events a spoke could not send to the hub, for the sweep of the spoke. Over ports; no AWS, no log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.runtime.ports import SpokeUnreachable

if TYPE_CHECKING:
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.sweeper.ports import UndeliveredEvents


def with_undelivered(status: SpokeStatus, queues: UndeliveredEvents) -> SpokeStatus:
    """Return the status with the number of undelivered events, or with the reason why it is not known.

    A queue that cannot be read fails no sweep: the instances of the spoke were read.
    """
    try:
        number = queues.undelivered(status.spoke)
    except SpokeUnreachable as fault:
        return replace(status, undelivered_fault=str(fault))
    new = max(0, number - status.undelivered)
    return replace(status, undelivered=number, undelivered_new=new, undelivered_fault="")
