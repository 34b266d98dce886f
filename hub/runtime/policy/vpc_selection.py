"""Which VPCs resolve a zone, decided by facts and tags. Pure."""

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
    """The VPCs in a scope, which names no subnets, that also carry the tag; None stands for any tags."""

    scope: Scope = field(default_factory=Scope)
    tag: TagCondition | None = None

    def covers(self, vpc: Vpc, account: Account) -> bool:
        """Whether the selection includes the VPC, which lies in this account."""
        return (
            self.scope.covers(vpc.ref, account)
            and self.scope.covers_vpc(vpc.ref.id)
            and (self.tag is None or self.tag.met(vpc))
        )


@dataclass(frozen=True, slots=True)
class AssociationPolicy:
    """Which VPCs resolve a zone, and by what means.

    Those of any of the selections, without those of any that is excepted; None selects all. `owns_all` when
    associations that others made are taken away, too. `disables_autodefined_rules` when EC2's own reverse rules are,
    that lie below.
    """

    domain: Fqdn
    method: AssociationMethod = AssociationMethod.ASSOCIATION
    selections: tuple[VpcSelection, ...] | None = None
    exceptions: tuple[VpcSelection, ...] = ()
    owns_all: bool = False
    disables_autodefined_rules: bool = False

    def wants(self, vpc: Vpc, account: Account) -> bool:
        """Whether a VPC is to resolve the zone."""
        selected = self.selections is None or any(one.covers(vpc, account) for one in self.selections)
        return selected and not any(one.covers(vpc, account) for one in self.exceptions)

    @property
    def reads_units(self) -> bool:
        """Whether it matters which organizational units an account lies in."""
        return any(one.scope.units is not None for one in (*(self.selections or ()), *self.exceptions))

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the VPC's tags that it depends on."""
        return frozenset(one.tag.key for one in (*(self.selections or ()), *self.exceptions) if one.tag)
