"""What use cases and adapters share: errors, clocks, and the ports that several use cases need. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hub.runtime.boundary.texts import bounded
from hub.runtime.model.names import Account, ForeignRecordSet, Instance, Millis, RecordSet, Spoke

if TYPE_CHECKING:
    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.tasks import Task

Clock = Callable[[], Millis]
# Takes seconds.
Sleep = Callable[[float], None]


class Fault(Exception):
    """What keeps a use case from its work. The message contains AWS's, and is stored and logged: it is bounded."""

    def __init__(self, message: str) -> None:
        super().__init__(bounded(message))


class AccountUnknown(Exception):
    """The organization has no such account. Permanent."""


class SpokeUnreachable(Fault):
    """The spoke did not answer, so the state of its instances is not known. Temporary."""


class SessionOutdated(SpokeUnreachable):
    """AWS denies a session that may be older than the role or its permissions. The next call has a new session."""


class SpokeDenied(SpokeUnreachable):
    """The spoke denies access: its reader role is missing or denies it, or the region is disabled. Permanent."""


class SpokeClosed(SpokeDenied):
    """The account is not active or not covered, or the region is disabled: repairing a role would not help."""


class Outdated(Fault):
    """The row changed after it was read."""


class SpokesUnknown(Fault):
    """The list of spokes could not be read completely. Temporary."""


class TasksNotSent(Fault):
    """Some of the tasks could not be put on the queue. Temporary."""


class LedgerUnavailable(Fault):
    """The ledger could not be read or written. Temporary."""


class ZoneUnavailable(Fault):
    """The zone could not be read or written, or it is not known whether a write succeeded. Temporary."""


class NoTurn(Fault):
    """A call to Route 53 would have to wait longer for its turn than it may: so many seconds. Nothing was called."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the next turn of this call is in {seconds:.1f} s")
        self.seconds = seconds


class ZoneClosed(Fault):
    """The zone does not exist, or the role has no access to it. Permanent."""


class BatchRefused(Exception):
    """Route 53 refused a change batch and made none of its changes. `message` is Route 53's, of any length.

    The refusal is permanent if it is `known`. Otherwise Route 53 gave an error that orgdns does not know.
    """

    def __init__(self, message: str, *, known: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.known = known


@dataclass(frozen=True, slots=True)
class ZoneRecordSets:
    """The record sets of a zone under one name: those of orgdns, and the foreign ones."""

    owned: tuple[RecordSet, ...] = ()
    foreign: tuple[ForeignRecordSet, ...] = ()


class Accounts(Protocol):
    """The accounts of the organization."""

    def account(self, account_id: str) -> Account:
        """Return the account; raises AccountUnknown or SpokeUnreachable."""
        ...


class Instances(Protocol):
    """The instances of every spoke."""

    def describe(self, spoke: Spoke, instance_ids: Collection[str]) -> Mapping[str, Instance | Unreadable]:
        """Return the instances, of these, that EC2 shows; raises SpokeUnreachable unless the listing is complete.

        An instance without a readable id has an empty id: any of them may be it.
        """
        ...

    def pages(self, spoke: Spoke) -> Iterator[Sequence[Instance | Unreadable]]:
        """Yield all instances that EC2 shows, page by page; raises SpokeUnreachable if a page cannot be read."""
        ...


class Tasks(Protocol):
    """A queue of tasks."""

    def enqueue(self, tasks: Iterable[tuple[Task, int]]) -> None:
        """Enqueue tasks, each with a delay of 0 to 900 seconds; raises TasksNotSent."""
        ...


class AccountLabels(Protocol):
    """The labels of all accounts, as last read with an account."""

    def reserved(self) -> Mapping[str, str]:
        """Return the labels that no other account may choose directly below a zone, and the account of each."""
        ...

    def released(self, account_id: str) -> frozenset[str]:
        """Return the labels that an account still has, although its name no longer gives them."""
        ...


class LabelLedger(Protocol):
    """The rows of labels; each method raises LedgerUnavailable."""

    def labels(self) -> Iterator[HeldLabel]:
        """Yield all labels that an account has or had, read consistently."""
        ...

    def put_label(self, held: HeldLabel) -> None:
        """Write the row over its previous version; raises Outdated if the ledger has another version."""
        ...
