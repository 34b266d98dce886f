"""Checks of the covered accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hub.runtime.names.labels import shown
from orgdns.config.errors import Fault, Source, listed

if TYPE_CHECKING:
    from collections.abc import Iterator


# The inline policies of a role have at most 10,240 characters ("IAM and AWS STS quotas",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). The associator's name the covered
# accounts twice, which leaves this much for once.
_ROOM: Final = 3_500
# What stands around a value in a policy: quotation marks and a comma.
_AROUND: Final = 3
# `arn:aws-us-gov:iam::123456789012:role/orgdns-vpc-associator`, and an account id.
_LONGEST_ROLE: Final = 60
_ACCOUNT: Final = 12


def account_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of the accounts that are included and excluded by name."""
    organization = content.get("organization")
    if not isinstance(organization, dict):
        return
    accounts = organization.get("accounts")
    accounts = accounts if isinstance(accounts, dict) else {}
    if (taken := _characters(organization, accounts)) > _ROOM:
        yield source.fault(
            ("organization",),
            f"the units and accounts take {taken:,} characters of a policy, and {_ROOM:,} fit: cover units that "
            "contain the others, and move accounts into units or out of them instead of naming them",
        )
    included = {account for account in listed(accounts, "include") if isinstance(account, str)}
    for number, account in enumerate(listed(accounts, "exclude")):
        if isinstance(account, str) and account in included:
            yield source.fault(
                ("organization", "accounts", "exclude", number),
                f"{shown(account)} is also in organization.accounts.include: remove it from one of them",
            )


def _characters(organization: dict[str, Any], accounts: dict[str, Any]) -> int:
    """How many characters a policy needs to name the covered accounts, at most."""
    units = [unit for unit in listed(organization, "units") if isinstance(unit, str)]
    # `o-a1b2c3d4e5/r-ab12/*ou-ab12-workload/*`: the root's id is shorter than the unit's.
    of_units = sum(len(str(organization.get("id"))) + 2 * len(unit) + _AROUND for unit in units)
    of_included = len(listed(accounts, "include")) * (_LONGEST_ROLE + _AROUND)
    return of_units + of_included + len(listed(accounts, "exclude")) * (_ACCOUNT + _AROUND)
