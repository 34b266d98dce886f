"""Checks of the covered accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.runtime.names.labels import shown
from orgdns.config.errors import Fault, Source, listed

if TYPE_CHECKING:
    from collections.abc import Iterator


def account_faults(content: dict[str, Any], source: Source) -> Iterator[Fault]:
    """The faults of the accounts that are included and excluded by name."""
    organization = content.get("organization")
    if not isinstance(organization, dict):
        return
    accounts = organization.get("accounts")
    accounts = accounts if isinstance(accounts, dict) else {}
    included = {account for account in listed(accounts, "include") if isinstance(account, str)}
    for number, account in enumerate(listed(accounts, "exclude")):
        if isinstance(account, str) and account in included:
            yield source.fault(
                ("organization", "accounts", "exclude", number),
                f"{shown(account)} is also in organization.accounts.include: remove it from one of them",
            )
