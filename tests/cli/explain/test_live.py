"""Where the ledger, a zone and an instance differ, and what to do."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hub.runtime.boundary.unreadable import Unreadable
from hub.runtime.model.names import (
    SIMPLE,
    ForeignRecordSet,
    Instance,
    InstanceState,
    Millis,
    Published,
    RecordSet,
    RecordType,
)
from hub.runtime.model.observation import Observation
from hub.runtime.ports import ZoneRecordSets
from orgdns.cli.render.documents.explain import live_document
from orgdns.cli.render.live import show_live
from orgdns.cli.reports.explain.live import (
    AUDIT,
    Compared,
    LiveReport,
    NotAsked,
    Verdict,
    compared_instance,
    compared_name,
)
from tests.support.build import claim, instance, interface, key, record_set, ref
from tests.support.cli.explained import observed, report

AGREES, DIFFERS, UNKNOWN = Verdict.AGREES, Verdict.DIFFERS, Verdict.UNKNOWN
OURS = record_set(1)
FOREIGN = ForeignRecordSet(key().fqdn, "A", SIMPLE, ("192.0.2.7",), 300)
PUBLISHED = report(claim(1), published=Published((OURS,)))


def verdicts(compared: Compared) -> list[Verdict]:
    return [finding.verdict for finding in compared.findings]


def zone(*owned: RecordSet, foreign: tuple[ForeignRecordSet, ...] = ()) -> ZoneRecordSets:
    return ZoneRecordSets(owned, foreign)


def test_zone_as_remembered_agrees() -> None:
    """The record sets are told, so that one sees what was compared."""
    compared = compared_name(PUBLISHED, zone(OURS))
    assert verdicts(compared) == [AGREES]
    assert compared.findings[0].text == f"the zone has A 10.0.0.1 TTL 60 of {ref(1)}, as the ledger remembers"
    assert compared.subject.startswith("web.corp.internal in corp.internal (Z")
    assert verdicts(compared_name(report(), zone())) == [AGREES]


def test_deleted_record_is_told() -> None:
    """What the ledger remembers and the zone lacks was deleted, and an audit repairs it."""
    (finding,) = compared_name(PUBLISHED, zone()).findings
    assert finding.verdict is DIFFERS
    assert finding.text == (
        f"the zone lacks A 10.0.0.1 TTL 60 of {ref(1)}, which the ledger remembers: someone deleted it"
    )
    assert finding.todo == AUDIT


@pytest.mark.parametrize("edited", [replace(OURS, ttl=5), replace(OURS, values=("10.9.9.9",))])
def test_edited_record_is_told_once(edited: RecordSet) -> None:
    """It is neither deleted nor somebody's: it has another TTL or value."""
    (finding,) = compared_name(PUBLISHED, zone(edited)).findings
    assert (finding.verdict, "someone edited it" in finding.text, finding.todo) == (DIFFERS, True, AUDIT)


def test_change_in_progress_is_no_work_of_others() -> None:
    """While the outcome of a change is not recorded, a difference is to be asked about again."""
    pending = report(claim(1), published=Published((), pending=True))
    found = compared_name(pending, zone(OURS))
    assert verdicts(found) == [DIFFERS, DIFFERS]
    assert "which is claimed" in found.findings[0].text
    assert "its outcome is not recorded yet" in found.findings[0].todo
    assert "what is claimed is not published yet: CREATE A 10.0.0.1" in found.findings[1].text


def test_record_that_nobody_claims_is_told() -> None:
    """A record set of orgdns that the ledger does not know may be of an instance that ended."""
    stranger = record_set(9)
    found = compared_name(PUBLISHED, zone(OURS, stranger))
    assert verdicts(found) == [AGREES, DIFFERS]
    assert "which is not claimed so, and which the ledger does not remember" in found.findings[1].text


