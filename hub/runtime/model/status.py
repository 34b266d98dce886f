"""The state of each spoke and zone after its last sweep or audit, and of the schedule. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import crc32

from hub.runtime.model.damping import CallSweeps
from hub.runtime.model.names import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.drift import ZoneDrift
    from hub.runtime.model.names import Fqdn, Millis, Spoke
    from hub.runtime.model.usage import UsageByZone

# In milliseconds.
HOUR: Final = 3_600_000
DAY: Final = 86_400_000
# Four pages of Route 53, which an audit reads in a few seconds.
RECORDS_AN_HOUR: Final = 1_000
# A row has the time of an event at most once in this time: a write for each event would be too many. Milliseconds.
EVENT_MILLIS: Final = 900_000


# A status names so many instances whose events wait.
MOST_WAITING: Final = 10


@dataclass(frozen=True, slots=True)
class FailedLook:
    """Why a look at instances of a spoke, which events caused, failed last, and at what time.

    `since` is the time of the oldest event that waits because of that, `events` counts the instances that wait, and
    `instances` are the first of them. Without a `reason`, no look failed.
    """

    reason: str = ""
    at: Millis = NEVER
    since: Millis = NEVER
    events: int = 0
    instances: tuple[str, ...] = ()


def time_of_day(spoke: Spoke) -> int:
    """Return when the daily sweep of a quiet spoke is due, in milliseconds after midnight: spread over the day."""
    return crc32(str(spoke).encode()) * DAY >> 32


@dataclass(frozen=True, slots=True)
class SpokeStatus:
    """The state of a spoke.

    `policy` is the digest of the policy that the last complete sweep used. `fault` says why the last sweep is not
    complete. `fault_since` is the time since which the spoke is unreachable; it is 0 for a temporary fault. `closed`
    means that nobody has to repair that: the account is not active or not covered, or the region is disabled.
    `withdrawn` means that the spoke was unreachable for longer than its names are kept. `withdrawn_at` is when it lost
    names for that reason without an approval. `pending_removals` are the instances that would have lost names in the
    last sweep and await approval, `approved` those that a person approved: `approved_by` is the caller's ARN.
    `event_at` is the time of a recent event; the last one came at most 15 minutes later. `kept_vpcs` counts the VPCs of
    an abandoned spoke that still have associations made by orgdns. `usage` is what its instances hold in each zone,
    exact after a sweep, and `vpcs` how many of its VPCs are associated with each zone and with the Profile.
    `vpc_work` adds up the VPCs that the last sweep enqueued for the associator, or found blocked, unreadable or damped;
    if the VPCs could not be described, that counts as one more.
    `damped` counts the instances that the last sweep found damped, and `damped_vpcs` the VPCs.
    `unreadable` counts the instances that the last sweep could not read, or whose rows it could not read, and
    `unreadable_first` are some of them; an instance without a readable id is empty there. `row_fault` says why the
    status itself cannot be read: nothing else is known then, and nothing is stored.
    `call_sweeps` are the sweeps that calls of the account caused. `generation` is that of the ledger when the last
    complete sweep, or the withdrawal, began.
    `failed_look` is the last look that an event caused, if it failed. `undelivered` counts the events that the spoke
    could not send to the hub and keeps in a queue, as the last sweep found them, and `undelivered_new` those that came
    since the sweep before; `undelivered_fault` says why that is not known. `missed_sweeps` counts the last sweeps in a
    row that found missed changes. `vpc_fault` says why the last sweep could not describe the VPCs. `refused_vpcs`
    counts the VPCs with a refused association or end of one, and `refusal` is AWS's reason for one of them.

    """

    spoke: Spoke
    tried_at: Millis = NEVER
    swept_at: Millis = NEVER
    policy: str = ""
    instances: int = 0
    names: int = 0
    missed: int = 0
    missed_ever: int = 0
    fault: str = ""
    fault_since: Millis = NEVER
    closed: bool = False
    withdrawn: bool = False
    pending_removals: tuple[str, ...] = ()
    pending_names: int = 0
    approved: frozenset[str] = frozenset()
    event_at: Millis = NEVER
    kept_vpcs: int = 0
    withdrawn_at: Millis = NEVER
    usage: UsageByZone = field(default_factory=dict)
    vpcs: Mapping[str, int] = field(default_factory=dict)
    vpc_work: int = 0
    call_sweeps: CallSweeps = field(default_factory=CallSweeps)
    unreadable: int = 0
    unreadable_first: tuple[str, ...] = ()
    row_fault: str = ""
    generation: str = ""
    damped: int = 0
    damped_vpcs: int = 0
    failed_look: FailedLook = field(default_factory=FailedLook)
    undelivered: int = 0
    undelivered_new: int = 0
    undelivered_fault: str = ""
    missed_sweeps: int = 0
    vpc_fault: str = ""
    vpc_fault_since: Millis = NEVER
    refused_vpcs: int = 0
    refusal: str = ""
    approved_by: str = ""
    approved_at: Millis = NEVER

    @property
    def counted(self) -> bool:
        """Whether the last sweep counted what the spoke holds: it was complete, or withdrew all names."""
        return not self.fault or self.withdrawn

    @property
    def over(self) -> bool:
        """Whether the spoke keeps no names and no associations, so that it needs no more sweeps.

        An instance whose row cannot be read keeps its names.
        """
        return self.withdrawn and not (self.kept_vpcs or self.unreadable)

    @property
    def empty(self) -> bool:
        """Whether the last sweep was complete, and found no instance, name or associated VPC, and no work for a VPC.

        A spoke is not empty while it is unreachable, while its removals await approval, while orgdns cannot read
        something of it, or while its events do not reach the hub.
        """
        found = self.instances or self.names or self.vpcs or self.vpc_work or self.kept_vpcs or self.unreadable
        failed = self.fault or self.fault_since or self.withdrawn or self.row_fault or self.undelivered_new
        return bool(self.swept_at and not (found or failed or self.pending_removals))

    @property
    def heard_since(self) -> bool:
        """Whether an event of the spoke may be later than its last complete sweep, or a call requested a sweep."""
        return self.event_at + EVENT_MILLIS > self.swept_at or self.call_sweeps.begins_at > self.swept_at

    def quiet(self, policy: str, generation: str) -> bool:
        """Whether one sweep a day suffices: the spoke was empty by this policy, and nothing happened since."""
        current = self.policy == policy and self.settled(generation)
        return self.empty and current and not self.heard_since

    @property
    def vpcs_wait(self) -> bool:
        """Whether VPCs of the spoke may wait for the associator, or for their associations to end."""
        return bool(self.vpc_work or self.kept_vpcs)

    def settled(self, generation: str) -> bool:
        """Whether the ledger, in its current generation, has all claims of the spoke.

        It has if the spoke was swept completely in this generation, or lost all names. An unknown generation is empty.
        """
        return bool(generation) and self.generation == generation


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """The state of a zone: how many names differed in its last audit, by kind; the rest as in a spoke's status.

    `repaired` counts the rows of the ledger that the last audit repaired, by kind: those of claims, and of instances.

    `record_sets` are all record sets that the zone held, those of others, too. `claimed` are those that instances
    claimed at that time. `pending_vpcs` are the VPCs, `<account>/<region>/<id>`, whose associations are to end and
    await approval, `approved_vpcs` those that a person approved. `drift` is what others changed, latest first.
    `unreadable` counts the names with rows or record sets that the last audit could not read, `unreadable_first` are
    some of them, and `row_fault` is as in a spoke's status.
    `audit_requested_at` is when an audit has to begin because a call changed unknown names, and `audits_paid_until` the
    time that such audits use up.
    `checked_at` is when orgdns last learned whether it may change the zone. `closed_since` is the time since which it
    may not, because of `closed_reason`; it is 0 for an open zone. `closed_names` counts the names that wait for it.
    """

    zone_id: str
    tried_at: Millis = NEVER
    audited_at: Millis = NEVER
    names: int = 0
    differences: tuple[tuple[str, int], ...] = ()
    fault: str = ""
    pending_removals: tuple[Fqdn, ...] = ()
    pending_names: int = 0
    approved: frozenset[str] = frozenset()
    pending_vpcs: tuple[str, ...] = ()
    approved_vpcs: frozenset[str] = frozenset()
    record_sets: int = 0
    claimed: int = 0
    drift: tuple[ZoneDrift, ...] = ()
    audit_requested_at: Millis = NEVER
    audits_paid_until: Millis = NEVER
    repaired: tuple[tuple[str, int], ...] = ()
    unreadable: int = 0
    unreadable_first: tuple[str, ...] = ()
    row_fault: str = ""
    checked_at: Millis = NEVER
    closed_since: Millis = NEVER
    closed_reason: str = ""
    closed_names: int = 0
    approved_by: str = ""
    approved_at: Millis = NEVER

    @property
    def audit_millis(self) -> int:
        """How far apart the audits of the zone are at most: an hour, and one more for each `RECORDS_AN_HOUR`."""
        return HOUR * (1 + self.record_sets // RECORDS_AN_HOUR)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why publishing is paused, since when, and who paused it: the ARN of the caller. Both may be unknown."""

    reason: str
    at: Millis = NEVER
    by: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleCursor:
    """The progress of the schedule: the current policy, since when, and the spoke after which the next run continues.

    `ahead` counts the spokes that are still to be scheduled ahead of time, because the policy or the generation of the
    ledger is new. `at` is the time of the last run, and `generation` that of the ledger then. `row_fault` says why the
    cursor cannot be read. In dry run are `dry_zones`, to which nothing is published, `dry_rules`, and
    `dry_associations`, the zones with which nothing is associated. `version` is that of the functions, and `schema`
    that of the rows they write.
    """

    policy: str = ""
    since: Millis = NEVER
    after: str = ""
    ahead: int = 0
    at: Millis = NEVER
    generation: str = ""
    row_fault: str = ""
    dry_zones: tuple[str, ...] = ()
    dry_rules: tuple[str, ...] = ()
    dry_associations: tuple[str, ...] = ()
    version: str = ""
    schema: int = 0
