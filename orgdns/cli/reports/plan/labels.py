"""The labels that accounts would have with a changed configuration. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hub.runtime.model.labels import reserved_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hub.runtime.model.labels import HeldLabel
    from hub.runtime.model.names import Account


class AccountsPlan:
    """The accounts with the labels that the configuration gives. `held` are the labels in the ledger."""

    def __init__(self, pinned: Mapping[str, str], held: Collection[HeldLabel]) -> None:
        self._pinned = pinned
        self._pinned_to = {label: account_id for account_id, label in pinned.items()}
        self._holders = {each.label: each.account_id for each in held if each.account_id}
        self.reserved = reserved_labels(held, pinned)

    def account(self, account: Account) -> Account:
        """The account with the label that it would have. The ledger does not know the names of accounts.

        An account whose label the configuration gives to another account has none. So has an account that gets another
        account's label: the label passes when no record of that account under it is left.
        """
        label = self._pinned.get(account.id, account.label)
        if label is None:
            return account
        owner = self._pinned_to.get(label, account.id)
        if owner != account.id:
            reason = f"the configuration gives the label {label!r} to the account {owner}"
            return replace(account, label=None, reason=reason)
        holder = self._holders.get(label, account.id)
        if holder != account.id:
            reason = (
                f"the label {label!r} belonged to the account {holder}; it is free when that account has no record "
                "under it"
            )
            return replace(account, label=None, reason=reason)
        return replace(account, label=label, reason="")
