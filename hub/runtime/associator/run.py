"""What the associator did in a VPC, as its bookkeeping and as its outcome. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.runtime.associator.plan import Step
    from hub.runtime.deadline import Deadline
    from hub.runtime.model.vpcs import VpcRef, VpcRow


@dataclass(frozen=True, slots=True)
class VpcOutcome:
    """What was done in one VPC.

    `faults` are the steps that were refused, with the reasons. `awaiting_approval` are the zones that the VPC loses
    only after a person approves that. `full` says that a quota is used up, `removed` that the VPC has no row any more.
    `retry` is why the remaining steps have to be tried again, empty if none are left.
    """

    ref: VpcRef
    steps: tuple[Step, ...] = ()
    faults: tuple[tuple[Step, str], ...] = ()
    awaiting_approval: tuple[str, ...] = ()
    full: bool = False
    removed: bool = False
    retry: str = ""


@dataclass(slots=True)
class VpcRun:
    """The bookkeeping of one VPC: its row as the ledger has it, and the steps that are not tried again."""

    row: VpcRow
    deadline: Deadline
    steps: list[Step] = field(default_factory=list)
    faults: dict[Step, str] = field(default_factory=dict)
    awaiting_approval: set[str] = field(default_factory=set)
    full: bool = False
    removed: bool = False
    retry: str = ""
    out_of_time: bool = False

    @property
    def outcome(self) -> VpcOutcome:
        """What was done until now."""
        return VpcOutcome(
            self.row.ref,
            tuple(self.steps),
            tuple(self.faults.items()),
            tuple(sorted(self.awaiting_approval)),
            self.full,
            self.removed,
            self.retry,
        )
