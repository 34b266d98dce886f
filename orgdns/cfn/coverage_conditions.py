"""Conditions that restrict a grant to the accounts of the covered organizational units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from awacs.aws import ForAnyValueStringLike, StringEquals, StringNotEquals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orgdns.config.load import Config


def in_covered_units(
    config: Config, side: Literal["Principal", "Resource"], units: Sequence[str] | None = None
) -> list[Any]:
    """The conditions that the principal or the resource belongs to an account in a covered unit, and to none excluded.

    `units` is a part of the covered units; None means all. The function checks the same at run time. Here AWS enforces
    it, whatever the code does.
    """
    organization = config.organization
    conditions: list[Any] = [
        StringEquals({f"aws:{side}OrgID": organization.id}),
        ForAnyValueStringLike(
            {f"aws:{side}OrgPaths": [path_below(organization.id, unit) for unit in units or organization.units]}
        ),
    ]
    if organization.excluded:
        conditions.append(StringNotEquals({f"aws:{side}Account": list(organization.excluded)}))
    return conditions


def root_of(unit: str) -> str:
    """The id of the root above a unit, or of the root itself.

    The root's random part is in the id of every unit ("OrganizationalUnit",
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html).
    """
    return f"r-{unit.split('-')[1]}"


def path_below(organization: str, unit: str) -> str:
    """The pattern of the paths of all accounts in a unit, or in the root, and below it.

    A path is `o-.../r-.../ou-.../`, with the root's id and the unit's full id as steps ("AWS global condition context
    keys", aws:PrincipalOrgPaths,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths).
    The first asterisk stands for the units above: nothing but the unit itself ends with its id and a slash.
    """
    root = root_of(unit)
    return f"{organization}/{root}/*" if unit == root else f"{organization}/{root}/*{unit}/*"
