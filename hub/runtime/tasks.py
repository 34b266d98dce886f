"""What the sweeper is asked to do, as messages of its queue. Pure.

Only the schedules and the sweeper itself may send to that queue; a message is checked all the same.
"""

from __future__ import annotations

import json
import re
from typing import Final

from hub.runtime import contract
from hub.runtime.events import NotOurs
from hub.runtime.model import Spoke
from hub.runtime.status import AskForAudits, AskForSweeps, Audit, Sweep, Task

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
        case {contract.TASK: contract.SWEEP, "account": str(account), "region": str(region)}:
            if _ACCOUNT.fullmatch(account) and _REGION.fullmatch(region):
                return Sweep(Spoke(account, region))
        case {contract.TASK: contract.AUDIT, "zones": [*zones]}:
            if all(isinstance(zone, str) and _ZONE_ID.fullmatch(zone) for zone in zones):
                return Audit(tuple(zones))
        case _:
            pass
    raise NotOurs("the message is no task of the sweeper")
