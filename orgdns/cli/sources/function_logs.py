"""Whether the functions write logs, asked of CloudWatch with the operator's credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.model.names import Millis
from orgdns.cli.reports.status.function_logs import PERIOD, unlogged_since
from orgdns.cli.reports.status.overview import FunctionLogs

if TYPE_CHECKING:
    from collections.abc import Mapping

# How far back the function asks, in seconds.
_WINDOW: Final = 3 * 3600


def function_logs(client: Any, now: Millis) -> FunctionLogs:  # noqa: ANN401 - the development requirements have no types of this service
    """The functions that run without a log. If that cannot be read, that is known of them: unknown is not well."""
    end = now // 1_000
    start = (end - _WINDOW) // PERIOD * PERIOD
    queries = [query for number, name in enumerate(contract.FUNCTIONS) for query in _queries(number, name)]
    try:
        answer = client.get_metric_data(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(start, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
        )
    except (ClientError, BotoCoreError) as error:
        needed = "cloudwatch:GetMetricData"
        return FunctionLogs(fault=f"whether the functions write logs is unknown: it takes {needed}. AWS says: {error}")
    counted = {result["Id"]: _starts(result) for result in answer["MetricDataResults"]}
    found = {
        name: unlogged_since(counted[f"invoked{number}"], counted[f"logged{number}"], now)
        for number, name in enumerate(contract.FUNCTIONS)
    }
    return FunctionLogs({name: since for name, since in found.items() if since})


def _queries(number: int, function: str) -> tuple[Mapping[str, Any], ...]:
    return (
        _query(f"invoked{number}", "AWS/Lambda", "Invocations", "FunctionName", function),
        _query(
            f"logged{number}", "AWS/Logs", "IncomingLogEvents", "LogGroupName", f"{contract.LOG_GROUP_PREFIX}{function}"
        ),
    )


def _query(query_id: str, namespace: str, name: str, dimension: str, value: str) -> Mapping[str, Any]:
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}]}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": PERIOD, "Stat": "Sum"}}


def _starts(result: Mapping[str, Any]) -> list[Millis]:
    """The starts of the periods in which something was counted."""
    counts = zip(result["Timestamps"], result["Values"], strict=True)
    return [Millis(int(moment.timestamp() * 1_000)) for moment, count in counts if count]
