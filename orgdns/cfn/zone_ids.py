"""The ids of zones in stacks other than that of the networking account, which may be still to create them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub

if TYPE_CHECKING:
    from hub.runtime.model.names import Fqdn
    from orgdns.config.load import Zone

from typing import TYPE_CHECKING

from troposphere import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orgdns.config.sections import Zone


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


def zone_id_title(domain: Fqdn) -> str:
    """The name of the network stack's output, and of the hub stack's parameter, for the id of a zone to be created.

    Two domains never share one, and a domain keeps its own whatever other zones there are.
    """
    return f"ZoneId{alphanumeric(domain)}"


def alphanumeric(domain: Fqdn) -> str:
    """The domain as part of a logical id, which takes letters and digits only."""
    # A dot or hyphen left out would make one of 1.10 and 11.0.
    words = shown_domain(domain).replace(".", " Dot ").replace("-", " Dash ").split(" ")
    return "".join(word[:1].upper() + word[1:] for word in words)


def shown_domain(domain: Fqdn) -> str:
    """The domain without its final dot, as people and most AWS APIs write it."""
    return domain.removesuffix(".")
