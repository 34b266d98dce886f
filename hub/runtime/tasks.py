"""What the sweeper and the associator are asked to do, as messages of their queues. Pure.

Only the schedules and the sweeper itself may send such messages; each is checked all the same.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.events import VPC_ID, NotOurs
from hub.runtime.model import Spoke
from hub.runtime.status import AskForAudits, AskForSweeps, Associate, Audit, Sweep, Task

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
        case Associate(Spoke(account, region), vpc_ids, let_go):
            fields = {contract.TASK: contract.ASSOCIATE, "account": account, "region": region, "vpcs": list(vpc_ids)}
            fields |= {"let_go": True} if let_go else {}
        case AskForSweeps():
            fields = {contract.TASK: contract.ASK_FOR_SWEEPS}
        case AskForAudits():
            fields = {contract.TASK: contract.ASK_FOR_AUDITS}
    return json.dumps(fields)


def task_of(body: str) -> Task:
    """The task that a message stands for.

    Raises:
        NotOurs: When it stands for none.
    """
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as broken:
        raise NotOurs("the message is no JSON") from broken
    if not isinstance(fields, dict):
        raise NotOurs("the message is no JSON object")
    match fields:
        case {contract.TASK: contract.ASK_FOR_SWEEPS}:
            return AskForSweeps()
        case {contract.TASK: contract.ASK_FOR_AUDITS}:
            return AskForAudits()
        case {contract.TASK: contract.SWEEP} if spoke := _spoke(fields):
            return Sweep(spoke)
        case {contract.TASK: contract.AUDIT, "zones": [*zones]} if _all(_ZONE_ID, zones):
            return Audit(tuple(zones))
        case {contract.TASK: contract.ASSOCIATE, "vpcs": [*vpcs]} if (spoke := _spoke(fields)) and _all(VPC_ID, vpcs):
            return Associate(spoke, tuple(vpcs), let_go=fields.get("let_go") is True)
        case _:
            pass
    raise NotOurs("the message is no task of orgdns")


def _spoke(fields: dict[str, Any]) -> Spoke | None:
    match fields:
        case {"account": str(account), "region": str(region)}:
            return Spoke(account, region) if _ACCOUNT.fullmatch(account) and _REGION.fullmatch(region) else None
        case _:
            return None


def _all(shape: re.Pattern[str], texts: list[Any]) -> bool:
    return all(isinstance(text, str) and shape.fullmatch(text) for text in texts)
