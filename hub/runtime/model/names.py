"""The nouns of orgdns, as frozen values. Pure.

A DNS name is absolute and lower case (`web.corp.internal.`). An account id has 12 digits. A time is in milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NewType, Self

if TYPE_CHECKING:
    from hub.runtime.boundary.unreadable import Unreadable
    from hub.runtime.model.reasons.evidence import Evidence

Fqdn = NewType("Fqdn", str)
Millis = NewType("Millis", int)
NEVER: Final = Millis(0)

# Stands for the routing policy of a record set that has none.
SIMPLE: Final = "Simple"
_INSTANCE: Final = re.compile(r"([0-9]{12})/([a-z0-9-]{1,32})/(i-[0-9a-f]{8,17})")


class RecordType(StrEnum):
    """The record types that orgdns writes."""

    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"


class InstanceState(StrEnum):
    """The states of an EC2 instance, as EC2 names them."""

    PENDING = "pending"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"

    @property
    def final(self) -> bool:
        """Whether the instance is ending or has ended. It never returns from these states."""
        return self in {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED}


class ConflictRule(StrEnum):
    """Which of several claims on one name orgdns publishes."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SHARE = "share"


class Selection(StrEnum):
    """Which interfaces of an instance, or private IPv4 addresses of an interface, a rule uses."""

    PRIMARY = "primary"
    FURTHER = "further"
    ALL = "all"


class WhenStopped(StrEnum):
    """What happens to the names of a stopped instance, which keeps its private address."""

    KEEP = "keep"
    WITHDRAW = "withdraw"


class Action(StrEnum):
    """The two actions of a change. There is no UPSERT, because it overwrites records that orgdns has not read."""

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
    """An instance or VPC of a spoke: its account, its region and its id."""

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
        account, region, resource_id = text.split("/")
        return cls(account, region, resource_id)

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.id}"


@dataclass(frozen=True, slots=True, order=True)
class InstanceRef(Ref):
    """An instance; the account and region are those that its event came from."""

    @classmethod
    @lru_cache(maxsize=1_024)  # Those of one name are read several times, one after another.
    def named(cls, text: str) -> InstanceRef | None:
        """The instance that a text names, as `str` does, or None if it names none."""
        return cls(*match.groups()) if (match := _INSTANCE.fullmatch(text)) else None


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of an instance. Its primary private IPv4 address comes first."""

    device_index: int
    vpc_id: str
    subnet_id: str
    ipv4: tuple[str, ...] = ()
    ipv6: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as DescribeInstances reports it. Its primary interface comes first."""

    ref: InstanceRef
    state: InstanceState
    launched_at: Millis
    az: str = ""
    interfaces: tuple[Interface, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def short_id(self) -> str:
        """The last eight hexadecimal digits of the id: all digits of an old id, 32 random bits of a new one."""
        return self.ref.id[-8:]

    @property
    def addressed(self) -> bool:
        """Whether the instance has an address that a name can resolve to."""
        return any(interface.ipv4 or interface.ipv6 for interface in self.interfaces)

    def tag(self, key: str) -> str | None:
        """The value of a tag, or None if the instance does not have the tag."""
        return next((value for name, value in self.tags if name == key), None)


@dataclass(frozen=True, slots=True)
class Account:
    """An account as Organizations describes it; its name never comes from an instance.

    `label` is the DNS label for the account's name, or None with a reason if the account has no label of its own: its
    administrator can rename it (Account Management API Reference, PutAccountName), also to another account's name.
    `units` are the root and the organizational units that contain the account, from the root down. Every account is in
    a root, so an empty tuple means that they are unknown.
    """

    id: str
    label: str | None
    reason: str = ""
    active: bool = True
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class NameKey:
    """A name in one hosted zone. The zone's id tells apart zones that have the same name."""

    zone_id: str
    fqdn: Fqdn


@dataclass(frozen=True, slots=True)
class Claim:
    """Instance I claims name N with values V. `note` says how tags and names were changed to make DNS labels.

    `label` is the label of the account if the name or its values depend on it; else it is empty. An instance that is
    not `running` is stopped or stopping. One that is not to `publish` is in dry run. If only some of several rules that
    give the instance the name are, the claim is that of the others, and `turned_on` that of all.
    """

    key: NameKey
    instance: InstanceRef
    values: tuple[tuple[RecordType, tuple[str, ...]], ...]
    ttl: int
    conflict: ConflictRule
    rule: str
    launched_at: Millis
    note: str = ""
    label: str = ""
    running: bool = True
    publish: bool = True
    turned_on: Claim | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that covers the instance gave it no name, or refused it `name`; the reason is for a person to read.

    It is `declined` if a tag that the rule needs is missing, or opts out, and `limited` by a limit of the account.
    """

    rule: str
    reason: str
    name: str = ""
    declined: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True, order=True)
class RecordSet:
    """The record set that one instance holds under one name and type.

    `holder` is the instance, as text: the SetIdentifier without its first part, the owner of all records of an
    installation. It is empty for a simple record set, which another tool made, and which orgdns only ever deletes.
    """

    fqdn: Fqdn
    type: RecordType
    ttl: int
    values: tuple[str, ...]
    holder: str

    @property
    def instance(self) -> InstanceRef | None:
        """The instance that holds the record set, or None if another tool made it."""
        return InstanceRef.named(self.holder)


@dataclass(frozen=True, slots=True)
class ForeignRecordSet:
    """A record set of another owner: made by hand, by another tool, or of a type that orgdns does not write."""

    fqdn: Fqdn
    type: str
    routing: str
    values: tuple[str, ...] = ()
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a change batch. A DELETE carries the exact values that the zone holds."""

    action: Action
    record_set: RecordSet


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a name would hold if nothing were in dry run; `blocked` says why not all of it could be published."""

    record_sets: tuple[RecordSet, ...] = ()
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """What the ledger last recorded about a name in its zone.

    `pending` means that a batch was sent and its outcome not recorded: the publisher reads the zone before it decides.
    `refused` is the fingerprint of what Route 53 refused after the change of the ledger at `refused_at`. `rules` are
    the rules that gave the published record sets to their instances, and `withheld` is what a dry run keeps back. How
    the ledger knows it is the `evidence`, which no decision needs.
    """

    record_sets: tuple[RecordSet, ...] = ()
    pending: bool = False
    conflict: str | None = None
    refused: str = ""
    refused_at: Millis = NEVER
    rules: tuple[tuple[InstanceRef, str], ...] = ()
    withheld: Withheld | None = None
    evidence: Evidence | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NameState:
    """All about one name. `withdrawn` claims ended lately. If rows are `unreadable`, nothing may be decided."""

    key: NameKey
    claims: tuple[Claim, ...] = ()
    published: Published = field(default_factory=Published)
    withdrawn: frozenset[InstanceRef] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()
