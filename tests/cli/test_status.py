"""`orgdns status`: what counts as trouble, how it is shown, and that untrusted text is made visible."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from hub.runtime.messages import body_of
from hub.runtime.model.health.attention import AUDIT_OVERDUE, SWEEP_OVERDUE
from hub.runtime.model.names import NEVER, Fqdn, Millis, Spoke
from hub.runtime.model.path import PathState
from hub.runtime.model.status import Pause, ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep
from hub.runtime.model.usage import Usage
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.render.documents.status import approval_document, status_document
from orgdns.cli.render.status import show_pending_removals, show_status
from orgdns.cli.reports.dead_letters import Message, dead_task
from orgdns.cli.reports.status.overview import Overview, SubjectUnknown
from orgdns.cli.reports.status.problems import problems
from orgdns.config.sections.accounts import Guards
from tests.support.build import CORP, CORP_ZONE, PAYMENTS

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
VPC_REF = f"{SPOKE}/vpc-0a1b2c3d4e5f60718"
HOSTILE = "\x1b[31mred\x1b[0m [bold]\u202e"
WELL = SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, policy="p", names=20)
ZONE = ZoneStatus(CORP_ZONE, tried_at=NOW, audited_at=NOW, names=20)


def overview_of(*spokes: SpokeStatus, zones: tuple[ZoneStatus, ...] = (ZONE,), paused: str | None = None) -> Overview:
    pause = Pause(paused) if paused else None
    path = PathState(NOW, NOW, NOW, NOW)
    return Overview(
        NOW, pause, ScheduleCursor("p", NOW, at=NOW), spokes or (WELL,), zones, {CORP: CORP_ZONE}, path=path
    )


def limited(overview: Overview) -> Overview:
    return replace(overview, limits=Guards().limits)


def shown(overview: Overview, *, everything: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False, emoji=False)
    show_status(console, overview, everything=everything)
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def test_all_is_well() -> None:
    """Every spoke is on the current policy, every zone is audited, and nothing is pending."""
    assert not problems(overview_of())
    assert "All is well." in shown(overview_of())
    assert "1 of 1 spokes" in shown(overview_of())


def test_damped_instances_and_vpcs_are_counted_by_account() -> None:
    """The account of both regions is one line. It is no trouble: the sweeps apply what is true."""
    other = Spoke(PAYMENTS.id, "eu-west-1")
    overview = overview_of(replace(WELL, damped=3), replace(WELL, spoke=other, damped=2, damped_vpcs=1))
    assert f"Damped, because they keep changing account {PAYMENTS.id}: 5 instances, 1 VPCs" in shown(overview)
    assert status_document(overview)["damped"] == [{"account": PAYMENTS.id, "instances": 5, "vpcs": 1}]
    assert not problems(overview)
    assert "Damped" not in shown(overview_of())


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (overview_of(replace(WELL, policy="before")), "0 of 1 spokes"),
        (overview_of(replace(WELL, fault="AccessDenied", fault_since=NOW)), "Unreachable: 1"),
        (overview_of(replace(WELL, swept_at=Millis(NOW - SWEEP_OVERDUE - 1), fault="Throttled")), "Throttled"),
        (
            overview_of(zones=(replace(ZONE, audited_at=Millis(NOW - AUDIT_OVERDUE - 1)),)),
            "Zones without a complete audit for days: 1",
        ),
        (overview_of(replace(WELL, pending_removals=("i-1", "i-2"), pending_names=6)), f"orgdns approve {SPOKE}"),
        (
            overview_of(zones=(replace(ZONE, pending_removals=(Fqdn("web.corp.internal."),), pending_names=1),)),
            "names web.corp.internal",
        ),
        (overview_of(paused="the zones move"), "Publishing is paused the zones move"),
        (
            limited(overview_of(replace(WELL, usage={CORP_ZONE: Usage(900, 900)}))),
            f"the account {PAYMENTS.id} in corp.internal ({CORP_ZONE}): 900 of 1,000 names",
        ),
        (
            limited(overview_of(zones=(replace(ZONE, record_sets=9_000),))),
            f"the zone corp.internal ({CORP_ZONE}): 9,000 of 10,000 records",
        ),
        (limited(overview_of(replace(WELL, vpcs={"rp-1": 900}))), "the Profile rp-1: 900 of 1,000 VPCs"),
        (
            limited(overview_of(replace(WELL, vpcs={"rp-1": 29}))),
            f"account {PAYMENTS.id} in the Profile rp-1: 29 of 30 VPCs",
        ),
    ],
)
def test_trouble_is_shown(trouble: Overview, expected: str) -> None:
    """Each trouble alone makes the status bad, and is shown."""
    assert problems(trouble)
    assert expected in shown(trouble)
    assert not status_document(trouble)["well"]


def test_what_is_near_a_limit_as_json() -> None:
    """The fullest comes first, and the status shows what each spoke holds."""
    spoke = replace(WELL, usage={CORP_ZONE: Usage(800, 1_900)}, vpcs={CORP_ZONE: 3})
    document = status_document(limited(overview_of(spoke, zones=(replace(ZONE, record_sets=6_000),))))
    subject = {"zone": f"corp.internal ({CORP_ZONE})", "zone_id": CORP_ZONE, "account": PAYMENTS.id}
    assert document["near_limit"] == [
        subject | {"counted": "records", "used": 1_900, "limit": 2_000},
        subject | {"counted": "names", "used": 800, "limit": 1_000},
    ]
    assert document["spokes"][0]["usage"] == {CORP_ZONE: {"names": 800, "records": 1_900}}
    assert document["spokes"][0]["vpcs"] == {CORP_ZONE: 3}
    assert document["zones"][0]["records"] == 6_000


def test_p8_repaired_rows_of_the_ledger_are_shown() -> None:
    """They need nobody, so all is well."""
    overview = overview_of(zones=(replace(ZONE, differences=(("edited", 2),), repaired=(("claims restored", 1_000),)),))
    assert "2 edited, 1,000 claims restored in the ledger" in shown(overview)
    document = status_document(overview)
    assert document["zones"][0]["repaired"] == {"claims restored": 1_000}
    assert document["well"]


def test_approved_removals_are_not_pending() -> None:
    """After the approval, a person has nothing left to do."""
    assert (
        overview_of(
            replace(WELL, pending_removals=("i-1",), pending_names=3, approved=frozenset({"i-1"}))
        ).pending_removals
        == ()
    )


@pytest.mark.parametrize("approved", [frozenset[str](), frozenset({VPC_REF})])
def test_names_and_vpcs_of_a_zone_await_approval_apart(approved: frozenset[str]) -> None:
    """One line shows what awaits approval in a zone: its names, and its VPCs unless they are approved."""
    zone = replace(ZONE, pending_removals=(Fqdn("web.corp.internal."),), pending_names=1)
    text = shown(overview_of(zones=(replace(zone, pending_vpcs=(VPC_REF,), approved_vpcs=approved),)))
    assert "Pending removals that await orgdns approve: 1" in text
    assert "1 names of 20; names web.corp.internal" in text
    assert ("1 VPCs would lose the zone" in text) == (not approved)


def test_unreachable_spoke_whose_names_await_approval() -> None:
    """A person sees why so many spokes would lose their names, and what to run."""
    status = replace(WELL, fault="AccessDenied", fault_since=NOW, pending_removals=("i-1",), pending_names=3)
    text = shown(overview_of(status))
    assert "Pending removals that await orgdns approve: 1" in text
    assert "unreachable for too long, like more than a tenth of the spokes: orgdns approve" in text
    assert f"its 3 names are kept until orgdns approve {SPOKE}: AccessDenied" in text
    approved = replace(status, approved=frozenset({"i-1"}))
    assert "its 20 names are kept for now" in shown(overview_of(approved))
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False, emoji=False)
    show_pending_removals(console, overview_of(status), status, str, all_of=False)
    assert isinstance(console.file, io.StringIO)
    assert "more than a tenth of the spokes: AccessDenied" in console.file.getvalue()


def test_t6_closed_spoke_is_listed_apart() -> None:
    """A listed spoke whose names were withdrawn is shown with the reason, and is no trouble."""
    suspended = replace(WELL, fault="the account is suspended", fault_since=NOW, closed=True, withdrawn=True)
    overview = replace(overview_of(suspended), listed=frozenset({SPOKE}))
    text = shown(overview)
    assert "Closed for too long, nothing is left to do: 1" in text
    assert "its names were withdrawn: the account is suspended" in text
    assert "Unreachable" not in text
    document = status_document(overview)
    assert (document["closed"], document["unreachable"], document["well"]) == ([str(SPOKE)], [], True)


def test_spoke_whose_account_left_is_not_a_trouble() -> None:
    """Once its names are withdrawn and its stack is deleted, nothing remains to do there."""
    left = replace(WELL, spoke=Spoke("9" * 12, "x"), fault="x", fault_since=NOW, withdrawn=True)
    assert not problems(overview_of(WELL, left))


def test_spoke_that_the_ledger_does_not_know_yet_is_on_an_old_policy() -> None:
    """A stack that is younger than the last run of the scheduler is counted before its spoke is registered."""
    young = Spoke("9" * 12, "x")
    overview = replace(overview_of(), listed=frozenset({SPOKE, young}))
    assert [status.spoke for status in overview.behind] == [young]
    assert "1 of 2 spokes are on the current policy" in shown(overview)


def test_unreachable_spoke_is_not_on_an_old_policy() -> None:
    """A new policy waits for no unreachable spoke."""
    overview = overview_of(WELL, replace(WELL, policy="", swept_at=NEVER, fault="denied", fault_since=NOW))
    assert (len(overview.behind), len(overview.overdue), len(overview.unreachable)) == (0, 0, 1)


def test_missed_events_are_shown_by_spoke() -> None:
    """The spoke with the most missed events comes first."""
    other = replace(WELL, spoke=Spoke("1" * 12, "us-east-1"), missed=1, missed_ever=7)
    text = shown(overview_of(replace(WELL, missed_ever=2), other))
    assert text.index("us-east-1: 7, 1 by the last sweep") < text.index("eu-central-1: 2")
    assert "found by sweeps: 9" in text


def test_long_lists_are_cut_without_all() -> None:
    """17,000 spokes do not fill the screen unless --all is given."""
    many = [replace(WELL, spoke=Spoke(f"{n:012}", "x"), fault="gone", fault_since=NOW) for n in range(25)]
    assert "15 more: --all" in shown(overview_of(*many))
    assert "more:" not in shown(overview_of(*many), everything=True)


def test_hostile_texts_are_made_visible() -> None:
    """Escape sequences in faults and reasons reach a terminal as visible text."""
    overview = overview_of(replace(WELL, fault=HOSTILE, fault_since=NOW), paused=HOSTILE)
    assert "\x1b" not in shown(overview)
    assert "\u202e" not in shown(overview)
    assert "\x1b" not in to_json(status_document(overview))


@pytest.mark.parametrize("text", ["corp.internal", "CORP.internal.", CORP_ZONE])
def test_zone_by_domain_or_id(text: str) -> None:
    """A zone is found by its domain or its id."""
    assert overview_of().subject(text) == ZONE


@pytest.mark.parametrize("text", ["corp", "1/2", f"{PAYMENTS.id}/us-east-1", ""])
def test_unknown_subject_is_an_error(text: str) -> None:
    """The message says what to write."""
    with pytest.raises(SubjectUnknown, match="ACCOUNT/REGION"):
        overview_of().subject(text)


def test_pending_removals_are_shown_with_names() -> None:
    """A spoke shows instances with the names that they would lose, a zone shows its names."""
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False, emoji=False)
    status = replace(WELL, pending_removals=("i-1",), pending_names=2)
    show_pending_removals(console, overview_of(status), status, {"i-1": "web.corp.internal"}.__getitem__, all_of=False)
    zone = replace(ZONE, pending_removals=(Fqdn("old.corp.internal."),), pending_names=1)
    show_pending_removals(console, overview_of(zones=(zone,)), zone, str, all_of=False)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "i-1  web.corp.internal" in text
    assert "old.corp.internal\n" in text.replace(" ", "")
    assert json.dumps(approval_document(overview_of(status), [status], agreed=True)).count("i-1") == 1


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Sweep(SPOKE), f"sweep of {SPOKE}"),
        (Audit(("Z1", "Z2")), "audit of Z1, Z2"),
        (ScheduleSweeps(), "schedule sweeps"),
        (ScheduleAudits(), "schedule audits"),
    ],
)
def test_dead_task_is_described(task: Sweep, words: str) -> None:
    """The description says what failed, and whether the sweeper or the schedule knows why."""
    failed = dead_task(Message("m", body_of(task)), NAMES)
    assert (failed.task, "orgdns-sweeper" in failed.reason) == (words, True)
    undelivered = dead_task(
        Message("m", body_of(task), attributes={"ERROR_CODE": "X", "ERROR_MESSAGE": "no queue"}), NAMES
    )
    assert "could not be scheduled: X: no queue" in undelivered.reason
    assert "not a task" in dead_task(Message("m", "?"), NAMES).reason


def test_dead_association_is_described() -> None:
    """A task of the associator and an event of a VPC have the same description."""
    vpc = "vpc-0a1b2c3d4e5f60718"
    spoke = Spoke("444444444444", "eu-central-1")
    event = {
        "source": "aws.tag",
        "detail-type": "Tag Change on Resource",
        "account": spoke.account,
        "region": spoke.region,
        "resources": [f"arn:aws:ec2:{spoke.region}:{spoke.account}:vpc/{vpc}"],
        "detail": {},
    }
    for body in (body_of(Associate(spoke, (vpc,))), json.dumps(event)):
        failed = dead_task(Message("m", body), NAMES)
        assert failed.task == f"association of {vpc} in {spoke}"
        assert "orgdns-associator" in failed.reason
