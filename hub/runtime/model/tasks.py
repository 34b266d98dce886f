"""The tasks of the sweeper and the associator. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub.runtime.model.names import Spoke


# The VPCs in one task of the associator. Each takes three calls a zone, some of which are limited to five a second.
VPCS_A_TASK: Final = 10


@dataclass(frozen=True, slots=True)
class Sweep:
    """Compare all instances of a spoke with the ledger; `after_call` if a call may have changed some of them."""

    spoke: Spoke
    after_call: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """Compare these zones with the ledger."""

    zone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Associate:
    """Bring the associations of these VPCs in line with policy; `abandon` them if the account left the organization.

    `by_event` means that an event caused it, and no sweep.
    """

    spoke: Spoke
    vpc_ids: tuple[str, ...]
    abandon: bool = False
    by_event: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleSweeps:
    """Enqueue the sweeps that are due."""


@dataclass(frozen=True, slots=True)
class ScheduleAudits:
    """Enqueue an audit of every zone."""


SweeperTask = Sweep | Audit | ScheduleSweeps | ScheduleAudits
Task = SweeperTask | Associate
