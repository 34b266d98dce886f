"""An observer, and the world that it sees, in memory."""

from __future__ import annotations

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import InstanceRef, InstanceState
from hub.runtime.observer.events import Hint, Tags
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceOutcome, Recorder
from tests.support.build import PAYMENTS, SEARCH, ZONE_IDS, example_policy, instance
from tests.support.memory import MemoryClock, MemoryLedger, MemoryOrganization


def tags_of(*names: str | None) -> frozenset[Tags]:
    """The tags of events that report these Name tags."""
    return frozenset(() if name is None else (("Name", name),) for name in names)


class World:
    """An observer, and the world that it describes."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.organization = MemoryOrganization({PAYMENTS.id: PAYMENTS, SEARCH.id: SEARCH})
        self.ledger = MemoryLedger()
        self.seconds_left = 90.0
        self.observer = Observer(
            policy=example_policy(),
            zone_ids=ZONE_IDS,
            accounts=self.organization,
            labels=self.organization,
            instances=self.organization,
            recorder=Recorder(self.ledger, self.clock),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def observe(self, *hints: Hint) -> list[InstanceOutcome]:
        return self.observer.observe(hints, Deadline(lambda: self.seconds_left))

    def show(self, number: int = 1, **facts: object) -> InstanceRef:
        shown = instance(number, **facts)  # type: ignore[arg-type]  # the builder's own arguments
        self.organization.instances[shown.ref] = shown
        return shown.ref

    def event(
        self, subject: InstanceRef, state: str | None = "running", names: tuple[str | None, ...] = (), attempt: int = 1
    ) -> InstanceOutcome:
        (outcome,) = self.observe(Hint(subject, InstanceState(state) if state else None, tags_of(*names), attempt))
        return outcome

    def claimed(self) -> set[str]:
        return {claim.key.fqdn for claim in self.ledger.live_claims()}
