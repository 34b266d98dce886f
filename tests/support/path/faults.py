"""Hands for tests of what goes wrong on the deployed path."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from moto.sts.models import sts_backends

from hub.runtime import contract
from sandbox.aws.organization import PARTITION
from sandbox.clock import MovedClock
from sandbox.example import HUB
from sandbox.world import World

REGION = "eu-central-1"
Event = dict[str, object]


class Held(list[Event]):
    """Events that do not arrive: kept, as a tamper of the router's."""

    def __call__(self, event: Event) -> tuple[Event, ...]:
        self.append(event)
        return ()


def rest(made: World, clock: MovedClock) -> None:
    """Let time pass until what waits has been tried again as often as it will be."""
    for _ in range(60):
        made.converge()
        clock.advance(61)
        if not made.waiting(contract.EVENTS_QUEUE) and not made.functions.poll():
            return
    raise AssertionError("something waits for ever")


def send(made: World, body: str) -> None:
    """Put a message on the events queue, as nobody but the hub's own rule may in truth."""
    sqs = made.client("sqs", HUB)
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=contract.EVENTS_QUEUE)["QueueUrl"], MessageBody=body)


def as_role(account: str, role: str) -> dict[str, str]:
    """Credentials of a session of a role, as AssumeRole would give them to whom the role trusts."""
    session = sts_backends[account][PARTITION].assume_role(
        region_name=REGION,
        role_session_name="test",
        role_arn=f"arn:aws:iam::{account}:role/{role}",
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
    """An account whose reader role trusts nobody, and whose sessions have expired."""
    iam = made.client("iam", account)
    document = iam.get_role(RoleName=contract.READER_ROLE)["Role"]["AssumeRolePolicyDocument"]
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=contract.READER_ROLE,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [nobody]}),
    )
    # A session that was assumed before goes on for its hour, in AWS as here.
    clock.advance(3_700)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=contract.READER_ROLE, PolicyDocument=json.dumps(document, default=str))
        assert {denied.action for denied in made.guard.denied} == {"sts:AssumeRole"}
        made.guard.denied.clear()
