"""All that `orgdns destroy` removes, in order: rollout and hub, records and associations, the networking account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.history.entry import Action
from hub.runtime.model.owner import Owner
from hub.runtime.model.vpcs import AssociationMethod
from hub.runtime.ports import LedgerUnavailable
from orgdns.cfn.zone_ids import shown_domain, zone_id_title
from orgdns.deployment.accounts import Kind
from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.noting import noted
from orgdns.deployment.removal.associations import (
    Association,
    end_associations,
    own_associations,
    vpc_rows,
    with_profile,
)
from orgdns.deployment.removal.owners import check_owner
from orgdns.deployment.removal.pace import turns_of
from orgdns.deployment.removal.records import OwnRecords
from orgdns.deployment.removal.stacks import StackRemoval, before_records, removals, remove

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orgdns.deployment.planning import Deployment


@dataclass(frozen=True, slots=True)
class Removal:
    """What is removed.

    Attributes:
        stacks: The stacks, in order.
        zones: The id of each zone that is known, by its domain.
        records: How many record sets of orgdns each zone has, by domain; None if records stay.
        associations: The zones and VPCs that orgdns associated; None if associations stay.
        unknown: The domains of zones that the network stack made, whose ids went with it.
        by_profile: The VPCs that have a Profile of orgdns, which only their accounts can end.
    """

    stacks: tuple[StackRemoval, ...]
    zones: Mapping[str, str]
    records: Mapping[str, int] | None = None
    associations: tuple[Association, ...] | None = None
    unknown: tuple[str, ...] = ()
    by_profile: tuple[Association, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is removed."""
        return bool(self.stacks or self.associations or sum((self.records or {}).values()))


def removal(deployment: Deployment, *, records: bool, associations: bool) -> Removal:
    """What would be removed.

    Raises:
        LedgerUnavailable: if associations are wanted, and the ledger, which knows them, cannot be read.
        DeploymentFault: if records or associations are wanted, and another installation has the same owner.
    """
    config = deployment.config
    if records or associations:
        check_owner(config, deployment.accounts)
    outputs = deployment.outputs()
    known = {shown_domain(zone.domain): zone.id or outputs.get(zone_id_title(zone.domain)) for zone in config.zones}
    zones = {domain: zone_id for domain, zone_id in known.items() if zone_id}
    rows = vpc_rows(deployment) if associations else ()
    own = _own_records(deployment) if records else None
    return Removal(
        removals(deployment),
        zones,
        {domain: len(own.listed(zone_id)) for domain, zone_id in zones.items()} if own else None,
        own_associations(rows, frozenset(zones.values())) if associations else None,
        tuple(sorted(known.keys() - zones.keys())) if records or associations else (),
        _with_profile(deployment),
    )


def _with_profile(deployment: Deployment) -> tuple[Association, ...]:
    """The VPCs that have a Profile of orgdns, as far as the ledger knows: none without a ledger."""
    if not deployment.config.zones_by(AssociationMethod.PROFILE):
        return ()
    try:
        return with_profile(vpc_rows(deployment))
    except LedgerUnavailable:
        return ()


def _own_records(deployment: Deployment) -> OwnRecords:
    route53 = deployment.accounts.client(Kind.NETWORK, "route53", deployment.config.route53_region)
    return OwnRecords(route53, Owner(deployment.config.owner), turns_of(deployment))


def destroy(deployment: Deployment, planned: Removal) -> tuple[str, ...]:
    """Remove it. Returns what could not be removed, with the reasons.

    Raises:
        StackFailed: if a stack cannot be deleted; what comes after it stays.
    """
    noted(deployment, Action.DESTROY, [each.stack.name for each in planned.stacks])
    left: list[str] = []
    for each in planned.stacks:
        if before_records(each):
            remove(deployment, each)
    if planned.records:
        own = _own_records(deployment)
        for domain in planned.records:
            gone, refused = own.delete(planned.zones[domain])
            deployment.report(Event(domain, f"records of {domain}", "DELETED", f"{gone:,}"))
            if refused:
                left.append(f"{domain}: Route 53 refused to delete {refused:,} records: run the command again")
    if planned.associations:
        route53 = deployment.accounts.client(Kind.NETWORK, "route53", deployment.config.route53_region)
        kept = end_associations(route53, planned.associations, turns_of(deployment))
        ended = len(planned.associations) - len(kept)
        deployment.report(Event("associations", "associations of VPCs", "ENDED", f"{ended:,}"))
        left += [f"{each.to}: {each.vpc} is the last VPC of the zone, which a private zone keeps" for each in kept]
    for each in planned.stacks:
        if not before_records(each):
            remove(deployment, each)
    return tuple(left)
