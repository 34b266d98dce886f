"""The whole pipeline as a state machine over any driver: actions of people and AWS, and faults, in any order.

At every step no foreign record has changed, no name lies outside policy, and no published name with a single claimant
is missing. At rest, after a sweep and an audit, the zone is what policy says, and history tells what the zone held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import yaml
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.runtime.model.names import Claim, ForeignRecordSet, Fqdn, InstanceRef, NameState, RecordSet
from hub.runtime.names.labels import label_of
from hub.runtime.policy.decide import Policy
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.config.load import Config, parse
from sandbox.example import CONFIG, ORGANIZATION, PAYMENTS, SCIENCE, SEARCH
from tests.support.pipeline.driver import Driver

REGION = "eu-central-1"
ZONE = "corp.internal"
POOL = "pool.x"
ACCOUNTS = (PAYMENTS, SEARCH, SCIENCE)
# Accounts that may have short names.
SHORT = (PAYMENTS, SEARCH)
NAMES = ("web", "api")
# Faults of an AWS call: throttled, denied, carried out without an answer, or the worker killed before or after it.
FAULTS = ("throttled", "denied", "timed out", "killed before", "killed after")
LABELS = {
    account.id: label_of(account.name).text
    for unit in ORGANIZATION.units
    for account in unit.accounts
    if account.id in ACCOUNTS
}


def configuration() -> Config:
    """One zone with a rule for each way to resolve a conflict, one of them for some accounts only."""
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["spokes"]["regions"] = [REGION]
    content["zones"] = content["zones"][:1]
    # Other tests cover removals that await approval.
    content["guards"] = {"removal_names": 1_000}
    content["policy"] = {
        "rules": [
            {"name": "everybody", "template": "{name}.{account_name}.corp.internal", "conflict": "oldest"},
            {"name": "short", "accounts": list(SHORT), "template": "{name}.corp.internal", "conflict": "newest"},
            {"name": "pool", "template": f"{{name}}.{POOL}.corp.internal", "conflict": "share"},
        ]
    }
    return parse(yaml.safe_dump(content), "pipeline")


def expected(policy: Policy, driver: Driver, zone_id: str) -> dict[Fqdn, tuple[Claim, ...]]:
    """The claims on each name, computed from the existing instances and the policy alone."""
    claims: defaultdict[Fqdn, list[Claim]] = defaultdict(list)
    for instance, account in driver.instances():
        for claim in policy.decide(instance, account, {Fqdn(f"{ZONE}."): zone_id}, {}).claims:
            claims[claim.key.fqdn].append(claim)
    return {fqdn: tuple(of_name) for fqdn, of_name in claims.items()}


class Pipeline(RuleBasedStateMachine):
    """Subclasses create the driver."""

    driver: Driver
    policy: Policy
    zone_id: str
    prefix: str

    def __init__(self) -> None:
        super().__init__()
        self.live: list[InstanceRef] = []
        self.stopped: set[InstanceRef] = set()
        self.by_hand: dict[Fqdn, set[ForeignRecordSet]] = {}
        # Names that a single instance claimed and held at the previous step, with no other claimant in the ledger.
        self.secure: dict[Fqdn, set[RecordSet]] = {}
        # Names that had record sets of ours at the previous step.
        self.published: set[Fqdn] = set()
        # Names whose records of ours a person changed, and which do not match the ledger yet. Until the next audit the
        # change is unknown, and the last record set may be removed with a terminated instance.
        self.edited: set[Fqdn] = set()
        # Members of shared names that policy wanted at the previous step. No other instance's change removes them.
        self.members: set[RecordSet] = set()

    def name_of(self, number: int) -> str:
        return f"{self.prefix}{NAMES[number % len(NAMES)]}"

    def short_name(self, number: int) -> Fqdn:
        return Fqdn(f"{self.name_of(number)}.{ZONE}.")

    @precondition(lambda self: len(self.live) < 4)
    @rule(account=st.sampled_from(ACCOUNTS), name=st.integers(0, 1))
    def launch(self, account: str, name: int) -> None:
        self.live.append(self.driver.launch(account, self.name_of(name)))

    @precondition(lambda self: self.live)
    @rule(position=st.integers(0, 9), name=st.integers(0, 1))
    def rename(self, position: int, name: int) -> None:
        self.driver.rename(self.live[position % len(self.live)], self.name_of(name))

    @precondition(lambda self: self.live)
    @rule(position=st.integers(0, 9))
    def stop_or_start(self, position: int) -> None:
        ref = self.live[position % len(self.live)]
        self.driver.switch(ref, on=ref in self.stopped)
        self.stopped ^= {ref}

    @precondition(lambda self: self.live)
    @rule(position=st.integers(0, 9), shown=st.booleans())
    def terminate(self, position: int, *, shown: bool) -> None:
        self.driver.end(self.live.pop(position % len(self.live)), shown=shown)

    @precondition(lambda self: self.driver.pending())
    @rule(position=st.integers(0, 9), times=st.sampled_from([0, 1, 1, 1, 2]))
    def deliver_event(self, position: int, times: int) -> None:
        """Deliver an event late, out of order, twice, or never."""
        self.driver.deliver(position % self.driver.pending(), times)

    @rule(name=st.integers(0, 1))
    def create_foreign_record(self, name: int) -> None:
        fqdn = self.short_name(name)
        if not self.driver.owned().get(fqdn) and fqdn not in self.by_hand:
            self.driver.make_foreign(fqdn)
            self.by_hand[fqdn] = self.driver.foreign()[fqdn]

    @precondition(lambda self: self.by_hand)
    @rule(position=st.integers(0, 9))
    def remove_foreign_record(self, position: int) -> None:
        fqdn = sorted(self.by_hand)[position % len(self.by_hand)]
        del self.by_hand[fqdn]
        self.driver.remove_foreign(fqdn)

    @rule(position=st.integers(0, 9), edited=st.booleans())
    def change_our_record_by_hand(self, position: int, *, edited: bool) -> None:
        ours = sorted(record_set for sets in self.driver.owned().values() for record_set in sets)
        if ours:
            record_set = ours[position % len(ours)]
            (self.driver.edit_ours if edited else self.driver.remove_ours)(record_set)
            self.secure.pop(record_set.fqdn, None)
            self.published.discard(record_set.fqdn)
            self.edited.add(record_set.fqdn)
            self.members.discard(record_set)

    @rule(fault=st.sampled_from(FAULTS), calls=st.integers(0, 12))
    def inject_fault(self, fault: str, calls: int) -> None:
        """Let one of the next calls fail."""
        self.driver.arm(fault, calls)

    @rule()
    def work(self) -> None:
        self.driver.work()
        self.driver.disarm()

    @rule()
    def sweep(self) -> None:
        self.driver.sweep()
        self.driver.disarm()

    @rule()
    def audit(self) -> None:
        self.driver.audit()
        self.driver.disarm()

    @rule()
    def lose_ledger(self) -> None:
        self.driver.lose_ledger()

    @invariant()
    def nothing_is_lost(self) -> None:
        owned = self.driver.owned()
        assert self.driver.foreign() == self.by_hand
        claimed = expected(self.policy, self.driver, self.zone_id)
        for fqdn, sets in owned.items():
            for record_set in sets:
                owner = record_set.instance
                assert owner is not None
                assert permitted(owner.account, fqdn), f"{owner} holds {fqdn}"
        for fqdn, sets in self.secure.items():
            if sole_claimant(claimed, fqdn) == {found.instance for found in sets}:
                assert owned.get(fqdn) == sets, f"{fqdn} is missing"
        if self.driver.in_one_go:
            for fqdn in self.published - owned.keys():
                assert not self.driver.recorded(fqdn).claims, f"{fqdn} is claimed, but has no record set"
        self.edited = {
            fqdn
            for fqdn in self.edited
            if owned.get(fqdn, set()) != set(desired_record_sets(self.driver.recorded(fqdn).claims))
        }
        self.published = owned.keys() - self.edited
        wanted = {record_set for claims in claimed.values() for record_set in desired_record_sets(claims)}
        for member in self.members & wanted:
            assert member in owned.get(member.fqdn, set()), f"{member} is no longer a member"
        self.members = {
            member
            for fqdn, sets in owned.items()
            if fqdn.endswith(f".{POOL}.{ZONE}.")
            for member in sets & wanted
            if not self.is_withdrawn(fqdn, owner := member.instance)
            # The start of a moment ago is unknown, too.
            and owner not in {claim.instance for claim in self.driver.recorded(fqdn).claims if not claim.running}
            # A stopped instance is a member for as long as none runs. The ledger may believe that another runs.
            and (owner not in self.stopped or self.states_are_known(fqdn, claimed.get(fqdn, ())))
        }
        self.secure = {
            fqdn: set(desired_record_sets(claims))
            for fqdn, claims in claimed.items()
            if len(claims) == 1
            and owned.get(fqdn) == set(desired_record_sets(claims))
            and {claim.instance for claim in self.driver.recorded(fqdn).claims} <= {claims[0].instance}
            and not self.is_withdrawn(fqdn, claims[0].instance)
        }

    def states_are_known(self, fqdn: Fqdn, claims: Collection[Claim]) -> bool:
        """Whether the ledger knows of each claimant that it records whether it runs."""
        recorded = {(claim.instance, claim.running) for claim in self.driver.recorded(fqdn).claims}
        return recorded <= {(claim.instance, claim.running) for claim in claims}

    def is_withdrawn(self, fqdn: Fqdn, ref: InstanceRef | None) -> bool:
        """Whether, by the ledger, an instance has withdrawn its claim on a name, or, if that was lost, claims others.

        A termination or rename of a moment ago is unknown. The ledger counts until an event or a sweep reports it.
        """
        state = self.driver.recorded(fqdn)
        if ref in state.withdrawn or ref is None:
            return True
        return not claims_by(state, ref) and any(
            claims_by(self.driver.recorded(Fqdn(f"{self.name_of(number)}{suffix}.{ZONE}.")), ref)
            for number in range(len(NAMES))
            for suffix in ("", f".{LABELS[ref.account]}", f".{POOL}")
        )

    def teardown(self) -> None:
        self.driver.disarm()
        self.driver.rest()
        wanted = {
            fqdn: set(desired_record_sets(claims))
            for fqdn, claims in expected(self.policy, self.driver, self.zone_id).items()
            if fqdn not in self.by_hand
        }
        assert (self.driver.owned(), self.driver.foreign()) == (wanted, self.by_hand)
        self.driver.check_history()
        self.clean()

    def clean(self) -> None:
        """Remove everything for the next run."""


def claims_by(state: NameState, ref: InstanceRef) -> bool:
    """Whether an instance claims a name, by the ledger."""
    return ref in {claim.instance for claim in state.claims}


def sole_claimant(claimed: dict[Fqdn, tuple[Claim, ...]], fqdn: Fqdn) -> set[InstanceRef | None]:
    """The claimant of a name that has exactly one; otherwise empty."""
    return {claim.instance for claim in claims} if len(claims := claimed.get(fqdn, ())) == 1 else set()


def permitted(account: str, fqdn: Fqdn) -> bool:
    """Whether the policy above can give an account this name."""
    name, _, rest = fqdn.removesuffix(f".{ZONE}.").partition(".")
    return bool(name) and (rest in {LABELS[account], POOL} or (rest == "" and account in SHORT))
