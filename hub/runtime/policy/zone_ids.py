"""The ids of the zones as a short text for the functions' environment, which is small. Pure.

A text has the zones by parent domain: `internal.:corp=Z1,instances=Z2;10.in-addr.arpa.:1=Z3`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.runtime.model.names import Fqdn

if TYPE_CHECKING:
    from collections.abc import Mapping


def encoded(zone_ids: Mapping[Fqdn, str]) -> str:
    """The text with the id of each zone."""
    by_parent: dict[str, list[str]] = {}
    for domain, zone_id in sorted(zone_ids.items()):
        label, _, parent = domain.partition(".")
        by_parent.setdefault(parent, []).append(f"{label}={zone_id}")
    return ";".join(f"{parent}:{','.join(zones)}" for parent, zones in by_parent.items())


def decoded(text: str) -> dict[Fqdn, str]:
    """The id of each zone.

    Raises:
        ValueError: if the text is not one that `encoded` returns.
    """
    zone_ids: dict[Fqdn, str] = {}
    for group in text.split(";"):
        parent, colon, zones = group.partition(":")
        for zone in zones.split(","):
            label, equals, zone_id = zone.partition("=")
            if not (colon and label and equals and zone_id.isalnum()):
                raise ValueError(f"not a list of zones: {text!r}")
            zone_ids[Fqdn(f"{label}.{parent}")] = zone_id
    return zone_ids
