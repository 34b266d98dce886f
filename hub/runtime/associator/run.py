"""The bookkeeping of the associator for a VPC, and the outcome. Pure."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hub.runtime.associator.plan import Step
    from hub.runtime.deadline import Deadline
    from hub.runtime.model.vpcs import VpcRef, VpcRow


@dataclass(frozen=True, slots=True)
class VpcOutcome:
    """The outcome for one VPC.

    `faults` are the refused steps with their reasons. `awaiting_approval` are the zones that the VPC loses only after a
    person approves. `removed_by_others` are the zones and Profiles whose association someone else had ended, each with
    how often. `full` means that a quota is used up, `removed` that the row of the VPC was deleted. `not_covered`
    is why orgdns does not act for the VPC's account and region, and `denied` why its account denies a look at it: it
    keeps what it has until a later sweep. `paused` is why nothing is changed now, although something is to change.
    `damped` is why the VPC is damped from now on, and
    `ignored` means that it already was. `unreadable` is why the VPC, or its row in the ledger,
    cannot be read: it keeps what it has. `retry` is why the remaining steps must be tried again;
    it is empty if none remain.

    """

    ref: VpcRef
    steps: tuple[Step, ...] = ()
    faults: tuple[tuple[Step, str], ...] = ()
    awaiting_approval: tuple[str, ...] = ()
    removed_by_others: tuple[tuple[str, int], ...] = ()
    full: bool = False
    removed: bool = False
    not_covered: str = ""
    retry: str = ""
    unreadable: str = ""
    damped: str = ""
    ignored: bool = False
    denied: str = ""
    paused: str = ""


@dataclass(slots=True)
class VpcRun:
    """The bookkeeping of one VPC: its row in the ledger, and the steps that are not tried again.

    If a step is `withheld` by a dry run, its association stays, and the ledger keeps the row of the VPC.
    """

    row: VpcRow
    deadline: Deadline
    by_event: bool = False
    steps: list[Step] = field(default_factory=list)
    faults: dict[Step, str] = field(default_factory=dict)
    awaiting_approval: set[str] = field(default_factory=set)
    removed_by_others: dict[str, int] = field(default_factory=dict)
    full: bool = False
    removed: bool = False
    not_covered: str = ""
    retry: str = ""
    unreadable: str = ""
    damped: str = ""
    ignored: bool = False
    denied: str = ""
    paused: str = ""
    withheld: bool = False
    out_of_time: bool = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do something for this VPC. If DynamoDB refuses its row, the other VPCs go on, and this one is tried again."""
        try:
            yield
        except LedgerUnavailable as refused:
            self.retry = str(refused)

    @property
    def outcome(self) -> VpcOutcome:
        """The outcome so far."""
        return VpcOutcome(
            self.row.ref,
            tuple(self.steps),
            tuple(self.faults.items()),
            tuple(sorted(self.awaiting_approval)),
            tuple(sorted(self.removed_by_others.items())),
            self.full,
            self.removed,
            self.not_covered,
            self.retry,
            self.unreadable,
            self.damped,
            self.ignored,
            self.denied,
            self.paused,
        )


def readable_rows(rows: Iterable[VpcRow], runs: Mapping[str, VpcRun]) -> dict[str, VpcRow]:
    """Return the rows that can be read, by the ids of their VPCs. Runs of the others are marked as unreadable."""
    found: dict[str, VpcRow] = {}
    for row in rows:
        if not row.row_fault:
            found[row.ref.id] = row
        elif row.ref.id in runs:
            runs[row.ref.id].unreadable = f"its row in the ledger: {row.row_fault}"
    return found
