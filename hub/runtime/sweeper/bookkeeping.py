"""What sweeps and audits count. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.deadline import HUB_CALLS
from hub.runtime.model.names import InstanceRef
from hub.runtime.model.reasons.cause import NO_TRIGGER, Trigger
from hub.runtime.model.usage import Tally
from hub.runtime.sweeper.hash_set import HashSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.runtime.deadline import Deadline
    from hub.runtime.model.names import Account, Instance, Millis
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.observer.recorder import InstanceOutcome

# A sweep ends unfinished before the next page if fewer seconds than this remain.
PAGE_SECONDS: Final = HUB_CALLS.seconds()
# A status names so many of the things that could not be read; the logs name all.
MOST_NAMED: Final = 10
NO_TIME: Final = "the sweep ran out of time before it had read all instances"
NAMELESS: Final = "EC2 showed an instance without a readable id, so no instance is known to be gone"


@dataclass(slots=True)
class UnreadableThings:
    """The things that could not be read: how many, each counted once, and the first of them."""

    number: int = 0
    first: tuple[str, ...] = ()
    # Hashes, because an audit may count a million names.
    _seen: set[int] = field(default_factory=set)

    def add(self, what: str) -> bool:
        """Count a thing, which may have no identity; return whether it was not counted before."""
        if what in self:
            return False
        self._seen.add(hash(what))
        self.number += 1
        if len(self.first) < MOST_NAMED:
            self.first = (*self.first, what)
        return True

    def __contains__(self, what: object) -> bool:
        """Whether a thing was counted."""
        return hash(what) in self._seen


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """The spoke's status after a sweep, how many instances changed, and how many of these changes events missed."""

    status: SpokeStatus
    changed: int = 0
    missed: int = 0

    @property
    def complete(self) -> bool:
        """Whether all instances of the spoke were read."""
        return not self.status.fault


class Unfinished(Exception):
    """Not all instances were read, for a reason that is not in the spoke. The message says why."""


@dataclass(slots=True)
class SweepRun:
    """The bookkeeping of one sweep.

    `generation` is that of the ledger when the sweep began, and `trigger` why the sweep is made. `losing` counts the
    names of each instance that would lose all of them. `unreadable` has the ids of the instances that cannot be read,
    or whose row cannot. One without an id is empty.
    """

    status: SpokeStatus
    generation: str
    account: Account
    began_at: Millis
    deadline: Deadline
    report: Callable[[InstanceOutcome], None]
    after_call: bool = False
    trigger: Trigger = NO_TRIGGER
    listed: HashSet = field(default_factory=HashSet)
    losing: dict[InstanceRef, int] = field(default_factory=dict)
    instances: int = 0
    names: int = 0
    damped: int = 0
    usage: Tally = field(default_factory=Tally)
    missed: int = 0
    changed: int = 0
    unreadable: UnreadableThings = field(default_factory=UnreadableThings)

    @property
    def nameless(self) -> bool:
        """Whether EC2 showed an instance without a readable id: no instance is known to be absent then."""
        return "" in self.unreadable

    def ref_of(self, instance: Instance | Unreadable) -> InstanceRef:
        """Return the instance; its id is empty if it cannot be read."""
        spoke = self.status.spoke
        return (
            InstanceRef(spoke.account, spoke.region, instance.what)
            if isinstance(instance, Unreadable)
            else instance.ref
        )

    def check_time(self) -> None:
        """Raise Unfinished if too little time is left for another page."""
        if not self.deadline.allows(PAGE_SECONDS):
            raise Unfinished(NO_TIME)

    def check_identities(self) -> None:
        """Raise Unfinished if the listing has an instance without an id: it says nothing about the missing ones."""
        if self.nameless:
            raise Unfinished(NAMELESS)
