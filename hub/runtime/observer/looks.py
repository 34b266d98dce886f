"""Looks at instances: an instance's row is read first, and its description after that. Pure.

Looks are ordered by the versions of the row, not by clocks: a look is written only over the row that was read before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.damping import INSTANCE_CHANGES
from hub.runtime.model.observation import Observation
from hub.runtime.model.reasons.cause import NO_TRIGGER

if TYPE_CHECKING:
    from hub.runtime.model.names import Account, Instance, InstanceRef, Millis
    from hub.runtime.model.reasons.cause import Trigger
    from hub.runtime.observer.ports import Admission
    from hub.runtime.policy.draft import Decision


@dataclass(frozen=True, slots=True)
class Look:
    """The row of an instance, or None if it had none, as read before the instance was described.

    `generation` is that of the ledger when the look began. `began_at` is for people and for damping only. `by_event`
    means that an event or a call caused the look, and not the schedule. `contradicted` means that EC2 does not show
    what the event reports, so that the event is to come again. `trigger` is what caused the look.
    """

    row: Observation | Unreadable | None
    generation: str
    began_at: Millis
    by_event: bool = False
    contradicted: bool = False
    trigger: Trigger = NO_TRIGGER

    @property
    def known(self) -> Observation | None:
        """The row, if it can be read and is of this generation of the ledger."""
        row = self.row
        return row if isinstance(row, Observation) and row.generation == self.generation else None

    @property
    def patient(self) -> bool:
        """Whether an event that EC2 contradicts may come again: as long as the instance has a change left."""
        known = self.known
        return known is None or known.damping.changed(INSTANCE_CHANGES, self.began_at) is not None

    @property
    def allowed(self) -> bool:
        """Whether damping does not count what the look changes.

        It counts the changes of looks that an event or a call caused, at an instance that has claims in this generation
        of the ledger.
        """
        known = self.known
        return not (self.by_event and known and known.wanted)

    @property
    def damped(self) -> bool:
        """Whether the look is not worth a description, because the instance is damped.

        What a worker left unfinished is finished nevertheless.
        """
        known = self.known
        return bool(known and known.settled and known.damping.damps(self.began_at)) and not self.allowed


@dataclass(frozen=True, slots=True)
class Observed:
    """An instance as described, or None if EC2 did not show it, and what policy gives it."""

    ref: InstanceRef
    instance: Instance | None
    decision: Decision
    look: Look

    @property
    def ended(self) -> bool:
        """Whether EC2 shows that the instance has ended."""
        return self.instance is not None and self.instance.state.final

    @property
    def damped(self) -> bool:
        """Whether the instance stays as it is because it is damped. What ends or is gone is not."""
        return self.look.damped and not self.ended and self.instance is not None

    @property
    def lost_names(self) -> int:
        """How many names the instance would lose, if it would lose all of them."""
        return 0 if self.decision.claims else names_of(self.look.row)

    def up_to_date(self, account: Account, admission: Admission) -> bool:
        """Whether the ledger has the instance as it was observed, in this generation, or need not have it."""
        row, instance, decision = self.look.row, self.instance, self.decision
        if row is None:
            return instance is None or self.ended
        if isinstance(row, Unreadable):
            return False
        if row.ended or self.ended:
            return row.ended and row.settled
        over = row.damping != row.damping.passed(self.look.began_at)
        if not row.settled or row.fault or over or is_outdated(row, self.look.generation):
            return False
        if instance is None:
            return (row.claims, row.instance) == ((), None)
        if row.claims != decision.claims:
            decision = admission.fitting(self.ref, row.claims, decision)
        known = (row.claims, row.refusals, row.instance, row.account)
        return known == (decision.claims, decision.refusals, instance, account)


def is_outdated(row: Observation, generation: str) -> bool:
    """Whether the last look at an instance began in an earlier generation of the ledger. An end needs none."""
    return not row.ended and row.generation != generation


def names_of(row: Observation | Unreadable | None) -> int:
    """Return how many names an instance has by its row, or may have; none if the row cannot be read."""
    return 0 if row is None or isinstance(row, Unreadable) or (row.ended and row.settled) else len(row.claims)
