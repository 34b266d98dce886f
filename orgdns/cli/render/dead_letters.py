"""The messages in the hub's dead-letter queues as text, each kind with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.runtime.installation import log_group
from orgdns.cli.render.layout import record, show_line, show_lines
from orgdns.cli.render.plan import SHOWN
from orgdns.cli.render.text import BAD, QUIET, visible
from orgdns.cli.reports.dead_letters import (
    ASSOCIATOR_LOG_MESSAGE,
    BACKLOG_LOG_MESSAGE,
    OBSERVER_LOG_MESSAGE,
    PUBLISHER_LOG_MESSAGE,
    SWEEPER_LOG_MESSAGE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

    from hub.runtime.installation import Names
    from orgdns.cli.reports.dead_letters import DeadEvent, DeadLetters, DeadTask, DiscardedRecords

_RESEND: Final = (
    "Fix the cause first, then send the events again: orgdns dead-letters --resend. An event is only a hint, so an old "
    "event does no harm."
)
_NAMES_UNKNOWN: Final = (
    "Lambda reports only where in the ledger's stream the changes are, not their names, so there is nothing to send "
    "again."
)
_NEXT_AUDIT: Final = (
    "The claims are still in the ledger: orgdns explain NAME shows the missing changes as waiting. The next audit "
    "finds these names within a day; orgdns audit starts it now."
)


def show_dead_letters(console: Console, found: DeadLetters, *, everything: bool) -> None:
    """Show the messages of each queue: all of them, or the first ones."""
    if not found.any:
        console.print("There are no dead letters.")
        return
    if found.events:
        _show(
            console,
            f"Events: {len(found.events):,}",
            [_event(console, event) for event in found.events],
            everything=everything,
        )
        failed = any(not event.undelivered for event in found.events)
        _show_notes(console, [*([_observer_failed(found.names)] if failed else []), _RESEND])
    if found.discarded_records:
        heading = f"Ledger changes that the publisher did not publish: {len(found.discarded_records):,} messages"
        _show(console, heading, [_discarded(console, each) for each in found.discarded_records], everything=everything)
        _show_notes(console, [_NAMES_UNKNOWN, _names_in_log(found.names), _NEXT_AUDIT])
    tasks = [*found.tasks, *found.associations]
    if tasks:
        lines = _task_lines(console, tasks)
        _show(console, f"Sweeps, audits and associations: {len(lines):,}", lines, everything=everything)
        _show_notes(console, [_runs_again(found.names)])
    if found.deferred:
        lines = _task_lines(console, found.deferred)
        _show(console, f"Names of the backlog: {len(lines):,} messages", lines, everything=everything)
        _show_notes(console, [_backlog_failed(found.names), _NEXT_AUDIT])
    if found.files:
        lines = _task_lines(console, found.files)
        _show(console, f"Files that were not written: {len(lines):,}", lines, everything=everything)
        _show_notes(console, [_file_failed(found.names)])
    for queue, number in found.hidden.items():
        if number:
            text = f"about {number:,} more messages, which another reader has received or just deleted."
            show_line(console, visible(f"{queue.queue(found.names)}: {text} Try again in a minute.", QUIET))


def _observer_failed(names: Names) -> str:
    group = log_group(names.observer_function)
    return (
        f"The reason is in {group}: look for the message {OBSERVER_LOG_MESSAGE!r}, which has the instance and the "
        "reason, or for an error of the function itself."
    )


def _names_in_log(names: Names) -> str:
    return (
        f"{log_group(names.publisher_function)} has the names that the publisher processed: look for the message "
        f"{PUBLISHER_LOG_MESSAGE!r} between the first change and the time it was discarded, or for an error of the "
        "function itself."
    )


def _backlog_failed(names: Names) -> str:
    group = log_group(names.publisher_function)
    return (
        f"The reason is in {group}: look for the message {BACKLOG_LOG_MESSAGE!r}, or for an error of the function "
        "itself. There is nothing to send again."
    )


def _file_failed(names: Names) -> str:
    return (
        f"The reason is in {log_group(names.reporter_function)}: look for the message {SWEEPER_LOG_MESSAGE!r}, or for "
        "an error of the function itself. There is nothing to send again: the files of the next day are written anyway."
    )


def _runs_again(names: Names) -> str:
    sweeper, associator = log_group(names.sweeper_function), log_group(names.associator_function)
    return (
        f"The sweeper's reason is in {sweeper}: look for the message {SWEEPER_LOG_MESSAGE!r}, or for an error of the "
        f"function itself. The associator's is in {associator}: {ASSOCIATOR_LOG_MESSAGE!r}. There is nothing to send "
        "again: spokes and their VPCs are swept every hour, and zones are audited every day."
    )


def _task_lines(console: Console, tasks: Iterable[DeadTask]) -> list[Text]:
    return [record(console, [visible(each.task or each.message_id), visible(each.reason, BAD)]) for each in tasks]


def show_resent(console: Console, found: DeadLetters, sent: int | None) -> None:
    """Show how many events were sent again; `sent` is None if the operator did not confirm."""
    if found.events and sent is None:
        console.print("Nothing was sent.")
    elif found.events:
        console.print(f"Sent to the observer's queue again: {sent:,} of {len(found.events):,}.")
    if sent is not None and sent < len(found.events):
        console.print("The others no longer exist, or another reader has received them.")
    if found.discarded_records or found.deferred:
        console.print("The publisher's dead letters cannot be sent again: see above.")
    if found.tasks or found.associations:
        console.print("Sweeps, audits and associations need not be sent again: see above.")


def _show(console: Console, heading: str, lines: Sequence[Text], *, everything: bool) -> None:
    show_line(console, visible(heading, "bold"))
    shown = lines if everything else lines[:SHOWN]
    show_lines(console, shown)
    if len(lines) > len(shown):
        console.print(f"{len(lines) - len(shown):,} more: --all shows them, --json has everything.")


def _show_notes(console: Console, notes: Sequence[str]) -> None:
    console.print()
    for note in notes:
        show_line(console, visible(note, QUIET))
    console.print()


def _event(console: Console, event: DeadEvent) -> Text:
    subject = str(event.instance) if event.instance else f"message {event.message_id}"
    facts = ", ".join(filter(None, (event.kind, event.time, f"times received: {event.received:,}")))
    return record(console, [visible(subject), visible(facts, QUIET), visible(event.reason, BAD)])


def _discarded(console: Console, message: DiscardedRecords) -> Text:
    records = "records" if message.records is None else f"{message.records:,} records"
    period = f"{records} of {message.first_record_at or '?'} to {message.last_record_at or '?'}"
    sequence = f"{message.first_sequence_number or '?'} to {message.last_sequence_number or '?'}"
    return record(
        console,
        [
            visible(f"discarded {message.discarded_at or '?'}"),
            visible(period, QUIET),
            visible(f"shard {message.shard or '?'}, {sequence}", QUIET),
            visible(message.reason, BAD),
        ],
    )
