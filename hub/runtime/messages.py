"""What the sweeper and the associator are asked to do, as messages of their queues. Pure.

Only the schedules and the sweeper itself may send such messages; each is checked all the same.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Associate, Audit, ScheduleAudits, ScheduleSweeps, Sweep, Task
from hub.runtime.names.labels import cut

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_ZONE_ID: Final = re.compile(r"[A-Z0-9]{1,32}")


def body_of(task: Task) -> str:
    """The message that stands for a task."""
    match task:
        case Sweep(Spoke(account, region)):
            fields: dict[str, object] = {contract.TASK: contract.SWEEP, "account": account, "region": region}
        case Audit(zone_ids):
            fields = {contract.TASK: contract.AUDIT, "zones": list(zone_ids)}
        case Associate(Spoke(account, region), vpc_ids, abandon):
            fields = {contract.TASK: contract.ASSOCIATE, "account": account, "region": region, "vpcs": list(vpc_ids)}
            fields |= {"abandon": True} if abandon else {}
        case ScheduleSweeps():
            fields = {contract.TASK: contract.SCHEDULE_SWEEPS}
        case ScheduleAudits():
            fields = {contract.TASK: contract.SCHEDULE_AUDITS}
    return json.dumps(fields)


def content_of(body: str) -> dict[str, Any]:
    """The JSON object that a message is.

    Raises:
        NotOurs: When it is none.
    """
    try:
        content = json.loads(body)
    except ValueError as broken:
        raise NotOurs("the message is no JSON") from broken
    except RecursionError as broken:
        raise NotOurs("the message is nested too deeply") from broken
    if not isinstance(content, dict):
        raise NotOurs("the message is no JSON object")
    return content


def task_of(body: str) -> Task:
    """The task that a message stands for.

    Raises:
        NotOurs: When it stands for none.
    """
    return task_in(content_of(body))


def task_in(content: dict[str, Any]) -> Task:
    """The task in the content of a message; raises NotOurs when there is none."""
    match content:
        case {contract.TASK: contract.SCHEDULE_SWEEPS}:
            return ScheduleSweeps()
        case {contract.TASK: contract.SCHEDULE_AUDITS}:
            return ScheduleAudits()
        case {contract.TASK: contract.SWEEP} if spoke := _spoke(content):
            return Sweep(spoke)
        case {contract.TASK: contract.AUDIT, "zones": [*zones]} if _all(_ZONE_ID, zones):
            return Audit(tuple(zones))
        case {contract.TASK: contract.ASSOCIATE, "vpcs": [*vpcs]} if (spoke := _spoke(content)) and _all(VPC_ID, vpcs):
            return Associate(spoke, tuple(vpcs), abandon=content.get("abandon") is True)
        case _:
            pass
    raise NotOurs("the message is no task of orgdns")


def _spoke(content: dict[str, Any]) -> Spoke | None:
    match content:
        case {"account": str(account), "region": str(region)}:
            return Spoke(account, region) if _ACCOUNT.fullmatch(account) and _REGION.fullmatch(region) else None
        case _:
            return None


def _all(shape: re.Pattern[str], texts: list[Any]) -> bool:
    return all(isinstance(text, str) and shape.fullmatch(text) for text in texts)


VPC_ID: Final = re.compile(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})")


class NotOurs(Exception):
    """A message that can never succeed; the message is the reason."""


def detail_of(event: dict[str, Any]) -> dict[str, Any]:
    """The detail of an event; raises NotOurs when it has none."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise NotOurs("the event has no detail")
    return detail


def resource_of(event: dict[str, Any], arn: re.Pattern[str], what: str) -> tuple[str, str, str]:
    """Account, region and id of the one resource that the event is about."""
    resources = event.get("resources")
    if not (isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str)):
        raise NotOurs("the event does not name one resource")
    match = arn.fullmatch(resources[0])
    if match is None:
        raise NotOurs(f"{short(resources[0])} is no {what}")
    region, account, resource_id = match.groups()
    if (event.get("account"), event.get("region")) != (account, region):
        raise NotOurs("the resource lies in another account or region than the event")
    return account, region, resource_id


def short(value: object) -> str:
    """A stranger's value for a message: quoted, and cut."""
    return cut(repr(value), 80)
