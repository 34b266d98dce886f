"""The events that rules of the spokes forward to the hub's event bus, and that rules of the hub route to queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from troposphere import Parameter, Ref

from hub.runtime import contract
from hub.runtime.model.names import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.runtime.installation import Names
    from orgdns.config.load import Config

TRAIL_EVENTS: Final = "CloudTrailEvents"
HAS_TRAIL_EVENTS: Final = "HasCloudTrailEvents"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event. A rule in each spoke matches it; in the hub, one rule matches all kinds of a function.

    Attributes:
        title: The logical id of the spoke's rule.
        name: The last part of the name of the spoke's rule.
        pattern: The event pattern.
        needs_trail: Whether the events exist only where a CloudTrail trail logs management events.
    """

    title: str
    name: str
    pattern: dict[str, Any]
    needs_trail: bool = False

    def spoke_rule(self, names: Names) -> str:
        """The name of the rule on a spoke's default bus."""
        return names.of(self.name)


# The event that a schedule of the hub puts on its bus. EventBridge sets the account: no other can send one. It takes
# the rule of the instances' events, so that it does not arrive if they do not.
HEARTBEATS: Final = EventKind(
    "Heartbeats",
    "heartbeats",
    {
        "account": [Ref("AWS::AccountId")],
        "source": [contract.HEARTBEAT_SOURCE],
        "detail-type": [contract.HEARTBEAT_DETAIL_TYPE],
    },
)


def hub_pattern(kinds: Sequence[EventKind]) -> dict[str, Any]:
    """The pattern that matches any of these kinds.

    "$or matching", https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
    """
    return kinds[0].pattern if len(kinds) == 1 else {"$or": [kind.pattern for kind in kinds]}


def spoke_events(config: Config) -> tuple[EventKind, ...]:
    """All kinds of events that spokes forward."""
    return instance_events(config) + vpc_events(config)


def instance_events(config: Config) -> tuple[EventKind, ...]:
    """The kinds of events that the observer processes."""
    calls = instance_calls(config)
    events = (
        EventKind("StateRule", "instance-states", state_pattern()),
        EventKind("TagRule", "instance-tags", tag_pattern(config)),
    )
    return (
        (*events, EventKind("CallRule", "instance-calls", call_pattern(calls), needs_trail=True)) if calls else events
    )


def instance_calls(config: Config) -> tuple[str, ...]:
    """The calls that change what policy publishes of instances, and that EC2 has no event for.

    A primary interface and the primary address of an interface stay for life, so most of the calls matter only to rules
    for further ones.

    - AttachNetworkInterface, DetachNetworkInterface
      (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachNetworkInterface.html);
    - AssignPrivateIpAddresses, UnassignPrivateIpAddresses: an address may come from another instance
      (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html);
    - AssignIpv6Addresses, UnassignIpv6Addresses
      (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignIpv6Addresses.html);
    - AttachInstances, DetachInstances of Auto Scaling: they change the tag with the group's name
      (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html).

    ModifyNetworkInterfaceAttribute and ModifyInstanceAttribute change none of this.
    """
    policy = config.compiled_policy()
    chosen = (
        (any(rule.interfaces is not Selection.PRIMARY for rule in policy.rules), contract.INTERFACE_CALLS),
        (any(rule.addresses is not Selection.PRIMARY for rule in policy.rules), contract.ADDRESS_CALLS),
        (any(rule.addresses is not Selection.FURTHER for rule in policy.rules), contract.IPV6_CALLS),
        (contract.GROUP_TAG in policy.tags_read, contract.GROUP_CALLS),
    )
    return tuple(call for matters, calls in chosen if matters for call in calls)


def needs_trail(config: Config) -> bool:
    """Whether some events exist only where a CloudTrail trail logs management events."""
    return any(kind.needs_trail for kind in spoke_events(config))


def call_pattern(calls: tuple[str, ...]) -> dict[str, Any]:
    """Successful calls of these names. The names of EC2's and Auto Scaling's calls differ."""
    groups = not set(contract.GROUP_CALLS).isdisjoint(calls)
    sources = (contract.STATE_SOURCE, *((contract.GROUP_SOURCE,) if groups else ()))
    return {
        "source": list(sources),
        "detail-type": [contract.CALL_DETAIL_TYPE],
        "detail": {
            "eventName": list(calls),
            "errorCode": [{"exists": False}],
        },
    }


def vpc_events(config: Config) -> tuple[EventKind, ...]:
    """The kinds of events that the associator processes. None if no zone configures which VPCs resolve it."""
    if not config.association_policies:
        return ()
    calls = EventKind("VpcRule", "vpc-calls", vpc_pattern(), needs_trail=True)
    return (calls, EventKind("VpcTagRule", "vpc-tags", vpc_tag_pattern(config))) if config.vpc_tags else (calls,)


def zone_changes_pattern(config: Config) -> dict[str, Any]:
    """Calls that change records in the networking account. The rule there has a narrower pattern."""
    return {
        "account": [config.network.account],
        "source": [contract.ZONE_SOURCE],
        "detail-type": [contract.CALL_DETAIL_TYPE],
        "detail": {"eventName": [contract.ZONE_CALL]},
    }


def vpc_pattern() -> dict[str, Any]:
    """Successful API calls that create, modify or delete a VPC.

    "AWS service events delivered via AWS CloudTrail"
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
    """
    return {
        "source": [contract.STATE_SOURCE],
        "detail-type": [contract.CALL_DETAIL_TYPE],
        "detail": {
            "eventSource": ["ec2.amazonaws.com"],
            "eventName": list(contract.VPC_CALLS),
            "errorCode": [{"exists": False}],
        },
    }


def vpc_tag_pattern(config: Config) -> dict[str, Any]:
    """Changes of the VPC tags that policy selects VPCs by."""
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["vpc"], "changed-tag-keys": list(config.vpc_tags)},
    }


def state_pattern() -> dict[str, Any]:
    """State changes that can change names. A running instance goes before a stopped one with the same name.

    "State change events for your instances"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
    """
    return {
        "source": [contract.STATE_SOURCE],
        "detail-type": [contract.STATE_DETAIL_TYPE],
        "detail": {"state": [*contract.REGISTERING_STATES, *contract.STOPPING_STATES, *contract.FINAL_STATES]},
    }


def tag_pattern(config: Config) -> dict[str, Any]:
    """Changes of the instance tags that policy reads: tags added, changed or removed.

    Those that AWS sets are among them: the tag of an Auto Scaling group comes and goes with the group. AWS does not
    document whether it publishes such changes.

    The pattern matches if the arrays of keys share one element ("Arrays in Amazon EventBridge event patterns",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html). "Monitor tag changes"
    (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html) documents the event.
    """
    keys = sorted(config.compiled_policy().tags_read)
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["instance"], "changed-tag-keys": keys or [contract.NAME_TAG]},
    }


def trail_events_parameter() -> Parameter:
    """The parameter for whether a CloudTrail trail logs management events in the stack's account and region."""
    return Parameter(
        TRAIL_EVENTS,
        Type="String",
        Default="false",
        AllowedValues=["true", "false"],
        Description="Whether a CloudTrail trail logs management events in these accounts. If true, orgdns reacts to "
        "new VPCs, and to interfaces and addresses that move, within seconds; otherwise within an hour.",
    )
