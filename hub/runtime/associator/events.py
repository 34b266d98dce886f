"""The task in a message of the associator's queue, or the VPC that an event names. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.messages import VPC_ID, NotOurs, content_of, detail_of, resource_of, short, spoke_of_call, task_in
from hub.runtime.model.names import Spoke
from hub.runtime.model.tasks import Associate

_VPC_ARN: Final = re.compile(r"arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):vpc/(vpc-[0-9a-f]{8,17})")


def association_of(body: str) -> Associate:
    """Return the task in a message of the associator's queue, or the task that a VPC's event calls for.

    Raises:
        NotOurs: if the message is neither.
    """
    content = content_of(body)
    if contract.TASK not in content:
        spoke, vpc_id = _vpc_hint(content)
        return Associate(spoke, (vpc_id,), by_event=True)
    task = task_in(content)
    if not isinstance(task, Associate):
        raise NotOurs("the message is a task for the sweeper")
    return task


def vpc_hint_of(body: str) -> tuple[Spoke, str]:
    """Return the spoke and the id of the VPC that an event names.

    EventBridge sets the account and region of every event, also of a call that CloudTrail logged. The id of the VPC is
    part of the logged call ("Amazon EC2 API calls via CloudTrail",
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-cloudtrail.html).

    Raises:
        NotOurs: if the body is not JSON, not an event of one of the two kinds, or contradicts itself.
    """
    return _vpc_hint(content_of(body))


def _vpc_hint(event: dict[str, Any]) -> tuple[Spoke, str]:
    detail = detail_of(event)
    match event.get("source"), event.get("detail-type"):
        case contract.STATE_SOURCE, contract.CALL_DETAIL_TYPE:
            spoke = spoke_of_call(event)
            match detail:
                case {"eventName": "CreateVpc", "responseElements": {"vpc": {"vpcId": str(vpc_id)}}}:
                    pass
                case {"eventName": "DeleteVpc" | "ModifyVpcAttribute", "requestParameters": {"vpcId": str(vpc_id)}}:
                    pass
                case _:
                    raise NotOurs("the call does not create, change or delete a VPC")
            if not VPC_ID.fullmatch(vpc_id):
                raise NotOurs(f"{short(vpc_id)} is not the id of a VPC")
            return spoke, vpc_id
        case contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE:
            account, region, vpc_id = resource_of(event, _VPC_ARN, "a VPC")
            return Spoke(account, region), vpc_id
        case source, detail_type:
            raise NotOurs(
                f"orgdns does not handle events of source {short(source)} and detail-type {short(detail_type)}"
            )
