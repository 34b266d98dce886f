"""Whether orgdns may act for an account and region: the check that every use case makes before it writes. Pure."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from hub.runtime.ports import AccountUnknown, SpokeUnreachable

if TYPE_CHECKING:
    from hub.runtime.model.names import Account, Spoke
    from hub.runtime.policy.decide import Policy
    from hub.runtime.ports import Accounts


class Subject(Enum):
    """What a use case works on; policy covers the two differently."""

    INSTANCES = auto()
    VPCS = auto()


class Cause(Enum):
    """The reason that orgdns must not act for a spoke."""

    REGION_NOT_COVERED = auto()
    ACCOUNT_UNKNOWN = auto()
    ACCOUNT_INACTIVE = auto()
    UNITS_UNKNOWN = auto()
    ORGANIZATION_UNREACHABLE = auto()

    @property
    def temporary(self) -> bool:
        """Whether a later check may succeed without any change by a person."""
        return self in {Cause.UNITS_UNKNOWN, Cause.ORGANIZATION_UNREACHABLE}

    @property
    def account_left(self) -> bool:
        """Whether the account is not an active member of the organization."""
        return self in {Cause.ACCOUNT_UNKNOWN, Cause.ACCOUNT_INACTIVE}


class NotMember(Exception):
    """orgdns must not act for the spoke. `cause` is the reason for the code, the message is for a person."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


def member_account(spoke: Spoke, accounts: Accounts, policy: Policy, subject: Subject) -> Account:
    """Return the spoke's account if policy covers the spoke and the organization vouches for the account.

    The account is active, and its organizational units are known where policy depends on them. Each association policy
    selects regions itself, so the regions of the policy restrict instances only.

    Raises:
        NotMember: if any of these does not hold, or Organizations does not answer.
    """
    if subject is Subject.INSTANCES and spoke.region not in policy.regions:
        raise NotMember(Cause.REGION_NOT_COVERED, f"the configuration does not cover the region {spoke.region}")
    try:
        account = accounts.account(spoke.account)
    except AccountUnknown as unknown:
        raise NotMember(Cause.ACCOUNT_UNKNOWN, f"the organization has no account {spoke.account}") from unknown
    except SpokeUnreachable as unreachable:
        raise NotMember(Cause.ORGANIZATION_UNREACHABLE, str(unreachable)) from unreachable
    if not account.active:
        raise NotMember(Cause.ACCOUNT_INACTIVE, f"the account {account.id} is not active")
    needs_units = policy.reads_units if subject is Subject.INSTANCES else policy.associations_read_units
    if needs_units and not account.units:
        # For example, if this version of boto3 does not return paths. Missing knowledge must not remove anything.
        raise NotMember(
            Cause.UNITS_UNKNOWN, f"Organizations does not return the organizational units of account {account.id}"
        )
    return account