@pytest.mark.parametrize(
    ("conflict", "words"),
    [
        ("a foreign record set is in the way", "as the ledger says: a foreign record set is in the way"),
        (None, "which the ledger does not know"),
    ],
)
def test_foreign_record_in_the_way(conflict: str | None, words: str) -> None:
    """It keeps records of orgdns out, whether the ledger knows it or not."""
    blocked = report(claim(1), published=Published(conflict=conflict))
    finding = compared_name(blocked, zone(foreign=(FOREIGN,))).findings[0]
    assert (finding.verdict, words in finding.text) == (DIFFERS, True)
    assert "A 192.0.2.7 TTL 300 (Simple) of another tool" in finding.text


def test_foreign_record_of_another_type_or_name_of_others() -> None:
    """Nothing is wrong with a TXT record, nor with a name that no instance claims."""
    text = replace(FOREIGN, type="TXT")
    assert verdicts(compared_name(PUBLISHED, zone(OURS, foreign=(text,)))) == [AGREES, AGREES]
    assert verdicts(compared_name(report(), zone(foreign=(FOREIGN,)))) == [AGREES]


def test_cname_is_in_the_way_of_all() -> None:
    """So is a record set whose type cannot be read."""
    for each in (replace(FOREIGN, type="CNAME"), ForeignRecordSet(key().fqdn, "", "unreadable")):
        assert DIFFERS in verdicts(compared_name(PUBLISHED, zone(OURS, foreign=(each,))))


def test_conflict_that_is_over() -> None:
    """The foreign record is gone; only an audit notices."""
    blocked = report(claim(1), published=Published(conflict="a foreign record set is in the way"))
    (finding,) = compared_name(blocked, zone()).findings
    assert "shows nothing of others in the way" in finding.text
    assert "orgdns audit tries again now" in finding.todo


def test_adopted_record_of_another_tool() -> None:
    """Orgdns may remember a record set that it deletes when it publishes its own: it is not foreign there."""
    simple = replace(OURS, holder="")
    adopted = report(claim(1), published=Published((simple,)))
    as_found = ForeignRecordSet(simple.fqdn, "A", SIMPLE, simple.values, simple.ttl)
    found = compared_name(adopted, zone(foreign=(as_found,)))
    assert verdicts(found)[0] is AGREES
    assert not any("keeps records of orgdns out" in finding.text for finding in found.findings)


def test_zone_that_could_not_be_asked() -> None:
    """The reason is told, and nothing is compared."""
    compared = compared_name(PUBLISHED, NotAsked("AccessDenied"))
    assert [(each.verdict, each.text) for each in compared.findings] == [
        (UNKNOWN, "Route 53 could not be asked: AccessDenied")
    ]
    assert not LiveReport(Millis(1), (compared,)).agrees


RUNNING = instance(1, address="10.0.0.1", tags={"Owner": "x"})
KNOWN = observed(RUNNING, claim(1))


def test_instance_as_described_agrees() -> None:
    """State and addresses are told."""
    (finding,) = compared_instance(ref(1), KNOWN, RUNNING).findings
    assert (finding.verdict, finding.text) == (AGREES, "EC2 shows it as the ledger has it: running, 10.0.0.1")


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(RUNNING, state=InstanceState.STOPPED), "state: EC2 shows stopped, and the ledger has running"),
        (replace(RUNNING, interfaces=(interface("10.0.0.9"),)), "addresses: EC2 shows 10.0.0.9, and the ledger has 10"),
        (replace(RUNNING, interfaces=()), "addresses: EC2 shows none, and the ledger has 10.0.0.1"),
        (instance(1, name="other", address="10.0.0.1", tags={"Owner": "x"}), "tag Name: EC2 shows 'other', and the"),
        (instance(1, address="10.0.0.1"), "tag Owner: EC2 shows none, and the ledger has 'x'"),
    ],
)
def test_each_difference_of_an_instance_is_a_line(now: Instance, words: str) -> None:
    """What to do is beside it: a sweep describes the instance again."""
    findings = compared_instance(ref(1), KNOWN, now).findings
    assert any(words in finding.text for finding in findings)
    assert all(finding.verdict is DIFFERS for finding in findings)
    assert all(f"orgdns sweep {ref(1).spoke}" in finding.todo for finding in findings)


