"""An associator over a world in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hub.runtime.associator.associator import Associator
from hub.runtime.associator.plan import Act, Step
from hub.runtime.associator.run import VpcOutcome
from hub.runtime.associator.steps import StepRunner
from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import Account, Spoke
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import AssociationMethod, VpcRef
from hub.runtime.policy.rules import TagCondition
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from hub.runtime.ports import LedgerUnavailable
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, example_policy
from tests.support.memory import MemoryClock, MemoryOrganization
from tests.support.memory_vpcs import NETWORK, MemoryVpcRows, MemoryVpcs

HOME = Spoke(PAYMENTS.id, "eu-central-1")


TAGGED = AssociationPolicy(CORP, selections=(VpcSelection(tag=TagCondition("dns")),))


BY_PROFILE = AssociationPolicy(CORP, AssociationMethod.PROFILE)


NO_VPC = AssociationPolicy(CORP, selections=())


ASSOCIATED = Step(Act.ASSOCIATE, CORP_ZONE)


@dataclass(slots=True)
class Stage:
    """An associator over a world in memory."""

    association_policies: tuple[AssociationPolicy, ...] = (AssociationPolicy(CORP),)
    aws: MemoryVpcs = field(default_factory=MemoryVpcs)
    clock: MemoryClock = field(default_factory=MemoryClock)
    organization: MemoryOrganization = field(default_factory=MemoryOrganization)
    guard: Guard = field(default_factory=lambda: Guard(0.3, 10, 0))
    account_vpcs: int = 300
    may_associate: bool = True
    seconds_left: float = 900.0
    # Why orgdns is paused, or the fault with which that cannot be read.
    paused: str | LedgerUnavailable | None = None
    rows: MemoryVpcRows = field(init=False)

    def __post_init__(self) -> None:
        self.rows = MemoryVpcRows(self.aws)
        network = Account(NETWORK, "network", units=PAYMENTS.units)
        self.organization.accounts = {account.id: account for account in (PAYMENTS, SEARCH, network)}
        # Each zone has the VPC that it was created with.
        first = self.aws.add(999, account=NETWORK)
        self.aws.associated = {(zone_id, first.ref) for zone_id in ZONE_IDS.values()}

    def pause(self) -> str | None:
        if isinstance(self.paused, LedgerUnavailable):
            raise self.paused
        return self.paused

    def associator(self) -> Associator:
        steps = StepRunner(
            association_policies=self.association_policies,
            zone_ids=ZONE_IDS,
            zone_owner=NETWORK,
            vpcs=self.aws,
            rows=self.rows,
            approvals=self.rows,
            authorizations=self.aws,
            associations=self.aws,
            pause=self.pause,
            associate=self.may_associate,
        )
        return Associator(
            policy=replace(
                example_policy(), association_policies=self.association_policies, associate=self.may_associate
            ),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            vpcs=self.aws,
            rows=self.rows,
            approvals=self.rows,
            guard=self.guard,
            steps=steps,
            clock=self.clock,
            account_vpcs=self.account_vpcs,
            sleep=self.clock.sleep,
        )

    @property
    def deadline(self) -> Deadline:
        return Deadline(lambda: self.seconds_left)

    def task(self, *refs: VpcRef, abandon: bool = False) -> Associate:
        (spoke,) = {ref.spoke for ref in refs}
        return Associate(spoke, tuple(ref.id for ref in refs), abandon)

    def associate(self, *refs: VpcRef, abandon: bool = False) -> list[VpcOutcome]:
        return self.associator().associate(self.task(*refs, abandon=abandon), self.deadline)

    def event(self, ref: VpcRef) -> list[VpcOutcome]:
        """Work on an event of a VPC."""
        return self.associator().associate(
            Associate(ref.spoke, (ref.id,), by_event=True), Deadline(lambda: self.seconds_left)
        )

    def settled(self, *refs: VpcRef) -> bool:
        """Whether each VPC resolves what policy says, and no authorization is left."""
        return (
            all(
                (CORP_ZONE in self.aws.zones_of(ref))
                == self.association_policies[0].wants(self.aws.vpcs[ref], PAYMENTS)
                and not any(record.in_progress for record in self.rows.rows[ref].records.values())
                for ref in refs
            )
            and not self.aws.authorized
        )
