"""The hub's alarms that are in ALARM, read with the operator's credentials."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hub.runtime.model.names import Millis
from orgdns.cli.reports.status.overview import Alarms, FiringAlarm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.installation import Names

_PAGE: Final = re.compile(r" See docs/runbook/([a-z-]+)\.md\.$")


def firing_alarms(client: Any, names: Names) -> Alarms:  # noqa: ANN401 - the development requirements have no types of this service
    """The alarms in ALARM. If they cannot be read, that is known of them: unknown is not well."""
    try:
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=names.of(""), StateValue="ALARM", AlarmTypes=["MetricAlarm"]
        )
        found = [alarm for page in pages for alarm in page["MetricAlarms"] if _is_of(names, alarm)]
    except (ClientError, BotoCoreError) as error:
        return Alarms(fault=f"whether an alarm fires is unknown: it takes cloudwatch:DescribeAlarms. AWS says: {error}")
    return Alarms(
        tuple(
            FiringAlarm(
                names.within(alarm["AlarmName"]),
                Millis(int(alarm["StateUpdatedTimestamp"].timestamp() * 1_000)),
                alarm.get("AlarmDescription", "").partition(" See docs/")[0],
                alarm.get("StateReason", ""),
            )
            for alarm in found
        )
    )


def _is_of(names: Names, alarm: Mapping[str, Any]) -> bool:
    """Whether an alarm is of this installation, and not of another one whose name begins like this one's.

    Its description ends with its page of the runbook, which has the alarm's name within its installation.
    """
    page = _PAGE.search(alarm.get("AlarmDescription", ""))
    return page is None or names.of(page[1]) == alarm["AlarmName"]
