"""VPCs, and the association plans that policies give them."""

from __future__ import annotations

from dataclasses import replace

from hub.runtime.associator.plan import AssociationPlan, association_plan
from hub.runtime.model.names import Fqdn
from hub.runtime.model.vpcs import AssociatedZone, AssociationMethod, AssociationRecord, Vpc, VpcRow
from hub.runtime.policy.vpc_selection import AssociationPolicy
from tests.support.build import CORP, CORP_ZONE, PAYMENTS, ZONE_IDS
from tests.support.memory_vpcs import NETWORK, vpc_ref

REVERSE, REVERSE_ZONE = Fqdn("10.in-addr.arpa."), "Z0REVERSE"


PROFILE = "rp-1"


CARRIED = tuple(sorted(ZONE_IDS.values()))


def vpc(**facts: object) -> Vpc:
    return replace(Vpc(vpc_ref(), cidrs=("10.7.0.0/16",)), **facts)  # type: ignore[arg-type]  # a Vpc's own


def associated(zone_id: str = CORP_ZONE, domain: Fqdn = CORP) -> tuple[AssociatedZone, ...]:
    return (AssociatedZone(zone_id, domain, NETWORK),)


def planned(subject: Vpc, *association_policies: AssociationPolicy, **records: AssociationRecord) -> AssociationPlan:
    zone_ids = {**ZONE_IDS, REVERSE: REVERSE_ZONE}
    return association_plan(
        subject,
        PAYMENTS,
        VpcRow(subject.ref, records=records),
        association_policies or (AssociationPolicy(CORP),),
        zone_ids,
    )


NO_VPC = AssociationPolicy(CORP, selections=())


BY_PROFILE = AssociationPolicy(CORP, AssociationMethod.PROFILE)
