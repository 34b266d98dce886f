"""Which VPCs resolve a zone."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from hub.runtime.model.names import Fqdn
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import AssociationPolicy, VpcSelection
from orgdns.config.sections.section import LOOSE, Section, TagSection, set_of
from orgdns.config.types import AccountId, Region, Several, UnitId, VpcId


class VpcSelectionSection(Section):
    """Some VPCs: those for which all holds that is said here."""

    accounts: Several[AccountId] | None = None
    """The accounts that they lie in, beside those of `units`. Both left out: all accounts."""
    units: Several[UnitId] | None = None
    """The organizational units whose accounts they lie in, with all units below them."""
    regions: Several[Region] | None = None
    """The regions that they lie in. Left out: all covered regions."""
    vpcs: Several[VpcId] | None = None
    """Their ids. Left out: all."""
    tag: TagSection | None = None
    """A tag that they carry: whoever can tag a VPC can then have it resolve the zone."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("selects every VPC: say which, or write 'vpcs: all'")
        return self

    @property
    def selection(self) -> VpcSelection:
        """The selection as the runtime reads it."""
        return VpcSelection(
            Scope(set_of(self.accounts), set_of(self.units), set_of(self.regions), set_of(self.vpcs)),
            tag=self.tag.condition if self.tag else None,
        )


def _word_or_list(value: object) -> str:
    """Which of its two shapes a value is meant to have, so that a fault is told of this one alone."""
    return "[list]" if isinstance(value, list | tuple) else "[word]"


class ResolvedBy(Section):
    """Which VPCs resolve a zone, and by what means: orgdns associates them, and ends what it associated."""

    vpcs: Annotated[
        Annotated[Literal["all", "none"], Tag("[word]")]
        | Annotated[list[VpcSelectionSection], Field(min_length=1), Tag("[list]")],
        Discriminator(_word_or_list),
    ]
    """The VPCs: `all` of the covered accounts and regions, `none`, or those of any of the selections of a list."""
    exceptions: Annotated[list[VpcSelectionSection], Field(alias="except", min_length=1, default_factory=list)]
    """VPCs that do not resolve it, whatever `vpcs` says."""
    by: Annotated[AssociationMethod, LOOSE] = AssociationMethod.ASSOCIATION
    """By an `association` of each VPC with the zone, of which a zone takes 300, or by a Route 53 `profile`."""
    owns_all: bool = False
    """End associations of VPCs that are not selected also where others made them."""

    def association_policy(self, domain: Fqdn, *, disables_autodefined_rules: bool) -> AssociationPolicy:
        """What it says, as the runtime reads it."""
        selections = {"all": None, "none": ()}.get(self.vpcs) if isinstance(self.vpcs, str) else _selections(self.vpcs)
        return AssociationPolicy(
            domain=domain,
            method=self.by,
            selections=selections,
            exceptions=_selections(self.exceptions),
            owns_all=self.owns_all,
            disables_autodefined_rules=disables_autodefined_rules,
        )


def _selections(sections: list[VpcSelectionSection]) -> tuple[VpcSelection, ...]:
    return tuple(section.selection for section in sections)
