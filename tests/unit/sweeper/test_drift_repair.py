"""The repair of what others change: which names are read, marked, counted, or left to an audit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest

from hub.runtime.deadline import Deadline
from hub.runtime.model.drift import AUDITS_AT_ONCE, MOST_REPAIRS, Drift
from hub.runtime.model.names import ForeignRecordSet, Fqdn, NameKey, Published
from hub.runtime.model.status import ZoneStatus
from hub.runtime.names.dry_run import NOT_DRY, DryRun
from hub.runtime.ports import ZoneClosed, ZoneRecordSets, ZoneUnavailable
from hub.runtime.sweeper.drift_repair import MOST_READ, SMALL_ZONE, SOME_NAMES, DriftOutcome, DriftRepair
from hub.runtime.sweeper.zone_changes import ZoneChange
from tests.support.build import CORP_ZONE, key, record_set, ref
from tests.support.memory import AMPLE, MemoryClock, MemoryLedger
from tests.support.memory_statuses import MemoryStatuses

BY = "arn:aws:iam::333333333333:user/octodns"


class Ledger(MemoryLedger):
    """The ledger with the drift of names."""

    drift: dict[NameKey, Drift]

    def drifts(self, keys: Collection[NameKey]) -> dict[NameKey, Drift]:
        return {name_key: self.drift[name_key] for name_key in keys if name_key in self.drift}

    def put_drift(self, name_key: NameKey, drift: Drift) -> None:
        self.drift[name_key] = drift


@dataclass
class Zones:
    """A zone that is read name by name."""

    held: dict[Fqdn, ZoneRecordSets] = field(default_factory=dict)
    read: list[Fqdn] = field(default_factory=list)
    fault: Exception | None = None

    def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
        assert zone_id == CORP_ZONE
        self.read += names
        if self.fault:
            raise self.fault
        return {name: self.held.get(name, ZoneRecordSets()) for name in names}


class World:
    """Names n1 and n2 are published, and the zone holds them."""

    def __init__(self) -> None:
        self.clock = MemoryClock(now=10**12)
        self.ledger = Ledger()
        self.ledger.drift = {}
        self.statuses = MemoryStatuses(self.clock)
        self.zones = Zones()
        self.dry_run = NOT_DRY
        for number in (1, 2):
            owned = record_set(number, name=f"n{number}")
            self.ledger.published[key(f"n{number}")] = Published((owned,))
            self.zones.held[key(f"n{number}").fqdn] = ZoneRecordSets((owned,))

    def changed(self, *names: str, deadline: Deadline = AMPLE) -> DriftOutcome:
        repair = DriftRepair(
            ledger=self.ledger,
            statuses=self.statuses,
            zones=self.zones,
            clock=self.clock,
            paused=self.statuses.paused,
            dry_run=self.dry_run,
        )
        change = ZoneChange((CORP_ZONE,), tuple(key(name).fqdn for name in names), BY)
        return repair.repair(change, deadline)

    def lose(self, name: str) -> None:
        del self.zones.held[key(name).fqdn]

    @property
    def marked(self) -> set[NameKey]:
        return set(self.ledger.marked)


@pytest.fixture
def world() -> World:
    return World()


def test_o4_a_missing_record_is_marked_and_counted(world: World) -> None:
    """The mark names who changed it; the zone's status counts the name."""
    world.lose("n1")
    outcome = world.changed("n1", "n2")
    assert (outcome.repaired, outcome.damped, outcome.audit) == ((key("n1").fqdn,), (), "")
    assert world.marked == {key("n1")}
    assert BY in world.ledger.marked[key("n1")]
    (drift,) = world.statuses.zone_status(CORP_ZONE).drift
    assert (drift.by, drift.changes) == (BY, 1)


def test_o4_a_name_of_others_costs_no_call(world: World) -> None:
    """A change of a name that orgdns does not have reads nothing, and neither does one during a pause."""
    assert world.changed("theirs") == DriftOutcome(ZoneChange((CORP_ZONE,), (key("theirs").fqdn,), BY))
    world.lose("n1")
    world.statuses.reason_to_pause = "maintenance"
    world.changed("n1")
    assert (world.zones.read, world.marked) == ([], set())


