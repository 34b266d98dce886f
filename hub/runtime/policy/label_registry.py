"""The labels of accounts, cached for a while, over ports. No AWS, no log.

An account takes the label for its name if no account has it. A label that its account's name no longer gives is
released: a search of the ledger decides when it is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from hub.runtime.model.labels import HeldLabel, reserved_labels
from hub.runtime.model.names import Fqdn, NameKey
from hub.runtime.names.labels import NameRefused, is_reverse, label_of
from hub.runtime.ports import LedgerUnavailable, Outdated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.runtime.model.names import NameState
    from hub.runtime.ports import Clock, LabelLedger

# A function notices within this time that another one took or released a label.
KEEP_MILLIS: Final = 900_000
# The row of a label that cannot be read is read again after this time.
KEEP_UNREADABLE_MILLIS: Final = 60_000
# Each attempt reads the rows that another function has changed.
ATTEMPTS: Final = 3


class Names(Protocol):
    """The claims on names."""

    def name(self, key: NameKey) -> NameState:
        """Return all claims on a name, read consistently; raises LedgerUnavailable."""
        ...


class LabelUnknown(Exception):
    """The row of a label cannot be read: nobody gains the label, and nobody loses it."""


class LabelRegistry:
    """Which account has which label. `pinned` are the labels that the configuration gives, by account."""

    def __init__(
        self,
        ledger: LabelLedger,
        names: Names,
        pinned: Mapping[str, str],
        zone_ids: Mapping[Fqdn, str],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._names = names
        self._pinned = pinned
        self._pinned_to = {label: account_id for account_id, label in pinned.items()}
        self._zone_ids = {domain: zone_id for domain, zone_id in zone_ids.items() if not is_reverse(domain)}
        self._clock = clock
        self._held: dict[str, HeldLabel] = {}
        self._reserved: Mapping[str, str] = {}
        self._expires_at = 0

    def pinned(self, account_id: str) -> str:
        """The label that the configuration gives the account, or nothing."""
        return self._pinned.get(account_id, "")

    def wanted(self, account_id: str, name: str) -> tuple[str, str]:
        """The label of an account of this name if the account can take it, or nothing and the reason."""
        try:
            return self.pinned(account_id) or label_of(name).text, ""
        except NameRefused as refused:
            return "", f"the name of the account cannot be a label: {refused}"

    def take(self, account_id: str, label: str, bears: Callable[[str, str], bool]) -> str:
        """Give an account the label and release its others; return why it cannot have the label, or nothing.

        Without a label, release all labels of the account. `bears` tells whether an account still has a name for a
        label. It is only called for the account that has this label.

        Raises:
            LabelUnknown: if it cannot be read whose label it is.
            LedgerUnavailable: if the ledger cannot be read or written.
        """
        if self._expires_at <= self._clock():
            self.read()
        for _ in range(ATTEMPTS):
            try:
                return self._taken(account_id, label, bears)
            except Outdated:
                self.read()
        raise LedgerUnavailable("other functions keep changing the rows of labels")

    def reserved(self) -> Mapping[str, str]:
        """The labels that no other account may choose directly below a zone, and the account of each."""
        return self._reserved

    def released(self, account_id: str) -> frozenset[str]:
        """The labels that an account still has, although its name no longer gives them."""
        return frozenset(
            held.label for held in self._held.values() if held.account_id == account_id and held.released_at
        )

    def due(self) -> tuple[HeldLabel, ...]:
        """The labels that may be vacant by now."""
        now = self._clock()
        return tuple(held for held in self._held.values() if held.due(now))

    def _taken(self, account_id: str, label: str, bears: Callable[[str, str], bool]) -> str:
        pinned_to = self._pinned_to.get(label, account_id)
        own = label if pinned_to == account_id else ""
        for held in list(self._held.values()):
            if held.account_id == account_id and held.label != own and not held.released_at:
                self.put(held.released(self._clock()))
        if pinned_to != account_id:
            return f"the configuration gives the label {label!r} to the account {pinned_to}"
        if not own:
            return ""
        held = self._held.get(own, HeldLabel(own))
        if held.row_fault:
            raise LabelUnknown(f"the row of the label {own!r} in the ledger cannot be read: {held.row_fault}")
        if held.account_id in {"", account_id}:
            if not held.account_id or held.released_at:
                self.put(held.taken(account_id, reserved=not self._chosen_by_another(own, account_id)))
        elif own not in self._pinned_to and bears(held.account_id, own):
            return f"the label {own!r} belongs to the account {held.account_id}, which had that name first"
        else:
            if not held.released_at:
                self.put(held.released(self._clock()))
            return (
                f"the label {own!r} belonged to the account {held.account_id}; it is free when that account has no "
                "record under it"
            )
        return ""

    def _chosen_by_another(self, label: str, account_id: str) -> bool:
        """Whether another account has a name of the label directly below a zone, or had it until a day ago.

        It keeps that name, also between the end of one instance and the start of the next.
        """
        keys = [NameKey(zone_id, Fqdn(f"{label}.{domain}")) for domain, zone_id in self._zone_ids.items()]
        states = [self._names.name(key) for key in keys]
        if any(state.unreadable for state in states):
            # Whose the name is cannot be read: it may be another account's.
            return True
        refs = {ref for state in states for ref in (*(claim.instance for claim in state.claims), *state.withdrawn)}
        return any(ref.account != account_id for ref in refs)

    def read(self) -> None:
        """Read the rows of all labels; raises LedgerUnavailable."""
        self._held = {held.label: held for held in self._ledger.labels()}
        unreadable = any(held.row_fault for held in self._held.values())
        self._expires_at = self._clock() + (KEEP_UNREADABLE_MILLIS if unreadable else KEEP_MILLIS)
        self._index()

    def put(self, held: HeldLabel) -> None:
        """Write the row of a label; raises LedgerUnavailable, and Outdated if it changed since it was read."""
        self._ledger.put_label(held)
        self._held[held.label] = held
        self._index()

    def _index(self) -> None:
        """Rebuild the mapping of reserved labels."""
        self._reserved = reserved_labels(self._held.values(), self._pinned)
