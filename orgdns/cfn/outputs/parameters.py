"""The outputs of a stack, each also an SSM parameter, so that other tools read it by a name that never changes.

Parameters of the standard tier cost nothing, and an account has 10,000 of them in a region ("Managing parameter tiers",
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from troposphere import Output, Ref
from troposphere.ssm import Parameter

from orgdns.cfn.zone_ids import shown_domain, zone_id_title, zone_title

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

    from hub.runtime.installation import Names
    from orgdns.config.sections.zones import Zone

# Below the network stack. No output has this name.
_ZONES: Final = "zones"


class Stack(StrEnum):
    """The stacks that have parameters, by the names of their templates."""

    HUB = "hub"
    NETWORK = "network"
    NETWORK_REGION = "network-region"
    NETWORK_ZONE_CHANGES = "network-zone-changes"
    ROLLOUT = "rollout"


def output_parameter(names: Names, stack: Stack, output: str) -> str:
    """The name of the parameter with an output of a stack.

    A name consists of letters, digits and `_.-`, with slashes between levels ("Creating Parameter Store parameters",
    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html).
    """
    return f"{names.parameters}/{stack}/{output}"


def zone_parameter(names: Names, zone: Zone) -> str:
    """The name of the parameter with a zone's id, by its domain. The network stack has it."""
    return f"{output_parameter(names, Stack.NETWORK, _ZONES)}/{shown_domain(zone.domain)}"


def add_output(
    template: Template, names: Names, stack: Stack, title: str, description: str, value: AWSHelperFn | str
) -> None:
    """Add an output, and the parameter with the same value."""
    template.add_output(Output(title, Description=description, Value=value))
    template.add_resource(
        Parameter(
            f"{title}Parameter",
            Name=output_parameter(names, stack, title),
            Description=description,
            Type="String",
            Tier="Standard",
            Value=value,
        )
    )


def add_zone(template: Template, names: Names, zone: Zone) -> None:
    """Add the parameter with a zone's id, and the output with the id of a zone that the stack creates."""
    description = f"ID of the hosted zone {shown_domain(zone.domain)}"
    value = zone.id or Ref(zone_title(zone.domain))
    if zone.create:
        template.add_output(
            Output(
                zone_id_title(zone.domain),
                Description=f"{description}, a parameter of the other stacks.",
                Value=value,
            )
        )
    template.add_resource(
        Parameter(
            f"{zone_id_title(zone.domain)}Parameter",
            Name=zone_parameter(names, zone),
            Description=f"{description}.",
            Type="String",
            Tier="Standard",
            Value=value,
        )
    )
