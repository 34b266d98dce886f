"""The messages of the hub's queues: tasks, names of the backlog, and EventBridge events. Pure.

Only the schedules, the sweeper, the observer and the publisher may send them; each message is checked nevertheless.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hub.runtime import contract
from hub.runtime.boundary.texts import bounded
from hub.runtime.boundary.unreadable import Malformed, Unreadable, readable
from hub.runtime.model.names import Fqdn, InstanceRef, Millis, NameKey, Spoke
from hub.runtime.model.reasons.cause import NO_REASON, Cause, Reason
from hub.runtime.model.tasks import (
    Associate,
    Audit,
    DeferredName,
    Release,
    ScheduleAudits,
    ScheduleSweeps,
    Sweep,
    Task,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Out = TypeVar("_Out")
VPC_ID: Final = re.compile(r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_ZONE_ID: Final = re.compile(r"[A-Z0-9]{1,32}")
_FILE: Final = re.compile(r"[a-z]{1,32}")
# A name in the key of a row. Route 53 writes other characters as octal numbers.
_FQDN: Final = re.compile(r"[!-~]{1,1024}")
# Milliseconds. DynamoDB and JSON take larger numbers, but no clock has them.
_LATEST: Final = 10**15


class NotOurs(Malformed):
    """A message that can never succeed. The text of the exception says why."""


def content_of(body: str) -> dict[str, Any]:
    """Return the JSON object that is the body of a message.

    Raises:
        NotOurs: if the body is not a JSON object.
    """
    try:
        content = json.loads(body)
    except ValueError as broken:
        raise NotOurs("the message is not valid JSON") from broken
    except RecursionError as broken:
        raise NotOurs("the message is nested too deeply") from broken
    if not isinstance(content, dict):
        raise NotOurs("the message is not a JSON object")
    return content


def body_of(task: Task) -> str:
    """Return the body of the message that carries a task."""
    match task:
        case Sweep(Spoke(account, region), after_call):
            fields: dict[str, object] = {contract.TASK: contract.SWEEP, "account": account, "region": region}
            fields |= {"after_call": True} if after_call else {}
        case Audit(zone_ids):
            fields = {contract.TASK: contract.AUDIT, "zones": list(zone_ids)}
        case Associate(Spoke(account, region), vpc_ids, abandon, _):
            fields = {contract.TASK: contract.ASSOCIATE, "account": account, "region": region, "vpcs": list(vpc_ids)}
            fields |= {"abandon": True} if abandon else {}
        case ScheduleSweeps():
            fields = {contract.TASK: contract.SCHEDULE_SWEEPS}
        case ScheduleAudits():
            fields = {contract.TASK: contract.SCHEDULE_AUDITS}
    return json.dumps(fields)


def group_of(body: str) -> str:
    """Return the MessageGroupId of a message: the account that its task or event is about, so that queues are fair.

    What is about no account has a group of its own. Without a group, each message would be a tenant of its own ("How
    Amazon SQS fair queues work",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html).
    """
    try:
        account = content_of(body).get("account")
    except NotOurs:
        account = None
    return account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else contract.SERVICE


def task_of(body: str) -> Task:
    """Return the task that a message carries.

    Raises:
        NotOurs: if the message does not carry a task.
    """
    return task_in(content_of(body))


def task_in(content: dict[str, Any]) -> Task:
    """Return the task in the content of a message.

    Raises:
        NotOurs: if the content is not a task.
    """
    match content:
        case {contract.TASK: contract.SCHEDULE_SWEEPS}:
            return ScheduleSweeps()
        case {contract.TASK: contract.SCHEDULE_AUDITS}:
            return ScheduleAudits()
        case {contract.TASK: contract.SWEEP} if spoke := _spoke(content):
            return Sweep(spoke, after_call=content.get("after_call") is True)
        case {contract.TASK: contract.AUDIT, "zones": [*zones]} if _all_match(_ZONE_ID, zones):
            return Audit(tuple(zones))
        case {contract.TASK: contract.ASSOCIATE, "vpcs": [*vpcs]} if _all_match(VPC_ID, vpcs) and (
            spoke := _spoke(content)
        ):
            return Associate(spoke, tuple(vpcs), abandon=content.get("abandon") is True)
        case _:
            pass
    raise NotOurs("the message is not a task of orgdns")


def body_of_release(release: Release) -> str:
    """Return the body of the message that carries names of the backlog."""
    names = [[name.key.zone_id, name.key.fqdn, name.changed_at, int(name.marked)] for name in release.names]
    # Beside the names, because a version that keeps no reasons reads names of exactly these four parts.
    reasons = [[name.reason.cause.value, name.reason.by] for name in release.names]
    fields = {contract.TASK: contract.RELEASE, "account": release.account, "names": names, "reasons": reasons}
    return json.dumps(fields, separators=(",", ":"))


def release_of(body: str) -> Release:
    """Return the names of the backlog that a message carries. A name that cannot be read is only counted.

    Raises:
        NotOurs: if the message carries something else.
    """
    match content := content_of(body):
        case {contract.TASK: contract.RELEASE, "account": str(account), "names": [*items]} if (
            _ACCOUNT.fullmatch(account) or not account
        ):
            found = content.get("reasons")
            reasons = found if isinstance(found, list) and len(found) == len(items) else [None] * len(items)
            names = tuple(name for name in map(_deferred_name, items, reasons) if name)
            return Release(account, names, unreadable=len(items) - len(names))
        case _:
            raise NotOurs("the message has no names of the backlog")


def file_of(body: str) -> str:
    """Return the file, by its name in the configuration, that a message asks the reporter to write.

    Raises:
        NotOurs: if the message asks for something else.
    """
    match content_of(body):
        case {contract.TASK: contract.WRITE, "file": str(file)} if _FILE.fullmatch(file):
            return file
        case _:
            raise NotOurs("the message does not ask for a file")


def _deferred_name(item: object, reason: object) -> DeferredName | None:
    match item:
        case [str(zone_id), str(fqdn), int(changed_at), int(marked)] if (
            _ZONE_ID.fullmatch(zone_id) and _FQDN.fullmatch(fqdn) and 0 <= changed_at < _LATEST
        ):
            key = NameKey(zone_id, Fqdn(fqdn))
            return DeferredName(key, Millis(changed_at), marked=bool(marked), reason=_reason(reason))
        case _:
            return None


def _reason(item: object) -> Reason:
    match item:
        case [str(cause), str(by)]:
            return Reason(Cause.named(cause), by if InstanceRef.named(by) else "")
        case _:
            return NO_REASON


def _spoke(content: dict[str, Any]) -> Spoke | None:
    match content:
        case {"account": str(account), "region": str(region)}:
            return Spoke(account, region) if _ACCOUNT.fullmatch(account) and _REGION.fullmatch(region) else None
        case _:
            return None


def _all_match(pattern: re.Pattern[str], values: list[Any]) -> bool:
    return all(isinstance(value, str) and pattern.fullmatch(value) for value in values)


def detail_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the detail of an event.

    Raises:
        NotOurs: if the event has no detail.
    """
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise NotOurs("the event has no detail")
    return detail


def spoke_of_call(event: dict[str, Any]) -> Spoke:
    """Return the spoke of a call that CloudTrail logged, by the account and the region that EventBridge sets.

    Raises:
        NotOurs: if they do not name a spoke, or the call was made in another region.
    """
    spoke = _spoke(event)
    if spoke is None or detail_of(event).get("awsRegion") != spoke.region:
        raise NotOurs("the event and the call in it are from different regions")
    return spoke


def resource_of(event: dict[str, Any], arn: re.Pattern[str], kind: str) -> tuple[str, str, str]:
    """Return the account, the region and the id of the only resource of an event.

    Raises:
        NotOurs: if the event has another number of resources, a resource of another kind, or contradicts itself.
    """
    resources = event.get("resources")
    if not (isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str)):
        raise NotOurs("the event does not have exactly one resource")
    match = arn.fullmatch(resources[0])
    if match is None:
        raise NotOurs(f"{short(resources[0])} is not the ARN of {kind}")
    region, account, resource_id = match.groups()
    if (event.get("account"), event.get("region")) != (account, region):
        raise NotOurs("the resource is in another account or region than the event")
    return account, region, resource_id


def short(value: object) -> str:
    """Return an untrusted value for use in a log line or an error: quoted, and at most 80 characters."""
    return bounded(repr(value), 80)


def parsed(records: list[Any], parse: Callable[[Any], _Out]) -> Iterator[tuple[str, _Out | Unreadable]]:
    """Yield the id of each message of a batch, and what it says. One that is unreadable can never succeed.

    So is a message without an id, which could not be reported to SQS.
    """
    for record in records:
        message_id = readable(_id_of, record, "")
        if isinstance(message_id, Unreadable):
            yield "", message_id
        else:
            yield message_id, readable(parse, record, message_id)


def _id_of(record: Any) -> str:  # noqa: ANN401 - of any type, if it is malformed
    message_id = record["messageId"]
    if not (isinstance(message_id, str) and message_id):
        raise NotOurs("the message has no id")
    return message_id


def deliveries(record: Any) -> int:  # noqa: ANN401 - as above
    """How often SQS has delivered a message, at least."""
    received = readable(lambda each: int(each["attributes"]["ApproximateReceiveCount"]), record, "")
    return 1 if isinstance(received, Unreadable) else received
