"""Which VPCs resolve a zone."""

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from hub.runtime.model.names import Fqdn
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.rules import Scope
from hub.runtime.policy.vpc_selection import ALL, AssociationPolicy, VpcSelection
from orgdns.config.sections.section import LOOSE, Section, TagSection, set_of
from orgdns.config.types import AccountId, NetworkCidr, Region, Several, UnitId, VpcId


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
    cidr: Several[NetworkCidr] | None = None
    """CIDR blocks of IPv4 or IPv6. A VPC matches if one of its own CIDR blocks lies within one of these. Anyone who can
    create a VPC chooses its CIDR blocks."""
    default: bool | None = None
    """`true` matches only default VPCs, which AWS creates in every region of every account; `false` matches all others.
    Default: `false`; with `vpcs`, and below `except`, both match."""
    tag: TagSection | None = None
    """A tag of the VPCs. Anyone who can tag a VPC can then make it resolve the zone."""

    @model_validator(mode="after")
    def _not_all(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("selects every VPC: add a key, or write 'vpcs: all'")
        return self

    @property
    def selected(self) -> VpcSelection:
        """The selection below `vpcs`, in the form that the runtime reads: without default VPCs unless it names them."""
        unnamed = self.default is None and self.vpcs is None
        return replace(self.excepted, default=False) if unnamed else self.excepted

    @property
    def excepted(self) -> VpcSelection:
        """The selection below `except`, in the form that the runtime reads."""
        return VpcSelection(
            Scope(set_of(self.accounts), set_of(self.units), set_of(self.regions), set_of(self.vpcs)),
            tag=self.tag.condition if self.tag else None,
            default=self.default,
            cidrs=set_of(self.cidr),
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
    """The VPCs: `all` of the covered accounts and regions except default VPCs, `none`, or a list of selections, any of
    which may match."""
    exceptions: Annotated[list[VpcSelectionSection], Field(alias="except", min_length=1, default_factory=list)]
    """VPCs that do not resolve the zone, whatever `vpcs` says."""
    by: Annotated[AssociationMethod, LOOSE] = AssociationMethod.ASSOCIATION
    """By `association` of each VPC with the zone, at most 300 per zone, or by a Route 53 `profile`."""
    owns_all: bool = False
    """Also end associations that others made with VPCs that are not selected."""

    def association_policy(self, domain: Fqdn, *, disables_autodefined_rules: bool) -> AssociationPolicy:
        """The association policy in the form that the runtime reads."""
        everything = (ALL,) if self.vpcs == "all" else ()
        selections = tuple(section.selected for section in self.vpcs) if isinstance(self.vpcs, list) else everything
        return AssociationPolicy(
            domain=domain,
            method=self.by,
            selections=selections,
            exceptions=tuple(section.excepted for section in self.exceptions),
            owns_all=self.owns_all,
            disables_autodefined_rules=disables_autodefined_rules,
        )
