"""A discovery of VPCs over a world in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hub.runtime.associator.discovery import DiscoveryOutcome, VpcDiscovery
from hub.runtime.model.tasks import Task
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, PAYMENTS, ZONE_IDS, example_policy
from tests.support.memory import MemoryClock, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses
from tests.support.memory_vpcs import MemoryVpcRows, MemoryVpcs
from tests.support.use_cases.associator_stage import HOME


@dataclass(slots=True)
class DiscoveryStage:
    association_policies: tuple[AssociationPolicy, ...] = (AssociationPolicy(CORP),)
    aws: MemoryVpcs = field(default_factory=MemoryVpcs)
    organization: MemoryOrganization = field(
        default_factory=lambda: MemoryOrganization(accounts={PAYMENTS.id: PAYMENTS})
    )
    may_associate: bool = True
    enqueued: list[Task] = field(default_factory=list)
    spokes: MemoryStatuses = field(default_factory=lambda: MemoryStatuses(MemoryClock()))
    clock: MemoryClock = field(default_factory=MemoryClock)
    rows: MemoryVpcRows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = MemoryVpcRows(self.aws)

    def sweep(self, *, departed: bool = False) -> DiscoveryOutcome:
        sweeper = VpcDiscovery(
            policy=replace(
                example_policy(), association_policies=self.association_policies, associate=self.may_associate
            ),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            vpcs=self.aws,
            rows=self.rows,
            spokes=self.spokes,
            health=self.spokes,
            tasks=self,
            clock=self.clock,
        )
        return sweeper.sweep(replace(self.spokes.spoke_status(HOME), withdrawn=departed))

    def enqueue(self, tasks: object) -> None:
        self.enqueued += [task for task, _ in tasks]  # type: ignore[attr-defined]  # pairs of a task and a delay
