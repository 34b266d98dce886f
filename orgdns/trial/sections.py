"""The keys of a file with cases, and of an instance that somebody describes."""

from typing import Annotated, Final

from pydantic import Field

from hub.runtime.model.names import InstanceState
from orgdns.config.sections.section import LOOSE, Section
from orgdns.config.types import AccountId, Domain, NamePattern, Region, RuleName, Several, SubnetId, Text, UnitId, VpcId
from orgdns.trial.given import GivenAccount, GivenInstance, GivenInterface
from orgdns.trial.types import Addresses, ExpectedNames, InstanceId, OneOrMore, TagKeyOfInstance, TagValue, Texts

# More than a person writes.
MAX_CASES: Final = 2_000
MAX_INSTANCES: Final = 200


class InterfaceSection(Section):
    """A network interface of an instance."""

    vpc: VpcId | None = None
    """The VPC. Default: one that no rule names."""
    subnet: SubnetId | None = None
    """The subnet. Default: one that no rule names."""
    address: Addresses | None = None
    """The private addresses, the primary one first. Default: an address in 10.0.0.0/8."""

    @property
    def interface(self) -> GivenInterface:
        """The interface without the facts that were not given."""
        return GivenInterface(self.vpc, self.subnet, tuple(self.address) if self.address else None)


class InstanceSection(InterfaceSection):
    """An instance: its account, and the facts that matter to the policy."""

    account: AccountId
    """The account of the instance."""
    region: Region | None = None
    """The region. Default: the first of `spokes.regions`."""
    further_interfaces: list[InterfaceSection] = Field(default_factory=list, max_length=30)
    """The interfaces beside the primary one."""
    tags: dict[TagKeyOfInstance, TagValue] = Field(default_factory=dict, max_length=100)
    """The tags."""
    state: Annotated[InstanceState, LOOSE] | None = None
    """The state. Default: `running`."""
    id: InstanceId | None = None
    """The id. Default: one that is the same each time."""

    def given(self, name: str = "") -> GivenInstance:
        """The instance without the facts that were not given."""
        return GivenInstance(
            account=self.account,
            region=self.region,
            interfaces=(self.interface, *(section.interface for section in self.further_interfaces)),
            tags=tuple(sorted(self.tags.items())),
            state=self.state,
            id=self.id,
            name=name,
        )


class AccountSection(Section):
    """An account of the organization, as it is there."""

    name: Text | None = None
    """The name of the account, from which {account_name} comes. Default: `account` and its id."""
    units: Several[UnitId] | None = None
    """The root and the units that contain the account, from the root down. Default: the first of
    `organization.units`."""

    def given(self, account_id: str) -> GivenAccount:
        """The account without the facts that were not given."""
        return GivenAccount(account_id, self.name, tuple(self.units or ()))


class CaseInstanceSection(InstanceSection):
    """An instance of a case."""

    called: Annotated[RuleName | None, Field(alias="as")] = None
    """What `holders` calls the instance."""


class CaseSection(Section):
    """A case: one or more instances, and what the policy is to give them."""

    name: Text
    """What the case shows, as a sentence."""
    given: Annotated[list[CaseInstanceSection], Field(min_length=1, max_length=MAX_INSTANCES), OneOrMore()]
    """An instance, or a list of instances, the oldest first."""
    expect: ExpectedNames | None = None
    """Exactly these names, with their values or without, or `nothing`."""
    includes: ExpectedNames | None = None
    """These names, with their values or without, and maybe others."""
    excludes: Annotated[list[NamePattern], Field(min_length=1), OneOrMore()] | None = None
    """Patterns of names of which there must be none. `*` matches any characters except a dot."""
    refused: dict[RuleName, Texts] | None = None
    """For each rule that refuses a name, a part of the reason."""
    declined: dict[RuleName, Texts] | None = None
    """For each rule whose names the instance declines, a part of the reason."""
    holders: dict[Domain, Annotated[list[RuleName], Field(min_length=1), OneOrMore()]] | None = None
    """For each name, the instances that hold it, by their `as`, or `nobody`."""


class CasesFile(Section):
    """The cases that a policy has to pass."""

    accounts: dict[AccountId, AccountSection] = Field(default_factory=dict)
    """The accounts that all cases know, in the order in which they take the labels for their names."""
    cases: Annotated[list[CaseSection], Field(min_length=1, max_length=MAX_CASES)]
    """The cases. They do not depend on each other."""
