"""The rows that bring names back, and the numbers of names by account."""

from __future__ import annotations

from hub.runtime import contract
from hub.runtime.aws.backlog.rows import ACCOUNTS_COUNTED, HOUR_MILLIS, DynamoBacklog
from hub.runtime.aws.ledger.changes import NameChange, change_of
from hub.runtime.aws.ledger.names import DynamoLedger
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Fqdn, Millis, NameState
from hub.runtime.model.tasks import DeferredName
from hub.runtime.publisher.foreign import ZoneReading
from tests.support.aws.dynamodb import table
from tests.support.build import PAYMENTS, SEARCH, key

__all__ = ["table"]


def record(image: object) -> dict[str, object]:
    """A record of the stream for the row of a release."""
    keys = {
        contract.PARTITION_KEY: {"S": f"name#{key().zone_id}#{key().fqdn}"},
        contract.SORT_KEY: {"S": contract.RELEASED_KEY},
    }
    return {
        "dynamodb": {"Keys": keys, "NewImage": image, "SequenceNumber": "7", "ApproximateCreationDateTime": 1_800_000}
    }


def test_a_released_name_says_when_it_changed(table: Table) -> None:
    """The row is not about the claims: the name's state is as without it."""
    DynamoBacklog(table).release([(DeferredName(key(), Millis(5), marked=True), PAYMENTS.id)])
    (row,) = table.query(f"name#{key().zone_id}#{key().fqdn}")
    assert (row["changed_at"], row["marked"], row["account"]) == (5, True, PAYMENTS.id)
    assert row[contract.EXPIRES]
    assert DynamoLedger(table).name(key()) == NameState(key())


def test_reading_of_a_zone(table: Table) -> None:
    """The last one is returned; a row that cannot be read is as if there were none."""
    backlog = DynamoBacklog(table)
    assert backlog.reading("Z1") is None
    reading = ZoneReading(Millis(5), frozenset({Fqdn("a.test."), Fqdn("b.test.")}), took=7, replacing=True, whole=False)
    backlog.put_reading("Z1", ZoneReading(Millis(4), frozenset()))
    backlog.put_reading("Z1", reading)
    assert backlog.reading("Z1") == reading
    assert backlog.reading("Z2") is None
    (row,) = table.query(contract.CONTROL_KEY, contract.READING_PREFIX)
    assert row[contract.EXPIRES]
    for odd in ({"at": "x"}, {"foreign": "a.test."}, {"foreign": [1]}, {"took": None}, {"schema": 3}):
        table.put({**row, **odd})
        assert backlog.reading("Z1") is None, odd


def test_record_of_a_release() -> None:
    """Its name was asked for when it changed; one that is marked is for a reading, and no event asked for it."""
    image = {"changed_at": {"N": "5"}, "marked": {"BOOL": False}, "account": {"S": PAYMENTS.id}}
    found = change_of(record(image))
    assert found == NameChange(key(), "7", Millis(5), account=PAYMENTS.id, released=True, asked_at=Millis(5))
    found = change_of(record({**image, "marked": {"BOOL": True}}))
    assert found == NameChange(key(), "7", Millis(5), account=PAYMENTS.id, marked=True, released=True)


def test_record_of_a_release_that_cannot_be_read_counts_as_a_mark() -> None:
    """The name is published all the same, and the zone is read before that."""
    for image in (None, {}, {"changed_at": {"N": "x"}, "marked": {"BOOL": False}, "account": {"S": PAYMENTS.id}}):
        found = change_of(record(image))
        assert found == NameChange(key(), "7", Millis(1_800_000_000), marked=True, released=True)


def test_counts_of_two_hours(table: Table) -> None:
    """Numbers add up by account; those of earlier hours are not shown. A number that is odd is left out."""
    backlog = DynamoBacklog(table)
    backlog.count({PAYMENTS.id: 3, "": 2})
    backlog.count({PAYMENTS.id: 4, SEARCH.id: 1})
    assert backlog.counts() == {PAYMENTS.id: 7, SEARCH.id: 1, "audits": 2}
    (row,) = table.query(contract.CONTROL_KEY, contract.BACKLOG_PREFIX)
    earlier = {**row, contract.SORT_KEY: f"{contract.BACKLOG_PREFIX}2000-01-01T00"}
    table.put(earlier)
    assert backlog.counts() == {PAYMENTS.id: 7, SEARCH.id: 1, "audits": 2}
    table.put({**row, PAYMENTS.id: "many"})
    assert backlog.counts() == {}


def test_accounts_with_the_most_names_are_counted(table: Table) -> None:
    """An update with thousands of accounts would be too long for DynamoDB."""
    backlog = DynamoBacklog(table)
    backlog.count({f"{number:012}": number for number in range(1, 1_001)})
    counts = backlog.counts()
    assert len(counts) == ACCOUNTS_COUNTED
    assert min(counts.values()) == 1_000 - ACCOUNTS_COUNTED + 1
    assert HOUR_MILLIS == 3_600_000
