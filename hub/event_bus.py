"""The hub's event bus, its policy, and the rules that route its events to the functions' queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import awacs.events
from awacs.aws import (
    Allow,
    ArnEquals,
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
from troposphere.events import DeadLetterConfig, EventBus, EventBusPolicy, Rule, SqsParameters, Target

from hub.runtime import contract
from orgdns.cfn.coverage_conditions import in_covered_units
from orgdns.cfn.event_patterns import (
    HEARTBEATS,
    hub_pattern,
    instance_events,
    spoke_events,
    vpc_events,
    zone_changes_pattern,
)
from orgdns.cfn.trust import role_arn

if TYPE_CHECKING:
    from hub.runtime.installation import Names
    from orgdns.cfn.worker import Worker
    from orgdns.config.load import Config

# The account of each event, so that the queues are fair between accounts. A path into the event is not documented: if
# EventBridge took it as a text, all events would be of one group ("SqsParameters",
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html, and Q3 in docs/aws.md).
_ACCOUNT: Final = "$.account"
_DESCRIPTIONS: Final = {
    "InstancesRule": "States, tags, interfaces and addresses of instances, and heartbeats of the hub.",
    "ZoneChangesRule": "Calls of others that change records of the zones.",
    "VpcsRule": "VPCs and their tags.",
}


def add_event_bus(
    template: Template, config: Config, observer: Worker, sweeper: Worker, associator: Worker | None
) -> EventBus:
    """Add the bus, which is returned, its policy, and the rules that route events to the queues of the functions."""
    bus = template.add_resource(
        EventBus("EventBus", Name=config.names.event_bus, Description="Receives the events of all orgdns spokes.")
    )
    in_units = in_covered_units(config, "Principal")
    template.add_resource(_bus_policy("EventBusPolicy", contract.SPOKES_STATEMENT, bus, in_units, config))
    if included := config.organization.included:
        accounts = [StringEquals({"aws:PrincipalAccount": list(included)})]
        template.add_resource(_bus_policy("IncludedAccounts", "OnlyTheIncludedAccountsRules", bus, accounts, config))
    template.add_resource(_zone_changes_policy(bus, config))
    rules = [
        ("InstancesRule", config.names.instances_rule, hub_pattern((*instance_events(config), HEARTBEATS)), observer),
        ("ZoneChangesRule", config.names.bus_zone_changes_rule, zone_changes_pattern(config), sweeper),
    ]
    if associator:
        rules.append(("VpcsRule", config.names.vpcs_rule, hub_pattern(vpc_events(config)), associator))
    for title, name, pattern, worker in rules:
        template.add_resource(_rule(title, name, bus, pattern, worker, config.names))
    return bus


def _rule(title: str, name: str, bus: EventBus, pattern: dict[str, Any], worker: Worker, names: Names) -> Rule:
    """The rule that routes events to a worker's queue."""
    queue, dead_letters = worker.queue, worker.dead_letters
    assert queue, "only a worker with a queue can be the target of a rule"
    assert dead_letters, "a worker with a queue has a dead-letter queue"
    return Rule(
        title,
        Name=name,
        Description=_DESCRIPTIONS[title],
        EventBusName=GetAtt(bus, "Name"),
        EventPattern=pattern,
        Targets=[
            Target(
                Id=f"{names.within(queue.QueueName)}-queue",
                Arn=GetAtt(queue, "Arn"),
                DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(dead_letters, "Arn")),
                SqsParameters=SqsParameters(MessageGroupId=_ACCOUNT),
            )
        ],
        DependsOn=[f"{queue.title}Policy", f"{dead_letters.title}Policy"],
    )


def _bus_policy(title: str, sid: str, bus: EventBus, senders: list[Any], config: Config) -> EventBusPolicy:
    """Allow only rules of these senders, with a delivery role, to put only the kinds of events that rules route.

    The conditions name the senders. The principal cannot, because accounts come and go, and a principal's ARN has no
    wildcards ("AWS JSON policy elements: Principal",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).

    AWS's example for PutEvents compares source and detail-type with ForAllValues, because events:source has many
    values. ForAllValues is true if a key is absent, which Null rules out ("Using IAM policy conditions in Amazon
    EventBridge", https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html).
    """
    conditions = [
        *senders,
        ArnLike({"aws:PrincipalArn": role_arn(config, "*", f"{config.names.delivery_role_prefix}*")}),
        *_forwarded(_values(config, "source"), _values(config, "detail-type")),
    ]
    return _admission(title, sid, bus, conditions)


def _zone_changes_policy(bus: EventBus, config: Config) -> EventBusPolicy:
    """Allow only one role of the networking account to put events of calls to Route 53."""
    conditions = [
        StringEquals({"aws:PrincipalAccount": config.network.account}),
        ArnEquals({"aws:PrincipalArn": role_arn(config, config.network.account, config.names.zone_changes_role)}),
        *_forwarded([contract.ZONE_SOURCE], [contract.CALL_DETAIL_TYPE]),
    ]
    return _admission("ZoneChanges", contract.NETWORKING_STATEMENT, bus, conditions)


def _forwarded(sources: list[str], detail_types: list[str]) -> list[Any]:
    """The conditions that a rule forwards an event of these sources and detail types."""
    return [
        Bool({"events:eventBusInvocation": "true"}),
        ForAllValuesStringEquals({"events:source": sources, "events:detail-type": detail_types}),
        Null({"events:source": "false", "events:detail-type": "false"}),
    ]


def _admission(title: str, sid: str, bus: EventBus, conditions: list[Any]) -> EventBusPolicy:
    statement = Statement(
        Effect=Allow,
        Principal=Principal("*"),
        Action=[awacs.events.PutEvents],
        Resource=[GetAtt(bus, "Arn")],
        Condition=Condition(conditions),
    )
    return EventBusPolicy(title, EventBusName=GetAtt(bus, "Name"), StatementId=sid, Statement=statement.JSONrepr())


def _values(config: Config, field: str) -> list[str]:
    """The values of a field in the patterns of all kinds of events of spokes, in order."""
    patterns = [kind.pattern for kind in spoke_events(config)]
    return list(dict.fromkeys(value for pattern in patterns for value in pattern[field]))
