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

from hub.runtime import contract
from orgdns.cfn.event_patterns import instance_events, vpc_events
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from orgdns.cfn.event_patterns import EventKind
    from orgdns.cfn.worker import Worker
    from orgdns.config.load import Config

_DESCRIPTIONS: Final = {
    "StateRule": "State changes of instances",
    "TagRule": "Tag changes of instances",
    "VpcRule": "Calls that make, change or delete a VPC",
    "VpcTagRule": "Tag changes of VPCs",
}


def add_event_bus(template: Template, config: Config, observer: Worker, associator: Worker | None) -> None:
    """Add the bus, who may deliver to it, and the rules that carry its events to the queues of who looks at them."""
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
    for kind in instance_events(config):
        template.add_resource(_rule(bus, kind, observer))
    if associator:
        for kind in vpc_events(config):
            template.add_resource(_rule(bus, kind, associator))


def _rule(bus: EventBus, kind: EventKind, worker: Worker) -> Rule:
    """The rule that delivers one kind of event to a function's queue."""
    queue, dead_letters = worker.queue, worker.dead_letters
    assert queue, "a rule delivers to a queue; only a function that a stream feeds has none"
    return Rule(
        kind.title,
        Name=kind.hub_rule,
        Description=f"{_DESCRIPTIONS[kind.title]}, to the {worker.title.lower()}'s queue.",
        EventBusName=GetAtt(bus, "Name"),
        EventPattern=kind.pattern,
        Targets=[
            Target(
                Id=queue.QueueName.removeprefix(f"{contract.PREFIX}-") + "-queue",
                Arn=GetAtt(queue, "Arn"),
                DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(dead_letters, "Arn")),
            )
        ],
        DependsOn=[f"{queue.title}Policy", f"{dead_letters.title}Policy"],
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
