"""What a CloudTrail trail logs: which accounts have one, the event of a call, and the identity of a caller."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from sandbox.aws.partition import arn_of, partition

if TYPE_CHECKING:
    from sandbox.aws.events.envelope import Event

CALL: Final = "AWS API Call via CloudTrail"


@dataclass(slots=True)
class Trails:
    """Which accounts have a trail that logs management events: all but those in `missing`.

    "To record events with a detail-type value of AWS API Call via CloudTrail, you must have a trail":
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """

    missing: set[str] = field(default_factory=set)

    def log(self, account: str) -> bool:
        """Whether a trail logs the calls of the account."""
        return account not in self.missing


def call_record(service: str, name: str, identity: Event, region: str, time: str) -> Event:
    """The record of a call of a service's API, without what the call itself has: parameters, answer and error.

    "CloudTrail record contents"
    (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
    """
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": time,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "198.51.100.1",
        "userAgent": "aws-cli/2",
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": identity["accountId"],
        "eventCategory": "Management",
    }


def user_identity(account: str, access_key: str) -> Event:
    """The caller with this access key: "CloudTrail userIdentity element".

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
    """
    own = {"accountId": account, "accessKeyId": access_key}
    if session := sts_backends[account][partition()].get_assumed_role_from_access_key(access_key):
        name = str(session.role_arn).rpartition("/")[2]
        issuer = {"type": "Role", "arn": session.role_arn, "accountId": account, "userName": name}
        return {"type": "AssumedRole", "arn": session.arn, "sessionContext": {"sessionIssuer": issuer}, **own}
    for user in iam_backends[account][partition()].users.values():
        if any(key.access_key_id == access_key for key in user.access_keys):
            return {"type": "IAMUser", "arn": user.arn, "userName": user.name, **own}
    return {"type": "Root", "arn": arn_of("iam", "", account, "root"), **own}