def test_o4_an_unchanged_name_is_not_marked(world: World) -> None:
    """A forged, late or repeated event changes nothing: what decides is what the zone holds."""
    assert world.changed("n1", "n2").repaired == ()
    assert (world.marked, world.ledger.drift, world.statuses.zones) == (set(), {}, {})


def test_o4_a_foreign_record_beside_ours_is_marked(world: World) -> None:
    """The publisher decides what a record of someone else beside ours means."""
    held = world.zones.held[key("n1").fqdn]
    beside = ForeignRecordSet(key("n1").fqdn, "A", "MultiValueAnswer", ("192.0.2.1",), 60)
    world.zones.held[key("n1").fqdn] = replace(held, foreign=(beside,))
    assert world.changed("n1").repaired == (key("n1").fqdn,)


@pytest.mark.parametrize("published", [Published(conflict="blocked"), Published(pending=True)])
def test_o4_an_undecided_name_is_marked_but_not_counted(world: World, published: Published) -> None:
    """The record that blocks a name may be gone, or the publisher is at work: nobody changed ours."""
    world.ledger.published[key("n1")] = published
    assert world.changed("n1").repaired == ()
    assert world.marked == {key("n1")}
    assert world.statuses.zones == {}


def test_o4_our_record_where_nothing_is_published_is_left_to_an_audit(world: World) -> None:
    """Only an audit guards the removal of many such records."""
    world.ledger.published[key("n1")] = Published()
    world.changed("n1")
    assert (world.zones.read, world.marked) == ([], set())


@pytest.mark.parametrize("dry_run", [DryRun(zone_ids=frozenset({CORP_ZONE})), DryRun(rules=frozenset({"pilot"}))])
def test_nothing_is_repaired_in_a_dry_run(world: World, dry_run: DryRun) -> None:
    """The ledger takes over what the zone holds, and neither a repair nor a contested name is counted."""
    world.dry_run = dry_run
    published = world.ledger.published[key("n1")]
    world.ledger.published[key("n1")] = replace(published, rules=((record_set(1).instance or ref(), "pilot"),))
    world.lose("n1")
    outcome = world.changed("n1")
    assert (outcome.repaired, outcome.damped, outcome.in_dry_run) == ((), (), (key("n1").fqdn,))
    assert world.marked == {key("n1")}
    assert (world.ledger.drift, world.statuses.zones) == ({}, {})


def test_other_rules_are_repaired_beside_a_rule_in_dry_run(world: World) -> None:
    """The row of the name says that another rule gave it."""
    world.dry_run = DryRun(rules=frozenset({"pilot"}))
    published = world.ledger.published[key("n1")]
    world.ledger.published[key("n1")] = replace(published, rules=((record_set(1).instance or ref(), "other"),))
    world.lose("n1")
    outcome = world.changed("n1")
    assert (outcome.repaired, outcome.in_dry_run) == ((key("n1").fqdn,), ())


def test_o4_repairs_end_after_five_in_an_hour(world: World) -> None:
    """The next change waits for an audit; another name is still repaired."""
    for _ in range(MOST_REPAIRS):
        world.lose("n1")
        assert world.changed("n1").repaired
        world.zones.held[key("n1").fqdn] = ZoneRecordSets((record_set(1, name="n1"),))
        world.clock.sleep(60)
    world.ledger.marked.clear()
    world.lose("n1")
    world.lose("n2")
    outcome = world.changed("n1", "n2")
    assert (outcome.repaired, outcome.damped) == ((key("n2").fqdn,), (key("n1").fqdn,))
    assert world.zones.read.count(key("n1").fqdn) == MOST_REPAIRS
    assert world.marked == {key("n2")}
    (drift,) = world.statuses.zone_status(CORP_ZONE).drift
    assert (drift.changes, drift.damped_at) == (MOST_REPAIRS + 2, world.ledger.drift[key("n1")].at)


def test_o4_a_large_change_beside_ours_reads_only_ours(world: World) -> None:
    """A tool that changes a thousand records of its own causes no audit."""
    world.lose("n1")
    outcome = world.changed("n1", *(f"own{number}" for number in range(999)))
    assert (outcome.repaired, outcome.audit) == ((key("n1").fqdn,), "")
    assert world.zones.read == [key("n1").fqdn]


