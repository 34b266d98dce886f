"""The VPCs that resolve a zone, selected by facts and tags. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.policy.rules import Scope, TagCondition

if TYPE_CHECKING:
    from hub.runtime.model.names import Account, Fqdn
    from hub.runtime.model.vpcs import Vpc


@dataclass(frozen=True, slots=True)
class VpcSelection:
    """The VPCs in a scope that also meet the other conditions; None stands for any. The scope names no subnets.

    `default` selects default VPCs only, or no default VPC. `cidrs` selects VPCs that have a CIDR block within one of
    these.
    """

    scope: Scope = field(default_factory=Scope)
    tag: TagCondition | None = None
    default: bool | None = None
    cidrs: frozenset[str] | None = None

    def covers(self, vpc: Vpc, account: Account) -> bool:
        """Whether the selection includes a VPC of this account."""
        return (
            self.scope.covers(vpc.ref, account)
            and self.scope.covers_vpc(vpc.ref.id)
            and (self.tag is None or self.tag.met(vpc))
            and (self.default is None or self.default is vpc.default)
            and (self.cidrs is None or any(_within(block, cidr) for block in vpc.cidrs for cidr in self.cidrs))
        )


# What `vpcs: all` selects. AWS creates a default VPC in every region of every account, whether it is used or not, so
# that 100 accounts have 300 in three regions: as many as a zone takes ("Default VPCs",
# https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html).
ALL: Final = VpcSelection(default=False)


@dataclass(frozen=True, slots=True)
class AssociationPolicy:
    """The VPCs that resolve a zone, and the method.

    They are the VPCs of any of the selections, except those of the exceptions. `owns_all` ends associations that others
    made, too. `disables_autodefined_rules` disables Resolver's autodefined rules in VPCs where some lie below the zone.
    If it is not to `associate`, what would change is decided and stored, and nothing is changed.
    """

    domain: Fqdn
    method: AssociationMethod = AssociationMethod.ASSOCIATION
    selections: tuple[VpcSelection, ...] = (ALL,)
    exceptions: tuple[VpcSelection, ...] = ()
    owns_all: bool = False
    disables_autodefined_rules: bool = False
    associate: bool = True

    def wants(self, vpc: Vpc, account: Account) -> bool:
        """Whether policy wants a VPC to resolve the zone."""
        selected = any(selection.covers(vpc, account) for selection in self.selections)
        return selected and not any(selection.covers(vpc, account) for selection in self.exceptions)

    def leaves_out(self, vpc: Vpc, account: Account) -> bool:
        """Whether policy does not want a VPC only because it is a default VPC."""
        return vpc.default and not self.wants(vpc, account) and self.wants(replace(vpc, default=False), account)

    @property
    def tags_read(self) -> frozenset[str]:
        """The keys of the VPC's tags that the decision depends on."""
        return frozenset(selection.tag.key for selection in self._all if selection.tag)

    @property
    def _all(self) -> tuple[VpcSelection, ...]:
        return (*self.selections, *self.exceptions)


def _within(block: str, cidr: str) -> bool:
    inner, outer = _network(block), _network(cidr)
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


@cache
def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)
