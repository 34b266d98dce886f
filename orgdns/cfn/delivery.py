"""The hub's event bus as the target of rules in other accounts, and the role with which the rules put events on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import awacs.events
from awacs.aws import Allow, ArnEquals, Condition, Statement, StringEquals
from troposphere import Ref, Sub
from troposphere.iam import Policy, Role

from orgdns.cfn.trust import document, trust_in_service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn

    from orgdns.config.load import Config


def hub_bus(config: Config) -> Sub:
    """The ARN of the hub's event bus."""
    return Sub(
        f"arn:${{AWS::Partition}}:events:{config.hub.region}:{config.hub.account}:event-bus/{config.names.event_bus}"
    )


def delivery_role(config: Config, title: str, name: str | Sub, description: str, rules: Sequence[AWSHelperFn]) -> Role:
    """The role with which only these rules put events on the hub's bus, and do nothing else. `rules` are ARNs.

    The trust policy has both keys, as in "Cross-service confused deputy prevention in Amazon EventBridge"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html).
    """
    only_these_rules = Condition(
        [
            ArnEquals({"aws:SourceArn": list(rules)}),
            StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
        ]
    )
    put_events = Statement(
        Sid="PutEventsOnTheHubsBus", Effect=Allow, Action=[awacs.events.PutEvents], Resource=[hub_bus(config)]
    )
    return Role(
        title,
        RoleName=name,
        Description=description,
        AssumeRolePolicyDocument=trust_in_service("events.amazonaws.com", only_these_rules),
        Policies=[Policy(PolicyName="put-events", PolicyDocument=document(put_events))],
    )
