"""The JSON of `orgdns dead-letters`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.dead_letters import DeadEvent, DeadLetters, DeadTask, DiscardedRecords


def dead_letters_document(found: DeadLetters, sent: int, *, left: bool) -> Document:
    """What `dead-letters --json` says; `left` is whether something is there now."""
    return {
        "dead_letters": left,
        "events": [_dead_event(one) for one in found.events],
        "publisher": [_given_up(one) for one in found.discarded_records],
        "sweeps": [_dead_task(one) for one in found.tasks],
        "associations": [_dead_task(one) for one in found.associations],
        "hidden": {letters.value: number for letters, number in found.hidden.items()},
        "sent_again": sent,
    }


def _dead_event(one: DeadEvent) -> Document:
    return {
        "message_id": one.message_id,
        "instance": str(one.instance) if one.instance else None,
        "kind": one.kind or None,
        "time": one.time or None,
        "received": one.received,
        "undelivered": one.undelivered,
        "reason": one.reason,
    }


def _dead_task(one: DeadTask) -> Document:
    return {"message_id": one.message_id, "task": one.task, "reason": one.reason}


def _given_up(one: DiscardedRecords) -> Document:
    return {
        "message_id": one.message_id,
        "given_up_at": one.given_up_at,
        "first_record_at": one.first_record_at,
        "last_record_at": one.last_record_at,
        "records": one.records,
        "shard": one.shard,
        "first_sequence_number": one.first_sequence_number,
        "last_sequence_number": one.last_sequence_number,
        "reason": one.reason,
    }
