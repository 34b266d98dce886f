"""Faults on the deployed path: withheld events, denied roles, messages that EventBridge did not send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from moto.sts.models import sts_backends

from hub.runtime.installation import DEFAULT_NAMES as NAMES
from sandbox.aws.partition import arn_of, partition
from sandbox.clock import MovedClock
from sandbox.example import HUB
from sandbox.world import World

REGION = "eu-central-1"
Event = dict[str, object]


class Withheld(list[Event]):
    """Keeps every event instead of delivering it. Set it as the router's `tamper`."""

    def __call__(self, event: Event) -> tuple[Event, ...]:
        self.append(event)
        return ()


def drain(made: World, clock: MovedClock) -> None:
    """Advance the clock until no event waits and no retry is due."""
    for _ in range(75):
        made.converge()
        clock.advance(61)
        if not made.waiting(NAMES.events_queue) and not made.functions.poll():
            return
    raise AssertionError("the events queue did not drain")


def send(made: World, body: str, queue: str = NAMES.events_queue) -> None:
    """Send a message to a queue of the hub. In AWS, only the hub's own rules, schedules and functions can."""
    sqs = made.client("sqs", HUB)
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)


def as_role(account: str, role: str) -> dict[str, str]:
    """Credentials of a role session, as AssumeRole returns them to a trusted principal."""
    session = sts_backends[account][partition()].assume_role(
        region_name=REGION,
        role_session_name="test",
        role_arn=arn_of("iam", "", account, f"role/{role}"),
        policy=None,
        duration=3600,
        external_id=None,
    )
    return {
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key,
        "aws_session_token": session.session_token,
    }


@contextmanager
def reader_role_denied(made: World, clock: MovedClock, account: str) -> Iterator[None]:
    """Deny everybody the account's reader role, and let its sessions expire."""
    iam = made.client("iam", account)
    trust = iam.get_role(RoleName=NAMES.reader_role)["Role"]["AssumeRolePolicyDocument"]
    deny_all = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=NAMES.reader_role,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny_all]}),
    )
    # Existing sessions stay valid for their hour, as in AWS.
    clock.advance(3_700)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=NAMES.reader_role, PolicyDocument=json.dumps(trust, default=str))
        assert {denied.action for denied in made.guard.denied} == {"sts:AssumeRole"}
        made.guard.denied.clear()
