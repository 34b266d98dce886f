"""Hosted zone ids in templates: a literal, or a reference if the network stack creates the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Parameter, Sub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hub.runtime.model.names import Fqdn
    from orgdns.config.sections.zones import Zone


def zone_parameters(zones: Iterable[Zone], *, described: bool = True) -> list[Parameter]:
    """The parameter for the id of each zone that the network stack creates.

    Without descriptions, many of them fit into the template of a StackSet, which is small.
    """
    return [
        Parameter(
            zone_id_title(zone.domain),
            Type="String",
            AllowedPattern=r"^Z[A-Z0-9]{1,31}$",
            **(_description(zone.domain) if described else {}),
        )
        for zone in zones
        if zone.create
    ]


def _description(domain: Fqdn) -> dict[str, str]:
    return {
        "Description": f"ID of the hosted zone {shown_domain(domain)}, an output of the network stack.",
        "ConstraintDescription": "must be a hosted zone id",
    }


def zone_id_title(domain: Fqdn) -> str:
    """The logical id of the network stack's output, and of the other stacks' parameter, for a created zone's id.

    Different domains have different ids, and the id of a domain does not depend on other zones.
    """
    return f"ZoneId{alphanumeric(domain)}"


def zone_title(domain: Fqdn) -> str:
    """The logical id of a zone's resource: the zone itself, or its association with the Profile."""
    return f"Zone{alphanumeric(domain)}"


def zone_id(zone: Zone, title: Callable[[Fqdn], str] = zone_id_title) -> str:
    """The id of a zone as text for `Fn::Sub`.

    Args:
        zone: The zone.
        title: The logical id to refer to if the network stack creates the zone. That stack refers to the zone itself
            (`zone_title`), other stacks to their parameter.
    """
    return zone.id or f"${{{title(zone.domain)}}}"


def zone_arn(zone: Zone, title: Callable[[Fqdn], str] = zone_id_title) -> Sub:
    """The ARN of a zone. `title` is as for `zone_id`."""
    return Sub(f"arn:${{AWS::Partition}}:route53:::hostedzone/{zone_id(zone, title)}")


def alphanumeric(domain: Fqdn) -> str:
    """The domain as part of a logical id, which may contain letters and digits only."""
    # Words for dots and hyphens keep 1.10 and 11.0 apart.
    words = shown_domain(domain).replace(".", " Dot ").replace("-", " Dash ").split(" ")
    return "".join(word[:1].upper() + word[1:] for word in words)


def shown_domain(domain: Fqdn) -> str:
    """The domain without its trailing dot, as people and most AWS APIs write it."""
    return domain.removesuffix(".")
