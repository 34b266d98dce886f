"""Which events pass from a spoke to a queue of the hub, by the emulator's implementation of event patterns."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from hub.runtime import contract
from hub.runtime.installation import DEFAULT_NAMES as NAMES
from orgdns.cfn.event_patterns import tag_pattern, vpc_pattern
from orgdns.config.load import load
from tests.support.build import DOCUMENTS, EXAMPLE
from tests.support.generated import HUB, ORGANIZATION, UNIT_PATHS, of_type, properties, read, sub

# As published in "State change events for your instances"
# (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
STATE_EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "account": "123456789012",
    "time": "2021-11-11T21:29:54Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
    "detail": {"instance-id": "i-abcd1111", "state": "running"},
}
# As published in "Monitor tag changes with serverless workflows and Amazon EventBridge"
# (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html), with other keys.
TAG_EVENT: dict[str, Any] = {
    "version": "0",
    "id": "bddcf1d6-0251-35a1-aab0-adc1fb47c11c",
    "detail-type": "Tag Change on Resource",
    "source": "aws.tag",
    "account": "123456789012",
    "time": "2018-09-18T20:41:38Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0000000aaaaaaaaaa"],
    "detail": {
        "changed-tag-keys": ["a-new-key", "Name", "a-deleted-key"],
        "tags": {"a-new-key": "tag-value-on-new-key-just-added", "an-unchanged-key": "tag-value-still-the-same"},
        "service": "ec2",
        "resource-type": "instance",
        "version": 3,
    },
}


def with_detail(event: dict[str, Any], **detail: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    changed = copy.deepcopy(event)
    changed["detail"] |= {key.replace("_", "-"): value for key, value in detail.items()}
    return changed


def matching_rules(template: str, event: dict[str, Any]) -> list[str]:
    """The rules that match an event. The stack's own account is the hub: no rule of a spoke refers to it."""
    own_account = json.dumps({"Ref": "AWS::AccountId"})
    return [
        title
        for title, rule in of_type(template, "AWS::Events::Rule").items()
        if EventPattern.load(json.dumps(rule["EventPattern"]).replace(own_account, json.dumps(HUB))).matches_event(
            event
        )
    ]


both_hops = pytest.mark.parametrize("template", ["spoke-region", "hub"])


def matches_once(template: str, event: dict[str, Any], spoke_rule: str, hub_rule: str = "InstancesRule") -> bool:
    """Whether an event matches exactly one rule of a template, so that it is delivered once."""
    return matching_rules(template, event) == [hub_rule if template == "hub" else spoke_rule]


@both_hops
@pytest.mark.parametrize("state", ["running", "stopping", "stopped", "shutting-down", "terminated"])
def test_states_that_change_names_pass(template: str, state: str) -> None:
    """A state that changes who holds a name, whatever the policy is, matches one rule, so it is delivered once."""
    assert matches_once(template, with_detail(STATE_EVENT, state=state), "StateRule")


@both_hops
def test_other_states_do_not_pass(template: str) -> None:
    """A state that changes no names is not forwarded."""
    assert matching_rules(template, with_detail(STATE_EVENT, state="pending")) == []


@both_hops
def test_name_change_passes(template: str) -> None:
    """A change of the Name tag passes, also among other keys and when the tag is removed."""
    assert matches_once(template, TAG_EVENT, "TagRule")
    assert matches_once(template, with_detail(TAG_EVENT, changed_tag_keys=["Name"], tags={}), "TagRule")


@both_hops
@pytest.mark.parametrize(
    "event",
    [
        with_detail(TAG_EVENT, changed_tag_keys=["name", "Name2"]),
        with_detail(TAG_EVENT, changed_tag_keys=[]),
        with_detail(TAG_EVENT, resource_type="volume"),
        with_detail(TAG_EVENT, service="rds"),
        TAG_EVENT | {"source": "custom.tag"},
        STATE_EVENT | {"source": "custom.ec2"},
        STATE_EVENT | {"detail-type": "EC2 Spot Instance Interruption Warning"},
        STATE_EVENT | {"source": "aws.tag"},
    ],
)
def test_other_events_do_not_pass(template: str, event: dict[str, Any]) -> None:
    """Events of other tags, resources, services and sources do not pass."""
    assert matching_rules(template, event) == []


