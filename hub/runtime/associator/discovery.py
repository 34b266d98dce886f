"""The sweep of a spoke's VPCs: compares what they resolve with what policy wants, over ports. No AWS, no log.

It writes to the ledger only. It enqueues tasks for the associator, which describes the VPCs a second time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hub.runtime.associator.plan import Act, association_plan, cleanup_steps, unselected
from hub.runtime.boundary.chunks import chunks
from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.membership import NotMember, member_account
from hub.runtime.model.status import DAY, time_of_day
from hub.runtime.model.tasks import VPCS_A_TASK, Associate
from hub.runtime.model.vpcs import AssociationMethod, VpcRow, VpcsStatus, known_dhcp_options
from hub.runtime.ports import LedgerUnavailable, SpokeUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hub.runtime.associator.plan import AssociationPlan
    from hub.runtime.associator.ports import SpokeHealthLedger, SpokeLedger, VpcLedger, Vpcs
    from hub.runtime.model.names import Account, Fqdn, Spoke
    from hub.runtime.model.status import SpokeStatus
    from hub.runtime.model.vpcs import DescribedVpcs, Vpc, VpcRef
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts, Clock, Tasks

# How many VPCs of other accounts the status of a spoke names. By default an account can be given 100 shared subnets
# ("Amazon VPC quotas", https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).
SHARED: Final = 100
# How many of the VPCs that cannot be read the status of a spoke names.
UNREADABLE: Final = 20
# Milliseconds. A spoke that is swept every hour has a sweep in each span of this length, also if a sweep comes late.
DAILY_WINDOW: Final = 5_400_000


@dataclass(frozen=True, slots=True)
class DiscoveryOutcome:
    """The status of a spoke's VPCs, and how many of them were enqueued for the associator.

    `unreadable` are the VPCs that cannot be read, or whose rows cannot: they keep their associations.
    `kept` counts the VPCs of a withdrawn spoke that still have associations made by orgdns. `associated` counts the
    VPCs that are associated with each zone and with the Profile, or are enqueued for that; it is None if they could not
    be described. `damped` counts the VPCs whose events are ignored for a while. `refused` counts the VPCs that need a
    step which AWS refused the last time, and `refusal` is AWS's reason for one of them. `denied` are AWS's messages
    about calls that a policy of the spoke denies, and without which the VPCs are described in part.
    """

    status: VpcsStatus
    enqueued: int = 0
    kept: int = 0
    associated: Mapping[str, int] | None = None
    unreadable: tuple[Unreadable, ...] = ()
    damped: int = 0
    refused: int = 0
    refusal: str = ""
    denied: tuple[str, ...] = ()

    @property
    def work(self) -> int:
        """How many VPCs are enqueued, blocked, unreadable or damped, and one more if they could not be described.

        A spoke with any is swept every hour, also if it has no instances.
        """
        return bool(self.status.fault) + self.enqueued + self.status.blocked + self.status.unreadable + self.damped


@dataclass(frozen=True, slots=True)
class VpcDiscovery:
    """Discovers the VPCs of spokes."""

    policy: Policy
    zone_ids: Mapping[Fqdn, str]
    accounts: Accounts
    vpcs: Vpcs
    rows: VpcLedger
    spokes: SpokeLedger
    health: SpokeHealthLedger
    tasks: Tasks
    clock: Clock

    def sweep(self, swept: SpokeStatus) -> DiscoveryOutcome:
        """Bring the ledger in line with the spoke's VPCs, and enqueue the VPCs that need a change.

        A listing that fails enqueues nothing. A VPC that cannot be read, or whose row cannot be read or written, stays
        as it is, and the others are treated as without it.

        `swept` is the status after the sweep of the spoke's instances. If the names of the spoke are withdrawn, its
        associations end if the spoke is not covered. A spoke that denies access keeps those that policy wants, and its
        status counts their VPCs, so that sweeps of the spoke continue.

        Raises:
            LedgerUnavailable: if the ledger cannot be read or written. A repeat is safe.
            TasksNotSent: if a task cannot be enqueued.
        """
        outcome = self._discover(swept.spoke, withdrawn=swept.withdrawn)
        if outcome.kept != swept.kept_vpcs:
            self.spokes.keep_vpcs(swept.spoke, outcome.kept)
        counts = (outcome.associated, outcome.damped)
        if outcome.associated is not None and counts != (swept.vpcs, swept.damped_vpcs):
            self.spokes.count_vpcs(swept.spoke, outcome.associated, outcome.damped)
        if not swept.withdrawn and outcome.work != swept.vpc_work:
            self.spokes.note_vpc_work(swept.spoke, outcome.work)
        fault = "" if swept.withdrawn else outcome.status.fault
        if (fault, outcome.refused, outcome.refusal) != (swept.vpc_fault, swept.refused_vpcs, swept.refusal):
            self.health.put_vpc_health(swept.spoke, fault, outcome.refused, outcome.refusal)
        return outcome

    def _discover(self, spoke: Spoke, *, withdrawn: bool) -> DiscoveryOutcome:
        status = VpcsStatus(spoke, seen_at=self.clock())
        try:
            account = member_account(spoke, self.accounts, self.policy.coverage)
        except NotMember as refused:
            kept = self._kept(spoke) if withdrawn else ()
            return self._failed(status, str(refused), kept, losing=() if refused.cause.temporary else kept)
        if withdrawn:
            kept = self._kept(spoke)
            fault = (
                "unreachable for too long: its VPCs keep the associations that policy wants by their last description"
            )
            return self._failed(status, fault, kept, losing=[row for row in kept if self._loses(row, account)])
        # Read the ledger before the VPCs: a description that starts later must show what the ledger says is done.
        rows = {row.ref: row for row in self.rows.vpc_rows(spoke)}
        try:
            described = self.vpcs.described(
                spoke, dhcp_options=known_dhcp_options(rows.values()), known=self._known(spoke, account, rows.values())
            )
        except SpokeUnreachable as unreachable:
            return self._failed(status, str(unreachable))
        return self._compare(replace(status, shared=described.shared[:SHARED]), account, rows, described)

    def _known(self, spoke: Spoke, account: Account, rows: Iterable[VpcRow]) -> dict[str, Vpc]:
        """Return the VPCs that this sweep need not describe completely, as they were last described.

        They are default VPCs that no policy selects, and that neither have nor had anything of orgdns: every account
        has one in every region. A sweep that begins within DAILY_WINDOW after the spoke's time of day, at which a quiet
        spoke is swept, describes all VPCs completely. So does every sweep if a policy also ends what others associate
        with its zones.
        """
        owns_all = any(policy.owns_all for policy in self.policy.association_policies)
        if owns_all or (self.clock() - time_of_day(spoke)) % DAY < DAILY_WINDOW:
            return {}
        default = {row.ref.id: row.vpc for row in rows if row.vpc and row.vpc.default and not row.records}
        zones = frozenset(self.zone_ids.values())
        return {
            vpc_id: vpc
            for vpc_id, vpc in default.items()
            if zones.isdisjoint(zone.id for zone in vpc.zones)
            and not any(policy.wants(vpc, account) for policy in self.policy.association_policies)
        }

    def _compare(
        self, status: VpcsStatus, account: Account, rows: dict[VpcRef, VpcRow], described: DescribedVpcs
    ) -> DiscoveryOutcome:
        changing: list[str] = []
        blocked = damped = 0
        refusals: list[str] = []
        associated = Counter[str]()
        faults = {row.ref.id: f"its row in the ledger: {row.row_fault}" for row in rows.values() if row.row_fault}
        faults |= described.faults
        for row in [row for row in rows.values() if row.ref.id in faults]:
            # What was known about the VPC still counts.
            associated.update(_associated_before(rows.pop(row.ref)))
        for vpc in described.vpcs:
            if vpc.ref.id in faults:
                continue
            row = rows.pop(vpc.ref, VpcRow(vpc.ref))
            plan = self._plan(vpc, account, row)
            damping = row.damping.passed(status.seen_at)
            if (row.vpc, row.account, row.zones, row.damping) != (vpc, account, plan.zones, damping):
                try:
                    self.rows.put_vpc(vpc, account, plan.zones, damping)
                except LedgerUnavailable as refused:
                    # DynamoDB may refuse this row alone. If it refuses all of them, it refuses the status below, too.
                    faults[vpc.ref.id] = str(refused)
                    continue
            blocked += plan.blocked
            damped += damping.damps(status.seen_at)
            associated.update(_associated(vpc, row, plan))
            if plan.steps:
                changing.append(vpc.ref.id)
            refusals += [fault for step in plan.steps[:1] if (fault := row.record(step.target).fault)]
        # The spoke does not show the remaining VPCs any more: the associator describes exactly these a second time.
        changing += [ref.id for ref in rows]
        unreadable = tuple(Unreadable(vpc_id, reason) for vpc_id, reason in sorted(faults.items()))
        status = replace(
            status,
            vpcs=len({vpc.ref.id for vpc in described.vpcs} | faults.keys()),
            blocked=blocked,
            unreadable=len(unreadable),
            unreadable_first=unreadable[:UNREADABLE],
        )
        self._enqueue(status.spoke, changing)
        self.rows.put_vpcs_status(status)
        return DiscoveryOutcome(
            status,
            len(changing),
            associated=dict(associated),
            unreadable=unreadable,
            damped=damped,
            refused=len(refusals),
            refusal=refusals[0] if refusals else "",
            denied=described.denied,
        )

    def _failed(
        self, status: VpcsStatus, fault: str, kept: Sequence[VpcRow] = (), losing: Sequence[VpcRow] = ()
    ) -> DiscoveryOutcome:
        """Store why the VPCs of a spoke could not be described, and enqueue those that are to lose associations.

        `kept` are the VPCs of a withdrawn spoke that still have associations.
        """
        status = replace(status, fault=fault)
        self._enqueue(status.spoke, [row.ref.id for row in losing], abandon=True)
        self.rows.put_vpcs_status(status)
        return DiscoveryOutcome(status, len(losing), len(kept))

    def _kept(self, spoke: Spoke) -> tuple[VpcRow, ...]:
        """The VPCs of a spoke that still have associations made by orgdns, or whose rows cannot be read."""
        owned = frozenset(self.zone_ids.values())
        return tuple(row for row in self.rows.vpc_rows(spoke) if row.row_fault or cleanup_steps(row, owned))

    def _loses(self, row: VpcRow, account: Account) -> bool:
        """Whether policy no longer wants an association with a VPC, by its last description."""
        if row.vpc is None:
            return False
        return bool(unselected(self._plan(row.vpc, account, row), row))

    def _plan(self, vpc: Vpc, account: Account, row: VpcRow) -> AssociationPlan:
        policy = self.policy
        return association_plan(
            vpc, account, row, policy.association_policies, self.zone_ids, associate=policy.associate
        )

    def _enqueue(self, spoke: Spoke, vpc_ids: list[str], *, abandon: bool = False) -> None:
        self.tasks.enqueue((Associate(spoke, part, abandon), 0) for part in chunks(vpc_ids, VPCS_A_TASK))


def _associated_before(row: VpcRow) -> Iterator[str]:
    """Yield what a VPC was associated with when it was last described."""
    yield from (zone.zone_id for zone in row.zones if zone.method is AssociationMethod.ASSOCIATION)
    if row.vpc and row.vpc.has_profile:
        yield row.vpc.profile


def _associated(vpc: Vpc, row: VpcRow, plan: AssociationPlan) -> Iterator[str]:
    """Yield what a VPC is associated with, or will be unless the last attempt was refused: zones, and the Profile."""
    coming = {
        step.target
        for step in plan.steps
        if step.act in {Act.ASSOCIATE, Act.ASSOCIATE_PROFILE} and not row.record(step.target).fault
    }
    yield from coming | {zone.zone_id for zone in plan.zones if zone.method is AssociationMethod.ASSOCIATION}
    if vpc.has_profile and vpc.profile not in coming:
        yield vpc.profile
