"""The rows on what events miss, on sweeps, audits and associations, and on what costs money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.monitoring.dashboard.widgets import HOUR, Graph, Line, LogTable, Note, counts, of_function, queue, runs, states
from hub.runtime.installation import log_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.monitoring.dashboard.widgets import Row
    from hub.runtime.installation import Names

# The sweeper logs each sweep with how many changes no event had reported.
_MISSED_BY_SPOKE: Final = (
    'filter message = "spoke swept" and missed > 0 | stats sum(missed) as changes, count(*) as sweeps by spoke '
    "| sort changes desc | limit 20"
)


def event_loss_rows(names: Names) -> Iterator[Row]:
    """Yield what events missed, and where, and how sweeps and audits go."""
    yield (Note("## Event loss, sweeps and audits"),)
    troubles = states(
        ("SpokesMissingEvents", "miss events"),
        ("SpokesWithUndeliveredEvents", "deliver no events"),
        ("SpokesWithFailedLooks", "cannot be described"),
        ("SpokesUnreachable", "unreachable"),
        ("SpokesAndZonesUnreadable", "unreadable, with zones"),
    )
    yield (
        Graph(
            "Changes of an hour that no event reported", "changes", counts(("EventsMissed", "missed")), 6, period=HOUR
        ),
        Graph("Spokes that need attention", "spokes", troubles, 6),
        LogTable(
            "Changes that no event reported, by account and region",
            log_group(names.sweeper_function),
            _MISSED_BY_SPOKE,
            12,
        ),
    )
    swept = counts(("SpokesSwept", "swept"), ("SpokesNotSwept", "not completely"))
    waiting = states(
        ("SweepsAndAuditsOverdue", "sweeps and audits overdue"),
        ("SpokesOnOldPolicy", "spokes on an old policy"),
        ("PendingRemovals", "await orgdns approve"),
    )
    audited = counts(
        ("ZonesAudited", "zones audited"),
        ("ZonesNotAudited", "not completely"),
        ("NamesThatDiffer", "names that differ"),
        ("NamesChangedByOthers", "names changed by others"),
        ("LedgerRowsRepaired", "rows of the ledger repaired"),
    )
    yield (
        queue("Tasks of the sweeper", names.sweeps_queue, 5),
        runs(names.sweeper_function, 4),
        Graph("Sweeps of an hour", "spokes", swept, 5, period=HOUR),
        Graph("Sweeps, audits and removals that wait", "spokes and zones", waiting, 5),
        Graph("Audits of an hour", "zones and names", audited, 5, period=HOUR),
    )


def association_rows(names: Names) -> Iterator[Row]:
    """Yield how VPCs get the zones that they should resolve."""
    yield (Note("## Associations of VPCs with zones"),)
    changed = counts(
        ("AssociationsChanged", "changed"),
        ("AssociationsRefused", "refused"),
        ("AssociationEndsRefused", "ends refused"),
        ("AssociationsRemovedByOthers", "removed by others"),
        ("ZonesFullOfVpcs", "zone or VPC full"),
    )
    troubles = states(
        ("SpokesWithUnknownVpcs", "VPCs cannot be described"),
        ("SpokesWithRefusedAssociations", "associations refused"),
    )
    yield (
        queue("Tasks and events of VPCs", names.associations_queue, 6),
        runs(names.associator_function, 6),
        Graph("Associations", "associations", changed, 6),
        Graph("Spokes that need attention because of their VPCs", "spokes", troubles, 6),
    )


def cost_rows(names: Names, functions: Sequence[str]) -> Iterator[Row]:
    """Yield what AWS charges for by use: runs, their time, units of the ledger's table, and logs."""
    yield (Note("## What costs money"),)
    shown = {function: names.within(function) for function in functions}
    of_table = (("TableName", names.ledger_table),)
    units = (("ConsumedReadCapacityUnits", "read units"), ("ConsumedWriteCapacityUnits", "write units"))
    yield (
        Graph(
            "Lambda: time of an hour's runs",
            "milliseconds",
            tuple(of_function(function, "Duration", label) for function, label in shown.items()),
            6,
            period=HOUR,
        ),
        Graph(
            "Lambda: runs of an hour",
            "runs",
            tuple(of_function(function, "Invocations", label) for function, label in shown.items()),
            6,
            period=HOUR,
        ),
        Graph(
            "DynamoDB: units of an hour",
            "units",
            tuple(Line(metric, label, "Sum", "AWS/DynamoDB", of_table) for metric, label in units),
            6,
            period=HOUR,
        ),
        Graph("Logs of an hour", "bytes", tuple(_log_bytes(*each) for each in shown.items()), 6, period=HOUR),
    )


def _log_bytes(function: str, label: str) -> Line:
    return Line("IncomingBytes", label, "Sum", "AWS/Logs", (("LogGroupName", log_group(function)),))
