"""The JSON of `orgdns dead-letters`. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgdns.cli.render.documents.fields import Document
    from orgdns.cli.reports.dead_letters import DeadEvent, DeadLetters, DeadTask, DiscardedRecords


def dead_letters_document(found: DeadLetters, resent: int, *, remaining: bool) -> Document:
    """The document of `dead-letters --json`; `remaining` is whether messages remain."""
    return {
        "dead_letters": remaining,
        "events": [_event(event) for event in found.events],
        "publisher": [_discarded(records) for records in found.discarded_records],
        "sweeps": [_task(task) for task in found.tasks],
        "associations": [_task(task) for task in found.associations],
        "backlog": [_task(task) for task in found.deferred],
        "reports": [_task(task) for task in found.files],
        "hidden": {queue.value: number for queue, number in found.hidden.items()},
        "resent": resent,
    }


def _event(event: DeadEvent) -> Document:
    return {
        "message_id": event.message_id,
        "instance": str(event.instance) if event.instance else None,
        "kind": event.kind or None,
        "time": event.time or None,
        "received": event.received,
        "undelivered": event.undelivered,
        "reason": event.reason,
    }


def _task(task: DeadTask) -> Document:
    return {"message_id": task.message_id, "task": task.task, "reason": task.reason}


def _discarded(records: DiscardedRecords) -> Document:
    return {
        "message_id": records.message_id,
        "discarded_at": records.discarded_at,
        "first_record_at": records.first_record_at,
        "last_record_at": records.last_record_at,
        "records": records.records,
        "shard": records.shard,
        "first_sequence_number": records.first_sequence_number,
        "last_sequence_number": records.last_sequence_number,
        "reason": records.reason,
    }
