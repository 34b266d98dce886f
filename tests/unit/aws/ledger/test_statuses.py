from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.statuses import MAX_PENDING_VPCS, DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.damping import CallSweeps
from hub.runtime.model.drift import ZoneDrift
from hub.runtime.model.names import Fqdn, Millis, Spoke
from hub.runtime.model.status import ScheduleCursor, SpokeStatus, ZoneStatus
from hub.runtime.model.usage import Usage
from hub.runtime.model.vpcs import VpcRef
from hub.runtime.ports import Outdated
from hub.runtime.sweeper.auditor import MAX_PENDING
from tests.support.aws.dynamodb import NOW
from tests.support.build import CORP_ZONE, PAYMENTS, SEARCH

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
STATUS = SpokeStatus(
    SPOKE,
    Millis(NOW),
    Millis(NOW - 5),
    "p",
    3,
    9,
    1,
    4,
    "denied",
    Millis(NOW - 9),
    pending_removals=("i-1", "i-2"),
    pending_names=6,
    withdrawn_at=Millis(NOW - 7),
)
ZONE = ZoneStatus(
    CORP_ZONE,
    Millis(NOW),
    Millis(NOW - 1),
    7,
    (("edited", 2),),
    "",
    (Fqdn("web.corp.internal."),),
    1,
    record_sets=12,
    claimed=11,
    repaired=(("claims restored", 3),),
)
APPROVER = "arn:aws:iam::222222222222:user/netops"


@pytest.fixture
def statuses(table: Table) -> DynamoStatuses:
    return DynamoStatuses(table)


