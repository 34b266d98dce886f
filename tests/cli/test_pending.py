"""What `orgdns pending` says of the ledger's rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.guard import WINDOW, Cause, Guard
from hub.runtime.model.names import Action, Claim, ConflictRule, Millis, NameState, Published, RecordSet, Withheld
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.usage import Limits
from hub.runtime.model.vpcs import AssociationMethod, AssociationRecord, VpcRef, VpcRow, ZoneInVpc
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.render.documents.pending import pending_document
from orgdns.cli.render.formats.html import html
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.pages.pending import pending_page
from orgdns.cli.reports.pending import Block, Guarding, Pending, PendingName, Total, pending
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, claim, key, record_set
from tests.support.memory_vpcs import vpc_ref

LIMITS = Limits(account_names=10, account_records=10, account_vpcs=10, zone_records=100, zone_vpcs=300)
GUARDING = Guarding(Guard(share=0.3, names=2, grace=0), Millis(10 * WINDOW))
FOREIGN = "a foreign record set is in the way of type A"


def dry(number: int = 1, *, name: str = "web", account: str = PAYMENTS.id) -> Claim:
    return replace(claim(number, name=name, account=account), rule="pilot", publish=False)


def state(*claims: Claim, published: tuple[RecordSet, ...] = (), blocked: str = "", checked: bool = True) -> NameState:
    """The state of a name as the publisher leaves it."""
    wanted = desired_record_sets([each.turned_on or each for each in claims])
    withheld = Withheld(wanted, blocked) if checked and set(wanted) != set(published) else None
    return NameState(claims[0].key if claims else key(), claims, Published(published, withheld=withheld))


def found(
    *states: NameState, limits: Limits = LIMITS, zone: ZoneStatus | None = None, guarding: Guarding = GUARDING
) -> Pending:
    return pending(states, (), [zone] if zone else [], ZONE_IDS, limits, guarding)


def only(
    *states: NameState, limits: Limits = LIMITS, zone: ZoneStatus | None = None, guarding: Guarding = GUARDING
) -> PendingName:
    (name,) = found(*states, limits=limits, zone=zone, guarding=guarding).names
    return name


def blocks(name: PendingName) -> list[Block]:
    return [kind for kind, _ in name.blocks]


def test_name_in_dry_run_would_be_created() -> None:
    """Its record set is listed with the rule, and nothing is in the way."""
    name = only(state(dry()))
    assert [(change.action, change.record_set) for change in name.changes] == [(Action.CREATE, record_set())]
    assert (name.rules, name.blocks) == (("pilot",), ())


def test_published_name_is_not_pending() -> None:
    """What no dry run concerns is not listed, even if it waits for something else."""
    assert not found(state(claim(), checked=False)).any


def test_foreign_record_set_is_in_the_way() -> None:
    """The publisher saw it in the zone."""
    assert only(state(dry(), blocked=FOREIGN)).blocks == ((Block.FOREIGN, FOREIGN),)


def test_name_that_was_not_read_yet() -> None:
    """It is unknown whether something is in the way, so that is said."""
    assert blocks(only(state(dry(), checked=False))) == [Block.UNKNOWN]


def test_record_set_of_an_ended_instance_would_be_deleted() -> None:
    """A dry run leaves it, and the audit after turning it on deletes it, if the guards allow."""
    name = only(state(published=(record_set(),)))
    assert [change.action for change in name.changes] == [Action.DELETE]
    assert blocks(name) == []
    assert blocks(only(state(published=(record_set(),)), guarding=Guarding(None, GUARDING.now))) == [Block.APPROVAL]


def ended(number: int) -> NameState:
    """A name whose instance ended during the dry run."""
    return replace(state(published=(record_set(number, name=f"n{number}"),)), key=key(f"n{number}"))


@pytest.mark.parametrize(("removed", "held", "stopped"), [(2, 0, 0), (3, 0, 3), (3, 7, 0), (4, 6, 4)])
def test_guards_would_stop_the_removal_of_many_names(removed: int, held: int, stopped: int) -> None:
    """An audit's guard decides, by all names that the zone has: more than two, and more than 30 %, need approval."""
    holding = [
        NameState(key(f"h{number}"), (replace(claim(number), key=key(f"h{number}")),), Published((record_set(number),)))
        for number in range(held)
    ]
    whole = found(*map(ended, range(removed)), *holding)
    assert whole.stopped == stopped
    assert {kind for name in whole.names for kind in blocks(name)} == ({Block.APPROVAL} if stopped else set())
    assert pending_document(whole)["stopped_by_guards"] == stopped
    assert f"would stop {f'the removal of {stopped}' if stopped else 'none'}" in markdown(
        pending_page(whole, everything=True)
    )


