"""What the use cases need of the world. Pure: nothing here says how."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from hub.runtime.model import (
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
    Refusal,
    Spoke,
)

Clock = Callable[[], Millis]
# Seconds.
Sleep = Callable[[float], None]
# How many seconds are left until the worker is stopped.
TimeLeft = Callable[[], float]


class AccountUnknown(Exception):
    """The organization has no such account. It never will by waiting."""


class SpokeUnreachable(Exception):
    """The spoke could not be asked, so nothing is known of its instances. May pass later."""


class Outdated(Exception):
    """The row changed since it was read."""


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
class Observation:
    """What was last seen of an instance, and the claims that it may have in the ledger.

    `settled` is False from before the claims are written until after: a crash in between is seen by it.
    `version` counts the writes of the row, 0 for a row that is not there yet. `instance` and `account` are what policy
    decided by, and `refusals` what it did not give; an instance that has ended has none of these.
    """

    ref: InstanceRef
    observed_at: Millis
    claims: tuple[Claim, ...] = ()
    ended: bool = False
    settled: bool = True
    version: int = 0
    instance: Instance | None = None
    account: Account | None = None
    refusals: tuple[Refusal, ...] = ()


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


class Observations(Protocol):
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


class Labels(Protocol):
    """Which account has which label, so that no account takes another's by a new name."""

    def holder_of_label(self, label: str, account_id: str) -> str:
        """The account that has the label: this one, if nobody had it before; raises LedgerUnavailable."""
        ...

    def pass_label(self, label: str, holder: str, account_id: str) -> None:
        """Give a label whose holder does not bear it any more to another; raises LedgerUnavailable, Outdated."""
        ...


class Names(Protocol):
    """The publisher's side of the ledger."""

    def name(self, key: NameKey) -> NameState:
        """All claims on a name and what was published of it, read consistently."""
        ...

    def put_published(self, published: Collection[tuple[NameKey, Published]]) -> None:
        """Remember what the zone holds of these names."""
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
