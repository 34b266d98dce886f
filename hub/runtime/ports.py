"""What the use cases need of the world. Pure: nothing here says how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hub.runtime.model.names import (
    Account,
    Change,
    Claim,
    ForeignRecordSet,
    Fqdn,
    Instance,
    InstanceRef,
    Millis,
    NameKey,
    NameState,
    Published,
    RecordSet,
    Spoke,
)

if TYPE_CHECKING:
    from hub.runtime.model.observation import Observation
    from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
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


class Spokes(Protocol):
    """The spokes that are rolled out."""

    def listed(self) -> frozenset[Spoke]:
        """Every spoke that has a stack, or is to have one; raises SpokesUnknown unless the list was complete."""
        ...


class InstanceLedger(Protocol):
    """The observer's side of the ledger."""

    def observation(self, ref: InstanceRef) -> Observation | None:
        """The instance's row, read consistently."""
        ...

    def put_observation(self, observation: Observation) -> None:
        """Write the row over the version before it; raises Outdated when that is not what is there."""
        ...

    def put_claim(self, claim: Claim, version: int) -> None:
        """Write a claim of this version of its instance's row, unless one of a later version is there."""
        ...

    def withdraw_claim(self, key: NameKey, ref: InstanceRef, version: int) -> None:
        """Withdraw a claim as of this version of its instance's row, unless one of a later version is there."""
        ...


class SweepLedger(Protocol):
    """The sweeper's side of the ledger."""

    def known_observations(self, refs: Collection[InstanceRef]) -> dict[InstanceRef, Observation]:
        """The rows of those of the instances that have one, read consistently; raises LedgerUnavailable."""
        ...

    def observations_of(self, spoke: Spoke) -> Iterator[Observation]:
        """The rows of a spoke's instances, as they are asked for; raises LedgerUnavailable where it breaks."""
        ...


class Statuses(Protocol):
    """How each spoke and each zone is, in the ledger; each raises LedgerUnavailable."""

    def spoke_status(self, spoke: Spoke) -> SpokeStatus:
        """What is known of a spoke; a new status where nothing is."""
        ...

    def spoke_statuses(self) -> tuple[SpokeStatus, ...]:
        """What is known of every spoke."""
        ...

    def put_spoke_status(self, status: SpokeStatus) -> None:
        """Remember how a spoke is; what a person approved stays until nothing waits for it."""
        ...

    def register_spoke(self, spoke: Spoke) -> None:
        """Have a spoke swept from now on, if it is not known yet."""
        ...

    def zone_status(self, zone_id: str) -> ZoneStatus:
        """What is known of a zone; a new status where nothing is."""
        ...

    def zone_statuses(self) -> tuple[ZoneStatus, ...]:
        """What is known of every zone."""
        ...

    def put_zone_status(self, status: ZoneStatus) -> None:
        """Remember how a zone is; what a person approved stays until nothing waits for it."""
        ...


class ScheduleLedger(Protocol):
    """Where the rounds of sweeps have come to, in the ledger."""

    def cursor(self) -> ScheduleCursor:
        """The last round; a new one where there was none; raises LedgerUnavailable."""
        ...

    def put_cursor(self, last: ScheduleCursor) -> None:
        """Remember a round; raises LedgerUnavailable."""
        ...

    def audits_requested(self) -> bool:
        """Whether a person asked for an audit of every zone; raises LedgerUnavailable."""
        ...

    def request_audits(self, *, wanted: bool) -> None:
        """Have every zone audited with the next round, or not any more; raises LedgerUnavailable."""
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


class NameLedger(Protocol):
    """The publisher's side of the ledger."""

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it, read consistently."""
        ...

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Remember what the zone holds of these names."""
        ...


class PublishControls(Protocol):
    """What else a publisher has to know; each raises LedgerUnavailable."""

    def paused(self) -> str | None:
        """Why nothing may be written to the zones now, or None."""
        ...

    def settled(self, spokes: Collection[Spoke]) -> frozenset[Spoke]:
        """Those of the spokes whose claims the ledger knows for sure to be all there are."""
        ...


class AuditLedger(Protocol):
    """The auditor's side of the ledger; each raises LedgerUnavailable."""

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it, read consistently."""
        ...

    def remembered(self, keys: Collection[NameKey]) -> dict[NameKey, Published]:
        """What was published of those of the names of which that is remembered, read consistently."""
        ...

    def names(self, zone_ids: Collection[str]) -> Iterator[NameState]:
        """All names of these zones that are claimed or remembered, as they are asked for, perhaps a moment old."""
        ...

    def mark(self, key: NameKey, reason: str) -> None:
        """Have the publisher compare a name with what its zone holds."""
        ...


class Zones(Protocol):
    """The private hosted zones."""

    def change(self, zone_id: str, changes: Collection[Change]) -> None:
        """Make all changes or none; raises BatchRefused, ZoneUnavailable or ZoneClosed."""
        ...

    def delay(self, changes: int) -> float:
        """How many seconds a call with so many changes would wait for its turn."""
        ...

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        """What the zone holds under each of the names now; raises ZoneUnavailable or ZoneClosed."""
        ...


class ZoneListing(Protocol):
    """The private hosted zones, for reading alone."""

    def listing(self, zone_id: str) -> Iterator[tuple[Fqdn, ZoneRecordSets]]:
        """All names of a zone with what it holds of each; raises ZoneUnavailable or ZoneClosed where it breaks."""
        ...
