"""What the publisher reports about itself and the zones: heartbeats, zone checks, stalls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.runtime.deadline import Deadline
from hub.runtime.model.names import NEVER, Millis
from hub.runtime.model.path import STALL_AGAIN, Stall
from hub.runtime.ports import NoTurn, ZoneClosed, ZoneUnavailable
from hub.runtime.publisher.health.reporter import CHECK_SECONDS, Reporter, ZoneCheck
from hub.runtime.publisher.outcome import PATIENCE_MILLIS, NameOutcome, NameResult
from tests.support.build import CORP, CORP_ZONE, ZONE_IDS, key
from tests.support.memory import AMPLE
from tests.support.use_cases.reporter_world import NOW, OTHER_ZONE, ReporterWorld

DENIED = ZoneClosed("Z: AccessDenied")
SILENT = ZoneUnavailable("Z: ServiceUnavailable")
HOURS = 24


@pytest.fixture
def world() -> ReporterWorld:
    return ReporterWorld()


def retried(name: str, reason: str = "Z: Throttling") -> NameOutcome:
    return NameOutcome(key(name), NameResult.RETRY, reason)


class TestHeartbeats:
    def test_open_zone_is_checked_once_an_hour(self, world: ReporterWorld) -> None:
        """Of the twelve heartbeats of an hour, one checks an open zone, and each is answered."""
        for _ in range(12 * HOURS):
            world.beat()
        assert world.checked == [(CORP_ZONE, CORP)] * HOURS
        assert len(world.answered_heartbeats) == 12 * HOURS

    def test_heartbeat_that_comes_early_does_not_delay_a_check(self, world: ReporterWorld) -> None:
        """The schedule is not exact: a heartbeat 59 minutes and some seconds after a check counts as the next hour."""
        world.beat()
        world.now = Millis(world.now + 3_600_000 - 55_000)
        assert world.beat(0) == [ZoneCheck(CORP_ZONE)]
        world.now = Millis(world.now + 3_600_000 - 65_000)
        assert world.beat(0) == []

    def test_zone_in_dry_run_is_only_read(self, world: ReporterWorld) -> None:
        """No call that could write is made, and the zone counts as open as long as it can be read."""
        world.silent = frozenset({CORP})
        world.reporter = world.environment()
        assert world.beat() == [ZoneCheck(CORP_ZONE)]
        assert (world.checked, world.tried_to_write) == ([(CORP_ZONE, CORP)], set())

    def test_closed_zone_is_checked_with_each_heartbeat(self, world: ReporterWorld) -> None:
        """It is closed since the first time, and known to be closed, so the heartbeats are answered."""
        world.faults[CORP_ZONE] = DENIED
        assert [world.beat() for _ in range(3)] == [[ZoneCheck(CORP_ZONE, closed=str(DENIED))]] * 3
        assert len(world.checked) == 3
        assert world.zone().closed_since == NOW + 300_000
        assert world.zone().closed_reason == str(DENIED)
        assert len(world.answered_heartbeats) == 3

    def test_closed_zone_stays_closed_without_an_answer(self, world: ReporterWorld) -> None:
        """Such as the denial of an old session: the path does not stand still because of that."""
        world.faults[CORP_ZONE] = DENIED
        world.beat()
        before = world.zone()
        world.faults[CORP_ZONE] = SILENT
        assert world.beat() == [ZoneCheck(CORP_ZONE, closed=str(SILENT))]
        assert (world.zone(), world.stalls) == (before, [])
        assert len(world.answered_heartbeats) == 2

    def test_zone_that_opens_again_is_audited(self, world: ReporterWorld) -> None:
        """An audit brings the names that waited. It is requested at once, and counts no more than was used before."""
        world.statuses.zones[CORP_ZONE] = replace(world.zone(), audits_paid_until=Millis(7))
        world.faults[CORP_ZONE] = DENIED
        world.beat()
        assert world.zone().audit_requested_at == NEVER
        world.faults.clear()
        assert world.beat() == [ZoneCheck(CORP_ZONE, reopened=True)]
        assert (world.zone().audit_requested_at, world.zone().audits_paid_until) == (world.now, 7)
        assert (world.zone().closed_since, world.zone().closed_reason) == (NEVER, "")
        requested = world.zone().audit_requested_at
        assert world.beat() == []
        assert world.beat(60) == [ZoneCheck(CORP_ZONE)]
        assert world.zone().audit_requested_at == requested

    def test_heartbeat_is_not_answered_while_a_zone_is_unknown(self, world: ReporterWorld) -> None:
        """Unknown is not well. The next heartbeat checks again, and the ledger has the reason."""
        world.faults[CORP_ZONE] = SILENT
        assert [world.beat() for _ in range(2)] == [[ZoneCheck(CORP_ZONE, unknown=str(SILENT))]] * 2
        assert world.answered_heartbeats == []
        assert world.stalls == [Stall(str(SILENT), Millis(NOW + beat * 300_000), 0) for beat in (1, 2)]
        assert world.zone().closed_since == NEVER
        world.faults.clear()
        assert world.beat() == [ZoneCheck(CORP_ZONE)]
        assert world.answered_heartbeats == [world.now]

    def test_one_unknown_zone_hides_no_other(self, world: ReporterWorld) -> None:
        """The zones after it are checked all the same, and the heartbeat is not answered."""
        world.reporter = Reporter(world, world.statuses, world, ZONE_IDS, world.clock)
        world.faults = {CORP_ZONE: SILENT, OTHER_ZONE: DENIED}
        assert {check.zone_id: (check.closed, check.unknown) for check in world.beat()} == {
            CORP_ZONE: ("", str(SILENT)),
            OTHER_ZONE: (str(DENIED), ""),
        }
        assert world.answered_heartbeats == []

    def test_no_check_during_a_pause(self, world: ReporterWorld) -> None:
        """Not even a refused call may write. A pause does not stop heartbeats."""
        world.statuses.reason_to_pause = ""
        assert world.beat() == []
        assert (world.checked, len(world.answered_heartbeats)) == ([], 1)
        world.statuses.reason_to_pause = None
        assert world.beat() == [ZoneCheck(CORP_ZONE)]

    @pytest.mark.parametrize(("seconds", "checks"), [(CHECK_SECONDS, 1), (CHECK_SECONDS - 1, 0)])
    def test_check_needs_time(self, world: ReporterWorld, seconds: float, checks: int) -> None:
        """Without time for a check, the next heartbeat makes it."""
        world.beat(deadline=Deadline(lambda: seconds))
        assert (len(world.checked), len(world.answered_heartbeats)) == (checks, 1)
        world.beat()
        assert len(world.checked) == 1

    def test_check_without_a_turn_is_left_out(self, world: ReporterWorld) -> None:
        """A burst that takes all turns changes the zone: it is no fault, and the next heartbeat checks again."""
        world.faults[CORP_ZONE] = NoTurn(40)
        assert world.beat() == []
        assert (world.zone().checked_at, world.stalls) == (NEVER, [])
        assert len(world.answered_heartbeats) == 1
        world.faults.clear()
        assert world.beat() == [ZoneCheck(CORP_ZONE)]

    def test_zone_with_an_unreadable_status_is_left_as_it_is(self, world: ReporterWorld) -> None:
        """No write replaces a row of a later version."""
        world.statuses.zones[CORP_ZONE] = replace(world.zone(), row_fault="schema 9")
        assert world.beat() == []
        assert world.checked == []

    @given(st.lists(st.tuples(st.integers(1, 90), st.sampled_from([None, DENIED, SILENT, NoTurn(31)]), st.booleans())))
    def test_heartbeat_is_answered_unless_a_check_is_unknown(
        self, beats: list[tuple[int, Exception | None, bool]]
    ) -> None:
        """Whatever happened before. A zone is closed exactly from a denial to the next check that succeeds."""
        world, closed = ReporterWorld(), False
        for minutes, fault, paused in beats:
            world.faults = {CORP_ZONE: fault} if fault else {}
            world.statuses.reason_to_pause = "x" if paused else None
            before = len(world.answered_heartbeats), len(world.checked)
            checks = world.beat(minutes)
            unknown = any(check.unknown for check in checks)
            assert len(world.answered_heartbeats) - before[0] == (not unknown)
            checked = len(world.checked) > before[1]
            assert not (checked and paused)
            assert checked or paused or not closed
            closed = fault is DENIED if checked and fault in (None, DENIED) else closed
            assert bool(world.zone().closed_since) == closed


class TestPublished:
    def test_names_in_a_closed_zone_are_counted(self, world: ReporterWorld) -> None:
        """Each run adds its names, and the zone is closed since the first."""
        closed = [NameOutcome(key(name), NameResult.CLOSED, "Z: AccessDenied") for name in ("a", "b")]
        for names in (closed, closed[:1]):
            assert world.reporter.published(names, {key(name): NOW for name in ("a", "b")}) is None
            world.now = Millis(world.now + 1)
        status = world.zone()
        assert (status.closed_names, status.closed_since, status.closed_reason) == (3, NOW, "Z: AccessDenied")

    def test_each_closed_zone_has_its_own_reason(self, world: ReporterWorld) -> None:
        """Two zones may be closed for two reasons."""
        keys = [key("a"), key("b", OTHER_ZONE)]
        outcomes = [NameOutcome(each, NameResult.CLOSED, f"why {each.zone_id}") for each in keys]
        world.reporter.published(outcomes, dict.fromkeys(keys, NOW))
        assert [(world.zone(each.zone_id).closed_reason, world.zone(each.zone_id).closed_names) for each in keys] == [
            (f"why {CORP_ZONE}", 1),
            (f"why {OTHER_ZONE}", 1),
        ]

    def test_published_names_report_nothing(self, world: ReporterWorld) -> None:
        """Nor do names that come again soon."""
        outcomes = [retried("a"), *(NameOutcome(key("b"), result) for result in (NameResult.PUBLISHED,))]
        assert world.reporter.published(outcomes, {key("a"): NOW, key("b"): NEVER}) is None
        assert (world.stalls, world.statuses.zones) == ([], {})

    def test_stall_is_written_once_a_minute_by_an_environment(self, world: ReporterWorld) -> None:
        """Each run returns it, so that the log has it, and a new environment writes it again."""
        since = Millis(NOW - PATIENCE_MILLIS)
        stall = Stall("Z: Throttling", since, 1)
        for seconds in (0, 59, 1):
            world.now = Millis(world.now + seconds * 1_000)
            assert world.reporter.published([retried("a")], {key("a"): since}) == stall
        assert STALL_AGAIN == 60_000
        assert world.stalls == [stall, stall]
        world.environment().published([retried("a")], {key("a"): since})
        assert len(world.stalls) == 3

    def test_heartbeats_are_answered_beside_a_stall_of_another_batch(self, world: ReporterWorld) -> None:
        """Each shard has its own batches: what one repeats keeps no other from answering."""
        since = Millis(NOW - PATIENCE_MILLIS)
        world.reporter.published([retried("a")], {key("a"): since})
        world.reporter.heartbeat(NOW, AMPLE)
        assert world.answered_heartbeats == [NOW]