class TestStatuses:
    def test_empty_ledger(self, statuses: DynamoStatuses) -> None:
        """Without rows, nothing is known, paused or settled."""
        assert statuses.spoke_status(SPOKE) == SpokeStatus(SPOKE)
        assert statuses.zone_status("Z1") == ZoneStatus("Z1")
        assert (statuses.spoke_statuses(), statuses.zone_statuses()) == ((), ())
        assert (statuses.cursor(), statuses.audits_requested(), statuses.paused()) == (ScheduleCursor(), False, None)
        assert statuses.settled([SPOKE]) == ("", frozenset())

    def test_statuses_are_read_back(self, statuses: DynamoStatuses) -> None:
        """Statuses are read as they were written."""
        statuses.put_spoke_status(STATUS)
        statuses.put_zone_status(ZONE)
        cursor = ScheduleCursor("p", Millis(5), "f", 7, Millis(9), version="1.2.3", schema=2)
        statuses.put_cursor(cursor)
        assert statuses.spoke_status(SPOKE) == STATUS
        assert statuses.spoke_statuses() == (STATUS,)
        assert statuses.zone_statuses() == (ZONE,)
        assert statuses.cursor() == cursor

    def test_sweep_does_not_reset_kept_vpcs(self, statuses: DynamoStatuses) -> None:
        """The status that a sweep writes does not change the number of kept VPCs."""
        statuses.keep_vpcs(SPOKE, 2)
        statuses.put_spoke_status(STATUS)
        assert statuses.spoke_status(SPOKE) == replace(STATUS, kept_vpcs=2)

    def test_sweeps_that_calls_cause_are_written_by_one_worker(self, statuses: DynamoStatuses) -> None:
        """Of two workers that read one state, one writes, and the other gets an error. A sweep keeps the state."""
        statuses.put_spoke_status(STATUS)
        first, second = (CallSweeps(Millis(NOW + number), Millis(NOW + 60_000)) for number in (1, 2))
        statuses.put_call_sweeps(SPOKE, CallSweeps(), first)
        with pytest.raises(Outdated):
            statuses.put_call_sweeps(SPOKE, CallSweeps(), second)
        statuses.put_spoke_status(STATUS)
        assert statuses.spoke_status(SPOKE).call_sweeps == first
        statuses.put_call_sweeps(SPOKE, first, second)
        assert statuses.spoke_status(SPOKE).call_sweeps == second

    def test_registering_a_known_spoke_changes_nothing(self, statuses: DynamoStatuses) -> None:
        """A second registration does not change the status."""
        statuses.put_spoke_status(STATUS)
        statuses.register_spoke(SPOKE)
        assert statuses.spoke_status(SPOKE) == STATUS

    def test_approval_stays_until_nothing_is_pending(self, statuses: DynamoStatuses) -> None:
        """A failed sweep keeps the approval; one without pending removals deletes it, not who gave it and when."""
        statuses.put_spoke_status(STATUS)
        statuses.approve(STATUS, by=APPROVER)
        statuses.put_spoke_status(replace(STATUS, fault="throttled"))
        assert statuses.spoke_status(SPOKE).approved == {"i-1", "i-2"}
        given_at = statuses.spoke_status(SPOKE).approved_at
        assert given_at
        swept = replace(STATUS, pending_removals=(), pending_names=0)
        statuses.put_spoke_status(swept)
        assert statuses.spoke_status(SPOKE) == replace(swept, approved_by=APPROVER, approved_at=given_at)
        statuses.put_zone_status(ZONE)
        statuses.approve(ZONE)
        assert statuses.zone_status(CORP_ZONE).approved == set(ZONE.pending_removals)

    def test_row_of_a_zone_has_room_whatever_awaits_approval(self, statuses: DynamoStatuses, table: Table) -> None:
        """An account with thousands of VPCs and long names does not stop the audits of the zone, and approvals."""
        key = {contract.PARTITION_KEY: contract.ZONES_KEY, contract.SORT_KEY: CORP_ZONE}
        vpcs = [str(VpcRef(PAYMENTS.id, "ap-southeast-1", f"vpc-{number:017x}")) for number in range(MAX_PENDING_VPCS)]
        table.add(key, "pending_vpcs", vpcs)
        statuses.await_approval(CORP_ZONE, "one too many")
        names = tuple(Fqdn(f"{number:0251}.a.") for number in range(MAX_PENDING))
        statuses.put_zone_status(replace(ZONE, pending_removals=names))
        statuses.approve(statuses.zone_status(CORP_ZONE))
        status = statuses.zone_status(CORP_ZONE)
        assert (len(status.approved), len(status.approved_vpcs)) == (MAX_PENDING, MAX_PENDING_VPCS)
        statuses.end_approval(CORP_ZONE, vpcs[0])
        statuses.await_approval(CORP_ZONE, "the next")
        assert "the next" in statuses.zone_status(CORP_ZONE).pending_vpcs

    def test_vpcs_await_approval_and_are_approved_one_by_one(self, statuses: DynamoStatuses) -> None:
        """What is added, approved and released for one VPC changes nothing for another one."""
        for vpc in ("b", "a", "c"):
            statuses.await_approval(CORP_ZONE, vpc)
        statuses.await_approval(CORP_ZONE, "a")
        seen = statuses.zone_status(CORP_ZONE)
        assert seen.pending_vpcs == ("a", "b", "c")
        statuses.approve(replace(seen, pending_vpcs=("a", "b")))
        statuses.end_approval(CORP_ZONE, "a")
        statuses.end_approval(CORP_ZONE, "a")
        statuses.approve(replace(seen, pending_vpcs=("c",)), by=APPROVER)
        status = statuses.zone_status(CORP_ZONE)
        assert status.pending_vpcs == ("b", "c")
        assert status.approved_vpcs == {"b", "c"}
        statuses.put_zone_status(ZONE)
        for vpc in ("b", "c"):
            statuses.end_approval(CORP_ZONE, vpc)
        assert statuses.zone_status(CORP_ZONE) == replace(ZONE, approved_by=APPROVER, approved_at=status.approved_at)

    def test_row_of_a_withdrawn_spoke_expires(self, statuses: DynamoStatuses, table: Table) -> None:
        """The row of a withdrawn spoke expires, unless the spoke returns."""
        statuses.put_spoke_status(replace(STATUS, withdrawn=True))
        (row,) = table.query(contract.SPOKES_KEY)
        assert row[contract.EXPIRES] > NOW // 1000
        statuses.put_spoke_status(STATUS)
        (row,) = table.query(contract.SPOKES_KEY)
        assert contract.EXPIRES not in row

    def test_settled_spokes(self, statuses: DynamoStatuses) -> None:
        """Spokes whose last complete sweep or withdrawal began in this generation are settled; others are not."""
        swept, abandoned, old, older, unknown = (Spoke(f"{number:012}", "eu-central-1") for number in range(5))
        assert statuses.settled([swept]) == ("", frozenset())
        _, generation = statuses.sweep_begins(swept)
        statuses.put_spoke_status(SpokeStatus(swept, generation=generation))
        statuses.put_spoke_status(SpokeStatus(abandoned, withdrawn=True, generation=generation))
        statuses.put_spoke_status(SpokeStatus(old, swept_at=Millis(NOW), generation="another"))
        statuses.put_spoke_status(SpokeStatus(older, swept_at=Millis(NOW), withdrawn=True))
        assert statuses.settled([swept, abandoned, old, older, unknown]) == (generation, frozenset({swept, abandoned}))

    def test_o4_drift_and_requested_audits_outlast_an_audit(self, statuses: DynamoStatuses) -> None:
        """An audit stores its own findings only; what others changed at the same time stays."""
        drift = ZoneDrift("arn:aws:iam::333333333333:user/octodns", Millis(NOW - 5), Millis(NOW), 7, Millis(NOW - 1))
        statuses.put_drift("Z1", [drift])
        statuses.put_audit_request("Z1", Millis(NOW + 5), Millis(7))
        statuses.put_zone_status(ZoneStatus("Z1", tried_at=Millis(NOW), names=3))
        (zone,) = statuses.zone_statuses()
        assert (zone.names, zone.drift) == (3, (drift,))
        assert (zone.audit_requested_at, zone.audits_paid_until) == (NOW + 5, 7)

    def test_pause_and_resume(self, statuses: DynamoStatuses) -> None:
        """A pause has a reason; resuming requests an audit until it is scheduled."""
        statuses.pause("the zones move")
        assert statuses.paused() == "the zones move"
        statuses.resume()
        assert (statuses.paused(), statuses.audits_requested()) == (None, True)
        statuses.put_cursor(ScheduleCursor("p"))
        assert statuses.audits_requested()
        statuses.request_audits(wanted=False)
        assert (statuses.audits_requested(), statuses.cursor()) == (False, ScheduleCursor("p"))

    def test_what_an_account_holds(self, statuses: DynamoStatuses) -> None:
        """Changes add up over the regions of an account, whether they come with an event or alone."""
        away = Spoke(PAYMENTS.id, "eu-west-1")
        statuses.note_event(SPOKE, lambda spoke: {"Z1": Usage(2, 3)} if spoke == SPOKE else {})
        statuses.note_event(SPOKE, lambda _spoke: {"Z1": Usage(100, 100)})
        statuses.add_usage(SPOKE, {"Z1": Usage(-1, 0), "Z2": Usage(1, 1)})
        statuses.add_usage(away, {"Z1": Usage(4, 4)})
        statuses.add_usage(Spoke(SEARCH.id, "eu-west-1"), {"Z1": Usage(9, 9)})
        assert statuses.usage_of_account(PAYMENTS.id) == {"Z1": Usage(5, 7), "Z2": Usage(1, 1)}
        assert statuses.spoke_status(SPOKE).usage == {"Z1": Usage(1, 3), "Z2": Usage(1, 1)}
        assert statuses.spoke_status(SPOKE).event_at >= NOW

    def test_exact_counts_of_a_sweep(self, statuses: DynamoStatuses) -> None:
        """A complete sweep replaces the counts, and removes those of zones that are not used. A failed one does not."""
        statuses.add_usage(SPOKE, {"Z1": Usage(2, 3), "Z2": Usage(1, 1)})
        statuses.count_vpcs(SPOKE, {"Z1": 4})
        counts = {"Z1": Usage(7, 8), "Z2": Usage()}
        statuses.put_spoke_status(replace(STATUS, usage=counts))
        assert statuses.spoke_status(SPOKE).usage == {"Z1": Usage(2, 3), "Z2": Usage(1, 1)}
        statuses.put_spoke_status(replace(STATUS, fault="", usage=counts))
        assert statuses.spoke_status(SPOKE).usage == {"Z1": Usage(7, 8)}
        statuses.put_spoke_status(replace(STATUS, withdrawn=True, usage={"Z1": Usage()}))
        assert statuses.spoke_status(SPOKE).usage == {}
        assert statuses.spoke_status(SPOKE).vpcs == {"Z1": 4}
