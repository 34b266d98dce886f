"""The health of spokes and zones: each rule, and that metrics, `orgdns status` and `orgdns coverage` agree on it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.model.health.attention import AUDIT_OVERDUE, EMPTY_OVERDUE, SWEEP_OVERDUE, Health, health
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.path import PathState
from hub.runtime.model.status import FailedLook, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from hub.runtime.sweeper.schedule.scheduler import SweepScheduler
from orgdns.cli.render.documents.status import status_document
from orgdns.cli.reports.status.overview import Overview
from orgdns.config.sections.accounts import Guards
from tests.support.memory_statuses import MemoryStatuses, MemoryTasks

NOW = Millis(1_800_000_000_000)
POLICY = "digest"
SPOKE = Spoke("444444444444", "eu-central-1")
GOOD = SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, policy=POLICY, instances=1)
LATE = Millis(NOW - SWEEP_OVERDUE - 1)
EMPTY = replace(GOOD, instances=0, swept_at=LATE)
ZONE = ZoneStatus("Z1", tried_at=NOW, audited_at=NOW)
LIMITS = Guards().limits
CURSOR = ScheduleCursor(POLICY, at=NOW)
UNREACHABLE = replace(GOOD, fault="AccessDenied", fault_since=NOW)


def of_spoke(status: SpokeStatus, *, listed: bool = True) -> Health:
    return health([status], [], [status.spoke] if listed else [], CURSOR, NOW)


def of_zone(status: ZoneStatus) -> Health:
    return health([], [status], [], CURSOR, NOW)


def filled(found: Health) -> set[str]:
    """The names of the fields, other than `known`, that hold anything."""
    return {field.name for field in fields(found) if field.name != "known" and getattr(found, field.name)}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (GOOD, set()),
        (replace(GOOD, policy="old"), {"on_old_policy"}),
        (SpokeStatus(SPOKE), {"on_old_policy", "never_swept"}),
        (replace(GOOD, tried_at=Millis(1), swept_at=Millis(NOW - SWEEP_OVERDUE)), set()),
        (replace(GOOD, tried_at=Millis(1), swept_at=Millis(NOW - SWEEP_OVERDUE - 1)), {"overdue"}),
        (replace(GOOD, tried_at=Millis(1), swept_at=NEVER, policy=""), {"overdue", "on_old_policy"}),
        (replace(GOOD, fault="Throttled"), set()),
        # An empty spoke is swept once a day. After an event, or with a fault, it is swept once an hour.
        (EMPTY, set()),
        (replace(EMPTY, policy="old"), {"on_old_policy"}),
        (replace(EMPTY, swept_at=Millis(NOW - EMPTY_OVERDUE)), set()),
        (replace(EMPTY, swept_at=Millis(NOW - EMPTY_OVERDUE - 1), event_at=NOW), {"overdue"}),
        (replace(EMPTY, event_at=NOW), set()),
        (replace(EMPTY, swept_at=Millis(LATE - 9), event_at=LATE), {"overdue"}),
        (replace(EMPTY, vpcs={"Z1": 1}), {"overdue"}),
        (replace(EMPTY, fault="Throttled"), {"overdue"}),
        (UNREACHABLE, {"unreachable"}),
        (replace(UNREACHABLE, policy="old"), {"unreachable"}),
        (replace(UNREACHABLE, swept_at=NEVER, policy=""), {"unreachable"}),
        (replace(GOOD, pending_removals=("i-1",)), {"pending_spokes"}),
        (replace(GOOD, pending_removals=("i-1", "i-2"), approved=frozenset({"i-1"})), {"pending_spokes"}),
        (replace(GOOD, pending_removals=("i-1",), approved=frozenset({"i-1", "i-2"})), set()),
        (replace(GOOD, approved=frozenset({"i-1"})), set()),
    ],
)
def test_spoke(status: SpokeStatus, expected: set[str]) -> None:
    """An unreachable spoke counts as that alone, a spoke that was never tried is not overdue, approval ends waiting."""
    found = of_spoke(status)
    assert filled(found) == expected
    assert all(getattr(found, name) == {SPOKE} for name in expected)
    assert found.good == (not expected)
    assert found.known == {SPOKE}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ZONE, set()),
        (ZoneStatus("Z1"), {"not_audited"}),
        (replace(ZONE, tried_at=Millis(1), audited_at=Millis(NOW - AUDIT_OVERDUE)), set()),
        (replace(ZONE, tried_at=Millis(1), audited_at=Millis(NOW - AUDIT_OVERDUE - 1)), {"overdue_zones"}),
        (replace(ZONE, pending_removals=(Fqdn("web."),)), {"pending_zones"}),
        (replace(ZONE, pending_removals=(Fqdn("web."),), approved=frozenset({"web.", "db."})), set()),
        (replace(ZONE, pending_removals=(Fqdn("web."),), approved_vpcs=frozenset({"web."})), {"pending_zones"}),
        (replace(ZONE, pending_vpcs=("a", "b"), approved_vpcs=frozenset({"a"})), {"pending_vpc_zones"}),
        (replace(ZONE, pending_vpcs=("a", "b"), approved_vpcs=frozenset({"a", "b", "c"})), set()),
        (replace(ZONE, pending_vpcs=("a",), approved=frozenset({"a"})), {"pending_vpc_zones"}),
        (replace(ZONE, pending_vpcs=("a",), pending_removals=(Fqdn("b."),)), {"pending_zones", "pending_vpc_zones"}),
    ],
)
def test_zone(status: ZoneStatus, expected: set[str]) -> None:
    """Names and VPC associations are approved apart; a zone that was never tried is not overdue."""
    found = of_zone(status)
    assert filled(found) == expected
    assert all(getattr(found, name) == {"Z1"} for name in expected)
    assert found.good == (not expected)


@pytest.mark.parametrize(
    ("listed", "withdrawn", "known"), [(True, False, 1), (True, True, 1), (False, False, 1), (False, True, 0)]
)
def test_spoke_whose_account_left_does_not_count(*, listed: bool, withdrawn: bool, known: int) -> None:
    """A closed spoke is unreachable until its names are withdrawn; after that it is closed while it has a stack."""
    found = of_spoke(replace(UNREACHABLE, closed=True, withdrawn=withdrawn), listed=listed)
    assert len(found.known) == len(found.unreachable) + len(found.closed) == known
    assert len(found.unreachable) == (not withdrawn)
    assert found.good == withdrawn


def test_role_that_denies_access_stays_unreachable() -> None:
    """Whoever denies access must not silence the alarm by waiting until the names are withdrawn."""
    found = of_spoke(replace(UNREACHABLE, withdrawn=True))
    assert found.unreachable == {SPOKE}
    assert not found.closed
    assert not found.good


@pytest.mark.parametrize(
    ("withdrawn", "kept", "zone", "near"),
    [(False, 0, "Z1", 2), (True, 1, "Z1", 2), (True, 0, "Z1", 0), (False, 0, "removed", 0)],
)
def test_what_nobody_holds_is_near_no_limit(*, withdrawn: bool, kept: int, zone: str, near: int) -> None:
    """A spoke that keeps nothing, and a zone that the configuration no longer has, count for no limit."""
    status = replace(UNREACHABLE, withdrawn=withdrawn, kept_vpcs=kept, vpcs={zone: 10_000})
    found = health([status], [ZONE], [SPOKE], CURSOR, NOW, LIMITS, ["Z1"])
    assert len(found.accounts_near_limit) + len(found.zones_near_limit) == near


def test_listed_spoke_without_a_status() -> None:
    """A stack that is younger than the last run of the scheduler is known, not swept, and so on an old policy."""
    found = health([], [], [SPOKE], CURSOR, NOW)
    assert found == Health(known=frozenset({SPOKE}), on_old_policy=frozenset({SPOKE}), never_swept=frozenset({SPOKE}))


def test_empty() -> None:
    """Without spokes and zones, nothing is wrong."""
    assert health([], [], [], CURSOR, NOW) == Health()
    assert Health().good


TIMES = st.sampled_from([0, NOW, NOW - SWEEP_OVERDUE, NOW - SWEEP_OVERDUE - 1, NOW - AUDIT_OVERDUE - 1]).map(Millis)
IDS = st.frozensets(st.sampled_from(["a.", "b."]), max_size=2)
VPCS = st.frozensets(st.sampled_from([f"{SPOKE}/vpc-0000000{number}" for number in "ab"]), max_size=2)
SPOKES = [Spoke(f"{number:012}", "eu-central-1") for number in range(4)]
SPOKE_STATUSES = st.builds(
    SpokeStatus,
    spoke=st.sampled_from(SPOKES),
    tried_at=TIMES,
    swept_at=TIMES,
    event_at=TIMES,
    instances=st.sampled_from([0, 1]),
    policy=st.sampled_from(["", "old", POLICY]),
    fault_since=st.sampled_from([NEVER, NOW]),
    closed=st.booleans(),
    withdrawn=st.booleans(),
    kept_vpcs=st.sampled_from([0, 1]),
    pending_removals=IDS.map(tuple),
    approved=IDS,
    usage=st.dictionaries(st.sampled_from(["Z1", "Z2"]), st.builds(Usage, st.sampled_from([0, 799, 1_600]))),
    vpcs=st.dictionaries(st.sampled_from(["Z1", "Z2"]), st.sampled_from([0, 29, 240])),
    failed_look=st.builds(FailedLook, st.sampled_from(["", "AccessDenied"]), TIMES, TIMES, st.just(1)),
    undelivered_new=st.sampled_from([0, 2]),
    undelivered_fault=st.sampled_from(["", "AccessDenied"]),
    missed=st.sampled_from([0, 1, 5]),
    missed_sweeps=st.sampled_from([0, 1, 2]),
    vpc_fault=st.sampled_from(["", "AccessDenied"]),
    refused_vpcs=st.sampled_from([0, 1]),
    unreadable=st.sampled_from([0, 1]),
)
ZONE_STATUSES = st.builds(
    ZoneStatus,
    zone_id=st.sampled_from(["Z1", "Z2", "Z3"]),
    tried_at=TIMES,
    audited_at=TIMES,
    pending_removals=IDS.map(tuple),
    approved=IDS,
    pending_vpcs=VPCS.map(tuple),
    approved_vpcs=VPCS,
    record_sets=st.sampled_from([0, 7_999, 8_000]),
    closed_since=st.sampled_from([NEVER, NOW]),
    unreadable=st.sampled_from([0, 1]),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """The spokes that have a stack of the rollout, behind the runtime's port."""

    spokes: frozenset[Spoke]

    def listed(self) -> frozenset[Spoke]:
        return self.spokes


