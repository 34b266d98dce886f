"""How many VPCs a changed policy would associate, compared with what Route 53 and the guards allow. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hub.runtime.associator.plan import Act, Step, association_plan
from hub.runtime.model.health.near_limit import near_limit
from hub.runtime.model.vpcs import AssociationMethod

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from hub.runtime.associator.plan import AssociationPlan
    from hub.runtime.model.names import Fqdn
    from hub.runtime.model.usage import Limits
    from hub.runtime.model.vpcs import Vpc, VpcRow, ZoneInVpc
    from hub.runtime.policy.vpc_selection import AssociationPolicy


@dataclass(frozen=True, slots=True, order=True)
class VpcDemand:
    """How many VPCs would be associated with a zone, or with the Profile of a region, and how many may be.

    One of `domain` and `region` is empty. `left_out` counts the VPCs that policy leaves out only because they are
    default VPCs. `accounts` are those with more VPCs than one account may have there, each with the number.
    """

    domain: str
    region: str
    vpcs: int
    quota: int
    left_out: int = 0
    accounts: tuple[tuple[str, int], ...] = ()
    account_quota: int = 0

    @property
    def too_many(self) -> int:
        """The number of VPCs above the quota."""
        return max(0, self.vpcs - self.quota)

    @property
    def near(self) -> bool:
        """Whether most of the quota is used."""
        return near_limit(self.vpcs, self.quota)


@dataclass(slots=True)
class _Count:
    """The VPCs of a zone or a Profile, by account, and the default VPCs that are left out."""

    of_account: Counter[str] = field(default_factory=Counter)
    left_out: int = 0


def vpc_demands(
    rows: Iterable[VpcRow],
    association_policies: Collection[AssociationPolicy],
    zone_ids: Mapping[Fqdn, str],
    limits: Limits,
) -> tuple[VpcDemand, ...]:
    """What each zone and the Profile of each region would have to hold, by the last sweep of every VPC, sorted.

    Associations that others made count, too. Route 53 does not tell them apart.
    """
    found: defaultdict[tuple[str, str], _Count] = defaultdict(_Count)
    for policy in association_policies:
        if policy.method is AssociationMethod.ASSOCIATION:
            found[policy.domain, ""] = _Count()
    for row in rows:
        if row.vpc is None or row.account is None:
            continue
        plan = association_plan(row.vpc, row.account, row, association_policies, zone_ids)
        by_profile = False
        for policy, zone in zip(association_policies, plan.zones, strict=True):
            profile = policy.method is AssociationMethod.PROFILE
            # All zones of a Profile select the same VPCs: each VPC counts once.
            if profile and by_profile:
                continue
            by_profile |= profile
            count = found["", row.ref.region] if profile else found[policy.domain, ""]
            count.left_out += policy.leaves_out(row.vpc, row.account)
            if zone.wanted is policy.method or _stays(row.vpc, zone, plan, profile=profile):
                count.of_account[row.ref.account] += 1
    return tuple(
        VpcDemand(
            domain=domain,
            region=region,
            vpcs=count.of_account.total(),
            quota=limits.profile_vpcs if region else limits.zone_vpcs,
            left_out=count.left_out,
            accounts=tuple(
                (account, vpcs) for account, vpcs in sorted(count.of_account.items()) if vpcs > limits.account_vpcs
            ),
            account_quota=limits.account_vpcs,
        )
        for (domain, region), count in sorted(found.items())
    )


def _stays(vpc: Vpc, zone: ZoneInVpc, plan: AssociationPlan, *, profile: bool) -> bool:
    """Whether an association that policy does not want stays, because someone else made it."""
    if profile:
        return vpc.has_profile and Step(Act.DISASSOCIATE_PROFILE, vpc.profile) not in plan.steps
    direct = zone.method is AssociationMethod.ASSOCIATION
    return direct and Step(Act.DISASSOCIATE, zone.zone_id) not in plan.steps
