"""Accounts, as AWS Organizations knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from hub.runtime.aws.answers import NO_ANSWER
from hub.runtime.aws.sessions import error_code
from hub.runtime.model.names import Account
from hub.runtime.names.labels import NameRefused, label_of
from hub.runtime.ports import AccountUnknown, LedgerUnavailable, Outdated, SpokeUnreachable

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from hub.runtime.ports import Clock, LabelLedger

# An account that is renamed or leaves is seen within this time; a new one sooner, as unknown ones are not kept long.
KEEP_KNOWN_MILLIS: Final = 900_000
KEEP_UNKNOWN_MILLIS: Final = 60_000


@dataclass(frozen=True, slots=True)
class _Kept:
    account: Account | None
    until: int


class OrganizationAccounts:
    """The accounts of the organization, each asked for once in a while."""

    def __init__(self, client: OrganizationsClient, labels: LabelLedger, clock: Clock) -> None:
        self._client = client
        self._labels = labels
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def account(self, account_id: str) -> Account:
        """The account.

        Raises:
            AccountUnknown: When the organization has no such account.
            SpokeUnreachable: When Organizations could not be asked.
        """
        kept = self._kept.get(account_id)
        if kept is None or kept.until <= self._clock():
            kept = self._asked(account_id)
            self._kept[account_id] = kept
        if kept.account is None:
            raise AccountUnknown(account_id)
        return kept.account

    def _described(self, account_id: str) -> AccountTypeDef | None:
        """The account as Organizations describes it, or None when there is none."""
        try:
            return self._client.describe_account(AccountId=account_id)["Account"]
        except ClientError as error:
            if error_code(error) == "AccountNotFoundException":
                return None
            raise SpokeUnreachable(f"Organizations does not tell of {account_id}: {error}") from error
        except NO_ANSWER as error:
            raise SpokeUnreachable(f"Organizations does not tell of {account_id}: {error}") from error

    def _asked(self, account_id: str) -> _Kept:
        described = self._described(account_id)
        if described is None:
            return _Kept(None, self._clock() + KEEP_UNKNOWN_MILLIS)
        # `State` follows on `Status`, which AWS retires in 2026 (Organizations API Reference, Account).
        active = (described.get("State") or described.get("Status")) == "ACTIVE"
        label, reason = self._own_label(account_id, described.get("Name", ""))
        account = Account(account_id, label, reason, active=active, units=_units(described))
        return _Kept(account, self._clock() + KEEP_KNOWN_MILLIS)

    def _own_label(self, account_id: str, name: str) -> tuple[str | None, str]:
        """The label of an account's name if it is its own, or the reason why it has none."""
        try:
            label = label_of(name).text
        except NameRefused as refused:
            return None, f"the name of the account is no label: {refused}"
        try:
            holder = self._labels.holder_of_label(label, account_id)
        except LedgerUnavailable as unavailable:
            raise SpokeUnreachable(f"the label of {account_id} cannot be looked up: {unavailable}") from unavailable
        if holder == account_id:
            return label, ""
        if self._bears(holder, label):
            return None, f"the name of the account, {label!r}, is that of account {holder}, which had it first"
        try:
            self._labels.pass_label(label, holder, account_id)
        except (LedgerUnavailable, Outdated) as unavailable:
            raise SpokeUnreachable(f"the label of {account_id} cannot be taken: {unavailable}") from unavailable
        return label, ""

    def _bears(self, account_id: str, label: str) -> bool:
        """Whether an account's name still stands for a label: one that was renamed or has gone has no right to it."""
        described = self._described(account_id)
        try:
            return described is not None and label_of(described.get("Name", "")).text == label
        except NameRefused:
            return False


def _units(described: AccountTypeDef) -> tuple[str, ...]:
    """The root and the units that an account lies in, from the root down; none where Organizations does not tell.

    An account has one path, `o-.../r-.../ou-.../`, as it has one parent (Organizations API Reference, Account).
    """
    paths = described.get("Paths", [])
    return tuple(paths[0].strip("/").split("/")[1:]) if len(paths) == 1 else ()
