"""Checks of `resolved_by`: which VPCs resolve a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime.messages import short
from orgdns.config.errors import Fault, Place, Source, listed

if TYPE_CHECKING:
    from collections.abc import Iterator


def vpc_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults in the VPC selections of the zones, in a file that may have other faults."""
    zones = listed(content, "zones")
    regions = [region for region in listed(content.get("spokes"), "regions") if isinstance(region, str)]
    for index, zone in enumerate(zones):
        resolved_by = zone.get("resolved_by") if isinstance(zone, dict) else None
        if isinstance(resolved_by, dict):
            for key in ("vpcs", "except"):
                yield from _region_faults(
                    listed(resolved_by, key), ("zones", index, "resolved_by", key), regions, source
                )
        elif isinstance(zone, dict) and zone.get("autodefined_rules") == "disable":
            yield source.fault(
                ("zones", index, "autodefined_rules"),
                "needs 'resolved_by': orgdns disables the autodefined rules in the VPCs that resolve the zone",
            )
    yield from _profile_faults(zones, source)


def _region_faults(selections: list[Any], place: Place, regions: list[str], source: Source) -> Iterator[Fault]:
    for index, selection in enumerate(selections):
        for number, region in enumerate(listed(selection, "regions")):
            if regions and region not in regions:
                yield source.fault((*place, index, "regions", number), f"{short(region)} is not one of spokes.regions")


def _profile_faults(zones: list[Any], source: Source) -> Iterator[Fault]:
    """Faults of zones that use the Profile: every VPC of a Profile resolves all its zones, so they select the same."""
    first: tuple[int, object] | None = None
    for index, zone in enumerate(zones):
        resolved_by = zone.get("resolved_by") if isinstance(zone, dict) else None
        if not isinstance(resolved_by, dict) or resolved_by.get("by") != "profile":
            continue
        selection = (resolved_by.get("vpcs"), resolved_by.get("except"))
        if first is None:
            first = index, selection
        elif selection != first[1]:
            yield source.fault(
                ("zones", index, "resolved_by"),
                f"selects other VPCs than zones[{first[0]}]. Both use the Profile, and every VPC of a Profile resolves "
                "all its zones: select the same VPCs, or use 'by: association' for one of the zones",
            )
        if resolved_by.get("owns_all"):
            yield source.fault(
                ("zones", index, "resolved_by", "owns_all"),
                "applies to 'by: association' only: the owner of a Profile cannot see who associated a VPC with it",
            )
