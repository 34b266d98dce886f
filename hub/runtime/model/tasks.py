"""The tasks of the sweeper and the associator, and the names of the backlog. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.runtime.model.reasons.cause import NO_REASON, Reason

if TYPE_CHECKING:
    from hub.runtime.model.names import Millis, NameKey, Spoke


# The VPCs in one task of the associator. Each takes three calls a zone, some of which are limited to five a second.
VPCS_A_TASK: Final = 10
# The names in one message of the backlog: some 5 KB, and 60 KB if all are as long and odd as DNS allows.
NAMES_A_RELEASE: Final = 100

# Stands for the account of names that are in the backlog because audits marked them.
AUDITS: Final = "audits"


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


@dataclass(frozen=True, slots=True)
class DeferredName:
    """A name that is published later: when its claims changed, and why, and whether an audit marked it."""

    key: NameKey
    changed_at: Millis
    marked: bool = False
    reason: Reason = NO_REASON


@dataclass(frozen=True, slots=True)
class Release:
    """Bring these names back from the backlog. They are there because of one account, or, if it is empty, of an audit.

    `unreadable` is the number of further names in the message that cannot be read.
    """

    account: str
    names: tuple[DeferredName, ...]
    unreadable: int = 0
