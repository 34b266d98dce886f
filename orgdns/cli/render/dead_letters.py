"""What the hub's dead-letter queues hold, for a person: each message, and then what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from orgdns.cli.render.plan import SHOWN
from orgdns.cli.render.text import BAD, QUIET, visible
from orgdns.cli.reports.dead_letters import (
    ASSOCIATOR_LOGS,
    ASSOCIATOR_SAYS,
    OBSERVER_LOGS,
    OBSERVER_SAYS,
    PUBLISHER_LOGS,
    PUBLISHER_SAYS,
    SWEEPER_LOGS,
    SWEEPER_SAYS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from orgdns.cli.reports.dead_letters import DeadEvent, DeadLetters, DiscardedRecords

_OBSERVER_FAILED: Final = (
    f"Why the observer failed stands in {OBSERVER_LOGS}: the message is {OBSERVER_SAYS!r}, with the instance and the "
    "reason, or it is an error of the function itself."
)
_SEND_AGAIN: Final = (
    "Mend the reason first, and then send the events again: orgdns dead-letters --resend. An event is a hint, so "
    "that an old one does no harm."
)
_NAMES_UNKNOWN: Final = (
    "Lambda tells where in the ledger's stream the changes are, not what was in them: which names they were about "
    "cannot be known from here, and there is nothing to send again."
)
_WHERE_NAMES_ARE: Final = (
    f"As far as the publisher came, {PUBLISHER_LOGS} names them, between the first change and its giving up: the "
    f"message is {PUBLISHER_SAYS!r}, or it is an error of the function itself."
)
_WHAT_HEALS: Final = (
    "The claims are in the ledger all the same: orgdns explain NAME shows as waiting what the zone lacks. The next "
    "audit finds these names, within a day; orgdns audit asks for it now."
)
_ASKED_AGAIN: Final = (
    f"Why the sweeper failed stands in {SWEEPER_LOGS}: the message is {SWEEPER_SAYS!r}, or it is an error of the "
    f"function itself; of the associator, in {ASSOCIATOR_LOGS}: {ASSOCIATOR_SAYS!r}. There is nothing to send again: "
    "spokes and their VPCs are swept once an hour, and zones audited once a day."
)


def show_dead_letters(console: Console, found: DeadLetters, *, everything: bool) -> None:
    """Show what the queues hold: all of it, or the first messages of each."""
    if not found.any:
        console.print("There are no dead letters.")
        return
    if found.events:
        _show(console, f"Events: {len(found.events):,}", list(map(_event, found.events)), everything=everything)
        failed = any(not one.undelivered for one in found.events)
        _show_notes(console, [*([_OBSERVER_FAILED] if failed else []), _SEND_AGAIN])
    if found.discarded_records:
        heading = f"Changes of the ledger that the publisher did not publish: {len(found.discarded_records):,} messages"
        _show(console, heading, list(map(_given_up, found.discarded_records)), everything=everything)
        _show_notes(console, [_NAMES_UNKNOWN, _WHERE_NAMES_ARE, _WHAT_HEALS])
    tasks = [*found.tasks, *found.associations]
    if tasks:
        lines = [Text("\n").join([visible(one.task or one.message_id), visible(one.reason, BAD)]) for one in tasks]
        _show(console, f"Sweeps, audits and associations: {len(lines):,}", lines, everything=everything)
        _show_notes(console, [_ASKED_AGAIN])
    for letters, number in found.hidden.items():
        if number:
            text = (
                f"{letters.queue}: about {number:,} messages more, which somebody else is looking at or just deleted."
            )
            console.print(visible(f"{text} Ask again in a minute.", QUIET))


def show_resent(console: Console, found: DeadLetters, sent: int | None) -> None:
    """Show what became of sending again; `sent` is None where nobody agreed to it."""
    if found.events and sent is None:
        console.print("Nothing was sent.")
    elif found.events:
        console.print(f"Sent to the observer's queue again: {sent:,} of {len(found.events):,}.")
    if sent is not None and sent < len(found.events):
        console.print("The others are not there any more, or somebody else is looking at them.")
    if found.discarded_records:
        console.print("The publisher's dead letters cannot be sent again: see above.")
    if found.tasks or found.associations:
        console.print("Sweeps, audits and associations need not be sent again: see above.")


def _show(console: Console, heading: str, lines: Sequence[Text], *, everything: bool) -> None:
    console.print(visible(heading, "bold"))
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=2)
    table.add_column(overflow="fold")
    shown = lines if everything else lines[:SHOWN]
    for line in shown:
        table.add_row("", line)
    console.print(table)
    if len(lines) > len(shown):
        console.print(f"{len(lines) - len(shown):,} more: --all shows them, --json has everything.")


def _show_notes(console: Console, notes: Sequence[str]) -> None:
    console.print()
    for note in notes:
        console.print(visible(note, QUIET))
    console.print()


def _event(one: DeadEvent) -> Text:
    who = str(one.instance) if one.instance else f"message {one.message_id}"
    facts = ", ".join(filter(None, (one.kind, one.time, f"times received: {one.received:,}")))
    return Text("\n").join([visible(who), visible(facts, QUIET), visible(one.reason, BAD)])


def _given_up(one: DiscardedRecords) -> Text:
    number = "records" if one.records is None else f"{one.records:,} records"
    when = f"{number} of {one.first_record_at or '?'} to {one.last_record_at or '?'}"
    where = f"shard {one.shard or '?'}, {one.first_sequence_number or '?'} to {one.last_sequence_number or '?'}"
    return Text("\n").join(
        [
            visible(f"given up {one.given_up_at or '?'}"),
            visible(when, QUIET),
            visible(where, QUIET),
            visible(one.reason, BAD),
        ]
    )
