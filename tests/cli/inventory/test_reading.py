"""What is read of the ledger for a selection, and that each way finds the same rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.table import Table
from hub.runtime.boundary.schema import SCHEMA
from hub.runtime.model.names import Fqdn, Millis, Published, Refusal, Spoke
from hub.runtime.model.observation import Observation
from hub.runtime.model.status import SpokeStatus
from hub.runtime.ports import LedgerUnavailable
from hub.runtime.publisher.holders import desired_record_sets
from orgdns.cli.reports.inventory.options import Known, Options, selection_of
from orgdns.cli.reports.inventory.row import InventoryRow
from orgdns.cli.sources.inventory.addresses import observations_with
from orgdns.cli.sources.inventory.pages import SEGMENTS, Pages
from orgdns.cli.sources.inventory.reading import InventoryReader
from orgdns.cli.sources.inventory.store import InventoryStore
from tests.support.aws.dynamodb import table
from tests.support.aws.one_at_a_time import OneAtATime
from tests.support.build import CORP, PAYMENTS, SEARCH, VPC, ZONE_IDS, claim, instance, interface, key

__all__ = ["table"]

# Few instances of one account, and many of another.
FEW, MANY = range(1, 4), range(4, 14)
SPOKES = {PAYMENTS.id: Spoke(PAYMENTS.id, "eu-central-1"), SEARCH.id: Spoke(SEARCH.id, "eu-central-1")}
STATUSES = (
    SpokeStatus(SPOKES[PAYMENTS.id], names=len(FEW)),
    SpokeStatus(SPOKES[SEARCH.id], names=len(MANY)),
)


@pytest.fixture
def client(table: Table) -> OneAtATime:
    """A ledger with a name for each instance, one that two instances claim, and one that was refused."""
    ledger = DynamoLedger(table)
    for number in (*FEW, *MANY):
        account = PAYMENTS if number in FEW else SEARCH
        named = claim(number, name=f"n{number}", account=account.id)
        shared = [claim(number, name="web", account=account.id)] if number in {1, 13} else []
        seen = instance(number, account=account.id, tags={"Role": "even" if number % 2 == 0 else "odd"})
        refused = (Refusal("short-names", "is reserved", "db.corp.internal."),) if number == 2 else ()
        ledger.put_observation(
            Observation(
                seen.ref,
                Millis(5),
                (named, *shared),
                version=1,
                instance=seen,
                account=account,
                refusals=refused,
            )
        )
        for each in (named, *shared):
            ledger.put_claim(each, 1)
        ledger.put_published([(named.key, Published(desired_record_sets([named])))])
    both = [claim(number, name="web", account=account.id) for number, account in ((1, PAYMENTS), (13, SEARCH))]
    ledger.put_published([(key("web"), Published(desired_record_sets(both)))])
    return OneAtATime(table._client)  # noqa: SLF001 - the client of the emulated table


def found(client: OneAtATime, options: Options, *, paused: bool = False) -> list[InventoryRow]:
    known = Known(ZONE_IDS, SPOKES.values(), {"payments": PAYMENTS.id, "search": SEARCH.id})
    selection = selection_of(options, known)
    with InventoryStore(selection, {zone_id: domain for domain, zone_id in ZONE_IDS.items()}) as store:
        reader = InventoryReader(Pages(client, "ledger", lambda _pages: None), ZONE_IDS, selection, store)
        client.calls.clear()
        reader.read(STATUSES, paused=paused)
        assert reader.unread.number == 0
        return list(store.rows())


def calls(client: OneAtATime) -> Counter[str]:
    return Counter(name for name, _ in client.calls)


def names(rows: list[InventoryRow]) -> list[str]:
    return [row.name.fqdn.partition(".")[0] for row in rows]


def test_whole_ledger_is_read_in_segments(client: OneAtATime) -> None:
    """Each row has its zone and the facts of its instance; reads are eventually consistent."""
    rows = found(client, Options())
    assert sorted(names(rows)) == sorted([*(f"n{number}" for number in (*FEW, *MANY)), "web", "web"])
    assert names(rows) == sorted(names(rows))
    assert all(row.domain == CORP and row.facts and row.facts.vpcs == (VPC,) for row in rows)
    assert calls(client) == {"scan": SEGMENTS}
    assert {how["Segment"] for _, how in client.calls} == set(range(SEGMENTS))
    assert not any(how["ConsistentRead"] for _, how in client.calls)


@pytest.mark.parametrize(
    ("options", "expected", "paths"),
    [
        (Options(pattern="web.corp.internal"), ["web", "web"], {"query", "batch_get_item"}),
        (Options(accounts=["payments"]), ["n1", "n2", "n3", "web"], {"query"}),
        (Options(accounts=["payments"], tags=["Role=odd"]), ["n1", "n3", "web"], {"query"}),
        (Options(pattern=f"i-{1:017x}"), ["n1", "web"], {"query", "batch_get_item"}),
        (Options(pattern=f"{PAYMENTS.id}/eu-central-1/i-{1:017x}"), ["n1", "web"], {"query", "batch_get_item"}),
        (Options(accounts=["payments"], refused=True), ["db"], {"query"}),
        (Options(refused=True), ["db"], {"scan"}),
        (Options(accounts=["payments", "search"], pattern="n1*"), ["n1", *(f"n{n}" for n in range(10, 14))], {"scan"}),
        (Options(zones=["instances.internal"]), [], {"scan"}),
    ],
)
def test_each_way_finds_what_the_whole_ledger_has(
    client: OneAtATime, options: Options, expected: list[str], paths: set[str]
) -> None:
    """An index is used where one helps, and the rows are the same, with their facts."""
    rows = found(client, options)
    assert names(rows) == expected
    assert set(calls(client)) == paths
    assert all(row.facts for row in rows)
    everything = {row.name: row for row in found(client, replace(options, accounts=[]))}
    assert all(everything[row.name] == row for row in rows)


def test_pause_reads_the_whole_ledger(client: OneAtATime) -> None:
    """During a pause, zones keep names that no instance claims any more."""
    assert names(found(client, Options(accounts=["payments"]), paused=True)) == ["n1", "n2", "n3", "web"]
    assert set(calls(client)) == {"scan"}


def test_names_of_an_ended_instance_are_found_by_its_account(client: OneAtATime, table: Table) -> None:
    """Its record is in the zone until the publisher deletes it."""
    ledger, gone = DynamoLedger(table), claim(40, name="gone")
    held = (("10.0.0.40", (Fqdn("gone.corp.internal."),)),)
    ledger.put_observation(Observation(gone.instance, Millis(6), ended=True, version=1, held=held))
    ledger.put_published([(gone.key, Published(desired_record_sets([gone])))])
    rows = found(client, Options(accounts=["payments"]))
    assert names(rows) == ["gone", "n1", "n2", "n3", "web"]
    assert rows == found(client, Options(accounts=["payments"]), paused=True)


def test_sorted_by_any_column(client: OneAtATime) -> None:
    """Backwards, and with a limit."""
    selection = selection_of(Options(), Known(ZONE_IDS, SPOKES.values()))
    with InventoryStore(selection, {}) as store:
        InventoryReader(Pages(client, "ledger", lambda _pages: None), ZONE_IDS, selection, store).read((), paused=False)
        rows = list(store.sorted_rows("tag:Role", 3, greatest_first=True))
    assert [(row.facts and dict(row.facts.tags)["Role"]) for row in rows] == ["odd"] * 3


def test_rows_that_cannot_be_read_are_counted(client: OneAtATime, table: Table) -> None:
    """The rows of a later version, and a name with such a row, which the publisher leaves as it is."""
    later = {"schema": SCHEMA + 1}
    table.put({contract.PARTITION_KEY: "spoke#444444444444#eu-central-1", contract.SORT_KEY: "instance#i-0a"} | later)
    table.put(
        {contract.PARTITION_KEY: f"name#{key().zone_id}#odd.corp.internal.", contract.SORT_KEY: "published"} | later
    )
    selection = selection_of(Options(), Known(ZONE_IDS, SPOKES.values()))
    with InventoryStore(selection, {}) as store:
        reader = InventoryReader(Pages(client, "ledger", lambda _pages: None), ZONE_IDS, selection, store)
        reader.read((), paused=False)
        assert reader.unread.number == 2
        assert all("a later version" in fault.reason for fault in reader.unread.first)


def test_partition_in_several_pages_is_one_name(client: OneAtATime) -> None:
    """A page may end between the rows of a name, and pages of other segments come in between."""
    plain = client.scan

    def one_row(**how: object) -> object:
        return plain(**(how | {"Limit": 1}))

    client.scan = one_row  # type: ignore[method-assign]  # a page of one row
    rows = found(client, Options(pattern="web*"))
    assert names(rows) == ["web", "web"]
    assert sorted(row.name.status.value for row in rows) == ["not held", "published"]


def test_page_that_cannot_be_read_is_an_error(client: OneAtATime) -> None:
    """A part of the ledger is never shown as all of it."""
    with pytest.raises(LedgerUnavailable, match="cannot be read completely"):
        list(Pages(client, "other", lambda _pages: None).scan((contract.PARTITION_KEY,), "pk = :a", {":a": "a"}))


@pytest.mark.parametrize("spokes", [None, [SPOKES[PAYMENTS.id]]], ids=["all", "some"])
def test_addresses_are_found_without_the_other_rows(
    client: OneAtATime, table: Table, spokes: list[Spoke] | None
) -> None:
    """On any interface, of instances that ended, and in another spelling of IPv6."""
    ledger = DynamoLedger(table)
    many = instance(50, interfaces=(interface("10.9.0.1"), interface("10.9.0.2", "10.9.0.3", index=1)))
    six = instance(51, interfaces=(interface("10.9.1.1", ipv6=("2001:DB8:0::7",)),))
    for seen in (many, six):
        ledger.put_observation(Observation(seen.ref, Millis(6), version=1, instance=seen, account=PAYMENTS))
    ended = instance(52).ref
    ledger.put_observation(Observation(ended, Millis(6), ended=True, version=1, held=(("10.9.0.3", ()),)))
    client.calls.clear()

    def having(address: str) -> set[str]:
        pages = Pages(client, "ledger", lambda _pages: None)
        rows = [row for row in observations_with(pages, address, spokes) if isinstance(row, Observation)]
        assert spokes or ":" in address or len(rows) <= 2
        return {row.ref.id for row in rows if address in {held for held, _ in row.addresses}}

    assert having("10.9.0.3") == {many.ref.id, ended.id}
    assert having("10.9.0.1") == {many.ref.id}
    assert having("10.9.9.9") == set()
    assert having("2001:DB8:0::7") == {six.ref.id}
    assert set(calls(client)) == ({"query"} if spokes else {"scan"})
