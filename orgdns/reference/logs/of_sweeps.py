"""The messages about sweeps, audits, their schedule, and what others change."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.logs.message import Level, Message

_SWEEPER: Final = (Function.SWEEPER,)
_TASKS: Final = (Function.SWEEPER, Function.ASSOCIATOR)
APPROVAL: Final = "removals await approval: run orgdns approve"

OF_SWEEPS: Final = (
    Message(
        "sweeps scheduled",
        Level.INFO,
        _SWEEPER,
        "audits on_old_policy spokes sweeps",
        "A run of the schedule enqueued so many sweeps and audits. It comes every five minutes.",
    ),
    Message("audits scheduled", Level.INFO, _SWEEPER, "", "The daily schedule enqueued audits of all zones."),
    Message(
        "not all could be scheduled",
        Level.WARNING,
        _SWEEPER,
        "faults first",
        "Stack instances, spokes, zones or approvals that cannot be read were left out; the others go on.",
    ),
    Message(
        "account near its limit",
        Level.WARNING,
        _SWEEPER,
        "account counted limit used zone",
        "See [accounts-near-limit](runbook/accounts-near-limit.md).",
    ),
    Message(
        "zone near its limit",
        Level.WARNING,
        _SWEEPER,
        "counted limit used zone",
        "See [zones-near-limit](runbook/zones-near-limit.md).",
    ),
    Message(
        "spoke swept",
        Level.INFO,
        _SWEEPER,
        "changed instances missed names spoke",
        "A complete sweep. `missed` are the changes that an event should have reported.",
    ),
    Message(
        "spoke not swept",
        Level.WARNING,
        _SWEEPER,
        "changed names reason spoke withdrawn",
        "The sweep is not complete. Nothing is removed because of that, unless the spoke was unreachable for longer "
        "than `guards.grace_days`.",
    ),
    Message(
        APPROVAL,
        Level.ERROR,
        _SWEEPER,
        "changed names pending_instances pending_names spoke",
        "A sweep would remove many names of the spoke. See [pending-removals](runbook/pending-removals.md).",
    ),
    Message(
        "zone audited",
        Level.INFO,
        _SWEEPER,
        "differences names repaired zone",
        "A complete audit: the names that differ, and the rows of the ledger that were repaired, by kind.",
    ),
    Message(
        "changes of others without an event",
        Level.WARNING,
        _SWEEPER,
        "changes names reason zone",
        "An audit found what others changed, and no event told of it within seconds. It is repaired, unless it is in "
        "dry run.",
    ),
    Message(
        "zone not audited",
        Level.WARNING,
        _SWEEPER,
        "names reason zone",
        "The zone could not be read completely, or there was no time. The next audit tries again.",
    ),
    Message(
        APPROVAL,
        Level.ERROR,
        _SWEEPER,
        "first_pending names pending_names zone",
        "An audit would remove many names of the zone.",
    ),
    Message(
        "ledger row repaired",
        Level.WARNING,
        _SWEEPER,
        "dns_name instance repaired zone",
        "The ledger had lost the row, or rows contradicted each other. If it goes on, look who writes to the table.",
    ),
    Message(
        "records changed by someone else",
        Level.WARNING,
        _SWEEPER,
        "changed_by in_dry_run repaired wait_for_audit zones",
        "Who it was, the names that are repaired now, those that wait for an audit, and those that a dry run leaves as "
        "they are, ten of each. See [beside.md](beside.md).",
    ),
    Message(
        "audit requested",
        Level.WARNING,
        _SWEEPER,
        "changed_by reason zones",
        "A call changed names that the event does not say, or that could not be read one by one.",
    ),
    Message(
        "label is free",
        Level.INFO,
        _SWEEPER,
        "former_account label",
        "Nothing is left under the label of an account's name; another account can take it.",
    ),
    Message(
        "task will be retried",
        Level.WARNING,
        (Function.SWEEPER, Function.REPORTER),
        "reason task",
        "The ledger, StackSets, a queue or a bucket did not answer. The task comes again after 90 minutes.",
    ),
    Message(
        "task dropped",
        Level.WARNING,
        (*_TASKS, Function.REPORTER),
        "message_id reason",
        "The message is neither a task nor an event of orgdns. Find out who writes to the queue.",
    ),
)
