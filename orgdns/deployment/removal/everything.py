"""All that `orgdns destroy` removes, in order: rollout and hub, records and associations, the networking account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.runtime.model.names import Millis
from hub.runtime.model.owner import Owner
from orgdns.cfn.zone_ids import shown_domain, zone_id_title
from orgdns.deployment.accounts import Kind
from orgdns.deployment.cloudformation.progress import Event
from orgdns.deployment.removal.associations import end_associations, own_associations
from orgdns.deployment.removal.records import delete_records, own_records
from orgdns.deployment.removal.stacks import StackRemoval, before_records, removals, remove

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.runtime.model.vpcs import VpcRef
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
    """

    stacks: tuple[StackRemoval, ...]
    zones: Mapping[str, str]
    records: Mapping[str, int] | None = None
    associations: tuple[tuple[str, VpcRef], ...] | None = None
    unknown: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is removed."""
        return bool(self.stacks or self.associations or sum((self.records or {}).values()))


def removal(deployment: Deployment, *, records: bool, associations: bool) -> Removal:
    """What would be removed.

    Raises:
        LedgerUnavailable: if associations are wanted, and the ledger, which knows them, cannot be read.
    """
    config = deployment.config
    outputs = deployment.outputs()
    known = {shown_domain(zone.domain): zone.id or outputs.get(zone_id_title(zone.domain)) for zone in config.zones}
    zones = {domain: zone_id for domain, zone_id in known.items() if zone_id}
    route53 = deployment.accounts.client(Kind.NETWORK, "route53", config.route53_region)
    rows, owner = deployment.accounts.client(Kind.HUB, "dynamodb", config.hub.region), Owner(config.owner)
    return Removal(
        removals(deployment),
        zones,
        {domain: len(own_records(route53, zone_id, owner)) for domain, zone_id in zones.items()} if records else None,
        own_associations(rows, config.names.ledger_table, frozenset(zones.values()), _now, deployment.sleep)
        if associations
        else None,
        tuple(sorted(known.keys() - zones.keys())) if records or associations else (),
    )


def destroy(deployment: Deployment, planned: Removal) -> tuple[str, ...]:
    """Remove it. Returns what could not be removed, with the reasons.

    Raises:
        StackFailed: if a stack cannot be deleted; what comes after it stays.
    """
    left: list[str] = []
    for each in planned.stacks:
        if before_records(each):
            remove(deployment, each)
    route53 = deployment.accounts.client(Kind.NETWORK, "route53", deployment.config.route53_region)
    for domain in planned.records or {}:
        zone_id, owner = planned.zones[domain], Owner(deployment.config.owner)
        gone, refused = delete_records(route53, zone_id, owner, deployment.sleep)
        deployment.report(Event(domain, f"records of {domain}", "DELETED", f"{gone:,}"))
        if refused:
            left.append(f"{domain}: Route 53 refused to delete {refused:,} records: run the command again")
    if planned.associations:
        kept = end_associations(route53, planned.associations, deployment.sleep)
        ended = len(planned.associations) - len(kept)
        deployment.report(Event("associations", "associations of VPCs", "ENDED", f"{ended:,}"))
        left += [f"{zone_id}: {ref} is the last VPC of the zone, which a private zone keeps" for zone_id, ref in kept]
    for each in planned.stacks:
        if not before_records(each):
            remove(deployment, each)
    return tuple(left)


def _now() -> Millis:
    return Millis(int(time.time() * 1_000))
