"""The organization, and the accounts and regions that orgdns works in."""

from typing import Annotated, Final

from pydantic import Field

from hub.runtime.model.usage import PROFILE_VPCS, ZONE_RECORDS, ZONE_VPCS, Limits
from orgdns.config.sections.section import Section
from orgdns.config.types import AccountId, OrganizationId, Region, Several, UnitId, UnitLabel


class CoveredAccounts(Section):
    """Exceptions to the covered units, by account."""

    include: Several[AccountId] | None = None
    """Accounts that are covered although they are in none of the units. Before you move such an account into one of
    them, remove it here and deploy the rollout: two stacks of one account cannot have roles of one name. StackSets do
    not deploy to the management account: if it is here, `orgdns deploy --management` does, whatever the units are."""
    exclude: Several[AccountId] | None = None
    """Accounts that are not covered although they are in one of the units. StackSets deploys to such an account if it
    comes into the unit later. The stacks are of no use there, because the hub gives it nothing."""


class Organization(Section):
    """The AWS Organization, and the organizational units whose accounts orgdns covers."""

    id: OrganizationId
    """The organization's id."""
    management_account: AccountId
    """The organization's management account."""
    units: Several[UnitId]
    """The organizational units (or the root) whose accounts get names, including all units below them."""
    accounts: CoveredAccounts = Field(default_factory=CoveredAccounts)
    """Accounts that are covered in addition to those in the units, and accounts that are not covered."""
    unit_labels: dict[UnitId, UnitLabel] = Field(default_factory=dict)
    """The values of {ou}, by unit. An account takes the label of the nearest unit above it that has a label."""
    account_labels: dict[AccountId, UnitLabel] = Field(default_factory=dict)
    """The values of {account_name} that do not depend on the account's name, by account. No other account gets such a
    label, whatever its administrator names it."""

    @property
    def included(self) -> tuple[str, ...]:
        """The accounts that are covered in addition to those in the units, sorted."""
        return tuple(sorted(self.accounts.include or ()))

    @property
    def includes_management(self) -> bool:
        """Whether the management account is included by name. StackSets deploy nothing there."""
        return self.management_account in self.included

    @property
    def excluded(self) -> tuple[str, ...]:
        """The accounts in the units that are not covered, sorted."""
        return tuple(sorted(self.accounts.exclude or ()))


class Hub(Section):
    """The account that receives all events and is a delegated administrator for StackSets, and one region of it."""

    account: AccountId
    """The hub account."""
    region: Region
    """The region of the event bus, the queues, the functions and the ledger."""


class Network(Section):
    """The account that owns the private hosted zones. Route 53 is global, so its stack can be in any region."""

    account: AccountId
    """The networking account."""
    route53_share: Annotated[float, Field(ge=0.1, le=1)] = 0.7
    """The share of the account's Route 53 quotas (requests and changes per second) that all functions of orgdns take
    together. The rest is left for others."""


class Spokes(Section):
    """The regions of the member accounts that orgdns covers."""

    regions: Several[Region]
    """The covered regions, the same for all accounts."""


class Objective(Section):
    """How soon names should be published. An alarm fires if too many names take longer for an hour."""

    seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    """From the event of an instance to Route 53's acceptance of its names."""
    share: Annotated[float, Field(ge=0.5, le=0.9999)] = 0.99
    """The share of names that should take no longer."""


# More than Route 53 gives on request.
_MOST: Final = 1_000_000


class Guards(Section):
    """How much may be removed without a person's approval, and how much an account may hold."""

    removal_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """A removal of more than this share of the names of a spoke or a zone, or of the VPCs of a zone..."""
    removal_names: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    """...and of more than this many names or VPCs awaits `orgdns approve`."""
    grace_days: Annotated[int, Field(ge=1, le=365)] = 7
    """How many days an unreachable spoke keeps its names.

    If more than a tenth of the spokes, of several accounts, pass this time within a day, they await `orgdns approve`.
    """
    account_names: Annotated[int, Field(ge=1, le=_MOST)] = 1_000
    """How many names the instances of one account may hold in a zone. A name counts once for each instance."""
    account_records: Annotated[int, Field(ge=1, le=_MOST)] = 2_000
    """How many records one account may hold in a zone. Each type of a name (A, AAAA, PTR) is a record."""
    account_vpcs: Annotated[int, Field(ge=1, le=_MOST)] = 30
    """With how many VPCs of one account orgdns associates a zone; with a Profile, how many VPCs of it in a region."""
    zone_records: Annotated[int, Field(ge=1, le=_MOST)] = ZONE_RECORDS
    """The networking account's quota of records in a zone. Enter the new quota after AWS raised it."""
    zone_vpcs: Annotated[int, Field(ge=1, le=_MOST)] = ZONE_VPCS
    """The networking account's quota of VPCs of a zone. Enter the new quota after AWS raised it."""
    profile_vpcs: Annotated[int, Field(ge=1, le=_MOST)] = PROFILE_VPCS
    """The networking account's quota of VPCs of a Route 53 Profile. Enter the new quota after AWS raised it."""

    @property
    def limits(self) -> Limits:
        """The limits of accounts and zones, in the form that the runtime reads."""
        return Limits(
            account_names=self.account_names,
            account_records=self.account_records,
            account_vpcs=self.account_vpcs,
            zone_records=self.zone_records,
            zone_vpcs=self.zone_vpcs,
            profile_vpcs=self.profile_vpcs,
        )
