"""The pipeline over ports in memory: a few schedules each time, tens of thousands with `make test-deep`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from hub.runtime.model.names import Fqdn
from hub.runtime.policy.decide import Policy
from tests.support.build import CORP, CORP_ZONE
from tests.support.pipeline.machine import POOL, ZONE, Pipeline, configuration
from tests.support.pipeline_memory import MemoryDriver

POLICY = configuration().compiled_policy()
STEPS = 40


class InMemory(Pipeline):
    """The use cases, without AWS."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.zone_id, self.prefix = POLICY, CORP_ZONE, ""
        self.driver = MemoryDriver(POLICY, CORP_ZONE)


TestInMemory = InMemory.TestCase
# The fixed profile has 100 cases, the deep one 10,000.
TestInMemory.settings = settings(
    max_examples=settings().max_examples * (4 if settings().derandomize else 2), stateful_step_count=STEPS
)


class DryInMemory(Pipeline):
    """The same with policies that have the zone, or some of the rules, in dry run, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.zone_id, self.prefix = POLICY, CORP_ZONE, ""
        self.dry: frozenset[str] = frozenset()
        self.memory = self.driver = MemoryDriver(POLICY, CORP_ZONE)
        self.deploy({ZONE})

    @rule(dry=st.sets(st.sampled_from([ZONE, "everybody", "short", "pool"])))
    def deploy(self, dry: Collection[str]) -> None:
        self.dry = frozenset(dry)
        self.memory.deploy(in_dry_run(dry))

    @invariant()
    def nothing_is_sent_for_what_is_in_dry_run(self) -> None:
        names = {change.record_set.fqdn for change in self.memory.sent}
        assert not {fqdn for fqdn in names if {ZONE, rule_of(fqdn)} & self.dry}
        self.memory.sent.clear()

    def teardown(self) -> None:
        """Turned on, the zone becomes what it would be if nothing had ever been in dry run."""
        self.driver.disarm()
        self.driver.rest()
        self.nothing_is_sent_for_what_is_in_dry_run()
        self.deploy(())
        super().teardown()


def in_dry_run(dry: Collection[str]) -> Policy:
    """The policy with the zone, or these rules, in dry run."""
    rules = tuple(replace(rule, publish=rule.name not in dry) for rule in POLICY.rules)
    return replace(POLICY, rules=rules, unpublished=(CORP,) if ZONE in dry else ())


def rule_of(fqdn: Fqdn) -> str:
    """The rule that gives a name."""
    inner = fqdn.removesuffix(f".{ZONE}.")
    return "pool" if inner.endswith(f".{POOL}") else "everybody" if "." in inner else "short"


TestDryInMemory = DryInMemory.TestCase
TestDryInMemory.settings = TestInMemory.settings
