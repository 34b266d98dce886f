"""The pipeline over ports in memory: a few schedules each time, tens of thousands with `make test-deep`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from hub.runtime.model.names import Action, ConflictRule, Fqdn, RecordType
from hub.runtime.policy.decide import Policy
from hub.runtime.policy.rules import ReverseZone
from hub.runtime.publisher.holders import desired_record_sets
from sandbox.example import SCIENCE
from tests.support.build import CORP, CORP_ZONE
from tests.support.config.policies import REVERSE_ALL
from tests.support.pipeline.machine import POOL, ZONE, Pipeline, configuration
from tests.support.pipeline_memory import MemoryDriver
from tests.support.running.examples import examples

POLICY = configuration().compiled_policy()
STEPS = 40


class InMemory(Pipeline):
    """The use cases, without AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.zone_id, self.prefix = POLICY, CORP_ZONE, ""
        self.driver = MemoryDriver(POLICY, CORP_ZONE)


TestInMemory = InMemory.TestCase
# The fixed profile has 100 cases, the deep one 20,000.
TestInMemory.settings = settings(max_examples=examples(50) * 2, stateful_step_count=STEPS)


class DryInMemory(Pipeline):
    """The same with policies that have a zone, or some of the rules, in dry run, one after the other.

    Each address has a PTR record in a zone of its own, which leads to a name of the rule `short` or `pool`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.zone_id, self.prefix = POLICY, CORP_ZONE, ""
        self.dry: frozenset[str] = frozenset()
        self.memory = self.driver = MemoryDriver(in_dry_run({ZONE}), CORP_ZONE)
        self.deploy({ZONE})

    @rule(dry=st.sets(st.sampled_from([ZONE, REVERSE_ALL, "everybody", "short", "pool"])))
    def deploy(self, dry: Collection[str]) -> None:
        self.dry = frozenset(dry)
        self.memory.deploy(in_dry_run(dry))

    @invariant()
    def nothing_is_sent_for_what_is_in_dry_run(self) -> None:
        sent = [change.record_set for change in self.memory.sent]
        forward = {found.fqdn for found in sent if found.type is not RecordType.PTR}
        assert not {fqdn for fqdn in forward if {ZONE, rule_of(fqdn)} & self.dry}
        pointers = [found for found in sent if found.type is RecordType.PTR]
        assert not (pointers and {ZONE, REVERSE_ALL} & self.dry)
        created = [change.record_set for change in self.memory.sent if change.action is Action.CREATE]
        assert not {found for found in created if found in pointers and rule_of(Fqdn(found.values[0])) in self.dry}
        self.memory.sent.clear()

    def teardown(self) -> None:
        """Turned on, the zones become what they would be if nothing had ever been in dry run."""
        self.driver.disarm()
        self.driver.rest()
        self.nothing_is_sent_for_what_is_in_dry_run()
        self.deploy(())
        super().teardown()
        zone_ids = self.memory.zone_ids
        claims = [
            claim
            for instance, account in self.driver.instances()
            for claim in self.memory.policy.decide(instance, account, zone_ids, {}).claims
            if claim.key.zone_id == zone_ids[REVERSE_ALL]
        ]
        wanted = {claim.key.fqdn: set(desired_record_sets([claim])) for claim in claims}
        assert self.memory.owned_in(zone_ids[REVERSE_ALL]) == wanted


def in_dry_run(dry: Collection[str]) -> Policy:
    """The policy with PTR records, and with these zones and rules in dry run."""
    rules = tuple(
        replace(
            rule,
            publish=rule.name not in dry,
            reverse=None if rule.name == "everybody" else ConflictRule.NEWEST,
        )
        for rule in POLICY.rules
    )
    unpublished = tuple(domain for domain, name in ((CORP, ZONE), (REVERSE_ALL, REVERSE_ALL)) if name in dry)
    return replace(
        POLICY,
        domains=(*POLICY.domains, REVERSE_ALL),
        rules=rules,
        reverse_zones=(ReverseZone(REVERSE_ALL),),
        unpublished=unpublished,
    )


def rule_of(fqdn: Fqdn) -> str:
    """The rule that gives a name."""
    inner = fqdn.removesuffix(f".{ZONE}.")
    return "pool" if inner.endswith(f".{POOL}") else "everybody" if "." in inner else "short"


TestDryInMemory = DryInMemory.TestCase
TestDryInMemory.settings = TestInMemory.settings


def test_audit_of_an_emptied_ledger_proves_nothing_of_before() -> None:
    """Someone deletes records, and the ledger is lost: history does not say that the next audit found the records."""
    state = InMemory()
    state.launch(account=SCIENCE, name=0)
    state.deliver_event(position=0, times=1)
    state.work()
    state.change_our_record_by_hand(position=0, edited=False)
    state.lose_ledger()
    # An audit finds no difference only once nothing is left that a ledger without claims does not explain.
    state.change_our_record_by_hand(position=0, edited=False)
    state.audit()
    state.teardown()
