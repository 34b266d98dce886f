"""One record of a table's stream for each write, as DynamoDB writes them.

The emulator's UpdateItem makes a new row in two steps, first with its key only, and its stream has a record of each. In
AWS, a stream record is one modification of one item ("Change data capture for DynamoDB Streams",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from moto.dynamodb.models import DynamoDBBackend

from sandbox.aws.bridge import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

# A backend, a shard or a row of the emulator, which ships no types.
Moto = Any
_UPDATE_ITEM: Final = DynamoDBBackend.update_item


class _LastRecord:
    """Stands in for a table's stream during one call, and keeps the last record of it."""

    def __init__(self) -> None:
        self.record: tuple[Moto, Moto] | None = None

    def add(self, before: Moto, after: Moto) -> None:
        """Take a record: the row before and after."""
        self.record = (before, after)


def _update_item(backend: Moto, table_name: str, *arguments: Any, **named: Any) -> Moto:  # noqa: ANN401 - moto's own
    table = backend.get_table(table_name)
    stream, last = table.stream_shard, _LastRecord()
    if stream is None:
        return _UPDATE_ITEM(backend, table_name, *arguments, **named)
    table.stream_shard = last
    try:
        return _UPDATE_ITEM(backend, table_name, *arguments, **named)
    finally:
        table.stream_shard = stream
        if last.record:
            stream.add(*last.record)


@contextmanager
def one_record_a_write() -> Iterator[None]:
    """Let each write of the emulator have one record in the table's stream, while the context lasts."""
    with replaced(DynamoDBBackend, update_item=_update_item):
        yield
