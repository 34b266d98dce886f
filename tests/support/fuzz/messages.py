"""Records as Lambda delivers them: of queues, with tasks and events, and of the ledger's stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hub.runtime import contract
from hub.runtime.messages import body_of, body_of_release
from hub.runtime.model.names import Fqdn, Millis, NameKey, Spoke
from hub.runtime.model.tasks import Associate, Audit, DeferredName, Release, ScheduleAudits, ScheduleSweeps, Sweep, Task
from tests.support.build import PAYMENTS
from tests.support.fuzz.organization import NETWORK, NINE, REGION, STREAM, ZONES, instance_id, vpc_id

Record = dict[str, Any]
_TIME: Final = "2026-11-02T09:00:00Z"


def of_queue(number: int, body: dict[str, Any] | str) -> Record:
    """A record of a queue."""
    return {
        "messageId": f"message-{number}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183", "SenderId": "AIDA"},
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:222222222222:queue",
        "awsRegion": REGION,
    }


def of_task(number: int, task: Task) -> Record:
    return of_queue(number, body_of(task))


def release(number: int, *, marked: bool = False) -> Release:
    """A name of an instance that comes back from the backlog."""
    key = NameKey(ZONES["corp.internal."], Fqdn(f"web{number}.corp.internal."))
    return Release(PAYMENTS.id, (DeferredName(key, Millis(1_799_999_999_000), marked=marked),))


def state_change(number: int, state: str = "running", account: str = PAYMENTS.id) -> dict[str, Any]:
    detail = {"instance-id": instance_id(number), "state": state}
    arn = f"arn:aws:ec2:{REGION}:{account}:instance/{instance_id(number)}"
    return event(contract.STATE_SOURCE, contract.STATE_DETAIL_TYPE, detail, account, arn)


def tag_change(arn: str, tags: dict[str, str], account: str = PAYMENTS.id) -> dict[str, Any]:
    kind, _, _ = arn.partition("/")
    detail = {"changed-tag-keys": ["Name"], "service": "ec2", "resource-type": kind, "version": 5, "tags": tags}
    whole = f"arn:aws:ec2:{REGION}:{account}:{arn}"
    return event(contract.TAG_SOURCE, contract.TAG_DETAIL_TYPE, detail, account, whole)


def call(source: str, name: str, account: str = PAYMENTS.id, **parameters: object) -> dict[str, Any]:
    """A call as CloudTrail logs it."""
    detail = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{account}:assumed-role/admin/someone",
            "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{account}:role/admin"}},
        },
        "eventTime": _TIME,
        "eventName": name,
        "awsRegion": REGION,
        "requestParameters": parameters,
        "responseElements": None,
    }
    return event(source, contract.CALL_DETAIL_TYPE, detail, account)


def record_change(zone_id: str, *names: str) -> dict[str, Any]:
    """A call that changes records."""
    changes = [
        {"action": "DELETE", "resourceRecordSet": {"name": name, "type": "A", "tTL": 60, "resourceRecords": []}}
        for name in names
    ]
    batch = {"changes": changes}
    return call(contract.ZONE_SOURCE, contract.ZONE_CALL, NETWORK, hostedZoneId=zone_id, changeBatch=batch)


def event(source: str, detail_type: str, detail: dict[str, Any], account: str, *resources: str) -> dict[str, Any]:
    """An event as EventBridge delivers it."""
    return {
        "version": "0",
        "id": "7bf73129-1428-4cd3-a780-95db273d1602",
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": _TIME,
        "region": REGION,
        "resources": list(resources),
        "detail": detail,
    }


def of_stream(keys: Iterable[tuple[str, str]]) -> list[Record]:
    """The records of the ledger's stream for changes of these rows."""
    return [
        {
            "eventID": str(number),
            "eventName": "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": {
                "ApproximateCreationDateTime": 1_799_999_999.0,
                "Keys": {contract.PARTITION_KEY: {"S": partition}, contract.SORT_KEY: {"S": sort}},
                "SequenceNumber": f"1302160000000000{number:04}",
                "SizeBytes": 112,
                "StreamViewType": "KEYS_ONLY",
            },
            "eventSourceARN": STREAM,
        }
        for number, (partition, sort) in enumerate(keys)
    ]


def of_images(items: Iterable[Mapping[str, Any]]) -> list[Record]:
    """The records of the ledger's stream for these rows, which are new."""
    items = list(items)
    records = of_stream((item[contract.PARTITION_KEY]["S"], item[contract.SORT_KEY]["S"]) for item in items)
    for record, item in zip(records, items, strict=True):
        record["eventName"] = "INSERT"
        record["dynamodb"] |= {"NewImage": dict(item), "StreamViewType": "NEW_AND_OLD_IMAGES"}
    return records


_SPOKE: Final = Spoke(PAYMENTS.id, REGION)
_VPC: Final = vpc_id(PAYMENTS.id, NINE)
# An account that the organization does not have.
_STRANGER: Final = Spoke("888888888888", REGION)

_TASKS: Final = (
    Sweep(_STRANGER),
    Audit(("Z0ANOTHER9",)),
    ScheduleSweeps(),
    ScheduleAudits(),
    Associate(_SPOKE, (_VPC,)),
)
_BODIES: Final[tuple[dict[str, Any], ...]] = (
    state_change(NINE),
    state_change(NINE, "terminated"),
    tag_change(f"instance/{instance_id(NINE)}", {"Name": "web9", "team": "one"}),
    call(contract.STATE_SOURCE, "AttachNetworkInterface", networkInterfaceId="eni-9"),
    call(contract.GROUP_SOURCE, "AttachInstances", instanceIds=[instance_id(NINE)]),
    record_change(ZONES["corp.internal."], "web9.corp.internal."),
    tag_change(f"vpc/{_VPC}", {"dns": "public"}),
    call(contract.STATE_SOURCE, "DeleteVpc", vpcId=_VPC),
    call(contract.STATE_SOURCE, "ModifyVpcAttribute", vpcId=_VPC),
    json.loads(body_of_release(release(NINE))),
    *(json.loads(body_of(task)) for task in _TASKS),
)
# Each function may find any of these on its queue.
BODIES: Final = {
    f"{number} {body.get('detail-type') or body[contract.TASK]}": body for number, body in enumerate(_BODIES)
}
# Texts that are no
TEXTS: Final = (
    "",
    "null",
    "[]",
    '"\\ud800"',
    "{",
    "[" * 20_000,
    '{"orgdns": 1e999}',
    "x" * 3_000,
    "\ud800",
    "NaN",
    "1" * 5_000,
)
SCENARIOS: Final = (
    "events",
    "first events",
    "audit",
    "schedule",
    "sweep",
    "records changed",
    "VPCs",
    "new VPCs",
    "release",
)
