"""What can be wrong with the VPCs that a configuration has its zones resolved by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orgdns.config.errors import Fault, Place, Source, listed

if TYPE_CHECKING:
    from collections.abc import Iterator


def reach_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of what the zones say of VPCs, in a file that may have others."""
    zones = listed(content, "zones")
    regions = [one for one in listed(content.get("spokes"), "regions") if isinstance(one, str)]
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
                "says that orgdns is to disable them, and not where: say in 'resolved_by' which VPCs resolve the zone",
            )
    yield from _profile_faults(zones, source)


def _region_faults(selections: list[Any], place: Place, regions: list[str], source: Source) -> Iterator[Fault]:
    for index, selection in enumerate(selections):
        for number, region in enumerate(listed(selection, "regions")):
            if regions and region not in regions:
                yield source.fault((*place, index, "regions", number), f"{region!r} is not one of spokes.regions")


def _profile_faults(zones: list[Any], source: Source) -> Iterator[Fault]:
    """A Profile carries all of its zones to each of its VPCs: they cannot be told apart there."""
    said: tuple[int, object] | None = None
    for index, zone in enumerate(zones):
        resolved_by = zone.get("resolved_by") if isinstance(zone, dict) else None
        if not isinstance(resolved_by, dict) or resolved_by.get("by") != "profile":
            continue
        of_zone = (resolved_by.get("vpcs"), resolved_by.get("except"))
        if said is None:
            said = index, of_zone
        elif of_zone != said[1]:
            yield source.fault(
                ("zones", index, "resolved_by"),
                f"selects other VPCs than zones[{said[0]}], and both go by the one Profile, whose VPCs resolve all of "
                "its zones: select the same VPCs, or resolve one of them by association",
            )
        if resolved_by.get("owns_all"):
            yield source.fault(
                ("zones", index, "resolved_by", "owns_all"),
                "is for zones by association: who associated a VPC with a Profile, its owner is not shown",
            )
