"""The events that the spokes' rules forward to the hub's bus, and that the hub's rules take off it."""

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
    """One kind of event, which a rule of each spoke and a rule of the hub match by the same pattern.

    Attributes:
        title: The logical id of either rule.
        name: What the names of both rules end in.
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
    """The events that the observer takes."""
    return (
        EventKind("StateRule", "instance-states", state_pattern(config)),
        EventKind("TagRule", "instance-tags", tag_pattern(config)),
    )


def vpc_events(config: Config) -> tuple[EventKind, ...]:
    """The events that the associator takes; none where no zone says which VPCs resolve it."""
    if not config.association_policies:
        return ()
    calls = EventKind("VpcRule", "vpc-calls", vpc_pattern(), needs_trail=True)
    return (calls, EventKind("VpcTagRule", "vpc-tags", vpc_tag_pattern(config))) if config.vpc_tags else (calls,)


def vpc_pattern() -> dict[str, Any]:
    """The calls that make, change or delete a VPC, those that failed left out.

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
    """The changes of tags by which VPCs are selected, as those of instances."""
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["vpc"], "changed-tag-keys": list(config.vpc_tags)},
    }


def state_pattern(config: Config) -> dict[str, Any]:
    """The state changes that decide something; stopping does where a rule withdraws names then.

    "State change events for your instances"
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html).
    """
    stopping = contract.STOPPING_STATES if config.compiled_policy().withdraws_when_stopped else ()
    return {
        "source": [contract.STATE_SOURCE],
        "detail-type": [contract.STATE_DETAIL_TYPE],
        "detail": {"state": [*contract.REGISTERING_STATES, *stopping, *contract.FINAL_STATES]},
    }


def tag_pattern(config: Config) -> dict[str, Any]:
    """The changes of tags that policy reads, added, changed or removed alike.

    Tags that AWS sets by itself come with the instance, and nobody changes them.

    One common element of the two arrays of keys is enough ("Arrays in Amazon EventBridge event patterns",
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html); the event is told in
    "Monitor tag changes" (https://docs.aws.amazon.com/tag-editor/latest/userguide/tag-monitor.html).
    """
    keys = sorted(key for key in config.compiled_policy().tags_read if not key.startswith("aws:"))
    return {
        "source": [contract.TAG_SOURCE],
        "detail-type": [contract.TAG_DETAIL_TYPE],
        "detail": {"service": ["ec2"], "resource-type": ["instance"], "changed-tag-keys": keys or [contract.NAME_TAG]},
    }


def vpc_events_parameter() -> Parameter:
    """The parameter that says whether CloudTrail logs calls where the stack stands."""
    return Parameter(
        VPC_EVENTS,
        Type="String",
        Default="false",
        AllowedValues=["true", "false"],
        Description="Whether a CloudTrail trail logs management events in these accounts: a new VPC then resolves the "
        "zones within seconds, else within an hour.",
    )
