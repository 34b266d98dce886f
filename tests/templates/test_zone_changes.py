"""The stack that forwards changes of others to the hub: what passes, and who may deliver it to the hub's bus."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from network.zone_changes import MOST_ZONES, zone_changes_template
from tests.support.generated import HUB, NETWORK, many_zones, properties, sub

ZONE = "Z0CORPINTERNAL0EXAMPL"
WRITER = f"arn:aws:iam::{NETWORK}:role/orgdns-writer"


def session_of(role: str) -> dict[str, Any]:
    return {"userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": role}}}}


def matches(pattern: dict[str, Any], **changed: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a change of the zone passes, as CloudTrail logs one of a person, with some fields changed."""
    event = {
        "source": "aws.route53",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": "route53.amazonaws.com",
            "eventName": "ChangeResourceRecordSets",
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{NETWORK}:user/somebody"},
            "requestParameters": {"hostedZoneId": ZONE},
        }
        | changed,
    }
    text = json.dumps(pattern).replace('{"Fn::Sub": "arn:${AWS::Partition}:iam', '"arn:aws:iam')
    text = text.replace('orgdns-writer"}', 'orgdns-writer"').replace(
        '{"Fn::Sub": "${ZoneIdInstancesDotInternal}"}', '"Z1"'
    )
    return bool(EventPattern.load(text).matches_event(event))


@pytest.mark.parametrize(
    ("changed", "passes"),
    [
        ({}, True),
        (session_of(f"arn:aws:iam::{NETWORK}:role/terraform"), True),
        (session_of(WRITER), False),
        ({"requestParameters": {"hostedZoneId": "Z1"}}, True),
        ({"requestParameters": {"hostedZoneId": "Z0OTHER"}}, False),
        ({"requestParameters": {"omitted": "true", "reason": "requestParameters too large"}}, True),
        ({"eventName": "CreateHostedZone"}, False),
        ({"errorCode": "InvalidChangeBatch"}, False),
    ],
)
def test_o4_changes_that_are_forwarded(changed: dict[str, Any], *, passes: bool) -> None:
    """A change in a zone of orgdns by anyone but the publisher passes, and one whose zone CloudTrail omits."""
    assert matches(properties("network-zone-changes", "ZoneChangesRule")["EventPattern"], **changed) is passes


def test_o4_rule_of_very_many_zones_does_not_name_them() -> None:
    """An event pattern has at most 2,048 characters, so the function drops what concerns other zones."""
    some = zone_changes_template(many_zones(MOST_ZONES)).to_dict()
    many = zone_changes_template(many_zones(MOST_ZONES + 1)).to_dict()
    patterns = [content["Resources"]["ZoneChangesRule"]["Properties"]["EventPattern"] for content in (some, many)]
    assert ["requestParameters" in pattern["detail"] for pattern in patterns] == [True, False]
    # A parameter becomes an id of 32 characters.
    assert len(json.dumps(patterns[0]).replace("ZoneId", "")) < 2_048 + 15 * len('{"Fn::Sub": "${DotDotDotDot}"}')
    assert "Parameters" not in many


def test_o4_only_the_networking_account_may_report_changes() -> None:
    """One role of that account may put events of calls to Route 53 on the hub's bus, by a rule; nobody else may."""
    statement = properties("hub", "ZoneChanges")["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", ["events:PutEvents"])
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalAccount": NETWORK},
        "ArnEquals": {"aws:PrincipalArn": sub(f"arn:${{AWS::Partition}}:iam::{NETWORK}:role/orgdns-zone-changes")},
        "Bool": {"events:eventBusInvocation": "true"},
        "ForAllValues:StringEquals": {
            "events:source": ["aws.route53"],
            "events:detail-type": ["AWS API Call via CloudTrail"],
        },
        "Null": {"events:source": "false", "events:detail-type": "false"},
    }
    pattern = properties("hub", "ZoneChangesRule")["EventPattern"]
    assert (pattern["account"], pattern["source"]) == ([NETWORK], ["aws.route53"])


def test_o4_rule_delivers_to_the_hubs_bus() -> None:
    """The delivery role may put events on this bus only."""
    bus = sub(f"arn:${{AWS::Partition}}:events:eu-central-1:{HUB}:event-bus/orgdns")
    (target,) = properties("network-zone-changes", "ZoneChangesRule")["Targets"]
    assert target == {"Id": "hub", "Arn": bus, "RoleArn": {"Fn::GetAtt": ["ZoneChangesRole", "Arn"]}}
    role = properties("network-zone-changes", "ZoneChangesRole")
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["events:PutEvents"], [bus])
