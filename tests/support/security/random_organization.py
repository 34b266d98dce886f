"""An organization whose accounts move, rename themselves and change everything in them, under a random configuration.

The functions are the real ones over ports in memory. Each has its own memory of accounts and labels, as execution
environments have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from botocore.exceptions import ClientError

from hub.runtime.associator.associator import Associator
from hub.runtime.associator.discovery import VpcDiscovery
from hub.runtime.associator.steps import StepRunner
from hub.runtime.aws.accounts import OrganizationAccounts
from hub.runtime.guard import Guard
from hub.runtime.model.names import NEVER, Fqdn, InstanceRef, InstanceState, RecordSet, Spoke
from hub.runtime.model.tasks import Associate
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.observer.events import Hint
from hub.runtime.observer.observer import Observer
from hub.runtime.observer.recorder import InstanceResult, Recorder
from hub.runtime.policy.label_registry import LabelRegistry
from hub.runtime.publisher.outcome import NameResult
from hub.runtime.publisher.publisher import Publisher
from hub.runtime.sweeper.auditor import Auditor
from hub.runtime.sweeper.release import LabelRelease
from hub.runtime.sweeper.sweeper import Sweeper
from tests.support.build import CORP_ZONE, SUBNET, instance, interface
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger, MemoryOrganization
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks
from tests.support.memory_vpcs import NETWORK, MemoryVpcRows, MemoryVpcs
from tests.support.memory_zones import MemoryZones
from tests.support.security.given import (
    ACCOUNT_NAMES,
    ACCOUNTS,
    CORP,
    GRACE_SECONDS,
    REGION,
    ROOT,
    UNITS,
    ZONE_IDS,
    Facts,
    Setup,
)

ATTEMPTS = 5


@dataclass
class Place:
    """What the organization knows about an account."""

    name: str
    unit: str
    state: str = "ACTIVE"


@dataclass
class Organizations:
    """DescribeAccount."""

    places: dict[str, Place]
    # Values that an answer leaves out.
    missing: set[str] = field(default_factory=set)

    def describe_account(self, *, AccountId: str) -> dict[str, Any]:  # noqa: N803 - as the client has it
        place = self.places.get(AccountId)
        if place is None:
            raise ClientError({"Error": {"Code": "AccountNotFoundException", "Message": ""}}, "DescribeAccount")
        path = "/".join(["o-a1b2c3d4e5", *UNITS[place.unit], AccountId, ""])
        whole = {"Name": place.name, "State": place.state, "Paths": [path]}
        return {"Account": {key: value for key, value in whole.items() if key not in self.missing}}


class Environment:
    """An execution environment: what it knows about accounts and labels is up to 15 minutes old."""

    def __init__(self, world: RandomOrganization) -> None:
        client: Any = world.organizations
        policy, clock = world.policy, world.clock
        self.labels = LabelRegistry(world.ledger, world.ledger, dict(policy.account_labels), ZONE_IDS, clock)
        self.accounts = OrganizationAccounts(client, self.labels, policy.coverage, clock)


class RandomOrganization:
    """Everything in memory: accounts, instances, VPCs, zones, and the functions."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.policy = setup.config.compiled_policy()
        self.clock = MemoryClock(now=10**12)
        self.organizations = Organizations(
            {account: Place(name, ROOT) for account, name in zip(ACCOUNTS, ACCOUNT_NAMES, strict=True)}
        )
        self.ec2 = MemoryOrganization()
        self.ledger = MemoryLedger()
        self.statuses = MemoryStatuses(self.clock, ledger_generation=self.ledger.generation)
        self.zones = MemoryZones(domains={zone_id: domain for domain, zone_id in ZONE_IDS.items()})
        self.vpcs = MemoryVpcs()
        self.rows = MemoryVpcRows(self.vpcs)
        self.tasks = MemoryTasks()
        self.hints: list[Hint] = []
        self.launched = 0
        # Each zone has a VPC of the networking account, which cannot leave it.
        first = self.vpcs.add(999, account=NETWORK)
        self.vpcs.associated.add((CORP_ZONE, first.ref))
        self._deploy()

    def _deploy(self) -> None:
        policy, clock, ledger = self.policy, self.clock, self.ledger
        observing, sweeping, associating = (Environment(self) for _ in range(3))
        recorder = Recorder(ledger, clock)
        guard = Guard(1.0, 1_000_000, GRACE_SECONDS * 1_000)
        self.observer = Observer(
            policy, ZONE_IDS, observing.accounts, observing.labels, self.ec2, recorder, clock, clock.sleep
        )
        self.publisher = Publisher(ledger, self.statuses, self.zones, clock)
        self.sweeper = Sweeper(
            policy=policy,
            policy_digest="p",
            zone_ids=ZONE_IDS,
            accounts=sweeping.accounts,
            labels=sweeping.labels,
            instances=self.ec2,
            rows=ledger,
            statuses=self.statuses,
            recorder=recorder,
            guard=guard,
            clock=clock,
            queues=self.statuses,
        )
        self.release = LabelRelease(sweeping.labels, ledger, ZONE_IDS, clock)
        self.auditor = Auditor(ledger, self.statuses, self.zones, guard, clock, self.statuses.paused)
        self.discovery = VpcDiscovery(
            policy=policy,
            zone_ids=ZONE_IDS,
            accounts=sweeping.accounts,
            vpcs=self.vpcs,
            rows=self.rows,
            spokes=self.statuses,
            health=self.statuses,
            tasks=self.tasks,
            clock=clock,
        )
        self.associator = Associator(
            policy=policy,
            zone_ids=ZONE_IDS,
            accounts=associating.accounts,
            vpcs=self.vpcs,
            rows=self.rows,
            approvals=self.rows,
            guard=guard,
            steps=StepRunner(
                association_policies=policy.association_policies,
                zone_ids=ZONE_IDS,
                zone_owner=NETWORK,
                vpcs=self.vpcs,
                rows=self.rows,
                approvals=self.rows,
                authorizations=self.vpcs,
                associations=self.vpcs,
                pause=self.statuses.paused,
            ),
            clock=clock,
            account_vpcs=30,
            sleep=clock.sleep,
        )

    # What people do.

    def launch(self, account: str, name: str, address: str) -> InstanceRef:
        self.launched += 1
        made = instance(
            self.launched,
            name=name,
            account=account,
            interfaces=(interface(address, vpc_id=f"vpc-{account[0] * 17}", subnet_id=SUBNET),),
            launched_at=self.clock.now,
        )
        self.ec2.instances[made.ref] = made
        self.hints.append(Hint(made.ref, InstanceState.RUNNING))
        return made.ref

    def retag(self, ref: InstanceRef, name: str) -> None:
        self.ec2.instances[ref] = replace(self.ec2.instances[ref], tags=(("Name", name),))
        self.hints.append(Hint(ref, expected_tags=frozenset({(("Name", name),)})))

    def end(self, ref: InstanceRef) -> None:
        del self.ec2.instances[ref]
        self.hints.append(Hint(ref, InstanceState.TERMINATED))

    # What functions do.

    def observe(self, position: int) -> None:
        """Deliver one of the waiting events; it waits again if the observer says so."""
        hint = self.hints.pop(position % len(self.hints))
        (outcome,) = self.observer.observe([hint], AMPLE)
        if outcome.result is InstanceResult.RETRY and hint.attempt < ATTEMPTS:
            self.hints.append(replace(hint, attempt=hint.attempt + 1))

    def publish(self) -> None:
        marked, touched = set(self.ledger.marked), {*self.ledger.touched}
        outcomes = self.publisher.publish(dict.fromkeys(touched | marked, NEVER), marked, AMPLE)
        again = {outcome.key for outcome in outcomes if outcome.result is NameResult.RETRY}
        self.ledger.touched = [key for key in again if key in touched]
        self.ledger.marked = {key: reason for key, reason in self.ledger.marked.items() if key in again}

    def sweep(self, account: str) -> None:
        outcome = self.sweeper.sweep(Spoke(account, REGION), AMPLE, lambda _outcome: None)
        self.discovery.sweep(outcome.status)
        self.release.free(AMPLE)

    def associate(self) -> None:
        tasks, self.tasks.enqueued = self.tasks.enqueued, []
        for task, _ in tasks:
            assert isinstance(task, Associate)
            self.associator.associate(task, AMPLE)

    def associate_vpc(self, ref: VpcRef) -> None:
        """Handle the event of one VPC."""
        self.associator.associate(Associate(ref.spoke, (ref.id,)), AMPLE)

    def rest(self) -> None:
        """Let all grace periods pass and all functions work until nothing changes."""
        for _ in range(4):
            while self.hints:
                self.observe(0)
            self.publish()
            self.clock.sleep(GRACE_SECONDS + 3_600)
            for account in ACCOUNTS:
                self.sweep(account)
                self.approve(account)
                self.sweep(account)
            self.associate()
            self.publish()
            self.auditor.audit(ZONE_IDS.values(), AMPLE)
            self.publish()

    def approve(self, account: str) -> None:
        spoke = Spoke(account, REGION)
        if self.statuses.spoke_status(spoke).pending_removals:
            self.statuses.approve_spoke(spoke)

    # What can be seen.

    def records(self) -> Iterator[tuple[str, RecordSet]]:
        """The account that holds each record set."""
        for sets in self.zones.owned.values():
            for record_set in sets:
                owner = record_set.instance
                assert owner is not None
                yield owner.account, record_set

    def associated(self) -> set[str]:
        """The accounts of the VPCs that resolve the zone, without the networking account."""
        return {ref.account for zone_id, ref in self.vpcs.associated if zone_id == CORP_ZONE} - {NETWORK}


def facts_of(world: RandomOrganization, account: str) -> Facts:
    place = world.organizations.places[account]
    return Facts(account, place.name, UNITS[place.unit], place.state == "ACTIVE")


def pointer(address: str) -> Fqdn:
    return Fqdn(f"{ip_address(address).reverse_pointer}.")


def owners_by_label(records: Iterator[tuple[str, RecordSet]]) -> Mapping[str, set[str]]:
    """The accounts that hold records under each label."""
    owners: dict[str, set[str]] = {}
    for account, record_set in records:
        inner = record_set.fqdn.removesuffix(f".{CORP}").split(".")
        if record_set.fqdn.endswith(f".{CORP}") and len(inner) == 2:
            owners.setdefault(inner[1], set()).add(account)
    return owners
