"""The generation of the ledger in DynamoDB."""

from __future__ import annotations

import pytest

from hub.runtime import contract
from hub.runtime.aws.ledger.generation import begun, generation_key
from hub.runtime.aws.ledger.statuses import DynamoStatuses
from hub.runtime.aws.ledger.table import Table
from hub.runtime.model.names import Spoke
from hub.runtime.model.status import SpokeStatus
from tests.support.build import PAYMENTS

SPOKE = Spoke(PAYMENTS.id, "eu-central-1")
STREAM = "arn:aws:dynamodb:eu-central-1:111111111111:table/orgdns-ledger/stream/2026-11-28T10:15:00.123"
RESTORED = STREAM.replace("28T10", "29T11")


def deployed(table: Table, stream: str) -> Table:
    """The table as a function sees it that was deployed with this stream."""
    return Table(table._client, table.name, table._clock, table._sleep, stream)  # noqa: SLF001 - the same table


def of_stream(table: Table, stream: str) -> DynamoStatuses:
    return DynamoStatuses(deployed(table, stream))


def test_p9_the_first_sweep_begins_a_generation(table: Table) -> None:
    """Until then none is known. All functions find the same one."""
    first, second = of_stream(table, STREAM), of_stream(table, STREAM)
    assert first.generation() == ""
    status, generation = first.sweep_begins(SPOKE)
    assert (status, generation) == (SpokeStatus(SPOKE), first.generation())
    assert generation
    assert second.sweep_begins(SPOKE) == (status, generation)
    second.put_spoke_status(SpokeStatus(SPOKE, names=3))
    assert second.sweep_begins(SPOKE) == (SpokeStatus(SPOKE, names=3), generation)


def test_p9_two_functions_begin_one_generation(table: Table) -> None:
    """A function that found none writes its own only if there is still none."""
    statuses = of_stream(table, STREAM)
    _, generation = statuses.sweep_begins(SPOKE)
    assert begun(deployed(table, STREAM), None) == generation == statuses.generation()


def test_p9_an_emptied_table_has_another_generation(table: Table) -> None:
    statuses = of_stream(table, STREAM)
    _, before = statuses.sweep_begins(SPOKE)
    table.delete(generation_key(STREAM))
    assert statuses.generation() == ""
    assert statuses.sweep_begins(SPOKE)[1] not in ("", before)


def test_p9_a_restored_table_has_another_generation(table: Table) -> None:
    """The restored row stays, but the stream has another label."""
    _, before = of_stream(table, STREAM).sweep_begins(SPOKE)
    restored = of_stream(table, RESTORED)
    assert restored.generation() == ""
    assert restored.sweep_begins(SPOKE)[1] not in ("", before)
    assert len(list(table.query(contract.CONTROL_KEY, contract.GENERATION_PREFIX))) == 2


def test_p9_the_publisher_knows_the_stream_that_the_table_has_now(table: Table) -> None:
    """Records of the former table's stream still come after a restore under its name, with the restored generation."""
    _, before = of_stream(table, STREAM).sweep_begins(SPOKE)
    of_stream(table, STREAM).put_spoke_status(SpokeStatus(SPOKE, generation=before))
    assert of_stream(table, STREAM).settled([SPOKE]) == (before, frozenset({SPOKE}))
    publisher = DynamoStatuses(deployed(table, STREAM), lambda: RESTORED)
    assert publisher.settled([SPOKE]) == ("", frozenset())
    assert publisher.generation() == ""


def test_p9_a_table_without_a_stream_has_no_generation(table: Table) -> None:
    """A table that was just restored has no stream until someone enables it."""
    statuses = DynamoStatuses(deployed(table, STREAM), table.latest_stream)
    of_stream(table, STREAM).sweep_begins(SPOKE)
    assert table.latest_stream() == ""
    assert statuses.generation() == ""


@pytest.mark.parametrize("odd", [{"id": 7}, {"id": ""}, {}])
def test_p2_a_malformed_generation_is_replaced(table: Table, odd: dict[str, object]) -> None:
    """Otherwise no spoke would be settled ever again, and no name would pass to another instance."""
    statuses = of_stream(table, STREAM)
    _, before = statuses.sweep_begins(SPOKE)
    table.put(generation_key(STREAM) | odd)
    assert statuses.generation() == ""
    after = statuses.sweep_begins(SPOKE)[1]
    assert after not in ("", before)
    assert statuses.generation() == after == statuses.sweep_begins(SPOKE)[1]


def test_p2_a_generation_of_a_later_version_stays(table: Table) -> None:
    statuses = of_stream(table, STREAM)
    row = generation_key(STREAM) | {"id": "later", "schema": 99}
    table.put_many([row])
    assert statuses.sweep_begins(SPOKE)[1] == statuses.generation() == ""
    assert table.get(generation_key(STREAM)) == row