EVERYTHING = DOCUMENTS / "every-feature.yaml"


@pytest.mark.parametrize(
    ("key", "passes"),
    [
        ("Name", True),
        ("role", True),
        ("pool", True),
        ("short-name", True),
        ("orgdns:aliases", True),
        ("Owner", False),
        # AWS sets and removes it when an instance joins or leaves a group.
        (contract.GROUP_TAG, True),
    ],
)
def test_tag_that_policy_reads_passes(key: str, *, passes: bool) -> None:
    """A change of each tag that policy reads passes: in a condition, a list of aliases, or a variable."""
    pattern = EventPattern.load(json.dumps(tag_pattern(load(EVERYTHING))))
    assert pattern.matches_event(with_detail(TAG_EVENT, changed_tag_keys=[key])) is passes


def test_policy_that_reads_no_tag_still_has_a_pattern(tmp_path: Path) -> None:
    """EventBridge rejects an empty list in a pattern, so the rule matches the Name tag, which no name depends on."""
    document = yaml.safe_load(EXAMPLE.read_text())
    document["policy"]["rules"] = [{"name": "by-id", "template": "{instance_id}.instances.internal"}]
    written = tmp_path / "orgdns.yaml"
    written.write_text(yaml.safe_dump(document))
    assert tag_pattern(load(written))["detail"]["changed-tag-keys"] == [contract.NAME_TAG]


@pytest.mark.parametrize("template", ["spoke-region", "hub"])
def test_patterns_are_well_formed(template: str) -> None:
    """Every leaf of a pattern is a list of values, every other node an object. The linter does not check this."""

    def check(node: object) -> None:
        if isinstance(node, dict):
            assert node
            for value in node.values():
                check(value)
        else:
            assert isinstance(node, list)
            assert node
            assert all(isinstance(value, str) or value == {"exists": False} for value in node)

    heartbeats = {
        "account": [{"Ref": "AWS::AccountId"}],
        "source": ["orgdns"],
        "detail-type": ["orgdns heartbeat"],
    }
    rules = of_type(template, "AWS::Events::Rule")
    assert len(rules) == {"hub": 3, "spoke-region": 5}[template]
    patterns = [rule["EventPattern"] for rule in rules.values()]
    alternatives = [each for pattern in patterns for each in pattern.get("$or", [pattern])]
    assert len(alternatives) == {"hub": 7, "spoke-region": 5}[template]
    assert alternatives.count(heartbeats) == {"hub": 1, "spoke-region": 0}[template]
    for pattern in alternatives:
        if pattern == heartbeats:
            # Its account is that of the stack, and it has no detail.
            continue
        check(pattern)
        assert set(pattern) - {"account"} == {"source", "detail-type", "detail"}


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({}, ["InstancesRule"]),
        ({"account": "123456789012"}, []),
        ({"source": "aws.ec2"}, []),
        ({"detail-type": "EC2 Instance State-change Notification"}, []),
    ],
)
def test_heartbeat_takes_the_rule_of_instances(changed: dict[str, str], rules: list[str]) -> None:
    """The hub's own heartbeat takes the way of the instances' events. Another account's does not pass."""
    heartbeat = {"account": HUB, "source": "orgdns", "detail-type": "orgdns heartbeat", "detail": {}} | changed
    assert matching_rules("hub", heartbeat) == rules
    assert matching_rules("spoke-region", heartbeat) == []


