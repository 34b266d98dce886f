"""The stack of each member account in each covered region: the rules that forward events to the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.ec2
import awacs.events
from awacs.aws import Allow, ArnEquals, Condition, Statement, StringEquals
from troposphere import Equals, GetAtt, Output, Ref, Sub, Template
from troposphere.events import DeadLetterConfig, Rule, Target
from troposphere.iam import Policy, Role

from hub.runtime import contract
from orgdns.cfn.event_patterns import (
    HAS_TRAIL_EVENTS,
    TRAIL_EVENTS,
    instance_events,
    trail_events_parameter,
    vpc_events,
)
from orgdns.cfn.queues import queue, queue_policy, rule_arn
from orgdns.cfn.trust import document, trust_in_service

if TYPE_CHECKING:
    from orgdns.config.load import Config

UNDELIVERED_QUEUE: Final = f"{contract.PREFIX}-undelivered"
_DESCRIPTIONS: Final = {
    "StateRule": "Forwards state changes of EC2 instances to the hub.",
    "TagRule": "Forwards changes of the instance tags that policy reads to the hub.",
    "CallRule": "Forwards calls that move interfaces, addresses and members of Auto Scaling groups to the hub, if a "
    "CloudTrail trail logs them.",
    "VpcRule": "Forwards calls that create, modify or delete a VPC to the hub, if a CloudTrail trail logs them.",
    "VpcTagRule": "Forwards changes of the VPC tags that policy reads to the hub.",
}


def region_template(config: Config) -> Template:
    """The stack of each member account in each covered region."""
    bus = Sub(f"arn:${{AWS::Partition}}:events:{config.hub.region}:{config.hub.account}:event-bus/{contract.EVENT_BUS}")
    kinds = instance_events(config) + vpc_events(config)
    rules = [rule_arn(kind.spoke_rule) for kind in kinds]
    template = Template(
        Description="orgdns spoke region. Forwards state and tag changes of EC2 instances"
        f"{', and changes of VPCs,' if config.association_policies else ''} to the event bus of the hub."
    )
    template.set_version()
    role = template.add_resource(
        Role(
            "DeliveryRole",
            RoleName=Sub(f"{contract.DELIVERY_ROLE_PREFIX}${{AWS::Region}}"),
            Description="Lets the orgdns rules in one region put events on the event bus of the hub.",
            # Both keys, as in "Cross-service confused deputy prevention in Amazon EventBridge"
            # (https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html).
            AssumeRolePolicyDocument=trust_in_service(
                "events.amazonaws.com",
                Condition(
                    [
                        ArnEquals({"aws:SourceArn": rules}),
                        StringEquals({"aws:SourceAccount": Ref("AWS::AccountId")}),
                    ]
                ),
            ),
            Policies=[
                Policy(
                    PolicyName="put-events",
                    PolicyDocument=document(
                        Statement(
                            Sid="PutEventsOnTheHubsBus", Effect=Allow, Action=[awacs.events.PutEvents], Resource=[bus]
                        )
                    ),
                )
            ],
        )
    )
    undelivered = template.add_resource(queue("UndeliveredQueue", UNDELIVERED_QUEUE))
    admission = template.add_resource(queue_policy(undelivered, rules))
    # Without RetryPolicy: EventBridge does not accept it for an event bus, and retries for 24 hours by default.
    target = Target(
        Id="hub",
        Arn=bus,
        RoleArn=GetAtt(role, "Arn"),
        DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(undelivered, "Arn")),
    )
    if any(kind.needs_trail for kind in kinds):
        template.add_parameter(trail_events_parameter())
        template.add_condition(HAS_TRAIL_EVENTS, Equals(Ref(TRAIL_EVENTS), "true"))
    for kind in kinds:
        condition = {"Condition": HAS_TRAIL_EVENTS} if kind.needs_trail else {}
        template.add_resource(
            Rule(
                kind.title,
                Name=kind.spoke_rule,
                Description=_DESCRIPTIONS[kind.title],
                EventPattern=kind.pattern,
                Targets=[target],
                DependsOn=admission.title,
                **condition,
            )
        )
    template.add_output(
        [
            Output("DeliveryRoleArn", Description="Role that delivers events to the hub.", Value=GetAtt(role, "Arn")),
            Output(
                "UndeliveredQueueUrl",
                Description="Dead-letter queue for events that did not reach the hub's event bus.",
                Value=Ref(undelivered),
            ),
        ]
    )
    return template
