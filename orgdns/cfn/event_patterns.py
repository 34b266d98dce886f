"""The events that rules of the spokes forward to the hub's event bus, and that rules of the hub route to queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from troposphere import Parameter

from hub.runtime import contract

if TYPE_CHECKING:
    from orgdns.config.load import Config

VPC_EVENTS: Final = "VpcEvents"
HAS_VPC_EVENTS: Final = "HasVpcEvents"


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event. A rule in each spoke and a rule in the hub match it with the same pattern.

    Attributes:
        title: The logical id of both rules.
        name: The last part of both rules' names.
        pattern: The event pattern.
        needs_trail: Whether the events exist only where a CloudTrail trail logs management events.
    """

    title: str
    name: str
    pattern: dict[str, Any]
    needs_trail: bool = False

    @property
    def spoke_rule(self) -> str:
        """The name of the rule on a spoke's default bus."""
        return f"{contract.PREFIX}-{self.name}"

    @property
    def hub_rule(self) -> str:
        """The name of the rule on the hub's bus."""
        return f"{contract.PREFIX}-received-{self.name}"


def instance_events(config: Config) -> tuple[EventKind, ...]:
    """The kinds of events that the observer processes."""
    return (
        EventKind("StateRule", "instance-states", state_pattern()),
        EventKind("TagRule", "instance-tags", tag_pattern(config)),
    )


def vpc_events(config: Config) -> tuple[EventKind, ...]:
    """The kinds of events that the associator processes. None if no zone configures which VPCs resolve it."""
    if not config.association_policies:
        return ()
    calls = EventKind("VpcRule", "vpc-calls", vpc_pattern(), needs_trail=True)
    return (calls, EventKind("VpcTagRule", "vpc-tags", vpc_tag_pattern(config))) if config.vpc_tags else (calls,)


def zone_changes(config: Config) -> EventKind:
    """The kind of event that the sweeper processes: the networking account's rule has a narrower pattern."""
    pattern = {
        "account": [config.network.account],
        "source": [contract.ZONE_SOURCE],
        "detail-type": [contract.CALL_DETAIL_TYPE],
        "detail": {"eventName": [contract.ZONE_CALL]},
    }
    return EventKind("ZoneChangesRule", "zone-changes", pattern, needs_trail=True)


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


def vpc_events_parameter() -> Parameter:
    """The parameter for whether a CloudTrail trail logs management events in the stack's account and region."""
    return Parameter(
        VPC_EVENTS,
        Type="String",
        Default="false",
        AllowedValues=["true", "false"],
        Description="Whether a CloudTrail trail logs management events in these accounts. If true, a new VPC resolves "
        "the zones within seconds; otherwise within an hour.",
    )
