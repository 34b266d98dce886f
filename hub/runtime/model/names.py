"""The nouns of orgdns, as frozen values. Pure.

A DNS name is absolute and lower case everywhere in here (`web.corp.internal.`); an account id is a string of
12 digits; times are milliseconds since the epoch, so that they compare, store and print the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

import re
from dataclasses import field
from enum import StrEnum
from typing import NewType, Self

Fqdn = NewType("Fqdn", str)
Millis = NewType("Millis", int)

NEVER: Final = Millis(0)

SET_IDENTIFIER_PREFIX: Final = "orgdns/"
# The routing policy of a record set without one.
SIMPLE: Final = "Simple"
_SET_IDENTIFIER = re.compile(r"orgdns/([0-9]{12})/([a-z0-9-]{1,32})/(i-[0-9a-f]{8,17})")


class RecordType(StrEnum):
    """The record types that orgdns writes."""

    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"


class InstanceState(StrEnum):
    """The states of an EC2 instance, in EC2's own words."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"

    @property
    def final(self) -> bool:
        """Whether nothing but the end can follow: an instance never comes back from here."""
        return self in {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED}


class ConflictRule(StrEnum):
    """Which of several claims on one name are published."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SHARE = "share"


class Selection(StrEnum):
    """Which of an instance's interfaces, or of an interface's private IPv4 addresses, a rule speaks of."""

    PRIMARY = "primary"
    FURTHER = "further"
    ALL = "all"


class WhenStopped(StrEnum):
    """What becomes of the names of an instance that is stopped, and keeps its private address."""

    KEEP = "keep"
    WITHDRAW = "withdraw"


class Action(StrEnum):
    """The two actions of a change. There is no UPSERT: it would overwrite what it has not seen."""

    CREATE = "CREATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, order=True)
class Spoke:
    """One account in one region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which one of a spoke's instances, or VPCs: the account and region that it lies in, and its id."""

    account: str
    region: str
    id: str

    @property
    def spoke(self) -> Spoke:
        """The account and region."""
        return Spoke(self.account, self.region)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`: `<account>/<region>/<id>`."""
        account, region, own = text.split("/")
        return cls(account, region, own)

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class InstanceRef(Ref):
    """Which instance; the account and region are those that its event came from."""

    @property
    def set_identifier(self) -> str:
        """The SetIdentifier of every record set that this instance holds, at most 67 of Route 53's 128 characters."""
        return f"{SET_IDENTIFIER_PREFIX}{self}"

    @classmethod
    def of_set_identifier(cls, text: str | None) -> InstanceRef | None:
        """The owner that a SetIdentifier names, or None when it is not one of ours."""
        match = _SET_IDENTIFIER.fullmatch(text or "")
        return cls(*match.groups()) if match else None


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of an instance, with its private IPv4 addresses, the primary one first."""

    device_index: int
    vpc_id: str
    subnet_id: str
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as DescribeInstances told it; its first interface is the primary one."""

    ref: InstanceRef
    state: InstanceState
    launched_at: Millis
    az: str = ""
    interfaces: tuple[Interface, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def short_id(self) -> str:
        """The last eight hexadecimal digits of the id: all of an old one, 32 bits of chance of a new one."""
        return self.ref.id[-8:]

    @property
    def addressed(self) -> bool:
        """Whether it has an address to answer with."""
        return any(interface.ipv4 or interface.ipv6 for interface in self.interfaces)

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None when the instance does not carry it."""
        return next((value for name, value in self.tags if name == key), None)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as Organizations knows it; its name is never taken from an instance.

    `label` is what its name stands for in DNS, or None with the reason when it has none of its own: the administrator
    of an account may rename it (Account Management API Reference, PutAccountName), also to another account's name.
    `units` are the root and the organizational units that it lies in, from the root down; none where they are not
    known, as every account lies in a root at least.
    """

    id: str
    label: str | None
    reason: str = ""
    active: bool = True
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class NameKey:
    """A name in one hosted zone. Same-named zones stay apart by the zone's id."""

    zone_id: str
    fqdn: Fqdn


@dataclass(frozen=True, slots=True)
class Claim:
    """Instance I wants name N with values V; `note` is what was done to the texts that the name was made of."""

    key: NameKey
    instance: InstanceRef
    values: tuple[tuple[RecordType, tuple[str, ...]], ...]
    ttl: int
    conflict: ConflictRule
    rule: str
    launched_at: Millis
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule spoke for the instance, and gave it no name, or not `name`; the reason is for a person to read.

    `declined` when nobody asked for one: a tag that the rule needs is not there, or says no.
    """

    rule: str
    reason: str
    name: str = ""
    declined: bool = False


@dataclass(frozen=True, slots=True, order=True)
class RecordSet:
    """One record set: what one instance holds under one name and type.

    An empty SetIdentifier is that of a simple record set, which another tool made: it is only ever deleted.
    """

    fqdn: Fqdn
    type: RecordType
    ttl: int
    values: tuple[str, ...]
    set_identifier: str


@dataclass(frozen=True, slots=True)
class ForeignRecordSet:
    """A record set that is not ours: made by hand, by another tool, or of a type that we do not write."""

    fqdn: Fqdn
    type: str
    routing: str
    values: tuple[str, ...] = ()
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a change batch. A DELETE carries the exact values that are there."""

    action: Action
    record_set: RecordSet


@dataclass(frozen=True, slots=True)
class Published:
    """What the ledger remembers of a name in its zone.

    With `pending` set, a change batch for the name was sent and its outcome never noted: what the zone holds
    must be read before anything is decided.
    """

    record_sets: tuple[RecordSet, ...] = ()
    pending: bool = False
    conflict: str | None = None


@dataclass(frozen=True, slots=True)
class NameState:
    """All that the ledger knows of one name; `withdrawn` are the instances whose claim on it was withdrawn of late."""

    key: NameKey
    claims: tuple[Claim, ...] = ()
    published: Published = field(default_factory=Published)
    withdrawn: frozenset[InstanceRef] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        """The SetIdentifiers of those of whom the ledger knows whether they claim the name."""
        claimants = {claim.instance.set_identifier for claim in self.claims}
        before = {record_set.set_identifier for record_set in self.published.record_sets}
        return frozenset(claimants | before | {ref.set_identifier for ref in self.withdrawn})


# Where rules disagree about one name, the one that shares it least decides, and the incumbent before the newcomer.
_STRICTEST_FIRST: Final = (ConflictRule.OLDEST, ConflictRule.NEWEST, ConflictRule.SHARE)


def strictest(rules: Iterable[ConflictRule]) -> ConflictRule:
    """The one of several ways to settle a conflict that decides."""
    return min(rules, key=_STRICTEST_FIRST.index)
