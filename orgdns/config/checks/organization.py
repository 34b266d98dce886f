"""Checks that the accounts and units can be those of one organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.names.labels import shown
from orgdns.config.errors import Fault, Place, Source, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orgdns.config.sections.accounts import Network, Organization

_PARTS: Final = {"r": 2, "ou": 3}


def organization_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of accounts and units that cannot be what the file says they are."""
    organization, hub = content.get("organization"), content.get("hub")
    if not isinstance(organization, dict):
        return
    management = organization.get("management_account")
    if isinstance(hub, dict) and isinstance(management, str) and hub.get("account") == management:
        # "Register a delegated administrator with AWS Organizations"
        # (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html).
        yield source.fault(
            ("hub", "account"),
            f"{shown(management)} is the management account, which cannot be a delegated administrator of StackSets: "
            "use a member account",
        )
    units = [(place, unit, root) for place, unit in _units(content) if (root := _root(unit))]
    first = next(((unit, root) for place, unit, root in units if place[:2] == ("organization", "units")), None)
    for place, unit, root in units:
        if first and root != first[1]:
            yield source.fault(
                place,
                f"{shown(unit)} is below another root than {first[0]}: an organization has one, r-{first[1]} here",
            )


def management_network(organization: Organization, network: Network) -> str | None:
    """A warning if the networking account is the management account; otherwise None.

    The stacks of the networking account are deployed by hand, so it works. No service control policy restricts that
    account ("Service control policies",
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html).
    """
    if network.account != organization.management_account:
        return None
    return (
        "network.account: is the management account, in which service control policies restrict nothing, so that they "
        "cannot protect the zones: use a member account"
    )


def _root(unit: str) -> str | None:
    """The part of a unit's or root's id that names the root; None if it is no such id."""
    parts = unit.split("-")
    return parts[1] if len(parts) == _PARTS.get(parts[0]) else None


def _units(content: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every unit in the file, with its place; those of the organization come first."""
    return ((place, unit) for place, unit in _listed_units(content) if isinstance(unit, str))


def _listed_units(content: dict[str, Any]) -> Iterator[tuple[Place, object]]:
    organization = content["organization"]
    yield from ((("organization", "units", number), unit) for number, unit in enumerate(listed(organization, "units")))
    labels = organization.get("unit_labels")
    yield from ((("organization", "unit_labels", unit), unit) for unit in (labels if isinstance(labels, dict) else ()))
    policy = content.get("policy")
    for section, items in (("zones", listed(content, "zones")), ("policy", listed(policy, "rules"))):
        for index, item in enumerate(items):
            place = (section, index) if section == "zones" else (section, "rules", index)
            yield from (((*place, "units", number), unit) for number, unit in enumerate(listed(item, "units")))
            resolved_by = item.get("resolved_by") if isinstance(item, dict) else None
            for number, selection in enumerate(listed(resolved_by, "vpcs")):
                inside = (*place, "resolved_by", "vpcs", number, "units")
                yield from (((*inside, which), unit) for which, unit in enumerate(listed(selection, "units")))
