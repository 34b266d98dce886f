"""Whether orgdns may act for an account and region: the check that every use case makes before it writes. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from hub.runtime.ports import AccountUnknown, SpokeUnreachable

if TYPE_CHECKING:
    from hub.runtime.model.names import Account, Spoke
    from hub.runtime.policy.coverage import Coverage
    from hub.runtime.ports import Accounts


class Cause(Enum):
    """The reason that orgdns must not act for a spoke."""

    REGION_NOT_COVERED = auto()
    ACCOUNT_NOT_COVERED = auto()
    ACCOUNT_UNKNOWN = auto()
    ACCOUNT_INACTIVE = auto()
    ORGANIZATION_UNREACHABLE = auto()

    @property
    def temporary(self) -> bool:
        """Whether a later check may succeed without any change by a person."""
        return self is Cause.ORGANIZATION_UNREACHABLE


class NotMember(Exception):
    """orgdns must not act for the spoke. `cause` is the reason for the code, the message is for a person."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


def member_account(spoke: Spoke, accounts: Accounts, coverage: Coverage) -> Account:
    """Return the spoke's account if the configuration covers the spoke and the organization vouches for the account.

    The account is active, and covered by its organizational units or by name.

    Raises:
        NotMember: if this does not hold, or Organizations does not answer completely.
    """
    if spoke.region not in coverage.regions:
        raise NotMember(Cause.REGION_NOT_COVERED, f"the configuration does not cover the region {spoke.region}")
    try:
        account = accounts.account(spoke.account)
    except AccountUnknown as unknown:
        raise NotMember(Cause.ACCOUNT_UNKNOWN, f"the organization has no account {spoke.account}") from unknown
    except SpokeUnreachable as unreachable:
        raise NotMember(Cause.ORGANIZATION_UNREACHABLE, str(unreachable)) from unreachable
    if not account.active:
        raise NotMember(Cause.ACCOUNT_INACTIVE, f"the account {account.id} is not active")
    if not coverage.covers_account(account.id, account.units):
        raise NotMember(Cause.ACCOUNT_NOT_COVERED, f"the configuration does not cover the account {account.id}")
    return account