def test_approved_removals_are_not_stopped() -> None:
    """A person approved them before."""
    approved = frozenset(each.key.fqdn for each in map(ended, range(3)))
    assert found(*map(ended, range(3)), zone=ZoneStatus(CORP_ZONE, approved=approved)).stopped == 0


@pytest.mark.parametrize(("leaving", "left", "stopped"), [(2, 0, 0), (3, 0, 3), (2, 1, 2)])
def test_guards_would_stop_the_end_of_many_associations(leaving: int, left: int, stopped: int) -> None:
    """What ended in the last 24 hours counts with what would end."""
    by = AssociationMethod.ASSOCIATION
    zone = ZoneInVpc(CORP_ZONE, CORP, None, by, managed=True, leaving=Cause.POLICY, withheld=True)
    rows = [VpcRow(vpc_ref(number), zones=(zone,)) for number in range(leaving)]
    gone = AssociationRecord(left_at=Millis(GUARDING.now - 1), left_for=Cause.POLICY)
    rows += [VpcRow(vpc_ref(100 + number), records={CORP_ZONE: gone}) for number in range(left)]
    whole = pending((), rows, (), ZONE_IDS, LIMITS, GUARDING)
    assert (len(whole.associations), whole.stopped, whole.total.blocked) == (leaving, stopped, stopped)


def test_claim_that_would_lose_is_a_conflict() -> None:
    """A newer instance of a rule that publishes holds the name."""
    name = only(state(claim(2), dry(1), published=(record_set(2),), checked=False))
    assert name.changes == ()
    assert blocks(name) == [Block.CONFLICT]


def test_values_of_a_second_rule_would_be_added() -> None:
    """An instance that gets the name by two rules has the addresses of both once both publish."""
    both = replace(claim(address="10.0.0.9"), rule="pilot")
    name = only(state(replace(claim(), turned_on=both), published=(record_set(),)))
    assert [change.action for change in name.changes] == [Action.DELETE, Action.CREATE]
    assert name.rules == ("pilot",)


def test_names_above_the_limit_of_an_account() -> None:
    """The observer's own code decides which names the limit refuses, those of younger instances first."""
    one_more, held = replace(LIMITS, account_names=2), claim(1, name="a")
    names = found(
        state(held, published=(record_set(name="a"),)),
        state(dry(3, name="b")),
        state(dry(2, name="c")),
        limits=one_more,
    ).names
    assert {name.key: blocks(name) for name in names} == {key("b"): [Block.QUOTA], key("c"): []}


def test_zone_without_room() -> None:
    """All names that would be created in it are blocked."""
    assert blocks(only(state(dry()), zone=ZoneStatus(CORP_ZONE, record_sets=100))) == [Block.QUOTA]


def test_totals_and_filters() -> None:
    """The sums are of record sets by zone and by account, and a filter leaves the rest out."""
    whole = found(state(dry(1, name="a")), state(dry(2, name="b", account=SEARCH.id), blocked=FOREIGN))
    assert whole.total == Total("", created=2, blocked=1)
    assert whole.zones == (Total("corp.internal", created=2, blocked=1),)
    assert whole.accounts == (Total(PAYMENTS.id, created=1), Total(SEARCH.id, created=1, blocked=1))
    assert whole.of(None, SEARCH.id, None).total == Total("", created=1, blocked=1)
    assert not whole.of("Z0OTHER", None, None).any
    assert not whole.of(None, None, "other").any


@pytest.mark.parametrize("wanted", [True, False])
def test_associations(*, wanted: bool) -> None:
    """A VPC would be associated, or lose an association that orgdns made."""
    by = AssociationMethod.ASSOCIATION
    zone = ZoneInVpc(CORP_ZONE, CORP, by if wanted else None, None if wanted else by, managed=not wanted, withheld=True)
    ref = VpcRef(PAYMENTS.id, "eu-central-1", "vpc-1")
    (association,) = pending((), [VpcRow(ref, zones=(zone,))], (), ZONE_IDS, LIMITS, GUARDING).associations
    assert (association.vpc, association.ends) == (ref, not wanted)


def test_every_format_escapes_what_others_wrote() -> None:
    """A reason with markup stays text, in JSON, Markdown and HTML."""
    whole = found(state(dry(), blocked="<script>|`*"))
    page = pending_page(whole, everything=True)
    assert "<script>" not in html(page)
    assert "\\<script\\>\\|\\`\\*" in markdown(page)
    assert pending_document(whole)["names"][0]["blocked"][0]["reason"] == "<script>|`*"


def test_shared_name_of_both_kinds_of_rules() -> None:
    """Only the member in dry run would be added."""
    shared = [replace(each, conflict=ConflictRule.SHARE) for each in (claim(1), dry(2))]
    name = only(state(*shared, published=(record_set(1),)))
    assert [(change.action, change.record_set) for change in name.changes] == [(Action.CREATE, record_set(2))]
