"""What an event says: which instance to look at. Pure.

An event is a hint. Account and region are set by EventBridge itself and `aws.*` sources are closed to customers
(EventBridge API Reference, PutEvents); still, all that is taken from it is which instance to look at, and that one of
the two final states was reached.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.model import InstanceRef, InstanceState, Spoke
from hub.runtime.naming import cut

_INSTANCE_ARN: Final = re.compile(r"arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):instance/(i-[0-9a-f]{8,17})")
VPC_ID: Final = re.compile(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_VPC_ARN: Final = re.compile(r"arn:aws[a-z-]*:ec2:([a-z0-9-]{1,32}):([0-9]{12}):vpc/(vpc-[0-9a-f]{8,17})")

# The tags of an instance, sorted.
Tags = tuple[tuple[str, str], ...]


class NotOurs(Exception):
    """A message that can never succeed; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Look at this instance.

    `state` is what a state-change event reports, None for a tag change. `told` are the tags that tag changes report,
    all of an instance each time: never taken for true, but a look that does not show one of them may have come too
    early. `attempt` counts from 1 how often the hint was delivered, and `time` is the event's own.
    """

    ref: InstanceRef
    state: InstanceState | None = None
    told: frozenset[Tags] = frozenset()
    attempt: int = 1
    time: str = ""

    @property
    def final(self) -> bool:
        """Whether the event says that the instance ends."""
        return self.state is not None and self.state.final


def hint_of(body: str, attempt: int = 1) -> Hint:
    """The hint in an event as EventBridge delivers it.

    Raises:
        NotOurs: When it is no JSON, no event of the two kinds, or contradicts itself.
    """
    event, detail = _event(body)
    ref = _subject(event)
    match event.get("source"), event.get("detail-type"):
        case contract.STATE_SOURCE, contract.STATE_DETAIL_TYPE:
            if detail.get("instance-id") != ref.id:
                raise NotOurs("detail.instance-id is not the instance of resources")
            return Hint(ref, _state(detail.get("state")), attempt=attempt)
        case contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE:
            return Hint(ref, told=_told(detail), attempt=attempt, time=str(event.get("time") or ""))
        case source, detail_type:
            raise NotOurs(f"an event of source {_short(source)} and detail-type {_short(detail_type)} is not ours")


def vpc_hint_of(body: str) -> tuple[Spoke, str]:
    """The spoke and the id of the VPC that an event is about: look at it.

    Of a call that CloudTrail logged, account and region are EventBridge's own, as of any event; which VPC it is stands
    in the call itself ("Amazon EC2 API calls via CloudTrail",
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-cloudtrail.html).

    Raises:
        NotOurs: When it is no JSON, no event of the two kinds, or contradicts itself.
    """
    event, detail = _event(body)
    match event.get("source"), event.get("detail-type"):
        case contract.STATE_SOURCE, contract.CALL_DETAIL_TYPE:
            spoke = Spoke(str(event.get("account")), str(event.get("region")))
            if not re.fullmatch(r"[0-9]{12}/[a-z0-9-]{1,32}", str(spoke)) or detail.get("awsRegion") != spoke.region:
                raise NotOurs("the call was made in another region than the event comes from")
            match detail:
                case {"eventName": "CreateVpc", "responseElements": {"vpc": {"vpcId": str(vpc_id)}}}:
                    pass
                case {"eventName": "DeleteVpc" | "ModifyVpcAttribute", "requestParameters": {"vpcId": str(vpc_id)}}:
                    pass
                case _:
                    raise NotOurs("the call is none that makes, changes or deletes a VPC")
            if not VPC_ID.fullmatch(vpc_id):
                raise NotOurs(f"{_short(vpc_id)} is no VPC")
            return spoke, vpc_id
        case contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE:
            account, region, vpc_id = _resource(event, _VPC_ARN, "VPC")
            return Spoke(account, region), vpc_id
        case source, detail_type:
            raise NotOurs(f"an event of source {_short(source)} and detail-type {_short(detail_type)} is not ours")


def _event(body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event, and its detail."""
    try:
        event = json.loads(body)
    except ValueError as broken:
        raise NotOurs("the message is no JSON") from broken
    except RecursionError as broken:
        raise NotOurs("the message is nested too deeply") from broken
    if not isinstance(event, dict):
        raise NotOurs("the message is no JSON object")
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise NotOurs("the event has no detail")
    return event, detail


def _subject(event: dict[str, Any]) -> InstanceRef:
    """The one instance that the event is about."""
    return InstanceRef(*_resource(event, _INSTANCE_ARN, "instance"))


def _resource(event: dict[str, Any], arn: re.Pattern[str], what: str) -> tuple[str, str, str]:
    """Account, region and id of the one resource that the event is about."""
    resources = event.get("resources")
    if not (isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str)):
        raise NotOurs("the event does not name one resource")
    match = arn.fullmatch(resources[0])
    if match is None:
        raise NotOurs(f"{_short(resources[0])} is no {what}")
    region, account, resource_id = match.groups()
    if (event.get("account"), event.get("region")) != (account, region):
        raise NotOurs("the resource lies in another account or region than the event")
    return account, region, resource_id


def _told(detail: dict[str, Any]) -> frozenset[Tags]:
    """The tags as the event has them; nothing where the event does not tell all of them."""
    tags = detail.get("tags")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        return frozenset()
    return frozenset({tuple(sorted(tags.items()))})


def _state(text: object) -> InstanceState:
    try:
        return InstanceState(str(text))
    except ValueError as unknown:
        raise NotOurs(f"{_short(text)} is no state of an instance") from unknown


def _short(value: object) -> str:
    """A stranger's value for a message: quoted, and cut."""
    return cut(repr(value), 80)
