"""The whole pipeline as one state machine, whatever world it drives: what people, AWS and failure do, in any order.

At every step no foreign record has changed, no name lies outside policy, and no name that one instance alone claims,
and that was published, has gone missing. At rest, after a sweep and an audit, the zone is what policy says of the
instances.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

import yaml
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.runtime.model.names import (
    Account,
    Claim,
    ForeignRecordSet,
    Fqdn,
    Instance,
    InstanceRef,
    NameKey,
    NameState,
    RecordSet,
)
from hub.runtime.names.labels import label_of
from hub.runtime.policy.decide import Policy
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.config.load import Config, parse
from sandbox.example import CONFIG, ORGANIZATION, PAYMENTS, SCIENCE, SEARCH

REGION = "eu-central-1"
ZONE = "corp.internal"
POOL = "pool.x"
ACCOUNTS = (PAYMENTS, SEARCH, SCIENCE)
# Who may have a short name.
SHORT = (PAYMENTS, SEARCH)
NAMES = ("web", "api")
# What goes wrong at an AWS call: refused, denied, done but not answered, or the worker is gone before or after it.
FAULTS = ("throttled", "denied", "timed out", "killed before", "killed after")
LABELS = {
    account.id: label_of(account.name).text
    for unit in ORGANIZATION.units
    for account in unit.accounts
    if account.id in ACCOUNTS
}


def configuration() -> Config:
    """Names of every way to settle a conflict, some for some accounts alone, in one zone."""
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["spokes"]["regions"] = [REGION]
    content["zones"] = content["zones"][:1]
    # What waits for a person is another test's matter.
    content["guards"] = {"removal_names": 1_000}
    content["policy"] = {
        "rules": [
            {"name": "everybody", "template": "{name}.{account_name}.corp.internal", "conflict": "oldest"},
            {"name": "short", "accounts": list(SHORT), "template": "{name}.corp.internal", "conflict": "newest"},
            {"name": "pool", "template": f"{{name}}.{POOL}.corp.internal", "conflict": "share"},
        ]
    }
    return parse(yaml.safe_dump(content), "pipeline")


class Driver(Protocol):
    """A world: hands to move it with, and what is true in it.

    Where it works `in_one_go`, the publisher runs once after the observer, so that it knows all claims that there are.
    """

    in_one_go: bool

    def launch(self, account: str, name: str) -> InstanceRef: ...
    def rename(self, ref: InstanceRef, name: str) -> None: ...
    def end(self, ref: InstanceRef, *, shown: bool) -> None: ...
    def pending(self) -> int: ...
    def deliver(self, position: int, times: int) -> None: ...
    def arm(self, fault: str, calls: int) -> None: ...
    def disarm(self) -> None: ...
    def work(self) -> None: ...
    def sweep(self) -> None: ...
    def audit(self) -> None: ...
    def lose_ledger(self) -> None: ...
    def rest(self) -> None: ...
    def instances(self) -> Iterator[tuple[Instance, Account]]: ...
    def recorded(self, fqdn: Fqdn) -> NameState: ...
    def owned(self) -> dict[Fqdn, set[RecordSet]]: ...
    def foreign(self) -> dict[Fqdn, set[ForeignRecordSet]]: ...
    def make_foreign(self, fqdn: Fqdn) -> None: ...
    def remove_foreign(self, fqdn: Fqdn) -> None: ...
    def remove_ours(self, record_set: RecordSet) -> None: ...
    def edit_ours(self, record_set: RecordSet) -> None: ...


def expected(policy: Policy, driver: Driver, zone_id: str) -> dict[Fqdn, tuple[Claim, ...]]:
    """The claims on each name by the instances that there are, and the policy, alone."""
    claims: defaultdict[Fqdn, list[Claim]] = defaultdict(list)
    for instance, account in driver.instances():
        for claim in policy.decide(instance, account, {Fqdn(f"{ZONE}."): zone_id}).claims:
            claims[claim.key.fqdn].append(claim)
    return {fqdn: tuple(of) for fqdn, of in claims.items()}


class Pipeline(RuleBasedStateMachine):
    """Subclasses make the driver."""

    driver: Driver
    policy: Policy
    zone_id: str
    prefix: str

    def __init__(self) -> None:
        super().__init__()
        self.live: list[InstanceRef] = []
        self.by_hand: dict[Fqdn, set[ForeignRecordSet]] = {}
        # Names that one instance alone claims and holds, as of the step before, and the ledger knows of no other.
        self.secure: dict[Fqdn, set[RecordSet]] = {}
        # Names that had an answer of ours as of the step before.
        self.answered: set[Fqdn] = set()
        # Names of which somebody changed our records by hand, and which are not yet what the ledger says: till the
        # next audit nobody knows it, and the last answer may go with an instance that ended.
        self.meddled: set[Fqdn] = set()
        # Members of shared names that policy wants there, as of the step before: nobody else's matter takes them away.
        self.members: set[RecordSet] = set()

    def named(self, number: int) -> str:
        return f"{self.prefix}{NAMES[number % len(NAMES)]}"

    def short(self, number: int) -> Fqdn:
        return Fqdn(f"{self.named(number)}.{ZONE}.")

    @precondition(lambda self: len(self.live) < 4)
    @rule(account=st.sampled_from(ACCOUNTS), name=st.integers(0, 1))
    def starts(self, account: str, name: int) -> None:
        self.live.append(self.driver.launch(account, self.named(name)))

    @precondition(lambda self: self.live)
    @rule(position=st.integers(0, 9), name=st.integers(0, 1))
    def is_renamed(self, position: int, name: int) -> None:
        self.driver.rename(self.live[position % len(self.live)], self.named(name))

    @precondition(lambda self: self.live)
    @rule(position=st.integers(0, 9), shown=st.booleans())
    def ends(self, position: int, *, shown: bool) -> None:
        self.driver.end(self.live.pop(position % len(self.live)), shown=shown)

    @precondition(lambda self: self.driver.pending())
    @rule(position=st.integers(0, 9), times=st.sampled_from([0, 1, 1, 1, 2]))
    def event_comes(self, position: int, times: int) -> None:
        """Late, out of order, twice, or never."""
        self.driver.deliver(position % self.driver.pending(), times)

    @rule(name=st.integers(0, 1))
    def somebody_makes_a_record(self, name: int) -> None:
        fqdn = self.short(name)
        if not self.driver.owned().get(fqdn) and fqdn not in self.by_hand:
            self.driver.make_foreign(fqdn)
            self.by_hand[fqdn] = self.driver.foreign()[fqdn]

    @precondition(lambda self: self.by_hand)
    @rule(position=st.integers(0, 9))
    def somebody_removes_it(self, position: int) -> None:
        fqdn = sorted(self.by_hand)[position % len(self.by_hand)]
        del self.by_hand[fqdn]
        self.driver.remove_foreign(fqdn)

    @rule(position=st.integers(0, 9), edited=st.booleans())
    def somebody_meddles_with_ours(self, position: int, *, edited: bool) -> None:
        ours = sorted(one for sets in self.driver.owned().values() for one in sets)
        if ours:
            one = ours[position % len(ours)]
            (self.driver.edit_ours if edited else self.driver.remove_ours)(one)
            self.secure.pop(one.fqdn, None)
            self.answered.discard(one.fqdn)
            self.meddled.add(one.fqdn)
            self.members.discard(one)

    @rule(fault=st.sampled_from(FAULTS), calls=st.integers(0, 12))
    def something_breaks(self, fault: str, calls: int) -> None:
        """At one of the next calls."""
        self.driver.arm(fault, calls)

    @rule()
    def works(self) -> None:
        self.driver.work()
        self.driver.disarm()

    @rule()
    def sweeps(self) -> None:
        self.driver.sweep()
        self.driver.disarm()

    @rule()
    def audits(self) -> None:
        self.driver.audit()
        self.driver.disarm()

    @rule()
    def ledger_is_lost(self) -> None:
        self.driver.lose_ledger()

    @invariant()
    def nothing_is_taken_from_anybody(self) -> None:
        owned = self.driver.owned()
        assert self.driver.foreign() == self.by_hand
        claimed = expected(self.policy, self.driver, self.zone_id)
        for fqdn, sets in owned.items():
            for one in sets:
                owner = InstanceRef.of_set_identifier(one.set_identifier)
                assert owner is not None
                assert permitted(owner.account, fqdn), f"{owner} holds {fqdn}"
        for fqdn, sets in self.secure.items():
            if sole(claimed, fqdn) == {InstanceRef.of_set_identifier(one.set_identifier) for one in sets}:
                assert owned.get(fqdn) == sets, f"{fqdn} went missing"
        if self.driver.in_one_go:
            for fqdn in self.answered - owned.keys():
                assert not self.driver.recorded(fqdn).claims, f"{fqdn} has no answer, though it is claimed"
        self.meddled = {
            fqdn
            for fqdn in self.meddled
            if owned.get(fqdn, set()) != set(desired_record_sets(self.driver.recorded(fqdn).claims))
        }
        self.answered = owned.keys() - self.meddled
        wanted = {one for claims in claimed.values() for one in desired_record_sets(claims)}
        for one in self.members & wanted:
            assert one in owned.get(one.fqdn, set()), f"{one} is a member no more"
        self.members = {
            one
            for fqdn, sets in owned.items()
            if fqdn.endswith(f".{POOL}.{ZONE}.")
            for one in sets & wanted
            if not self.taken_back(fqdn, InstanceRef.of_set_identifier(one.set_identifier))
        }
        self.secure = {
            fqdn: set(desired_record_sets(claims))
            for fqdn, claims in claimed.items()
            if len(claims) == 1
            and owned.get(fqdn) == set(desired_record_sets(claims))
            and {claim.instance for claim in self.driver.recorded(fqdn).claims} <= {claims[0].instance}
            and not self.taken_back(fqdn, claims[0].instance)
        }

    def taken_back(self, fqdn: Fqdn, ref: InstanceRef | None) -> bool:
        """Whether the ledger says that an instance does not want a name: it did, or (where that was lost) wants others.

        What ended or was renamed a moment ago nobody can know yet: the ledger's word counts until an event or sweep
        tells.
        """
        state = self.driver.recorded(fqdn)
        if ref in state.withdrawn or ref is None:
            return True
        return not claims_by(state, ref) and any(
            claims_by(self.driver.recorded(Fqdn(f"{self.named(number)}{under}.{ZONE}.")), ref)
            for number in range(len(NAMES))
            for under in ("", f".{LABELS[ref.account]}", f".{POOL}")
        )

    def teardown(self) -> None:
        self.driver.disarm()
        self.driver.rest()
        wanted = {
            fqdn: set(desired_record_sets(claims))
            for fqdn, claims in expected(self.policy, self.driver, self.zone_id).items()
            if fqdn not in self.by_hand
        }
        assert self.driver.owned() == wanted
        assert self.driver.foreign() == self.by_hand
        self.clean()

    def clean(self) -> None:
        """Leave nothing for the next run."""


def claims_by(state: NameState, ref: InstanceRef) -> bool:
    """Whether an instance claims a name, as the ledger says."""
    return ref in {claim.instance for claim in state.claims}


def sole(claimed: dict[Fqdn, tuple[Claim, ...]], fqdn: Fqdn) -> set[InstanceRef | None]:
    """The one claimant of a name; nobody where there are several."""
    claims = claimed.get(fqdn, ())
    return {claim.instance for claim in claims} if len(claims) == 1 else set()


def permitted(account: str, fqdn: Fqdn) -> bool:
    """Whether the policy above ever gives an account such a name."""
    name, _, rest = fqdn.removesuffix(f".{ZONE}.").partition(".")
    return bool(name) and (rest in {LABELS[account], POOL} or (rest == "" and account in SHORT))


def key(zone_id: str, fqdn: Fqdn) -> NameKey:
    return NameKey(zone_id, fqdn)