# The kinds of problems that a metric counts, and that have a line for each spoke and zone.
ALARMED = {
    "spokes-unreachable": "SpokesUnreachable",
    "pending-removals": "PendingRemovals",
    "looks-failing": "SpokesWithFailedLooks",
    "events-missed": "SpokesMissingEvents",
    "events-undelivered": "SpokesWithUndeliveredEvents",
    "vpcs-unknown": "SpokesWithUnknownVpcs",
    "associations-refused": "SpokesWithRefusedAssociations",
    "zones-closed": "ZonesClosed",
    "accounts-near-limit": "AccountsNearLimit",
    "zones-near-limit": "ZonesNearLimit",
    "unreadable": "SpokesAndZonesUnreadable",
}


@given(
    spokes=st.lists(SPOKE_STATUSES, unique_by=lambda status: status.spoke, max_size=4).map(tuple),
    zones=st.lists(ZONE_STATUSES, unique_by=lambda status: status.zone_id, max_size=3).map(tuple),
    listed=st.frozensets(st.sampled_from(SPOKES)),
)
def test_metrics_status_and_coverage_agree(
    spokes: tuple[SpokeStatus, ...], zones: tuple[ZoneStatus, ...], listed: frozenset[Spoke]
) -> None:
    """An alarm goes off exactly where `orgdns status` names a spoke or zone, and `orgdns coverage` the same spoke."""
    statuses = MemoryStatuses(lambda: NOW)
    statuses.spokes = {status.spoke: status for status in spokes}
    statuses.zones = {status.zone_id: status for status in zones}
    metrics = SweepScheduler(
        spokes=Listed(listed),
        statuses=statuses,
        schedule=statuses,
        tasks=MemoryTasks(),
        zone_ids=[zone.zone_id for zone in zones],
        policy_digest=POLICY,
        clock=lambda: NOW,
        associations=MemoryTasks(),
        limits=LIMITS,
    ).schedule_sweeps()
    zone_ids = {Fqdn(zone.zone_id): zone.zone_id for zone in zones}
    path = PathState(NOW, NOW, NOW, NOW)
    overview = Overview(NOW, None, statuses.round, spokes, zones, zone_ids, listed, LIMITS, path=path)
    shown, health, counts = status_document(overview), metrics.health, metrics.health.counts
    assert counts["SpokesOnOldPolicy"] == len(shown["policy"]["spokes_behind"])
    assert len(health.known) == shown["policy"]["spokes"] + len(shown["unreachable"]) + len(shown["closed"])
    assert counts["SpokesUnreachable"] == len(shown["unreachable"])
    assert counts["SweepsAndAuditsOverdue"] == len(shown["overdue"])
    assert counts["PendingRemovals"] == len(shown["pending_removals"])
    near = (*health.accounts_near_limit, *health.zones_near_limit)
    assert {(each.account or None, each.zone_id, each.kind.value, each.used) for each in near} == {
        (each["account"], each["zone_id"], each["counted"], each["used"]) for each in shown["near_limit"]
    }
    assert shown["well"] == health.good
    affected = {problem["kind"]: len(problem["lines"]) for problem in shown["problems"]}
    assert {kind: affected.get(kind, 0) for kind in ALARMED} == {
        kind: counts[metric] for kind, metric in ALARMED.items()
    }


def test_overview_computes_health_once() -> None:
    """The reports read it for each spoke: otherwise the time of `orgdns status` would grow with their square."""
    overview = Overview(NOW, None, ScheduleCursor(POLICY, at=NOW), (), (), {})
    assert overview.health is overview.health
