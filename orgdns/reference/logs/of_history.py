"""The messages about history."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message

_HISTORIAN: Final = (Function.HISTORIAN,)

OF_HISTORY: Final = (
    Message("changes kept", Level.INFO, _HISTORIAN, "changes marks", "History keeps what a batch of the stream says."),
    Message(
        "change not kept",
        Level.WARNING,
        _HISTORIAN,
        "event_id reason",
        "A record of the stream cannot be read. History is unknown where it is missing.",
    ),
    Message(
        "changes will be kept later",
        Level.WARNING,
        _HISTORIAN,
        "reason",
        "The bucket of history does not answer, or the role may not write to it. The stream delivers the changes again "
        "for a day. See [history-behind](runbook/history-behind.md).",
    ),
    Message("history compacted", Level.INFO, _HISTORIAN, "day", "The changes of a day are sorted for lookups."),
    Message(
        "history not compacted",
        Level.WARNING,
        _HISTORIAN,
        "reason",
        "The changes of a day are not sorted yet: lookups take longer. The next run goes on.",
    ),
)
