"""The signs that a role lacks a permission, asked of CloudWatch with the operator's credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.model.names import Millis
from orgdns.cli.reports.status.overview import Permissions
from orgdns.cli.reports.status.permissions import PERIOD, Metric, signs, since

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.installation import Names

# How far back it asks, in seconds.
_WINDOW: Final = 3 * 3600


def permissions(client: Any, names: Names, now: Millis) -> Permissions:  # noqa: ANN401 - the development requirements have no types of this service
    """The signs that show. If they cannot be read, that is known of them: unknown is not well."""
    end = now // 1_000
    start = (end - _WINDOW) // PERIOD * PERIOD
    looked_for = signs(names)
    metrics = [metric for sign in looked_for for metric in (sign.happens, sign.follows) if metric]
    try:
        answer = client.get_metric_data(
            MetricDataQueries=[_query(number, metric) for number, metric in enumerate(metrics)],
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
    except (ClientError, BotoCoreError) as error:
        what = "whether roles lack permissions is unknown"
        return Permissions(fault=f"{what}: it takes cloudwatch:GetMetricData. AWS says: {error}")
    answered = {result["Id"]: _starts(result) for result in answer["MetricDataResults"]}
    counted = {metric: answered.get(_id(number), []) for number, metric in enumerate(metrics)}
    found = ((sign, since(sign, counted[sign.happens], _of(sign.follows, counted), now)) for sign in looked_for)
    return Permissions(tuple((sign, start) for sign, start in found if start))


def _query(number: int, metric: Metric) -> Mapping[str, Any]:
    dimensions = [{"Name": metric.dimension, "Value": metric.value}]
    of = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Id": _id(number), "MetricStat": {"Metric": of, "Period": PERIOD, "Stat": "Sum"}}


def _id(number: int) -> str:
    return f"m{number}"


def _of(metric: Metric | None, counted: Mapping[Metric, list[Millis]]) -> list[Millis]:
    return counted[metric] if metric else []


def _starts(result: Mapping[str, Any]) -> list[Millis]:
    """The starts of the periods in which something was counted."""
    counts = zip(result["Timestamps"], result["Values"], strict=True)
    return [Millis(int(moment.timestamp() * 1_000)) for moment, count in counts if count]
