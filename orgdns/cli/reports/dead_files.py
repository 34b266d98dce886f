"""What the messages in the reporter's dead-letter queue are about. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.installation import Names, log_group
from hub.runtime.messages import NotOurs, file_of
from orgdns.cli.reports.dead_letters import DeadTask, not_scheduled

if TYPE_CHECKING:
    from orgdns.cli.reports.dead_letters import Message


def dead_file(message: Message, names: Names) -> DeadTask:
    """The file in a message of the reporter's dead-letter queue."""
    attributes = message.attributes or {}
    try:
        file = file_of(message.body)
    except NotOurs as refused:
        return DeadTask(message.id, "", f"not a task: {refused}")
    failed = f"the reporter failed on it twice: see {log_group(names.reporter_function)}"
    return DeadTask(message.id, f"write {file}", not_scheduled(attributes) if "ERROR_CODE" in attributes else failed)
