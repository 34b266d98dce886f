"""The facts that the checks judge: what AWS and the ledger say about the hub's setup. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hub.runtime.installation import DEFAULT_NAMES, Names
from orgdns.cli.reports.doctor.finding import Fact, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.names import Spoke
    from hub.runtime.model.vpcs import VpcRow
    from orgdns.cli.reports.coverage import StackInstance
    from orgdns.cli.reports.ledger_stream import LedgerTable
    from orgdns.cli.reports.ledger_stream import Mapping as EventSourceMapping
    from orgdns.cli.reports.status.overview import Overview

_NOT_READ: Final = Unknown("the hub is not in this account and region")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are. `hub` says whether the account has the hub's roles."""

    account: str
    arn: str
    hub: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A region, and whether the hub's functions are there."""

    region: str
    present: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack; its status is empty if it does not exist."""

    name: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """A function as its alias `live` shows it; the version is empty if function or alias do not exist."""

    name: str
    version: str = ""
    code: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The ledger's table; its status is empty if it does not exist. `key` names its key of KMS, if it has one."""

    name: str
    status: str
    protected: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """The ledger's stream, and the publisher's event source mappings, and those of the historian.

    `historian` is None if no history is kept.
    """

    table: LedgerTable
    mappings: tuple[EventSourceMapping, ...]
    historian: tuple[EventSourceMapping, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket of history. `encrypted` says that S3 encrypts new objects, `private` that nothing can be public.

    `key` names the key of KMS for new objects, if there is one.
    """

    name: str
    exists: bool
    encrypted: bool = False
    private: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The event source mapping of a function for a queue, None if there is none.

    `concurrency` is how many runs of the function it starts at a time at most.
    """

    function: str
    queue: str
    mapping: EventSourceMapping | None = None
    concurrency: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of the hub. `senders` are the rules that its policy lets in, `dead_letters` its dead-letter queue.

    `key` names its key of KMS, if it has one.
    """

    name: str
    exists: bool
    policy: bool = True
    senders: frozenset[str] = frozenset()
    dead_letters: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of the hub; its state is empty if it does not exist. `target` is the queue or bus that it sends to."""

    name: str
    state: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the hub's event bus; its state is empty if it does not exist. `queues` are its targets."""

    name: str
    state: str
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bus:
    """The hub's event bus, and the names of the statements in its policy."""

    exists: bool
    statements: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many runs of functions the account allows at a time: all, and those that no function has reserved."""

    total: int
    unreserved: int


@dataclass(frozen=True, slots=True)
class Administrators:
    """The hub's account, and the accounts that are delegated administrators of StackSets."""

    account: str
    listed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of KMS, and what it encrypts in the hub.

    The state is empty if the key does not exist. The policy is None if it could not be read. `of_aws` says that the key
    is AWS's own of a service.
    """

    arn: str
    encrypts: tuple[str, ...]
    state: str = ""
    of_aws: bool = False
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that the alarms notify, and what names its key; empty if it has none."""

    arn: str
    key: str = ""


# The region's opt-in status in the hub account, by region.
OptIn = dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the checks judge. What could not be read says why.

    `skew` is by how many seconds this machine's clock is ahead of AWS's. `network_stack` is None if the networking
    account is not the hub account, `topics` if the alarms notify nobody, and `history` if no history is kept. `names`
    are those of the installation's resources.
    """

    identity: Fact[Identity]
    skew: Fact[float]
    place: Fact[Place]
    hub_stack: Fact[Stack] = _NOT_READ
    rollout_stack: Fact[Stack] = _NOT_READ
    network_stack: Fact[Stack] | None = None
    functions: Fact[tuple[Function, ...]] = _NOT_READ
    table: Fact[Table] = _NOT_READ
    backups: Fact[str] = _NOT_READ
    expiry: Fact[str] = _NOT_READ
    stream: Fact[Stream] = _NOT_READ
    sources: Fact[tuple[Source, ...]] = _NOT_READ
    queues: Fact[tuple[Queue, ...]] = _NOT_READ
    schedules: Fact[tuple[Schedule, ...]] = _NOT_READ
    bus: Fact[Bus] = _NOT_READ
    rules: Fact[tuple[Rule, ...]] = _NOT_READ
    keys: Fact[tuple[Key, ...]] = _NOT_READ
    topics: Fact[tuple[Topic, ...]] | None = None
    history: Fact[Bucket] | None = None
    capacity: Fact[Capacity] = _NOT_READ
    access: Fact[str] = _NOT_READ
    administrators: Fact[Administrators] = _NOT_READ
    stack_instances: Fact[Mapping[Spoke, StackInstance]] = _NOT_READ
    opt_in: Fact[OptIn] = _NOT_READ
    state: Fact[Overview] = _NOT_READ
    vpcs: Fact[tuple[VpcRow, ...]] = _NOT_READ
    names: Names = DEFAULT_NAMES