def test_spoke_targets() -> None:
    """The rules of a spoke deliver to the hub's bus with the delivery role, and have a dead-letter queue."""
    for rule in of_type("spoke-region", "AWS::Events::Rule").values():
        assert "EventBusName" not in rule
        assert rule["Targets"] == [
            {
                "Id": "hub",
                "Arn": sub("arn:${AWS::Partition}:events:eu-central-1:222222222222:event-bus/orgdns"),
                "RoleArn": {"Fn::GetAtt": ["DeliveryRole", "Arn"]},
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["UndeliveredQueue", "Arn"]}},
            }
        ]


def test_hub_targets() -> None:
    """The rules on the hub's bus deliver to the queue of their function by account, and have a dead-letter queue."""
    for title, rule in of_type("hub", "AWS::Events::Rule").items():
        kind = {"Vpc": "Associations", "Zon": "Sweeps"}.get(title[:3], "Events")
        assert rule["EventBusName"] == {"Fn::GetAtt": ["EventBus", "Name"]}
        assert rule["Targets"] == [
            {
                "Id": f"{kind.lower()}-queue",
                "Arn": {"Fn::GetAtt": [f"{kind}Queue", "Arn"]},
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [f"{kind}DeadLetterQueue", "Arn"]}},
                "SqsParameters": {"MessageGroupId": "$.account"},
            }
        ]


def test_calls_are_forwarded_if_a_trail_logs_them() -> None:
    """The rules for calls exist only if a parameter says that there is a trail. The rules for tags always exist."""
    rules = read("spoke-region")["Resources"]
    assert rules["VpcRule"]["Condition"] == rules["CallRule"]["Condition"] == "HasCloudTrailEvents"
    assert not any("Condition" in rules[title] for title in ("StateRule", "TagRule", "VpcTagRule"))
    assert read("spoke-region")["Parameters"]["CloudTrailEvents"]["Default"] == "false"
    assert rules["VpcRule"]["Properties"]["EventPattern"] == vpc_pattern()


@pytest.mark.parametrize(
    ("changed", "passes"),
    [
        ({}, True),
        ({"eventName": "DeleteVpc"}, True),
        ({"eventName": "ModifyVpcAttribute"}, True),
        ({"eventName": "CreateSubnet"}, False),
        ({"eventSource": "s3.amazonaws.com"}, False),
        ({"errorCode": "Client.VpcLimitExceeded"}, False),
    ],
)
def test_calls_that_pass(changed: dict[str, str], *, passes: bool) -> None:
    """A call that created, modified or deleted a VPC passes. A failed call does not."""
    event = {
        "source": "aws.ec2",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {"eventSource": "ec2.amazonaws.com", "eventName": "CreateVpc"} | changed,
    }
    assert EventPattern.load(json.dumps(vpc_pattern())).matches_event(event) is passes


def test_who_may_deliver_to_the_bus() -> None:
    """Only rules in the covered units, with a delivery role, may put only these kinds of events."""
    assert properties("hub", "EventBus")["Name"] == NAMES.event_bus
    policy = properties("hub", "EventBusPolicy")
    assert policy["EventBusName"] == {"Fn::GetAtt": ["EventBus", "Name"]}
    assert policy["Statement"] == {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["events:PutEvents"],
        "Resource": [{"Fn::GetAtt": ["EventBus", "Arn"]}],
        "Condition": {
            "StringEquals": {"aws:PrincipalOrgID": ORGANIZATION},
            "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": UNIT_PATHS},
            "ArnLike": {"aws:PrincipalArn": sub("arn:${AWS::Partition}:iam::*:role/orgdns-delivery-*")},
            "Bool": {"events:eventBusInvocation": "true"},
            "ForAllValues:StringEquals": {
                "events:source": ["aws.ec2", "aws.tag"],
                "events:detail-type": [
                    "EC2 Instance State-change Notification",
                    "Tag Change on Resource",
                    "AWS API Call via CloudTrail",
                ],
            },
            "Null": {"events:source": "false", "events:detail-type": "false"},
        },
    }
