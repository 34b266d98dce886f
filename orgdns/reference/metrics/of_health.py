"""The metrics of what needs a person, counted by each run of the schedule, and AWS's metrics that alarms watch."""

from typing import Final

from orgdns.reference.functions import Function
from orgdns.reference.metrics.metric import AwsMetric, Metric

_SWEEPER: Final = (Function.SWEEPER,)

OF_HEALTH: Final = (
    Metric(
        "PendingRemovals", _SWEEPER, "Spokes and zones with removals that await approval.", alarm="pending-removals"
    ),
    Metric("SpokesUnreachable", _SWEEPER, "Spokes that deny access.", alarm="spokes-unreachable"),
    Metric(
        "SweepsAndAuditsOverdue",
        _SWEEPER,
        "Spokes and zones without a complete sweep or audit in time. Missing if the sweeper does not run.",
        alarm="sweeps-overdue",
    ),
    Metric("SpokesOnOldPolicy", _SWEEPER, "Reachable spokes that were not swept by the current policy yet."),
    Metric(
        "ZonesWithDampedRepairs",
        _SWEEPER,
        "Zones in which others keep changing records, so that repairs wait for audits.",
        alarm="records-contested",
    ),
    Metric(
        "SpokesAndZonesUnreadable", _SWEEPER, "Spokes and zones of which something cannot be read.", alarm="unreadable"
    ),
    Metric(
        "SpokesWithFailedLooks",
        _SWEEPER,
        "Spokes whose instances could not be described when their events came.",
        alarm="looks-failing",
    ),
    Metric(
        "SpokesMissingEvents",
        _SWEEPER,
        "Spokes in which two sweeps in a row, or one with five changes, found what no event reported.",
        alarm="events-missed",
    ),
    Metric(
        "SpokesWithUndeliveredEvents",
        _SWEEPER,
        "Spokes whose queue of undelivered events grew since the sweep before, or cannot be counted.",
        alarm="events-undelivered",
    ),
    Metric("SpokesWithUnknownVpcs", _SWEEPER, "Spokes whose VPCs cannot be described.", alarm="vpcs-unknown"),
    Metric(
        "SpokesWithRefusedAssociations",
        _SWEEPER,
        "Spokes with VPCs that AWS refuses to associate with a zone, or to take a zone from.",
        alarm="associations-refused",
    ),
    Metric("ZonesClosed", _SWEEPER, "Zones that the writer role may not read or change.", alarm="zones-closed"),
    Metric(
        "AccountsNearLimit",
        _SWEEPER,
        "Accounts that use 80 % of a limit in a zone, once for each limit.",
        alarm="accounts-near-limit",
    ),
    Metric(
        "ZonesNearLimit",
        _SWEEPER,
        "Zones and Profiles that use 80 % of a quota, once for each quota.",
        alarm="zones-near-limit",
    ),
)

OF_AWS: Final = (
    AwsMetric(
        "Errors", "AWS/Lambda", "FunctionName", "Runs of a function that ended with an error.", ("functions-failing",)
    ),
    AwsMetric("Throttles", "AWS/Lambda", "FunctionName", "Runs that Lambda did not start.", ("functions-throttled",)),
    AwsMetric(
        "IteratorAge",
        "AWS/Lambda",
        "FunctionName",
        "The age of the last change in a batch of the ledger's stream, in milliseconds: of the publisher, and of the "
        "historian.",
        ("history-behind", "stream-behind"),
    ),
    AwsMetric(
        "ApproximateAgeOfOldestMessage",
        "AWS/SQS",
        "QueueName",
        "The age of the oldest message of a queue in seconds, without those that were received three times.",
        ("associations-waiting", "backlog-waiting", "events-waiting", "sweeps-waiting"),
    ),
    AwsMetric(
        "ApproximateNumberOfMessagesVisible",
        "AWS/SQS",
        "QueueName",
        "The messages of a dead-letter queue.",
        (
            "associations-dead-letters",
            "backlog-dead-letters",
            "events-dead-letters",
            "publisher-dead-letters",
            "sweeps-dead-letters",
        ),
    ),
)
