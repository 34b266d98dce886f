"""All grants of each role of the hub account."""

from __future__ import annotations

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from tests.support.generated import (
    IN_COVERED_UNITS,
    MANAGEMENT,
    NETWORK,
    ORGANIZATION,
    arn_of,
    grants,
    inline,
    properties,
    sub,
)


def test_observer_role() -> None:
    """The observer has these grants and no others."""
    role = properties("hub", "ObserverRole")
    assert role["RoleName"] == NAMES.observer_role
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("ObserverLogs")], None),
        "TakeEvents": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            [arn_of("EventsQueue")],
            None,
        ),
        "KeepLedger": (
            {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"},
            [arn_of("Ledger")],
            None,
        ),
        "ReadInstancesInCoveredUnits": (
            {"sts:AssumeRole"},
            [sub("arn:${AWS::Partition}:iam::*:role/orgdns-reader")],
            IN_COVERED_UNITS,
        ),
        "ReadAccountNames": (
            {"organizations:DescribeAccount"},
            [sub(f"arn:${{AWS::Partition}}:organizations::{MANAGEMENT}:account/{ORGANIZATION}/*")],
            None,
        ),
        "EnqueueSweeps": ({"sqs:SendMessage"}, [arn_of("SweepsQueue")], None),
    }


def test_publisher_role() -> None:
    """The publisher has these grants and no others."""
    role = properties("hub", "PublisherRole")
    assert role["RoleName"] == NAMES.publisher_role
    stream = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("PublisherLogs")], None),
        "FollowLedger": (stream, [sub("${Ledger.Arn}/stream/*")], None),
        "KeepLedger": (
            {
                "dynamodb:Query",
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DescribeTable",
            },
            [arn_of("Ledger")],
            None,
        ),
        "SetFailuresAside": ({"sqs:SendMessage"}, [arn_of("PublisherDeadLetterQueue")], None),
        "DeferNames": ({"sqs:SendMessage"}, [arn_of("BacklogQueue")], None),
        "TakeDeferredNames": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            [arn_of("BacklogQueue")],
            None,
        ),
        "WriteToZones": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-writer")],
            None,
        ),
    }


def test_sweeper_role() -> None:
    """The sweeper may read spokes and zones, write the ledger, and send tasks. It has no other grants."""
    role = properties("hub", "SweeperRole")
    assert role["RoleName"] == NAMES.sweeper_role
    reads = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"}
    queue = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    observer = grants(inline(properties("hub", "ObserverRole")))
    stack_set = "stackset/orgdns-spoke-region:*"
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("SweeperLogs")], None),
        "TakeTasks": (queue, [arn_of("SweepsQueue")], None),
        "EnqueueTasks": ({"sqs:SendMessage"}, [arn_of("SweepsQueue"), arn_of("AssociationsQueue")], None),
        "KeepLedger": (reads | {"dynamodb:PutItem", "dynamodb:UpdateItem"}, [arn_of("Ledger")], None),
        "ListSpokes": (
            {"cloudformation:ListStackInstances"},
            [
                sub(f"arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:{owner}:{stack_set}")
                for owner in (MANAGEMENT, "${AWS::AccountId}")
            ],
            None,
        ),
        "ProveDelegation": ({"organizations:ListDelegatedAdministrators"}, ["*"], None),
        "ReadInstancesInCoveredUnits": observer["ReadInstancesInCoveredUnits"],
        "ReadAccountNames": observer["ReadAccountNames"],
        "ReadZones": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-zone-reader")],
            None,
        ),
    }


def test_associator_role() -> None:
    """The associator may write the ledger and assume three roles in other accounts. It has no other grants."""
    role = properties("hub", "AssociatorRole")
    assert role["RoleName"] == NAMES.associator_role
    observer = grants(inline(properties("hub", "ObserverRole")))
    operations = {"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}
    assert grants(inline(role)) == {
        "WriteLogs": ({"logs:CreateLogStream", "logs:PutLogEvents"}, [arn_of("AssociatorLogs")], None),
        "TakeTasks": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            [arn_of("AssociationsQueue")],
            None,
        ),
        "KeepLedger": ({f"dynamodb:{operation}" for operation in operations}, [arn_of("Ledger")], None),
        "ReadAndAssociateVpcsInCoveredUnits": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::*:role/{name}") for name in (NAMES.reader_role, NAMES.vpc_role)],
            IN_COVERED_UNITS,
        ),
        "ReadAccountNames": observer["ReadAccountNames"],
        "AuthorizeAssociations": (
            {"sts:AssumeRole"},
            [sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-authorizer")],
            None,
        ),
    }


def test_schedule_role() -> None:
    """The schedules may send to the sweeper's queue and to its dead-letter queue, and put heartbeats on the bus."""
    role = properties("hub", "ScheduleRole")
    queues = [arn_of("SweepsQueue"), arn_of("SweepsDeadLetterQueue")]
    only_heartbeats = {
        "ForAllValues:StringEquals": {"events:source": ["orgdns"], "events:detail-type": ["orgdns heartbeat"]},
        "Null": {"events:source": "false", "events:detail-type": "false"},
    }
    assert grants(inline(role)) == {
        "EnqueueSweepsAndAudits": ({"sqs:SendMessage"}, queues, None),
        "SendHeartbeats": ({"events:PutEvents"}, [arn_of("EventBus")], only_heartbeats),
    }


def test_schedule_of_heartbeats() -> None:
    """A heartbeat is what the role may send, as often as sweeps are scheduled. A late one shows nothing, so it ends."""
    schedule = properties("hub", "HeartbeatSchedule")
    assert schedule["ScheduleExpression"] == f"rate({contract.SCHEDULE_MINUTES} minutes)"
    assert schedule["GroupName"] == {"Ref": "ScheduleGroup"}
    assert schedule["Target"] == {
        "Arn": arn_of("EventBus"),
        "RoleArn": arn_of("ScheduleRole"),
        "Input": "{}",
        "EventBridgeParameters": {"Source": "orgdns", "DetailType": "orgdns heartbeat"},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 60 * contract.SCHEDULE_MINUTES, "MaximumRetryAttempts": 3},
    }
