"""The metrics of names, records and the backlog, and of how long names take."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.metrics.metric import Metric

_PUBLISHER: Final = (Function.PUBLISHER,)
_CALLERS: Final = (Function.PUBLISHER, Function.SWEEPER, Function.ASSOCIATOR)

OF_NAMES: Final = (
    Metric("NamesPublished", _PUBLISHER, "Names whose records were changed as their claims want."),
    Metric(
        "RecordSetsChanged", _PUBLISHER, "Changes of record sets that Route 53 accepted: a CREATE or a DELETE each."
    ),
    Metric("NamesRetried", _PUBLISHER, "Names that a run could not publish and that the stream delivers again."),
    Metric(
        "NamesInConflict",
        _PUBLISHER,
        "Names that stay as they are: a foreign record, an owner that is not known, or a refusal of Route 53.",
    ),
    Metric(
        "NamesInFullZones", _PUBLISHER, "Names that are left out because their zone is at its quota.", alarm="zone-full"
    ),
    Metric(
        "NamesInClosedZones",
        _PUBLISHER,
        "Names that were abandoned two minutes after their change, because the writer role may not change their zone.",
    ),
    Metric("NamesNotPublishedWhilePaused", _PUBLISHER, "Names that were abandoned because publishing is paused."),
    Metric("NamesUnreadable", _PUBLISHER, "Names that stay as they are because a row of theirs cannot be read."),
    Metric(
        "NamesDeferred",
        _PUBLISHER,
        "Names that went to the backlog. By account for the ten accounts with the most names of a run; `audits` are "
        "the marks of audits.",
        further="account",
        also=True,
    ),
    Metric("NamesReleased", _PUBLISHER, "Names that came back from the backlog."),
    Metric(
        "ReleasesRetried", _PUBLISHER, "Messages of the backlog that come again, because nothing could be released."
    ),
    Metric("ReleasesDropped", _PUBLISHER, "Messages of the backlog, or names in them, that cannot be read."),
    Metric("ChangesDropped", _PUBLISHER, "Records of the ledger's stream that cannot be read."),
    Metric("ClaimsRestored", _PUBLISHER, "Claims that were missing although the row of their instance has them."),
    Metric("MembersLeftOut", _PUBLISHER, "Instances that do not hold a shared name, because it is full."),
    Metric(
        "SecondsToRecord",
        _PUBLISHER,
        "From the event of the instance to Route 53's acceptance, for each published name that an event asked for. A "
        "name that came back from the backlog is measured from the change of its claims on.",
        unit="Seconds",
        further="zone",
    ),
    Metric(
        "NamesInTime",
        _PUBLISHER,
        "Names of these that took at most `objective.seconds`. Those from the backlog do not count.",
        alarm="objective",
    ),
    Metric("NamesLate", _PUBLISHER, "The same, for names that took longer.", alarm="objective"),
    Metric(
        "NamesOverdue",
        _PUBLISHER,
        "Names that a run did not publish, and whose claims changed longer ago than `objective.seconds`. Missing if a "
        "run leaves no name.",
        alarm="names-overdue",
    ),
    Metric(
        "Heartbeats",
        _PUBLISHER,
        "Heartbeats that took the whole path. Missing if any stage of it does not work.",
        alarm="path-interrupted",
    ),
    Metric("SecondsToHeartbeat", _PUBLISHER, "How long a heartbeat took for the whole path.", unit="Seconds"),
    Metric("ZonesNotChecked", _PUBLISHER, "Checks of zones without a result: Route 53 did not answer, or throttled."),
    Metric(
        "HealthNotRecorded",
        (Function.OBSERVER, Function.PUBLISHER),
        "What the ledger did not take of the state of the path: heartbeats, failed looks, closed zones. Work goes on.",
    ),
    Metric(
        "Route53Requests",
        _CALLERS,
        "Requests that a run made to Route 53, with those that the SDK repeated: what it took of the account's quota.",
    ),
    Metric("Route53Changes", _CALLERS, "Changes that a run asked of Route 53: what it took of the account's quota."),
)
