"""The bus of the hub: only the spokes' rules may deliver to it, and only rules of its own take events off it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import awacs.events
from awacs.aws import (
    Allow,
    ArnLike,
    Bool,
    Condition,
    ForAllValuesStringEquals,
    Null,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import GetAtt, Template
from troposphere.events import DeadLetterConfig, EventBus, EventBusPolicy, Rule, Target

from hub.associator import VPC_RULE, VPC_TAG_RULE, vpc_rules
from hub.runtime import contract
from orgdns.cfn.event_patterns import state_pattern, tag_pattern, vpc_pattern, vpc_tag_pattern
from orgdns.cfn.queues import queue_policy, rule_arn
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from troposphere.sqs import Queue

    from orgdns.config.load import Config

STATE_RULE: Final = f"{contract.PREFIX}-received-instance-states"
TAG_RULE: Final = f"{contract.PREFIX}-received-instance-tags"


def add_event_bus(
    template: Template, config: Config, observer: tuple[Queue, Queue], associator: tuple[Queue, Queue] | None
) -> None:
    """Add the bus, who may deliver to it, and the rules that carry its events to the queues of who looks at them.

    Args:
        template: The stack.
        config: The configuration.
        observer: The observer's queue, and that of what did not reach it; their policies are added here.
        associator: The associator's queues, where VPCs are associated; their policies are there.
    """
    events, dead_letters = observer
    bus = template.add_resource(
        EventBus("EventBus", Name=contract.EVENT_BUS, Description="The events of all spokes of orgdns.")
    )
    template.add_resource(
        EventBusPolicy(
            "EventBusPolicy",
            EventBusName=GetAtt(bus, "Name"),
            StatementId="OnlyTheSpokesRules",
            Statement=_spokes_deliver(config, bus).JSONrepr(),
        )
    )
    rules = [rule_arn(f"{contract.EVENT_BUS}/{STATE_RULE}"), rule_arn(f"{contract.EVENT_BUS}/{TAG_RULE}")]
    admissions = [
        template.add_resource(queue_policy(events, rules)),
        template.add_resource(queue_policy(dead_letters, rules)),
    ]
    target = Target(
        Id="events-queue",
        Arn=GetAtt(events, "Arn"),
        DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(dead_letters, "Arn")),
    )
    of_instances = [admission.title for admission in admissions]
    wanted = [
        ("StateRule", STATE_RULE, "State changes of instances, to the observer's queue.", state_pattern(config)),
        ("TagRule", TAG_RULE, "Tag changes of instances, to the observer's queue.", tag_pattern(config)),
    ]
    for title, name, description, pattern in wanted:
        template.add_resource(
            Rule(
                title,
                Name=name,
                Description=description,
                EventBusName=GetAtt(bus, "Name"),
                EventPattern=pattern,
                Targets=[target],
                DependsOn=of_instances,
            )
        )
    if associator is None:
        return
    tasks, undone = associator
    patterns = {
        VPC_RULE: ("VpcRule", "Calls that make, change or delete a VPC", vpc_pattern()),
        VPC_TAG_RULE: ("VpcTagRule", "Tag changes of VPCs", vpc_tag_pattern(config)),
    }
    for rule in vpc_rules(config):
        title, what, pattern = patterns[rule]
        template.add_resource(
            Rule(
                title,
                Name=rule,
                Description=f"{what}, to the associator's queue.",
                EventBusName=GetAtt(bus, "Name"),
                EventPattern=pattern,
                Targets=[
                    Target(
                        Id="associations-queue",
                        Arn=GetAtt(tasks, "Arn"),
                        DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(undone, "Arn")),
                    )
                ],
                DependsOn=[f"{tasks.title}Policy", f"{undone.title}Policy"],
            )
        )


def _spokes_deliver(config: Config, bus: EventBus) -> Statement:
    """Only rules of this organization, only in the delivery roles' hands, only the kinds of events that are taken.

    "Using IAM policy conditions in Amazon EventBridge"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html). AWS's own example for PutEvents
    compares source and detail-type by ForAllValues, since events:source has many values; as that holds for a key that
    is absent, Null asks for both.
    """
    return Statement(
        Effect=Allow,
        Principal=Principal("*"),
        Action=[awacs.events.PutEvents],
        Resource=[GetAtt(bus, "Arn")],
        Condition=Condition(
            [
                StringEquals({"aws:PrincipalOrgID": config.organization.id}),
                ArnLike({"aws:PrincipalArn": role_arn("*", f"{contract.DELIVERY_ROLE_PREFIX}*")}),
                Bool({"events:eventBusInvocation": "true"}),
                ForAllValuesStringEquals(
                    {
                        "events:source": [contract.STATE_SOURCE, contract.TAG_SOURCE],
                        "events:detail-type": [
                            contract.STATE_DETAIL_TYPE,
                            contract.TAG_DETAIL_TYPE,
                            *([contract.CALL_DETAIL_TYPE] if config.association_policies else []),
                        ],
                    }
                ),
                Null({"events:source": "false", "events:detail-type": "false"}),
            ]
        ),
    )
