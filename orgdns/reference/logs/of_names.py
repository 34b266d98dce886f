"""The messages about names, zones and the backlog."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message

_PUBLISHER: Final = (Function.PUBLISHER,)
_NAME: Final = "dns_name instances reason zone"

OF_NAMES: Final = (
    Message(
        "name published",
        Level.INFO,
        _PUBLISHER,
        f"changes {_NAME}",
        "Route 53 accepted the changes. `instances` are those whose claims changed.",
    ),
    Message(
        "name in dry run",
        Level.INFO,
        _PUBLISHER,
        _NAME,
        "A dry run keeps back what is claimed: `orgdns pending` lists it. `reason` says what is in the way.",
    ),
    Message("name unchanged", Level.DEBUG, _PUBLISHER, _NAME, "The zone has what the claims want already."),
    Message(
        "name in conflict",
        Level.WARNING,
        _PUBLISHER,
        _NAME,
        "The name stays as it is: something else in the zone has it, its owner is not known, or Route 53 refuses it. "
        "Run `orgdns explain NAME`.",
    ),
    Message(
        "name will be retried",
        Level.WARNING,
        _PUBLISHER,
        _NAME,
        "The stream delivers the name again. If it lasts, see [names-overdue](runbook/names-overdue.md).",
    ),
    Message(
        "name not published", Level.INFO, _PUBLISHER, _NAME, "Publishing is paused; the audit after the pause finds it."
    ),
    Message(
        "name deferred",
        Level.DEBUG,
        _PUBLISHER,
        f"account {_NAME}",
        "The name went to the backlog because of the account.",
    ),
    Message(
        "name unreadable",
        Level.WARNING,
        _PUBLISHER,
        _NAME,
        "A row of the name cannot be read; it stays as it is. See [unreadable](runbook/unreadable.md).",
    ),
    Message(
        "missing claims restored",
        Level.WARNING,
        _PUBLISHER,
        f"{_NAME} restored",
        "Claims of these instances were missing in the ledger although their rows have them. If it goes on, look who "
        "writes to the table.",
    ),
    Message(
        "shared name full",
        Level.WARNING,
        _PUBLISHER,
        f"{_NAME} left_out",
        "More instances share the name than it can have. The oldest ones hold it.",
    ),
    Message(
        "change dropped",
        Level.WARNING,
        _PUBLISHER,
        "event_id reason",
        "A record of the ledger's stream cannot be read. The next audit finds its name.",
    ),
    Message(
        "names deferred",
        Level.INFO,
        _PUBLISHER,
        "accounts names",
        "How many names of a run went to the backlog, and because of which accounts, the first ten.",
    ),
    Message("names released", Level.INFO, _PUBLISHER, "messages names", "How many names came back from the backlog."),
    Message(
        "message of the backlog will be retried",
        Level.WARNING,
        _PUBLISHER,
        "messages reason",
        "Their names found no tokens of Route 53's quota in time, or the ledger did not take them. They come again "
        "after half an hour.",
    ),
    Message(
        "names will come back from the backlog later or again",
        Level.WARNING,
        _PUBLISHER,
        "reason",
        "Further messages could not be received or deleted. That does no harm.",
    ),
    Message(
        "message of the backlog dropped",
        Level.WARNING,
        _PUBLISHER,
        "message_id reason",
        "The message has no names of orgdns. Find out who writes to the queue.",
    ),
    Message(
        "names of the backlog dropped",
        Level.WARNING,
        _PUBLISHER,
        "message_id names",
        "So many names of the message cannot be read. The next audit finds them.",
    ),
    Message(
        "zone closed",
        Level.ERROR,
        _PUBLISHER,
        _NAME,
        "The writer role may not change the zone; the name waits. See [zones-closed](runbook/zones-closed.md).",
    ),
    Message(
        "zone closed", Level.ERROR, _PUBLISHER, "reason zone", "The same, found by the check that follows a heartbeat."
    ),
    Message("zone open", Level.DEBUG, _PUBLISHER, "zone", "The writer role may change the zone."),
    Message(
        "zone open again",
        Level.INFO,
        _PUBLISHER,
        "zone",
        "It may again. An audit, which begins within minutes, publishes the names that waited.",
    ),
    Message(
        "zone not checked",
        Level.WARNING,
        _PUBLISHER,
        "reason zone",
        "Route 53 did not answer, or throttled. The next heartbeat checks the zone again.",
    ),
    Message("heartbeat answered", Level.INFO, _PUBLISHER, "seconds", "How long a heartbeat took for the whole path."),
    Message(
        "publisher waits",
        Level.ERROR,
        _PUBLISHER,
        "names reason seconds",
        "The publisher repeats a batch with names that wait for so long. See "
        "[names-overdue](runbook/names-overdue.md).",
    ),
)
