"""The ids of zones in stacks other than that of the networking account, which may be still to create them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Parameter, Sub

from hub.network import zone_id_title

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.sections import Zone


def zone_parameters(zones: Iterable[Zone]) -> list[Parameter]:
    """The parameter for the id of each zone that the network stack creates."""
    return [
        Parameter(
            zone_id_title(zone.domain),
            Type="String",
            Description=f"Hosted zone id of {zone.domain.removesuffix('.')}, an output of the network stack.",
            AllowedPattern=r"^Z[A-Z0-9]{1,31}$",
            ConstraintDescription="must be a hosted zone id, such as Z0123456789ABCDEFGHIJ",
        )
        for zone in zones
        if zone.create
    ]


def zone_arn(zone: Zone) -> Sub:
    """The ARN of a zone, whose id may be a parameter."""
    zone_id = zone.id or f"${{{zone_id_title(zone.domain)}}}"
    return Sub(f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone_id}")
