"""A sweeper, and the spoke that it reads, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.runtime.deadline import Deadline
from hub.runtime.guard import Guard
from hub.runtime.model.names import InstanceRef, Spoke
from hub.runtime.observer.recorder import InstanceOutcome, Recorder
from hub.runtime.policy.decide import Policy
from hub.runtime.sweeper.bookkeeping import SweepOutcome
from hub.runtime.sweeper.sweeper import Sweeper
from tests.support.build import PAYMENTS, ZONE_IDS, example_policy, instance
from tests.support.memory import MemoryClock, MemoryLedger, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")


DAY = 86_400_000


POLICY = example_policy()


@dataclass
class World:
    """A sweeper, and the spoke that it reads."""

    clock: MemoryClock = field(default_factory=lambda: MemoryClock(now=100 * DAY))
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    organization: MemoryOrganization = field(default_factory=lambda: MemoryOrganization({PAYMENTS.id: PAYMENTS}))
    reported: list[InstanceOutcome] = field(default_factory=list)
    seconds_left: float = 900.0
    policy: Policy = POLICY
    digest: str = "p1"

    def __post_init__(self) -> None:
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)
        self.recorder = Recorder(self.ledger, self.clock)

    def sweep(self, spoke: Spoke = SPOKE, *, after_call: bool = False) -> SweepOutcome:
        deadline = Deadline(lambda: self.seconds_left)
        return self.sweeper().sweep(spoke, deadline, self.reported.append, after_call=after_call)

    def sweeper(self) -> Sweeper:
        return Sweeper(
            policy=self.policy,
            policy_digest=self.digest,
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            labels=self.organization,
            instances=self.organization,
            rows=self.ledger,
            statuses=self.statuses,
            recorder=self.recorder,
            guard=Guard(share=0.3, names=10, grace=7 * DAY),
            clock=self.clock,
            queues=self.statuses,
        )

    def show(self, *numbers: int, **facts: object) -> list[InstanceRef]:
        shown = [instance(number, **({"name": f"n{number}"} | facts)) for number in numbers]  # type: ignore[arg-type]
        self.organization.instances |= {instance.ref: instance for instance in shown}
        return [instance.ref for instance in shown]

    def end(self, *refs: InstanceRef) -> None:
        for ref in refs:
            del self.organization.instances[ref]

    def names(self) -> set[str]:
        return {claim.key.fqdn.split(".")[0] for claim in self.ledger.live_claims() if "corp." in claim.key.fqdn}

    def claimants(self) -> set[InstanceRef]:
        return {claim.instance for claim in self.ledger.live_claims()}
