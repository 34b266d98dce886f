"""The objective and the lost events of the last days, asked of CloudWatch with the operator's credentials.

CloudWatch keeps the counts of minutes for 15 days, and of hours for 455 days (CloudWatch User Guide, "Metrics
retention", https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html). A request has at
most 500 queries, and an answer may have several pages (API Reference, GetMetricData,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.model.names import Millis
from orgdns.cli.reports.times import time
from orgdns.report.model import Hour, Seconds, Trend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.installation import Names
    from hub.runtime.model.names import Fqdn

DAYS: Final = 14
_HOUR: Final = 3_600
_DAY: Final = 86_400
# Two queries each, below the 500 of a request.
_ZONES: Final = 200
_COUNTS: Final = {"in_time": "NamesInTime", "late": "NamesLate", "missed": "EventsMissed", "dropped": "EventsDropped"}
_PERCENTILES: Final = {"half": "p50", "most": "p99"}


def trend(client: Any, names: Names, zone_ids: Mapping[Fqdn, str], now: Millis) -> Trend:  # noqa: ANN401 - the development requirements have no types of this service
    """What CloudWatch counted by hour, and how long names took by day. If it cannot be read, that is known of it."""
    namespace = names.metrics_namespace
    # Days of the calendar, so that a value is the same in each report.
    start = (now // 1_000 - DAYS * _DAY) // _DAY * _DAY
    zones = dict(sorted(zone_ids.items())[:_ZONES])
    queries = [_query(key, namespace, metric, "Sum", _HOUR) for key, metric in _COUNTS.items()]
    for number, zone_id in enumerate(zones.values()):
        queries += [
            _query(f"{key}{number}", namespace, "SecondsToRecord", statistic, _DAY, zone_id)
            for key, statistic in _PERCENTILES.items()
        ]
    values: defaultdict[str, dict[str, float]] = defaultdict(dict)
    try:
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(now // 1_000 + 1, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                moments = (time(Millis(int(moment.timestamp() * 1_000))) for moment in result["Timestamps"])
                values[result["Id"]].update(zip(moments, result["Values"], strict=True))
    except (ClientError, BotoCoreError) as error:
        return Trend(fault=f"How long names took is unknown: it takes cloudwatch:GetMetricData. AWS says: {error}")
    return Trend(
        since=time(Millis(start * 1_000)),
        hours=tuple(
            Hour(at, **{key: int(values[key].get(at, 0)) for key in _COUNTS})
            for at in sorted({at for key in _COUNTS for at in values[key]})
        ),
        latency=tuple(
            Seconds(domain.removesuffix("."), at, half, values[f"most{number}"].get(at, half))
            for number, domain in enumerate(zones)
            for at, half in sorted(values[f"half{number}"].items())
        ),
    )


def _query(
    query_id: str, namespace: str, name: str, statistic: str, period: int, zone_id: str = ""
) -> Mapping[str, Any]:
    dimensions = [{"Name": "service", "Value": contract.SERVICE}]
    dimensions += [{"Name": "zone", "Value": zone_id}] if zone_id else []
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic}}
