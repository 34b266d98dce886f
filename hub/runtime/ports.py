"""What the use cases need of the world. Pure: nothing here says how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hub.runtime.model.names import (
    Account,
    ForeignRecordSet,
    Instance,
    Millis,
    RecordSet,
    Spoke,
)

if TYPE_CHECKING:
    from hub.runtime.model.tasks import Task

Clock = Callable[[], Millis]
# Seconds.
Sleep = Callable[[float], None]


class AccountUnknown(Exception):
    """The organization has no such account. It never will by waiting."""


class SpokeUnreachable(Exception):
    """The spoke could not be asked, so nothing is known of its instances. May pass later."""


class SpokeDenied(SpokeUnreachable):
    """The spoke will not be read by waiting: its role is missing, denies us, or the region is switched off."""


class Outdated(Exception):
    """The row changed since it was read."""


class SpokesUnknown(Exception):
    """The list of spokes could not be had to its end. May pass later."""


class TasksNotSent(Exception):
    """Some of the tasks could not be put on the queue. May pass later."""


class LedgerUnavailable(Exception):
    """The ledger could not be read or written. May pass later."""


class ZoneUnavailable(Exception):
    """The zone could not be read or written, or nobody knows whether it was written. May pass later."""


class ZoneClosed(Exception):
    """The zone will not be written by waiting: it is not there, or the writer role has no access to it."""


class BatchRefused(Exception):
    """Route 53 refused a change batch whole; nothing of it was done."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class ZoneRecordSets:
    """What a zone holds under one name."""

    owned: tuple[RecordSet, ...] = ()
    foreign: tuple[ForeignRecordSet, ...] = ()


class Accounts(Protocol):
    """The accounts of the organization."""

    def account(self, account_id: str) -> Account:
        """The account; raises AccountUnknown or SpokeUnreachable."""
        ...


class Instances(Protocol):
    """The instances of every spoke."""

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> dict[str, Instance]:
        """Those of the instances that EC2 shows now; raises SpokeUnreachable unless the listing was complete."""
        ...

    def pages(self, spoke: Spoke) -> Iterator[Sequence[Instance]]:
        """All instances that EC2 shows, page by page as they are asked for; raises SpokeUnreachable where it breaks."""
        ...


class Tasks(Protocol):
    """The sweeper's own queue."""

    def ask(self, tasks: Iterable[tuple[Task, int]]) -> None:
        """Put tasks on the queue, each to be seen after so many seconds, at most 900; raises TasksUnsent."""
        ...


class LabelLedger(Protocol):
    """Which account has which label, so that no account takes another's by a new name."""

    def holder_of_label(self, label: str, account_id: str) -> str:
        """The account that has the label: this one, if nobody had it before; raises LedgerUnavailable."""
        ...

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        """Give a label whose holder does not bear it any more to another; raises LedgerUnavailable, Outdated."""
        ...
