"""The rows on names and on Route 53: what is published, what is not, and how much of the quotas that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.monitoring.dashboard.widgets import SHORT, Expression, Graph, Level, Line, Note, counts, queue, states
from hub.runtime.rate_limit import BUCKETS, CHANGES, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.monitoring.dashboard.widgets import Row
    from hub.runtime.installation import Names
    from orgdns.config.load import Config


def name_rows(names: Names) -> Iterator[Row]:
    """Yield which names are published, which are not, and which wait because of their own accounts."""
    yield (Note("## Names"),)
    published = counts(("NamesPublished", "names published"), ("RecordSetsChanged", "record sets changed"))
    not_published = counts(
        ("NamesRefused", "refused by policy or limits"),
        ("NamesInConflict", "in conflict with other records"),
        ("NamesInFullZones", "in full zones"),
        ("NamesInClosedZones", "in closed zones"),
        ("NamesUnreadable", "unreadable"),
        ("NamesRetried", "tried again"),
    )
    yield (
        Graph("Published", "names", published, 6),
        Graph("Not published", "names", not_published, 6),
        Graph("Deferred: accounts above their rate", "names", (Expression(_by_account(names), ""),), 6),
        queue("Backlog: deferred names, up to 100 in a message", names.backlog_queue, 6),
    )


def _by_account(names: Names) -> str:
    """The ten accounts with the most. The metric exists only for accounts whose names wait."""
    metrics = f"'{{{names.metrics_namespace},service,account}} MetricName=\"NamesDeferred\"'"
    return f"SORT(SEARCH({metrics}, 'Sum', {SHORT}), SUM, DESC, 10)"


def quota_rows(config: Config) -> Iterator[Row]:
    """Yield how much of Route 53's quotas orgdns uses, and which zones need attention."""
    yield (Note("## Route 53: what orgdns uses of the networking account's quotas, and the zones"),)
    share = config.network.route53_share
    zones = states(
        ("ZonesClosed", "closed to orgdns"),
        ("ZonesNearLimit", "nearly full"),
        ("AccountsNearLimit", "accounts near their limit"),
        ("ZonesWithDampedRepairs", "contested by others"),
    )
    yield (
        _used("Requests a second, on average of five minutes", "Route53Requests", REQUESTS, share),
        _used("Changes a second, on average of five minutes", "Route53Changes", CHANGES, share),
        Graph("Zones that need attention", "zones", zones, 8),
    )


def _used(title: str, metric: str, bucket: str, share: float) -> Graph:
    """The use of a quota. A run counts when it ends, and runs for five minutes at most."""
    _, quota = BUCKETS[bucket]
    used = (Line(metric, bucket, name="used"), Expression("used / PERIOD(used)", bucket))
    levels = (Level(round(share * quota, 4), "share of orgdns"), Level(quota, "quota of the account"))
    return Graph(title, f"{bucket} a second", used, 8, levels)
