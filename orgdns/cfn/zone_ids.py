"""Hosted zone ids in the stacks: a literal, or a reference where the network stack creates the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Parameter, Sub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hub.runtime.model.names import Fqdn
    from orgdns.config.sections import Zone


def zone_parameters(zones: Iterable[Zone]) -> list[Parameter]:
    """The parameter for the id of each zone that the network stack creates."""
    return [
        Parameter(
            zone_id_title(zone.domain),
            Type="String",
            Description=f"Hosted zone id of {shown_domain(zone.domain)}, an output of the network stack.",
            AllowedPattern=r"^Z[A-Z0-9]{1,31}$",
            ConstraintDescription="must be a hosted zone id, such as Z0123456789ABCDEFGHIJ",
        )
        for zone in zones
        if zone.create
    ]


def zone_id_title(domain: Fqdn) -> str:
    """The logical id of the network stack's output, and of the other stacks' parameter, for a created zone's id.

    Two domains never share one, and a domain keeps its own whatever other zones there are.
    """
    return f"ZoneId{alphanumeric(domain)}"


def zone_title(domain: Fqdn) -> str:
    """The logical id of a zone's own resource: the zone, or its association with the Profile."""
    return f"Zone{alphanumeric(domain)}"


def zone_id(zone: Zone, title: Callable[[Fqdn], str] = zone_id_title) -> str:
    """The id of a zone as text for `Fn::Sub`.

    Args:
        zone: The zone.
        title: What the stack calls the id of a created zone: the stack that creates it refers to the zone itself
            (`zone_title`), the others to their parameter.
    """
    return zone.id or f"${{{title(zone.domain)}}}"


def zone_arn(zone: Zone, title: Callable[[Fqdn], str] = zone_id_title) -> Sub:
    """The ARN of a zone; `title` as for `zone_id`."""
    return Sub(f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone_id(zone, title)}")


def alphanumeric(domain: Fqdn) -> str:
    """The domain as part of a logical id, which takes letters and digits only."""
    # Without words for them, 1.10 and 11.0 would be the same.
    words = shown_domain(domain).replace(".", " Dot ").replace("-", " Dash ").split(" ")
    return "".join(word[:1].upper() + word[1:] for word in words)


def shown_domain(domain: Fqdn) -> str:
    """The domain without its final dot, as people and most AWS APIs write it."""
    return domain.removesuffix(".")
