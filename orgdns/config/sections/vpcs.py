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
    """A selection of VPCs: those that match all of these keys."""

    accounts: Several[AccountId] | None = None
    """The accounts of the VPCs, in addition to those of `units`. Default without `units`: all accounts."""
    units: Several[UnitId] | None = None
    """The organizational units whose accounts have the VPCs, including all units below them."""
    regions: Several[Region] | None = None
    """The regions of the VPCs. Default: all covered regions."""
    vpcs: Several[VpcId] | None = None
    """The ids of the VPCs. Default: all."""
    tag: TagSection | None = None
    """A tag of the VPCs. Anyone who can tag a VPC can then make it resolve the zone."""

    @model_validator(mode="after")
    def _not_all(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("selects every VPC: add a key, or write 'vpcs: all'")
        return self

    @property
    def selection(self) -> VpcSelection:
        """The selection in the form that the runtime reads."""
        return VpcSelection(
            Scope(set_of(self.accounts), set_of(self.units), set_of(self.regions), set_of(self.vpcs)),
            tag=self.tag.condition if self.tag else None,
        )


def _word_or_list(value: object) -> str:
    """Which of the two forms a value is meant to have, so that an error is about that form only."""
    return "[list]" if isinstance(value, list | tuple) else "[word]"


class ResolvedBy(Section):
    """Which VPCs resolve a zone, and by which method. orgdns associates them, and ends only associations it made."""

    vpcs: Annotated[
        Annotated[Literal["all", "none"], Tag("[word]")]
        | Annotated[list[VpcSelectionSection], Field(min_length=1), Tag("[list]")],
        Discriminator(_word_or_list),
    ]
    """The VPCs: `all` of the covered accounts and regions, `none`, or a list of selections, any of which may match."""
    exceptions: Annotated[list[VpcSelectionSection], Field(alias="except", min_length=1, default_factory=list)]
    """VPCs that do not resolve the zone, whatever `vpcs` says."""
    by: Annotated[AssociationMethod, LOOSE] = AssociationMethod.ASSOCIATION
    """By `association` of each VPC with the zone, at most 300 per zone, or by a Route 53 `profile`."""
    owns_all: bool = False
    """Also end associations that others made with VPCs that are not selected."""

    def association_policy(self, domain: Fqdn, *, disables_autodefined_rules: bool) -> AssociationPolicy:
        """The association policy in the form that the runtime reads."""
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