def test_many_tags_are_counted() -> None:
    """The first tags are named."""
    many = instance(1, address="10.0.0.1", tags={f"t{number:02}": "x" for number in range(15)} | {"Owner": "x"})
    findings = compared_instance(ref(1), KNOWN, many).findings
    assert len(findings) == 11
    assert "5 more tags differ" in findings[-1].text


ENDED = Observation(ref(1), Millis(5), ended=True)
GONE = Observation(ref(1), Millis(5))
TERMINATED = replace(RUNNING, state=InstanceState.TERMINATED)


@pytest.mark.parametrize(
    ("row", "found", "verdict"),
    [
        (KNOWN, None, DIFFERS),
        (KNOWN, TERMINATED, DIFFERS),
        (ENDED, None, AGREES),
        (ENDED, TERMINATED, AGREES),
        (GONE, None, AGREES),
        (ENDED, RUNNING, DIFFERS),
        (GONE, RUNNING, DIFFERS),
        (None, RUNNING, DIFFERS),
        (KNOWN, Unreadable("i-1", "no State"), UNKNOWN),
        (Unreadable("i-1", "malformed"), RUNNING, UNKNOWN),
        (KNOWN, NotAsked("these credentials belong to 222222222222"), UNKNOWN),
    ],
)
def test_instance_that_is_gone_or_unknown(
    row: Observation | Unreadable | None, found: Instance | Unreadable | NotAsked | None, verdict: Verdict
) -> None:
    """An instance that ended agrees with a ledger that says so, and with nothing else."""
    assert verdicts(compared_instance(ref(1), row, found)) == [verdict]


record_sets = st.builds(
    RecordSet,
    st.just(key().fqdn),
    st.sampled_from([RecordType.A, RecordType.AAAA]),
    st.sampled_from([30, 60]),
    st.sampled_from([("10.0.0.1",), ("10.0.0.2",)]),
    st.sampled_from([str(ref(1)), str(ref(2))]),
)


def one_each(found: list[RecordSet]) -> tuple[RecordSet, ...]:
    """A zone has one record set of a type and an owner."""
    return tuple({(each.type, each.holder): each for each in found}.values())


@given(before=st.lists(record_sets).map(one_each), now=st.lists(record_sets).map(one_each))
def test_exactly_a_zone_as_remembered_agrees(before: tuple[RecordSet, ...], now: tuple[RecordSet, ...]) -> None:
    """Whatever the ledger remembers and the zone has, they agree only if they are the same; each set has one line."""
    remembered = replace(PUBLISHED, published=Published(before), waiting=())
    found = compared_name(remembered, zone(*now))
    assert all(verdict is AGREES for verdict in verdicts(found)) == (set(before) == set(now))
    places = {(each.type, each.holder) for each in (*before, *now)}
    assert len(found.findings) == max(1, len(places))


def test_report_as_text_and_as_json() -> None:
    """Each finding is a line with its verdict, and what to do below it."""
    asked = LiveReport(Millis(5), (compared_name(PUBLISHED, zone()), compared_instance(ref(1), KNOWN, RUNNING)))
    said = StringIO()
    show_live(Console(file=said, width=300, highlight=False, markup=False), asked)
    text = said.getvalue()
    assert "AWS, asked at 1970-01-01T00:00:00.005Z" in text
    assert "  differs: the zone lacks A 10.0.0.1" in text
    assert f"    {AUDIT}" in text
    assert "  agrees: EC2 shows it" in text
    assert "Ledger, zone and instance agree." not in text
    document = live_document(asked)
    assert (document["agrees"], len(document["compared"])) == (False, 2)
    assert [finding["verdict"] for each in document["compared"] for finding in each["findings"]] == [
        "differs",
        "agrees",
    ]
    good = LiveReport(Millis(5), (compared_name(PUBLISHED, zone(OURS)),))
    show_live(Console(file=said, width=300, highlight=False, markup=False), good)
    assert "Ledger, zone and instance agree." in said.getvalue()
