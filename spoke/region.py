"""The stack of each member account in each covered region: the rules that forward events to the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from troposphere import Equals, GetAtt, Output, Ref, Sub, Template
from troposphere.events import DeadLetterConfig, Rule, Target

from orgdns.cfn.delivery import delivery_role, hub_bus
from orgdns.cfn.event_patterns import (
    HAS_TRAIL_EVENTS,
    TRAIL_EVENTS,
    spoke_events,
    trail_events_parameter,
)
from orgdns.cfn.queues import queue, queue_policy, rule_arn

if TYPE_CHECKING:
    from orgdns.config.load import Config

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
    kinds = spoke_events(config)
    rules = [rule_arn(kind.spoke_rule(config.names)) for kind in kinds]
    template = Template(
        Description="orgdns spoke region. Forwards state and tag changes of EC2 instances"
        f"{', and changes of VPCs,' if config.association_policies else ''} to the event bus of the hub."
    )
    template.set_version()
    role = template.add_resource(
        delivery_role(
            config,
            "DeliveryRole",
            Sub(f"{config.names.delivery_role_prefix}${{AWS::Region}}"),
            "Lets the orgdns rules in one region put events on the event bus of the hub.",
            rules,
        )
    )
    undelivered = template.add_resource(queue("UndeliveredQueue", config.names.undelivered_queue))
    admission = template.add_resource(queue_policy(undelivered, rules))
    # Without RetryPolicy: EventBridge does not accept it for an event bus, and retries for 24 hours by default.
    target = Target(
        Id="hub",
        Arn=hub_bus(config),
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
                Name=kind.spoke_rule(config.names),
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
