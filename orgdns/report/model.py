"""What the report on an installation says. Pure.

The names of the fields are the keys of the report's JSON. A time is text in ISO 8601, or None if it is not known. A
list that may be long is a `Listing`: it says how many there are, and has the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the document reads the types of the fields
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

# Changes if a field changes its meaning or goes away. A reader ignores fields that it does not know.
FORMAT: Final = 1

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """The first of `total` rows; `kinds` counts all of them by kind."""

    total: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


class SpokeState(StrEnum):
    """The state of an account in a region, worst first."""

    UNREACHABLE = "unreachable"
    ATTENTION = "needs attention"
    UNKNOWN = "not swept yet"
    CLOSED = "closed"
    WELL = "well"


class NameState(StrEnum):
    """The state of a name, worst first."""

    UNREADABLE = "unreadable"
    CONFLICT = "conflict"
    WAITING = "waiting"
    DRY_RUN = "dry run"
    PUBLISHED = "published"


class FindingKind(StrEnum):
    """Why an instance does not have a name, or a name not its records."""

    CONFLICT = "conflict"
    UNREADABLE = "unreadable"
    REFUSED = "refused"
    HELD = "not held"


@dataclass(frozen=True, slots=True)
class Problem:
    """What needs attention, as `orgdns status` reports it; `runbook` is the name of its page in docs/runbook."""

    runbook: str
    stage: str
    title: str
    since: str | None
    affected: tuple[str, ...]
    lines: tuple[str, ...]
    todo: str


@dataclass(frozen=True, slots=True)
class Header:
    """Which installation it is, and how it is.

    `version` is that of the command, and `functions` that of the deployed functions. `path` is how long the last
    heartbeat took for the whole path, in seconds, and `heartbeat_at` when it came.
    """

    installation: str
    region: str
    made_at: str
    version: str
    functions: str
    organization: str
    paused: str | None
    dry_run: tuple[str, ...]
    heartbeat_at: str | None
    path: float | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Spoke:
    """An account in a region, and the events that it lost.

    `missed` are changes that the last sweep found and no event reported, and `missed_ever` all of them. `undelivered`
    events are in the queue of the spoke; of these, `undelivered_new` came since the sweep before. `event_fault` says
    why events do not become names.
    """

    account: str
    region: str
    state: str
    reasons: tuple[str, ...]
    instances: int
    names: int
    vpcs: int
    swept_at: str | None
    event_at: str | None
    missed: int
    missed_ever: int
    undelivered: int
    undelivered_new: int
    event_fault: str


@dataclass(frozen=True, slots=True)
class Share:
    """What an account holds in a zone."""

    account: str
    names: int
    records: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone, and how much of its quotas and of the accounts' limits is used.

    `records` and `vpcs` are those of others, too. `accounts` are those that hold most, and `more_accounts` counts the
    others. `account_records` is how many records an account may hold. A limit is 0 if it is not known.
    """

    zone: str
    zone_id: str
    names: int
    records: int
    records_limit: int
    vpcs: int
    vpcs_limit: int
    account_records: int
    accounts: tuple[Share, ...]
    more_accounts: int
    audited_at: str | None
    fault: str


@dataclass(frozen=True, slots=True)
class Hour:
    """What happened in an hour: names in time, names late, events missed, and events dropped."""

    at: str
    in_time: int
    late: int
    missed: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long names of a zone took on a day: half of them at most `half`, and 99 in a hundred at most `most`."""

    zone: str
    at: str
    half: float
    most: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The objective over time, by CloudWatch's metrics; `fault` says why it is not known.

    `hours` are those in which something happened. `seconds` and `share` are the objective, of the configuration: 0 if
    it is not known.
    """

    since: str | None = None
    hours: tuple[Hour, ...] = ()
    latency: tuple[Seconds, ...] = ()
    seconds: float = 0
    share: float = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a zone. `values` are what is published, or what would be in a dry run; `claimants` counts instances."""

    name: str
    zone: str
    values: str
    ttl: int
    account: str
    region: str
    instance: str
    rule: str
    claimants: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A name that an instance does not get, or that lacks its records, with the reason."""

    kind: str
    name: str
    account: str
    region: str
    instance: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC: the zones that it resolves, and those that it should resolve and does not, with the reasons."""

    vpc: str
    name: str
    account: str
    region: str
    cidrs: str
    resolves: str
    lacks: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Names of instances that do not resolve in the VPC where the instances run."""

    vpc: str
    region: str
    owner: str
    zones: str
    instances: int
    names: int
    example: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a name that Route 53 accepted: what it had, what it has, and why."""

    at: str
    name: str
    before: str
    after: str
    instance: str
    cause: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of the last days, latest first; `unknown` says why they are not known."""

    since: str | None = None
    listing: Listing[Change] = field(default_factory=Listing)
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class OthersChange:
    """What someone else changed in records of orgdns in the last day."""

    zone: str
    by: str
    changes: int
    since: str | None
    at: str | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. `accounts` are the labels of accounts by id, of those that have one."""

    header: Header
    accounts: Mapping[str, str]
    spokes: Listing[Spoke]
    zones: tuple[Zone, ...]
    trend: Trend
    names: Listing[Name]
    findings: Listing[Finding]
    vpcs: Listing[Vpc]
    unresolved: Listing[Unresolved]
    changes: Changes
    others: tuple[OthersChange, ...]
    format: int = FORMAT
