"""The hub's alarms that are in ALARM, read with the operator's credentials."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime import contract
from hub.runtime.model.names import Millis
from orgdns.cli.reports.status.overview import Alarms, FiringAlarm


def firing_alarms(client: Any) -> Alarms:  # noqa: ANN401 - the development requirements have no types of this service
    """The alarms in ALARM. If they cannot be read, that is known of them: unknown is not well."""
    try:
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{contract.PREFIX}-", StateValue="ALARM", AlarmTypes=["MetricAlarm"]
        )
        found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    except (ClientError, BotoCoreError) as error:
        return Alarms(fault=f"whether an alarm fires is unknown: it takes cloudwatch:DescribeAlarms. AWS says: {error}")
    return Alarms(
        tuple(
            FiringAlarm(
                alarm["AlarmName"].removeprefix(f"{contract.PREFIX}-"),
                Millis(int(alarm["StateUpdatedTimestamp"].timestamp() * 1_000)),
                alarm.get("AlarmDescription", "").partition(" See docs/")[0],
                alarm.get("StateReason", ""),
            )
            for alarm in found
        )
    )
