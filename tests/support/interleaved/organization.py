"""What is true outside orgdns: instances, and which names policy gives them by their present state."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from hub.runtime.model.names import (
    Account,
    Claim,
    Fqdn,
    Instance,
    InstanceRef,
    InstanceState,
    RecordSet,
)
from hub.runtime.observer.events import Hint
from hub.runtime.policy.decide import Policy
from hub.runtime.publisher.holders import desired_record_sets
from tests.support.build import CORP, CORP_ZONE, instance
from tests.support.memory import MemoryOrganization
from tests.support.pipeline.machine import ACCOUNTS, LABELS, POOL, REGION, ZONE, configuration

POLICY: Policy = configuration().compiled_policy()
ZONE_IDS = {CORP: CORP_ZONE}
_decided: dict[Instance, tuple[Claim, ...]] = {}


@dataclass(slots=True)
class Truth:
    """The instances, and what happened to them since the last rest.

    `unsure` has, for each name, the instances whose claim on it changed since then, other than by their launch: a
    function may still know the claim as it was a moment ago, so the environment does not say which record is right.
    `ended` are those of them that did nothing but end. `possible` are all record sets that were claimed since then.
    """

    ec2: MemoryOrganization = field(
        default_factory=lambda: MemoryOrganization(
            {account: Account(account, LABELS[account], units=("r-ab12", "ou-ab12-workload")) for account in ACCOUNTS},
            page=1,
        )
    )
    launched: int = 0
    changes: int = 0
    unsure: defaultdict[Fqdn, set[InstanceRef]] = field(default_factory=lambda: defaultdict(set))
    changed: set[InstanceRef] = field(default_factory=set)
    ended: set[InstanceRef] = field(default_factory=set)
    possible: set[RecordSet] = field(default_factory=set)

    @property
    def live(self) -> list[InstanceRef]:
        return [ref for ref, shown in self.ec2.instances.items() if not shown.state.final]

    def launch(self, account: str, name: str) -> Hint:
        self.launched += 1
        shown = instance(self.launched, name=name, account=account, region=REGION)
        self.ec2.instances[shown.ref] = shown
        self.changes += 1
        self._add_possible()
        return Hint(shown.ref, InstanceState.RUNNING)

    def rename(self, ref: InstanceRef, name: str) -> Hint:
        tags = (("Name", name),)
        self._change(replace(self.ec2.instances[ref], tags=tags))
        return Hint(ref, expected_tags=frozenset({tags}))

    def switch(self, ref: InstanceRef) -> Hint:
        running = self.ec2.instances[ref].state is InstanceState.RUNNING
        state = InstanceState.STOPPED if running else InstanceState.RUNNING
        self._change(replace(self.ec2.instances[ref], state=state))
        return Hint(ref, state)

    def move(self, ref: InstanceRef, number: int) -> None:
        """Give an instance another address, of which no event tells."""
        shown = self.ec2.instances[ref]
        address = f"10.9.{int(ref.id[-3:], 16)}.{number}"
        self._change(replace(shown, interfaces=(replace(shown.interfaces[0], ipv4=(address,)),)))

    def end(self, ref: InstanceRef, *, shown: bool) -> Hint:
        self.ended.add(ref)
        ended = replace(self.ec2.instances[ref], state=InstanceState.TERMINATED, interfaces=())
        self._change(ended)
        if not shown:
            del self.ec2.instances[ref]
        return Hint(ref, InstanceState.TERMINATED)

    def claims(self) -> dict[Fqdn, tuple[Claim, ...]]:
        claims: defaultdict[Fqdn, list[Claim]] = defaultdict(list)
        for shown in self.ec2.instances.values():
            for claim in self._claims_of(shown):
                claims[claim.key.fqdn].append(claim)
        return {fqdn: tuple(of_name) for fqdn, of_name in claims.items()}

    def desired(self) -> dict[Fqdn, set[RecordSet]]:
        return {fqdn: set(desired_record_sets(claims)) for fqdn, claims in self.claims().items()}

    def _claims_of(self, shown: Instance) -> tuple[Claim, ...]:
        if shown not in _decided:
            account = self.ec2.accounts[shown.ref.account]
            _decided[shown] = POLICY.decide(shown, account, ZONE_IDS, {}).claims
        return _decided[shown]

    def rest(self) -> None:
        """Forget what happened: all functions know everything, and none is at work."""
        self.unsure.clear()
        self.changed.clear()
        self.ended.clear()
        self.possible.clear()
        self._add_possible()

    def known_end(self, fqdn: Fqdn, ref: InstanceRef) -> None:
        """A name passed from an instance, and nothing but its end can be the reason."""
        if ref in self.ended - self.changed:
            self.unsure[fqdn].discard(ref)

    def _add_possible(self) -> None:
        self.possible |= {
            each for claims in self.claims().values() for one in claims for each in desired_record_sets([one])
        }

    def _change(self, after: Instance) -> None:
        before = self.ec2.instances[after.ref]
        self.ec2.instances[after.ref] = after
        self.changes += 1
        if not after.state.final:
            self.changed.add(after.ref)
        self._add_possible()
        for claim in {*self._claims_of(before)} ^ {*self._claims_of(after)}:
            self.unsure[claim.key.fqdn].add(after.ref)


def permitted(account: str, fqdn: Fqdn) -> bool:
    """Whether the policy can give an account this name."""
    name, _, rest = fqdn.removesuffix(f".{ZONE}.").partition(".")
    return bool(name) and (rest in {LABELS[account], POOL} or (rest == "" and account in ACCOUNTS[:2]))