@pytest.mark.parametrize(("records", "audited"), [(0, True), (SMALL_ZONE, False), (SMALL_ZONE + 1, True)])
def test_o4_many_names_in_a_large_zone_wait_for_an_audit(world: World, records: int, *, audited: bool) -> None:
    """A small zone is read in one pass. A large one takes minutes, for which an audit is enough."""
    names = [f"m{number}" for number in range(MOST_READ + 1)]
    for name in names:
        world.ledger.published[key(name)] = Published((record_set(1, name=name),))
    world.statuses.put_zone_status(ZoneStatus(CORP_ZONE, record_sets=records))
    outcome = world.changed(*names)
    assert (bool(outcome.audit), len(outcome.repaired)) == ((True, 0) if audited else (False, len(names)))
    assert bool(world.zones.read) is not audited


def test_o4_a_conflict_is_not_decided_again_and_again(world: World) -> None:
    """A tool that keeps updating its own record at a name in conflict costs five reads an hour, and is no alarm."""
    world.ledger.published[key("n1")] = Published(conflict="blocked")
    for _ in range(60):
        world.ledger.marked.clear()
        world.clock.sleep(60)
        assert world.changed("n1").damped == ()
    assert (world.marked, world.zones.read, world.statuses.zones) == (set(), [], {})
    world.clock.sleep(3_600)
    world.changed("n1")
    assert world.marked == {key("n1")}


def test_o4_what_the_publisher_changes_meanwhile_is_not_counted(world: World) -> None:
    """The publisher gave the name to another instance after the ledger was read: nobody changed orgdns's records."""

    class Meanwhile(Zones):
        def record_sets(self, zone_id: str, names: Collection[Fqdn]) -> dict[Fqdn, ZoneRecordSets]:
            after = record_set(2, name="n1")
            world.ledger.published[key("n1")] = Published((after,))
            self.held[key("n1").fqdn] = ZoneRecordSets((after,))
            return super().record_sets(zone_id, names)

    world.zones = Meanwhile(world.zones.held)
    assert world.changed("n1").repaired == ()
    assert (world.ledger.drift, world.statuses.zones) == ({}, {})
    assert world.marked == {key("n1")}


def test_o4_calls_without_names_cause_few_audits(world: World) -> None:
    """A tool whose calls are too large for CloudTrail causes three audits soon, and then one an hour."""
    change = ZoneChange((CORP_ZONE,), None, BY)
    begun = set()
    for _ in range(6 * 60):
        repair = DriftRepair(world.ledger, world.statuses, world.zones, world.clock, world.statuses.paused)
        assert repair.repair(change, AMPLE).audit
        begun.add(world.statuses.zone_status(CORP_ZONE).audit_requested_at)
        assert max(begun) > world.clock.now
        world.clock.sleep(60)
    assert len(begun) <= AUDITS_AT_ONCE + 6


@pytest.mark.parametrize("fault", [ZoneUnavailable("Throttling"), ZoneClosed("AccessDenied")])
def test_o4_a_zone_that_cannot_be_read_is_audited(world: World, fault: Exception) -> None:
    """The message is not delivered again: a task waits too long for that."""
    world.zones.fault = fault
    outcome = world.changed("n1")
    assert str(fault) in outcome.audit
    assert world.statuses.zone_status(CORP_ZONE).audit_requested_at


def test_o4_a_run_without_time_requests_an_audit(world: World) -> None:
    """Nothing is lost."""
    assert world.changed("n1", deadline=Deadline(lambda: 1.0)).audit
    assert world.zones.read == []
    assert world.statuses.zone_status(CORP_ZONE).audit_requested_at


def test_names_that_can_be_read_are_repaired_beside_those_that_cannot(world: World) -> None:
    """The audit finds what the unreadable change of the call did."""
    world.lose("n1")
    repair = DriftRepair(world.ledger, world.statuses, world.zones, world.clock, world.statuses.paused)
    change = ZoneChange((CORP_ZONE,), (key("n1").fqdn, key("n2").fqdn), BY, unreadable=1)
    outcome = repair.repair(change, AMPLE)
    assert outcome.repaired == (key("n1").fqdn,)
    assert outcome.audit == SOME_NAMES
    assert world.statuses.zone_status(CORP_ZONE).audit_requested_at
