"""The organization, and the accounts and regions that orgdns works in."""

from typing import Annotated

from pydantic import Field

from orgdns.config.sections.section import Section
from orgdns.config.types import AccountId, OrganizationId, Region, Several, UnitId, UnitLabel


class Organization(Section):
    """The AWS Organization, and the units of it whose accounts are covered, with all units below them."""

    id: OrganizationId
    """The organization's id."""
    management_account: AccountId
    """The account that the organization was made by."""
    units: Several[UnitId]
    """The organizational units (or the root) whose accounts get names, with all units below them."""
    unit_labels: dict[UnitId, UnitLabel] = Field(default_factory=dict)
    """What {ou} stands for in the accounts of a unit: the label of the nearest unit above the account that has one."""


class Hub(Section):
    """Where events meet: the account that is StackSets' delegated administrator, and one region."""

    account: AccountId
    """The hub account."""
    region: Region
    """The region of event bus, queues, functions and ledger."""


class Network(Section):
    """The account that owns the private hosted zones; its stack may stand in any region, Route 53 being global."""

    account: AccountId
    """The networking account."""
    route53_share: Annotated[float, Field(ge=0.1, le=1)] = 0.7
    """What part of the account's Route 53 quotas (requests and changes a second) publishing takes; audits take a tenth,
    and associations a fifth of them at most, and the rest is for others."""


class Spokes(Section):
    """The regions of the member accounts that are covered."""

    regions: Several[Region]
    """The covered regions, the same in all accounts."""


class Guards(Section):
    """What a sweep or an audit may remove without a person's approval."""

    removal_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Removing more than this part of a spoke's or a zone's names..."""
    removal_names: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    """...and more than this many of them stops, and waits for `orgdns approve`."""
    grace_days: Annotated[int, Field(ge=1, le=365)] = 7
    """For how many days a spoke that is out of reach keeps its names."""
