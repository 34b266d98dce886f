"""What the sweeper and the associator are asked to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hub.runtime.model.names import Spoke


# One task of the associator: so many VPCs, each of which takes three calls a zone, some of them at five a second.
VPCS_A_TASK: Final = 10


@dataclass(frozen=True, slots=True)
class Sweep:
    """Compare all instances of a spoke with the ledger."""

    spoke: Spoke


@dataclass(frozen=True, slots=True)
class Audit:
    """Compare these zones with the ledger."""

    zone_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Associate:
    """Have these VPCs of a spoke resolve what they should; `abandon` when the spoke's account is none of ours."""

    spoke: Spoke
    vpc_ids: tuple[str, ...]
    abandon: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleSweeps:
    """Ask for the sweeps that are due."""


@dataclass(frozen=True, slots=True)
class ScheduleAudits:
    """Ask for an audit of every zone."""


Task = Sweep | Audit | ScheduleSweeps | ScheduleAudits | Associate
