"""Whether the publisher and the historian follow the ledger's stream. Pure.

A table that was restored, or whose stream was enabled again, has another stream. The event source mappings stay on
the old one, and then nothing is published, and no history kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.runtime.installation import Names

PROCEDURE: Final = "see docs/restore.md"
# The states of a mapping that reads its source, or is about to (Lambda API Reference, EventSourceMappingConfiguration).
WORKING: Final = frozenset({"Enabled", "Enabling", "Creating", "Updating"})

_PROBLEM: Final = "PROBLEM: "


@dataclass(frozen=True, slots=True)
class LedgerTable:
    """The ledger's table. `stream` is the ARN of its stream, empty without one."""

    name: str
    stream: str
    protected: bool = True


@dataclass(frozen=True, slots=True)
class Mapping:
    """An event source mapping. `result` is what Lambda says of its last attempt to read the source."""

    uuid: str
    source: str
    state: str
    result: str = ""
    function: str = ""


def sources(names: Names) -> dict[str, str]:
    """The queue that each function processes. The ledger's stream has the publisher, too, and the historian."""
    return {
        names.observer_function: names.events_queue,
        names.publisher_function: names.backlog_queue,
        names.sweeper_function: names.sweeps_queue,
        names.associator_function: names.associations_queue,
        names.reporter_function: names.reports_queue,
    }


def table_fault(table: LedgerTable) -> str:
    """What a restored table lacks, with what to do; empty if it lacks nothing."""
    return "" if table.protected else f"the table {table.name} is not protected from deletion: {PROCEDURE}"


def ledger_faults(table: LedgerTable, mappings: Iterable[Mapping]) -> tuple[str, ...]:
    """What keeps the ledger from being published, of the publisher's mappings; each with what to do."""
    if not table.stream:
        return (f"the table {table.name} has no stream, so nothing is published: {PROCEDURE}",)
    return tuple(_stream_faults(table, mappings, "publisher", "nothing is published"))


def history_faults(table: LedgerTable, mappings: Iterable[Mapping], *, expected: bool = False) -> tuple[str, ...]:
    """What keeps history from being kept, of the historian's mappings; each with what to do.

    There is none if the table has no stream: the publisher's faults say that. Without a mapping, there is one only if
    the historian is `expected`: with `history.days: 0` it does not exist.
    """
    found = tuple(mappings)
    if not table.stream or not (found or expected):
        return ()
    return tuple(_stream_faults(table, found, "historian", "no history is kept"))


def _stream_faults(table: LedgerTable, mappings: Iterable[Mapping], reader: str, effect: str) -> Iterator[str]:
    """Why a function does not follow the table's stream, with what to do."""
    of_table = [mapping for mapping in mappings if f":table/{table.name}/stream/" in mapping.source]
    following = [mapping for mapping in of_table if mapping.source == table.stream]
    if not of_table:
        yield f"no event source mapping gives the ledger's changes to the {reader}: deploy the hub template"
    elif not following:
        yield (
            f"the {reader} follows {of_table[0].source}, but the stream of the table is {table.stream}, so {effect}: "
            f"deploy the hub template with LedgerStreamArn={table.stream}; {PROCEDURE}"
        )
    for mapping in following:
        if mapping.state not in WORKING:
            yield (
                f"the {reader}'s event source mapping is {mapping.state}, so {effect}: aws lambda "
                f"update-event-source-mapping --uuid {mapping.uuid} --enabled"
            )
    for mapping in following:
        if mapping.result.startswith(_PROBLEM):
            yield f"Lambda cannot read the ledger's stream for the {reader}: {mapping.result.removeprefix(_PROBLEM)}"


def queue_faults(mappings: Iterable[Mapping]) -> tuple[tuple[str, str], ...]:
    """Which functions Lambda does not give the messages of their queues, each with the reason and what to do."""
    return tuple(
        (mapping.function, fault)
        for mapping in mappings
        if ":sqs:" in mapping.source and (fault := queue_fault(mapping))
    )


def queue_fault(mapping: Mapping) -> str:
    """Why Lambda does not give a function the messages of a queue, with what to do; empty if it does."""
    queue = mapping.source.rpartition(":")[2]
    if mapping.state not in WORKING:
        return (
            f"its event source mapping of the queue {queue} is {mapping.state}: aws lambda "
            f"update-event-source-mapping --uuid {mapping.uuid} --enabled"
        )
    if mapping.result.startswith(_PROBLEM):
        return f"Lambda cannot read the queue {queue} for it: {mapping.result.removeprefix(_PROBLEM)}"
    return ""
