from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from botocore.stub import ANY, Stubber

from hub.runtime.aws.ledger.table import UNPROCESSED_TRIES, Table
from hub.runtime.model.names import Millis
from hub.runtime.ports import LedgerUnavailable
from tests.support.aws.clients import stubbed


@pytest.mark.parametrize("operation", ["get_item", "batch_get_item", "query", "scan", "update_item", "put_item"])
def test_table_that_does_not_answer(operation: str) -> None:
    """Every operation raises the same error if DynamoDB does not answer."""
    client = stubbed("dynamodb", lambda stub: stub.add_client_error(operation, "ThrottlingException"))
    table = Table(client, "ledger", lambda: Millis(0), lambda _seconds: None)
    row = {"pk": "a", "sk": "b"}
    calls: dict[str, Callable[[], object]] = {
        "get_item": lambda: table.get(row),
        "batch_get_item": lambda: list(table.get_many([row])),
        "query": lambda: list(table.query("a")),
        "scan": lambda: list(table.scan("begins_with(pk, :a)", {":a": "a"})),
        "update_item": lambda: table.update(row, {"x": 1}),
        "put_item": lambda: table.put(row),
    }
    with pytest.raises(LedgerUnavailable, match="ThrottlingException"):
        calls[operation]()


def test_rows_that_stay_unread() -> None:
    """Unprocessed keys are requested again, and raise an error in the end instead of an empty answer."""
    key_ = {"pk": {"S": "a"}, "sk": {"S": "b"}}
    unread = {"Responses": {}, "UnprocessedKeys": {"ledger": {"Keys": [key_], "ConsistentRead": True}}}

    def answers(stub: Stubber) -> None:
        for _ in range(UNPROCESSED_TRIES):
            stub.add_response("batch_get_item", unread, {"RequestItems": ANY})

    slept: list[float] = []
    table = Table(stubbed("dynamodb", answers), "ledger", lambda: Millis(0), slept.append)
    with pytest.raises(LedgerUnavailable, match="unread"):
        list(table.get_many([{"pk": "a", "sk": "b"}]))
    assert len(slept) == UNPROCESSED_TRIES


@pytest.mark.parametrize("operation", ["batch_get_item", "query", "scan"])
def test_answer_without_its_rows_is_no_answer(operation: str) -> None:
    """An answer that lacks its rows says nothing: it is not an empty one."""
    client = stubbed("dynamodb", lambda stub: stub.add_response(operation, {}))
    table = Table(client, "ledger", lambda: Millis(0), lambda _seconds: None)
    reads: dict[str, Callable[[], Iterator[object]]] = {
        "batch_get_item": lambda: table.get_many([{"pk": "a", "sk": "b"}]),
        "query": lambda: table.query("a"),
        "scan": table.scan,
    }
    with pytest.raises(LedgerUnavailable, match="lacks"):
        list(reads[operation]())
