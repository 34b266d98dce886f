"""The problems of `orgdns status`: each has its kind, its stage and its place, worst first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.health.attention import SCHEDULE_OVERDUE, SWEEP_OVERDUE
from hub.runtime.model.health.path import HEARTBEAT_LATE, PathFacts, Stage
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.path import PathState, Stall
from hub.runtime.model.status import FailedLook, Pause, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from orgdns.cli.reports.status.overview import Alarms, Backlog, FiringAlarm, Overview, Permissions
from orgdns.cli.reports.status.permissions import signs
from orgdns.cli.reports.status.problem import Problem
from orgdns.cli.reports.status.problems import problems
from orgdns.config.sections.accounts import Guards
from tests.docs.pages import page
from tests.support.build import CORP, CORP_ZONE, PAYMENTS
from tests.support.generated import of_type

NOW = Millis(1_800_000_000_000)
LATE = Millis(NOW - HEARTBEAT_LATE - 1)
OLD = Millis(NOW - SWEEP_OVERDUE - 1)
SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
OTHER = Spoke(PAYMENTS.id, "eu-west-1")
WELL = SpokeStatus(SPOKE, tried_at=Millis(NOW - 60_000), swept_at=Millis(NOW - 60_000), policy="p", instances=1)
ZONE = ZoneStatus(CORP_ZONE, tried_at=NOW, audited_at=NOW)
OPEN = PathState(NOW, NOW, NOW, NOW)
GOOD = Overview(
    NOW, None, ScheduleCursor("p", NOW, at=NOW), (WELL,), (ZONE,), {CORP: CORP_ZONE}, limits=Guards().limits, path=OPEN
)
LOOK = FailedLook("UnauthorizedOperation", NOW, Millis(NOW - 90_000), 12, ("i-1", "i-2", "i-3", "i-4"))
STALL = Stall("Z1: Throttling", Millis(NOW - 300_000), 7)
STOPPED = (("orgdns-observer", "its event source mapping is Disabled"),)
FOUGHT = ZoneDrift("arn:aws:iam::333333333333:role/octodns", OLD, NOW, 9, damped_at=NOW)


def spoke(**changes: object) -> Overview:
    return replace(GOOD, spokes=(replace(WELL, **changes),))  # type: ignore[arg-type]  # fields of a status


def zone(**changes: object) -> Overview:
    return replace(GOOD, zones=(replace(ZONE, **changes),))  # type: ignore[arg-type]  # as above


def facts(**changes: object) -> Overview:
    return replace(GOOD, path_facts=PathFacts(**changes))  # type: ignore[arg-type]  # as above


def alarm(name: str) -> FiringAlarm:
    return FiringAlarm(name, OLD, f"What {name} means.", f"Threshold Crossed: {name}")


# Worst first: the kind and the stage, a state with this problem, and what its line says.
ORDER: list[tuple[str, str, Overview, str]] = [
    ("path-interrupted", "event bus and queue", replace(GOOD, path=replace(OPEN, observed_at=LATE)), "no heartbeat"),
    ("names-overdue", "publisher", replace(GOOD, path=replace(OPEN, stall=STALL, stalled_at=NOW)), "7 names wait"),
    ("mapping-stopped", "observer", facts(queue_faults=STOPPED), "is Disabled"),
    ("ledger-unprotected", "ledger", facts(table_fault="not protected from deletion"), "not protected"),
    ("unknown", "ledger", facts(unknown="it takes dynamodb:DescribeTable"), "dynamodb:DescribeTable"),
    (
        "permissions-missing",
        "sweeps",
        replace(GOOD, permissions=Permissions(((signs(NAMES)[2], OLD),))),
        "the role orgdns-sweeper needs logs:",
    ),
    ("paused", "publisher", replace(GOOD, pause=Pause("the zones move", OLD, "arn:x")), "the zones move, by arn:x"),
    ("zones-closed", "zones", zone(closed_since=OLD, closed_reason="AccessDenied", closed_names=3), "3 names wait"),
    ("pending-removals", "sweeps", spoke(pending_removals=("i-1",), pending_names=6), f"orgdns approve {SPOKE}"),
    ("spokes-unreachable", "sweeps", spoke(fault="AccessDenied", fault_since=OLD), "AccessDenied"),
    ("looks-failing", "observer", spoke(failed_look=LOOK), "events of 12 instances wait, i-1, i-2, i-3, ...: Unauth"),
    (
        "sweeps-overdue",
        "sweeps",
        replace(GOOD, cursor=replace(GOOD.cursor, at=Millis(NOW - SCHEDULE_OVERDUE - 1))),
        "the schedule ran last at",
    ),
    ("unreadable", "ledger", spoke(unreadable=3, unreadable_first=("i-1",)), "3 instances, i-1"),
    ("records-contested", "zones", zone(drift=(FOUGHT,), audited_at=OLD), "role/octodns changed names 9 times"),
    ("zones-near-limit", "zones", zone(record_sets=9_000), "9,000 of 10,000 records"),
    ("accounts-near-limit", "zones", spoke(usage={CORP_ZONE: Usage(900, 900)}), "900 of 1,000 names"),
    ("events-undelivered", "spokes", spoke(undelivered=9, undelivered_new=4), "4 since the sweep before, 9 in"),
    ("events-missed", "spokes", spoke(missed=3, missed_sweeps=2), "3 changes by the last sweep, of 2 sweeps in a row"),
    ("vpcs-unknown", "associations", spoke(vpc_fault="AccessDenied", vpc_fault_since=OLD), "AccessDenied"),
    ("associations-refused", "associations", spoke(refused_vpcs=2, refusal="LimitsExceeded"), "2 VPCs: LimitsExceeded"),
    ("names-deferred", "publisher", replace(GOOD, backlog=Backlog(4, {PAYMENTS.id: 320})), f"{PAYMENTS.id}: 320 names"),
    ("not-swept", "sweeps", spoke(policy="old"), str(SPOKE)),
    ("not-audited", "audits", replace(GOOD, zones=()), "whether its records are right is not known yet"),
    ("functions-failing", "publisher", replace(GOOD, alarms=Alarms((alarm("functions-failing"),))), "Threshold"),
]


def kinds(overview: Overview) -> list[str]:
    return [problem.kind for problem in problems(overview)]


def merged(overviews: list[Overview]) -> Overview:
    """All that is wrong in any of them, each spoke and zone with its own trouble."""
    changed: dict[str, object] = {}
    spokes, zones = [WELL], [ZONE]
    for number, overview in enumerate(overviews):
        for name in ("path", "path_facts", "pause", "cursor", "backlog", "alarms", "permissions"):
            if getattr(overview, name) != getattr(GOOD, name):
                changed[name] = getattr(overview, name)
        spokes += [replace(each, spoke=Spoke(PAYMENTS.id, f"r{number}")) for each in overview.spokes if each != WELL]
        zones += [replace(each, zone_id=f"Z{number:02}") for each in overview.zones if each != ZONE]
    zone_ids = {CORP: CORP_ZONE} | {Fqdn(f"{each.zone_id}."): each.zone_id for each in zones[1:]}
    zone_ids[Fqdn("new.")] = "Z0NEW"
    both = PathState(NOW, LATE, NOW, NOW, STALL, NOW)
    path_facts = PathFacts(1, (), "not protected from deletion", "it takes dynamodb:DescribeTable", STOPPED)
    return replace(
        GOOD,
        **changed | {"path": both, "path_facts": path_facts},  # type: ignore[arg-type]  # fields of an overview
        spokes=tuple(spokes),
        zones=tuple(zones),
        zone_ids=zone_ids,
    )


def test_all_is_well() -> None:
    """No problem without one."""
    assert problems(GOOD) == ()


@pytest.mark.parametrize(("kind", "stage", "overview", "line"), ORDER)
def test_problem(kind: str, stage: str, overview: Overview, line: str) -> None:
    """Each trouble alone is one problem, of the kind of its page, with what is known and what to do."""
    (problem,) = problems(overview)
    assert (problem.kind, problem.stage.value) == (kind, stage)
    assert any(line in each for each in problem.lines)
    assert problem.title
    assert problem.todo
    assert page(f"docs/runbook/{kind}.md")


def test_worst_comes_first() -> None:
    """What stops everything, what stops a part, what may stop it, what is unknown; last other alarms."""
    assert kinds(merged([overview for _, _, overview, _ in ORDER])) == [kind for kind, *_ in ORDER]


@pytest.mark.parametrize(
    ("kind", "since"),
    [
        ("path-interrupted", LATE),
        ("names-overdue", STALL.since),
        ("permissions-missing", OLD),
        ("paused", OLD),
        ("zones-closed", OLD),
        ("spokes-unreachable", OLD),
        ("looks-failing", LOOK.since),
        ("records-contested", OLD),
        ("vpcs-unknown", OLD),
        ("not-swept", NOW),
        ("functions-failing", OLD),
        ("events-missed", 0),
        ("unknown", 0),
    ],
)
def test_since(kind: str, since: int) -> None:
    """Since when, where that is known."""
    (overview,) = [overview for of, _, overview, _ in ORDER if of == kind]
    assert problems(overview)[0].since == since


def test_since_is_that_of_the_earliest() -> None:
    """One kind of trouble is one problem, with all that it affects."""
    trouble = replace(WELL, fault="AccessDenied", fault_since=OLD)
    later = replace(trouble, spoke=OTHER, fault_since=NOW)
    (problem,) = problems(replace(GOOD, spokes=(later, trouble)))
    assert (problem.since, problem.affected, len(problem.lines)) == (OLD, (str(SPOKE), str(OTHER)), 2)


def test_permissions_that_are_missing_are_one_problem() -> None:
    """Each is named with its permission; unknown is not well."""
    needed = (
        "it takes dynamodb:DescribeTable",
        "it takes cloudwatch:DescribeAlarms",
        "it takes cloudwatch:GetMetricData",
    )
    unread = {
        "path_facts": PathFacts(unknown=needed[0]),
        "alarms": Alarms(fault=needed[1]),
        "permissions": Permissions(fault=needed[2]),
    }
    (problem,) = problems(replace(GOOD, **unread))  # type: ignore[arg-type]  # fields of an overview
    assert (problem.kind, problem.lines) == ("unknown", needed)
    for name, part in unread.items():
        assert kinds(replace(GOOD, **{name: part})) == ["unknown"]  # type: ignore[arg-type]  # as above


def test_stream_that_nobody_follows_interrupts_the_path() -> None:
    """With each fault, and before any heartbeat is late."""
    found = problems(facts(stream_faults=("the mapping is Disabled",)))
    assert [(each.kind, each.stage.value, each.lines) for each in found] == [
        ("path-interrupted", "ledger's stream", ("the mapping is Disabled",))
    ]


def test_schedule_that_cannot_be_read() -> None:
    """Sweeps go by the clock then. It is no reason to say that the schedule does not run."""
    found = problems(replace(GOOD, cursor=ScheduleCursor(row_fault="schema 9")))
    assert "unreadable" in [each.kind for each in found]
    assert "sweeps-overdue" not in [each.kind for each in found]


def test_undelivered_events_that_cannot_be_counted() -> None:
    """The number before is not shown: it is old."""
    (problem,) = problems(spoke(undelivered=9, undelivered_new=4, undelivered_fault="AccessDenied"))
    assert problem.lines == (f"{SPOKE}: undelivered events cannot be counted: AccessDenied",)


class TestAlarms:
    def test_alarm_is_left_out_if_its_problem_is_there(self) -> None:
        """One trouble is told once, and by what is known of it rather than by a threshold."""
        firing = Alarms((alarm("spokes-unreachable"), alarm("stream-behind")))
        overview = replace(spoke(fault="AccessDenied", fault_since=OLD), alarms=firing)
        found = problems(overview)
        assert [each.kind for each in found] == ["spokes-unreachable", "stream-behind"]
        assert found[0].lines[0].endswith("AccessDenied")

    def test_alarm_of_which_nothing_else_tells(self) -> None:
        """With CloudWatch's reason, and what the alarm's description says."""
        assert problems(replace(GOOD, alarms=Alarms((alarm("events-dead-letters"),)))) == (
            Problem(
                "events-dead-letters",
                Stage.OBSERVER,
                "The alarm events-dead-letters is in ALARM",
                OLD,
                (),
                ("Threshold Crossed: events-dead-letters",),
                "What events-dead-letters means.",
            ),
        )

    @pytest.mark.parametrize(
        "name",
        sorted(each["AlarmName"].removeprefix("orgdns-") for each in of_type("hub", "AWS::CloudWatch::Alarm").values()),
    )
    def test_whoever_an_alarm_sends_here_finds_it(self, name: str) -> None:
        """Each alarm of the hub is a problem, if nothing else tells of it, and has a page."""
        (problem,) = problems(replace(GOOD, alarms=Alarms((alarm(name),))))
        assert problem.kind == name
        assert page(f"docs/runbook/{name}.md")
