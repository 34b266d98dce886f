"""Functions that take labels for accounts, write claims and publish them, in memory, each with its own memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.model.labels import HeldLabel
from hub.runtime.model.names import Claim, NameKey, Published, RecordSet, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.observer.looks import Look
from hub.runtime.observer.recorder import Recorder
from hub.runtime.policy.draft import Decision
from hub.runtime.policy.label_registry import LabelRegistry
from hub.runtime.publisher.holders import desired_record_sets
from hub.runtime.sweeper.release import LabelRelease
from tests.support.build import PAYMENTS, SCIENCE, SEARCH, ZONE_IDS, claim, covering, instance, key
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger

EVERY_ACCOUNT = replace(covering(), included=frozenset({PAYMENTS.id, SEARCH.id, SCIENCE.id}))
MINUTE = 60_000
# A Lambda function is stopped after 15 minutes.
LONGEST_RUN = 15 * MINUTE


@dataclass
class Organizations:
    """DescribeAccount. An account without a name is not in the organization."""

    names: dict[str, str] = field(default_factory=dict)

    def describe_account(self, *, AccountId: str) -> dict[str, Any]:  # noqa: N803 - as the client has it
        path = f"o-1/r-ab12/ou-ab12-workload/{AccountId}/"
        return {"Account": {"Name": self.names[AccountId], "State": "ACTIVE", "Paths": [path]}}


@dataclass
class PublisherRun:
    """A run of the publisher for one name: it read these claims, and then sends its change batch."""

    claims: tuple[Claim, ...]
    began_at: int
    sent: bool = False
    marked: bool = False


class Function:
    """One execution environment."""

    def __init__(self, world: LabelWorld) -> None:
        client: Any = world.organizations
        self.registry = LabelRegistry(world.ledger, world.ledger, world.pinned, ZONE_IDS, world.clock)
        self.accounts = OrganizationAccounts(client, self.registry, EVERY_ACCOUNT, world.clock)
        self.release = LabelRelease(self.registry, world.ledger, ZONE_IDS, world.clock)
        # An account with the label that it had when the run began.
        self.run: tuple[str, str, Look] | None = None


class LabelWorld:
    """Accounts with one instance each, which have one name under their account's label."""

    def __init__(self, names: dict[str, str], pinned: dict[str, str] | None = None, functions: int = 2) -> None:
        self.clock = MemoryClock(now=10**12)
        self.ledger = MemoryLedger()
        self.organizations = Organizations(names)
        self.pinned = pinned or {}
        self.functions = [Function(self) for _ in range(functions)]
        self.recorder = Recorder(self.ledger, self.clock)
        self.zone: dict[NameKey, tuple[RecordSet, ...]] = {}
        self.publishing: dict[NameKey, PublisherRun] = {}

    def begin(self, function: Function, account_id: str) -> None:
        """Look an account up, and describe its instance."""
        ref = instance(account=account_id).ref
        label = function.accounts.account(account_id).label or ""
        function.run = (account_id, label, self.recorder.looks([ref])[ref])

    def write(self, function: Function) -> None:
        """Write the claim that the run decided, if the function was not stopped meanwhile."""
        if function.run and self.clock.now - function.run[2].began_at < LONGEST_RUN:
            account_id, label, look = function.run
            described = instance(account=account_id)
            wanted = replace(claim(account=account_id), key=key(f"web.{label}"), label=label)
            account = function.accounts.account(account_id)
            decision = Decision((wanted,) if label else ())
            while self.recorder.described(described, account, decision, look).superseded:
                look = self.recorder.looks([described.ref])[described.ref]
        function.run = None

    def sweep_denied(self, function: Function, account_id: str) -> None:
        """Sweep a spoke that denies the reader role."""
        account = function.accounts.account(account_id)
        labels = function.registry.released(account_id) - {account.label}
        for row in self.ledger.observations_of(Spoke(account_id, "eu-central-1")):
            if any(each.label in labels for each in row.claims):
                self.recorder.without_labels(row, account, labels)

    def publish(self, name: NameKey) -> None:
        """Make the next step of the publisher's run for a name."""
        run = self.publishing.get(name)
        if run is None or self.clock.now - run.began_at >= LONGEST_RUN:
            self.publishing[name] = PublisherRun(self.ledger.name(name).claims, self.clock.now)
        elif not run.marked:
            run.marked = True
            before = self.ledger.name(name).published
            self.ledger.put_published([(name, replace(before, pending=True))])
        elif not run.sent:
            run.sent = True
            self.zone[name] = desired_record_sets(run.claims)
        else:
            self.ledger.put_published([(name, Published(self.zone[name]))])
            del self.publishing[name]

    def publish_all(self) -> None:
        for name in {state.key for state in self.ledger.names(ZONE_IDS.values())}:
            for _ in range(8):
                self.publish(name)

    def free(self, function: Function) -> tuple[HeldLabel, ...]:
        return function.release.free(AMPLE)

    def row(self, account_id: str) -> Observation | None:
        return self.ledger.observation(instance(account=account_id).ref)

    def under(self, label: str) -> set[str]:
        """The accounts that have claims or records under a label."""
        records = {
            record_set.holder.split("/")[0]
            for name, record_sets in self.zone.items()
            for record_set in record_sets
            if name == key(f"web.{label}")
        }
        return records | {each.instance.account for each in self.ledger.live_claims() if each.label == label}
