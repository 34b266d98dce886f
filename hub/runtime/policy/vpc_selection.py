"""The VPCs that resolve a zone, selected by facts and tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.rules import Scope, TagCondition

if TYPE_CHECKING:
    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.vpcs import Vpc


@dataclass(frozen=True, slots=True)
class VpcSelection:
    """The VPCs in a scope that also meet a tag condition; None stands for any tags. The scope names no subnets."""

    scope: Scope = field(default_factory=Scope)
    tag: TagCondition | None = None

    def covers(self, vpc: Vpc, account: Account) -> bool:
        """Whether the selection includes a VPC of this account."""
        return (
            self.scope.covers(vpc.ref, account)
            and self.scope.covers_vpc(vpc.ref.id)
            and (self.tag is None or self.tag.met(vpc))
        )


@dataclass(frozen=True, slots=True)
class AssociationPolicy:
    """The VPCs that resolve a zone, and the method.

    They are the VPCs of any of the selections, except those of the exceptions; None selects all VPCs. `owns_all` ends
    associations that others made, too. `disables_autodefined_rules` disables Resolver's autodefined rules in VPCs where
    some lie below the zone.
    """

    domain: Fqdn
    method: AssociationMethod = AssociationMethod.ASSOCIATION
    selections: tuple[VpcSelection, ...] | None = None
    exceptions: tuple[VpcSelection, ...] = ()
    owns_all: bool = False
    disables_autodefined_rules: bool = False

    def wants(self, vpc: Vpc, account: Account) -> bool:
        """Whether policy wants a VPC to resolve the zone."""
        selected = self.selections is None or any(selection.covers(vpc, account) for selection in self.selections)
        return selected and not any(selection.covers(vpc, account) for selection in self.exceptions)

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the VPC's tags that the decision depends on."""
        return frozenset(selection.tag.key for selection in self._all if selection.tag)

    @property
    def _all(self) -> tuple[VpcSelection, ...]:
        return (*(self.selections or ()), *self.exceptions)
