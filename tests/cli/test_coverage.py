"""`orgdns coverage`: what counts as trouble, what to do about it, and how it is shown."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.health.attention import SWEEP_OVERDUE, health
from hub.runtime.model.names import Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus
from hub.runtime.model.usage import Limits
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, Vpc, VpcRow, VpcsStatus, ZoneInVpc
from hub.runtime.policy.vpc_selection import AssociationPolicy
from orgdns.cli.render.coverage import show_coverage
from orgdns.cli.render.documents.coverage import coverage_document
from orgdns.cli.render.documents.fields import to_json
from orgdns.cli.reports.coverage import Coverage, StackInstance, coverage
from orgdns.cli.reports.plan.vpcs import AssociationChange, association_changes
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, ZONE_IDS
from tests.support.memory_vpcs import foreign_zone, vpc_ref

NOW = Millis(1_800_000_000_000)
SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
CURRENT = {SPOKE: StackInstance("CURRENT")}
CURSOR = ScheduleCursor("p", at=NOW)
SWEPT = SpokeStatus(SPOKE, tried_at=NOW, swept_at=NOW, event_at=NOW, instances=1)
SEEN = VpcsStatus(SPOKE, seen_at=NOW, vpcs=1)
ZONE = ZoneInVpc(CORP_ZONE, CORP, AssociationMethod.ASSOCIATION, AssociationMethod.ASSOCIATION, managed=True)
ROW = VpcRow(vpc_ref(), NOW, Vpc(vpc_ref(), ("10.7.0.0/16",), (("Name", "\x1b[31mred"),)), PAYMENTS, (ZONE,))


def covered(
    stacks: dict[Spoke, StackInstance], statuses: list[SpokeStatus], vpcs_statuses: list[VpcsStatus], rows: list[VpcRow]
) -> Coverage:
    return coverage(stacks, statuses, vpcs_statuses, rows, health(statuses, [], stacks, CURSOR, NOW), NOW)


def test_all_is_well() -> None:
    """A current stack, a recent sweep and VPCs that resolve their zones are no trouble."""
    report = covered(CURRENT, [SWEPT], [SEEN], [ROW])
    assert report.well
    (zone,) = report.zones
    assert (zone.wanted, zone.resolving, zone.associated, zone.by_profile) == (1, 1, 1, 0)
    assert not zone.nearly_full


@pytest.mark.parametrize(
    ("stacks", "status", "vpcs_status", "row", "trouble"),
    [
        ({}, SWEPT, SEEN, ROW, "no stack of the rollout"),
        ({SPOKE: StackInstance("OUTDATED", "it failed")}, SWEPT, SEEN, ROW, "its stack is OUTDATED (it failed)"),
        (CURRENT, SpokeStatus(SPOKE), SEEN, ROW, "not swept yet"),
        (CURRENT, replace(SWEPT, fault="AccessDenied", fault_since=NOW), SEEN, ROW, "unreachable: AccessDenied"),
        (CURRENT, replace(SWEPT, swept_at=Millis(NOW - SWEEP_OVERDUE - 1)), SEEN, ROW, "no complete sweep for hours"),
        (CURRENT, SWEPT, replace(SEEN, fault="Throttling"), ROW, "its VPCs cannot be described: Throttling"),
        (
            CURRENT,
            SWEPT,
            SEEN,
            replace(ROW, zones=(replace(ZONE, method=None, blocked="LimitsExceeded"),)),
            f"{vpc_ref().id} does not resolve corp.internal: LimitsExceeded",
        ),
    ],
)
def test_troubles(
    stacks: dict[Spoke, StackInstance], status: SpokeStatus, vpcs_status: VpcsStatus, row: VpcRow, trouble: str
) -> None:
    """Every trouble of a spoke is shown, and makes the coverage bad."""
    report = covered(stacks, [status], [vpcs_status], [row])
    assert not report.well
    assert [line for found in report.troubled for line in found.troubles if trouble in line], report.troubled


def test_what_is_not_a_trouble() -> None:
    """A spoke that was withdrawn long ago, and notes on a zone, are no trouble."""
    withdrawn = SpokeStatus(
        Spoke("999999999999", "eu-central-1"), tried_at=NOW, fault="gone", fault_since=NOW, withdrawn=True
    )
    noted = replace(ROW, zones=(replace(ZONE, notes=("names below eu.corp.internal ...",)),))
    report = covered(CURRENT, [SWEPT, withdrawn], [SEEN], [noted])
    assert report.well
    assert [found.spoke for found in report.spokes] == [SPOKE]


def test_t6_closed_spoke_is_listed_apart() -> None:
    """A spoke whose names were withdrawn is shown with the reason, and neither its stack nor its VPCs are a trouble."""
    off = replace(SWEPT, fault="AuthFailure", fault_since=NOW, closed=True, withdrawn=True)
    report = covered({SPOKE: StackInstance("OUTDATED", "no such region")}, [off], [replace(SEEN, fault="x")], [ROW])
    assert report.well
    assert [found.closed for found in report.closed] == ["AuthFailure"]
    console = Console(file=io.StringIO(), width=100)
    show_coverage(console, report, details=False, everything=False)
    assert isinstance(console.file, io.StringIO)
    assert "Closed for too long, nothing is left to do: 1" in console.file.getvalue()
    assert coverage_document(report)["spokes"][0]["closed"] == "AuthFailure"


def test_zone_that_is_nearly_full() -> None:
    """A zone with four fifths of 300 associated VPCs is shown, with the way out."""
    rows = [replace(ROW, ref=vpc_ref(number), vpc=Vpc(vpc_ref(number))) for number in range(240)]
    report = covered(CURRENT, [SWEPT], [SEEN], rows)
    assert report.zones[0].nearly_full
    assert not covered(CURRENT, [SWEPT], [SEEN], rows[1:]).zones[0].nearly_full
    assert "resolve the zone by profile" in " ".join(shown(report).split())


def test_c1_profile_that_is_nearly_full() -> None:
    """A Profile takes 1,000 VPCs, and each region has one of its own."""
    by_profile = replace(ZONE, wanted=AssociationMethod.PROFILE, method=AssociationMethod.PROFILE)
    rows = [
        VpcRow(vpc_ref(number, region="eu-west-1" if number < 10 else "eu-central-1"), zones=(by_profile,))
        for number in range(810)
    ]
    (zone,) = covered(CURRENT, [SWEPT], [SEEN], rows).zones
    assert (zone.by_profile, zone.fullest_profile, zone.nearly_full) == (810, 800, True)
    text = " ".join(shown(covered(CURRENT, [SWEPT], [SEEN], rows)).split())
    assert "800 VPCs of a region use the Profile, and its quota is 1,000 (guards.profile_vpcs)" in text
    assert not covered(CURRENT, [SWEPT], [SEEN], rows[:-1]).zones[0].nearly_full
    limits = Limits(1, 1, 1, 1, zone_vpcs=9, profile_vpcs=2_000)
    (raised,) = coverage(CURRENT, [], [], rows, health([], [], CURRENT, CURSOR, NOW), NOW, limits).zones
    assert (raised.nearly_full, raised.quota) == (False, 9)


def test_c1_default_vpcs_are_counted() -> None:
    """The zone says how many default VPCs policy does not select."""
    default = replace(ROW, ref=vpc_ref(2), vpc=Vpc(vpc_ref(2), default=True), zones=(ZoneInVpc(CORP_ZONE, CORP),))
    selected = replace(default, ref=vpc_ref(3), zones=(ZONE,))
    report = covered(CURRENT, [SWEPT], [SEEN], [ROW, default, selected])
    assert report.well
    assert "2 of 2 wanted" in shown(report)
    assert "1 default VPCs left out" in " ".join(shown(report).split())
    document = coverage_document(report)
    assert [zone["default"] for zone in document["zones"]] == [1]


def test_o1_associations_that_others_ended() -> None:
    """The zone says of how many VPCs, how often and when, for a week. Then all is well again."""
    records = {CORP_ZONE: AssociationRecord(managed=True, removed_by_others=3, removed_at=Millis(NOW - 1))}
    again = replace(ROW, ref=vpc_ref(2), vpc=Vpc(vpc_ref(2)), records=records)
    by_profile = replace(ZONE, wanted=AssociationMethod.PROFILE, method=AssociationMethod.PROFILE)
    profiled = replace(
        ROW,
        ref=vpc_ref(3),
        vpc=Vpc(vpc_ref(3), profile="rp-1", profiles=("rp-1",)),
        zones=(by_profile,),
        records={"rp-1": AssociationRecord(managed=True, removed_by_others=1, removed_at=Millis(NOW - 2))},
    )
    report = covered(CURRENT, [SWEPT], [SEEN], [ROW, again, profiled])
    (zone,) = report.zones
    assert (zone.removed, zone.removals, zone.removed_at) == (2, 4, NOW - 1)
    assert (report.well, report.troubled) == (False, ())
    text = " ".join(shown(report, details=True).split())
    assert "others ended the associations of 2 VPCs, 4 times in all, last 2027-01-15" in text
    assert "others ended the association, 3 times" in text
    document = json.loads(to_json(coverage_document(report)))
    assert document["zones"][0]["removed_by_others"]["vpcs"] == 2
    assert document["zones"][0]["removed_by_others"]["times"] == 4
    times = [vpc["zones"][0]["removed_by_others"] for vpc in document["spokes"][0]["vpcs"]]
    assert times == [0, 3, 1]
    later = Millis(NOW + 7 * 86_400_000)
    healthy = health([SWEPT], [], CURRENT, CURSOR, NOW)
    assert coverage(CURRENT, [SWEPT], [SEEN], [again], healthy, later).well


def shown(report: Coverage, *, details: bool = False, everything: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80, highlight=False, markup=False)
    show_coverage(console, report, details=details, everything=everything)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_screen_and_document() -> None:
    """Details show stack, times and zones of each VPC; escape sequences are visible; JSON has everything."""
    vpc = Vpc(vpc_ref(), ("10.7.0.0/16",), (("Name", "\x1b[31mred"),), zones=(foreign_zone("own.internal."),))
    blocked = replace(ZONE, method=None, blocked="enableDnsSupport", notes=("a note",))
    report = covered(CURRENT, [SWEPT], [SEEN], [replace(ROW, vpc=vpc, zones=(blocked,))])
    text = shown(report, details=True)
    for part in ("stack", "CURRENT", "last event", "2027", vpc_ref().id, "10.7.0.0/16", "a note", "own.internal"):
        assert part in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    document = json.loads(to_json(coverage_document(report)))
    assert document["well"] is False
    (shown_vpc,) = document["spokes"][0]["vpcs"]
    assert shown_vpc["zones"][0] == {
        "zone": "corp.internal.", "zone_id": CORP_ZONE, "wanted": "association", "method": None, "managed": True,
        "resolves": False, "blocked": "enableDnsSupport", "notes": ["a note"],
        "removed_by_others": 0, "removed_at": None,
    }  # fmt: skip
    assert shown_vpc["other_zones"] == [{"zone": "own.internal.", "zone_id": "Z0FOREIGN", "owner": "999999999999"}]


def test_many_troubles_are_cut() -> None:
    """The first of many troubles are shown, and all of them with --all."""
    stacks = {Spoke(f"{number:012}", "eu-central-1"): StackInstance("FAILED") for number in range(15)}
    report = covered(stacks, [], [], [])
    assert "5 more: --all shows them" in shown(report)
    assert "000000000014/eu-central-1" in shown(report, everything=True)
    assert len(report.only([Spoke(f"{3:012}", "eu-central-1")]).spokes) == 1


def test_changed_policy() -> None:
    """The report says which VPCs gain a zone, lose it, keep it as others made it, or change the method."""
    inside = ROW
    by_hand = replace(ROW, ref=vpc_ref(2), vpc=Vpc(vpc_ref(2)), zones=(replace(ZONE, managed=False),))
    managed = replace(inside, records={CORP_ZONE: AssociationRecord(managed=True)})
    without_vpcs = association_changes([managed, by_hand], [AssociationPolicy(CORP, selections=())], ZONE_IDS)
    assert without_vpcs == (AssociationChange(CORP_ZONE, CORP, lost=(vpc_ref(),), kept=(vpc_ref(2),)),)
    owned = association_changes([by_hand], [AssociationPolicy(CORP, selections=(), owns_all=True)], ZONE_IDS)
    assert owned == (AssociationChange(CORP_ZONE, CORP, lost=(vpc_ref(2),)),)
    unsaid = association_changes([managed], [], ZONE_IDS)
    assert unsaid == (AssociationChange(CORP_ZONE, CORP, kept=(vpc_ref(),)),)
    by_profile = association_changes([managed], [AssociationPolicy(CORP, AssociationMethod.PROFILE)], ZONE_IDS)
    assert by_profile == (AssociationChange(CORP_ZONE, CORP, method_changed=(vpc_ref(),)),)
    new = replace(ROW, zones=(ZoneInVpc(CORP_ZONE, CORP),))
    assert association_changes([new], [AssociationPolicy(CORP)], ZONE_IDS) == (
        AssociationChange(CORP_ZONE, CORP, gained=(vpc_ref(),)),
    )
    assert association_changes([ROW], [AssociationPolicy(CORP)], ZONE_IDS) == ()
    assert association_changes([VpcRow(vpc_ref())], [AssociationPolicy(CORP)], ZONE_IDS) == ()


def test_vpcs_that_cannot_be_read_are_troubles() -> None:
    """Each has its reason, and it is said that they keep their associations."""
    first = (Unreadable(vpc_ref(2).id, "no CidrBlock"), Unreadable("", "no VpcId"))
    status = replace(SEEN, unreadable=5, unreadable_first=first)
    report = covered(CURRENT, [SWEPT], [status], [ROW, VpcRow(vpc_ref(3), row_fault="later")])
    (found,) = report.troubled
    assert found.troubles == (
        "a VPC without an id cannot be read, and keeps its associations: no VpcId",
        f"{vpc_ref(2).id} cannot be read, and keeps its associations: no CidrBlock",
        f"{vpc_ref(3).id} cannot be read, and keeps its associations: its row in the ledger: later",
        "3 more VPCs cannot be read, and keep their associations",
    )
    assert json.loads(to_json(coverage_document(report)))["spokes"][0]["unreadable_vpcs"] == 5
