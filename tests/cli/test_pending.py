"""What `orgdns pending` says of the ledger's rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.runtime.model.names import Action, Claim, ConflictRule, NameState, Published, RecordSet, Withheld
from hub.runtime.model.status import ZoneStatus
from hub.runtime.model.usage import Limits
from hub.runtime.model.vpcs import AssociationMethod, VpcRef, VpcRow, ZoneInVpc
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.render.documents.pending import pending_document
from orgdns.cli.render.formats.html import html
from orgdns.cli.render.formats.markdown import markdown
from orgdns.cli.render.pages.pending import pending_page
from orgdns.cli.reports.pending import Block, Pending, PendingName, Total, pending
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, SEARCH, ZONE_IDS, claim, key, record_set

LIMITS = Limits(account_names=10, account_records=10, account_vpcs=10, zone_records=100, zone_vpcs=300)
FOREIGN = "a foreign record set is in the way of type A"


def dry(number: int = 1, *, name: str = "web", account: str = PAYMENTS.id) -> Claim:
    return replace(claim(number, name=name, account=account), rule="pilot", publish=False)


def state(*claims: Claim, published: tuple[RecordSet, ...] = (), blocked: str = "", checked: bool = True) -> NameState:
    """The state of a name as the publisher leaves it."""
    wanted = desired_record_sets([each.turned_on or each for each in claims])
    withheld = Withheld(wanted, blocked) if checked and set(wanted) != set(published) else None
    return NameState(claims[0].key if claims else key(), claims, Published(published, withheld=withheld))


def found(*states: NameState, limits: Limits = LIMITS, zone: ZoneStatus | None = None) -> Pending:
    return pending(states, (), [zone] if zone else [], ZONE_IDS, limits)


def only(*states: NameState, limits: Limits = LIMITS, zone: ZoneStatus | None = None) -> PendingName:
    (name,) = found(*states, limits=limits, zone=zone).names
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
    """A dry run leaves it, and the audit after turning it on deletes it under the guards."""
    name = only(state(published=(record_set(),)))
    assert [change.action for change in name.changes] == [Action.DELETE]
    assert blocks(name) == [Block.APPROVAL]


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
    (association,) = pending((), [VpcRow(ref, zones=(zone,))], (), ZONE_IDS, LIMITS).associations
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
