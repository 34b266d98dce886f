"""Checks of `resolved_by`: which VPCs resolve a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.messages import short
from hub.runtime.model.health.near_limit import near_limit
from hub.runtime.model.vpcs import AssociationMethod
from orgdns.config.errors import Fault, Place, Source, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hub.runtime.model.usage import Limits
    from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection

# The configuration names units, not how many accounts are in them. A zone that fewer accounts than this would fill is
# worth a warning: organizations often have more.
MANY_ACCOUNTS: Final = 100


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
    yield from _dry_run_faults(zones, source)


def _region_faults(selections: list[Any], place: Place, regions: list[str], source: Source) -> Iterator[Fault]:
    for index, selection in enumerate(selections):
        for number, region in enumerate(listed(selection, "regions")):
            if regions and region not in regions:
                yield source.fault((*place, index, "regions", number), f"{short(region)} is not one of spokes.regions")


def _dry_run_faults(zones: list[Any], source: Source) -> Iterator[Fault]:
    """Faults of `associate`: the VPCs of a Profile resolve all its zones, so these are in dry run together."""
    first: tuple[int, bool] | None = None
    for index, zone in enumerate(zones):
        resolved_by = zone.get("resolved_by") if isinstance(zone, dict) else None
        if not isinstance(resolved_by, dict):
            if isinstance(zone, dict) and zone.get("associate") is False:
                yield source.fault(("zones", index, "associate"), "needs 'resolved_by': orgdns associates no VPC yet")
            continue
        if resolved_by.get("by") != "profile":
            continue
        associate = zone.get("associate") is not False
        if first is None:
            first = index, associate
        elif associate is not first[1]:
            yield source.fault(
                ("zones", index, "associate"),
                f"must be as in zones[{first[0]}]: a VPC resolves all zones of the Profile, or none",
            )


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


def quota_warning(policy: AssociationPolicy, regions: Collection[str], limits: Limits) -> str | None:
    """Why a zone, or the Profile of a region, likely cannot hold the VPCs that are selected for it; or None.

    Nobody knows here which VPCs there are. The estimate is one VPC of an account in each region, and one more where
    default VPCs are selected.
    """
    if policy.method is AssociationMethod.PROFILE:
        # Each region has a Profile of its own.
        quota, regions, instead = limits.profile_vpcs, frozenset({""}), "select fewer VPCs"
        holds = f"a Profile takes {quota:,} VPCs (guards.profile_vpcs)"
    else:
        quota, instead = limits.zone_vpcs, "use 'by: profile', or select fewer VPCs"
        holds = f"a zone takes {quota:,} VPCs (guards.zone_vpcs)"
    listed_vpcs = sum(_listed_vpcs(selection, len(_regions(selection, regions))) for selection in policy.selections)
    if near_limit(listed_vpcs, quota):
        return f"{holds}, and the listed accounts have {listed_vpcs:,} if each has one in each region: {instead}"
    selected = [selection for selection in policy.selections if _is_open(selection)]
    of_account = sum(
        len({region for each in selected if each.default in {None, default} for region in _regions(each, regions)})
        for default in (False, True)
    )
    accounts = (quota - listed_vpcs) // of_account if of_account else MANY_ACCOUNTS
    if accounts < MANY_ACCOUNTS:
        return (
            f"{holds}. If every account has one in each region, {of_account:,} in all, {accounts:,} accounts fill it. "
            f"For more accounts, {instead}"
        )
    return None


def _regions(selection: VpcSelection, regions: Collection[str]) -> Collection[str]:
    chosen = selection.scope.regions
    return regions if chosen is None or len(regions) == 1 else chosen


def _is_open(selection: VpcSelection) -> bool:
    """Whether a selection does not say how many VPCs or accounts it has."""
    scope = selection.scope
    return scope.vpcs is None and (scope.units is not None or scope.accounts is None)


def _listed_vpcs(selection: VpcSelection, regions: int) -> int:
    """The VPCs that a selection lists, or one in each region of the accounts that it lists."""
    scope = selection.scope
    return len(scope.vpcs) if scope.vpcs is not None else len(scope.accounts or ()) * regions
