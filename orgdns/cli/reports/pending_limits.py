"""Which of the names that a dry run keeps back exceed the limits of accounts and zones. Pure.

The observer decides about limits when it writes a claim, and what is in dry run takes nothing of them. So it is decided
here, with the observer's own code.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hub.runtime.model.usage import difference, summed, usage_of
from hub.runtime.names.dry_run import turned_on
from hub.runtime.observer.quota import fitting
from hub.runtime.policy.draft import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hub.runtime.model.names import Claim, Fqdn, InstanceRef, NameKey, NameState
    from hub.runtime.model.status import ZoneStatus
    from hub.runtime.model.usage import Limits, Usage


def names_over_limits(
    names: Iterable[NameState], zone_ids: Mapping[Fqdn, str], limits: Limits
) -> dict[tuple[InstanceRef, NameKey], str]:
    """The names that would exceed the limits of their accounts, by the instances in the order of their launch."""
    of_instance: defaultdict[InstanceRef, list[Claim]] = defaultdict(list)
    for state in names:
        for claim in state.claims:
            of_instance[claim.instance].append(claim)
    used: defaultdict[str, dict[str, Usage]] = defaultdict(dict)
    for ref, claims in of_instance.items():
        used[ref.account] = summed([used[ref.account], usage_of(claims)])
    domains = {zone_id: domain.removesuffix(".") for domain, zone_id in zone_ids.items()}
    refused: dict[tuple[InstanceRef, NameKey], str] = {}
    for ref, claims in sorted(of_instance.items(), key=lambda each: (each[1][0].launched_at, each[0])):
        wanted = tuple(replace(claim, publish=True) for claim in turned_on(claims))
        if wanted == tuple(claims):
            continue
        decision = fitting(Decision(wanted), claims, used[ref.account], limits, domains)
        reasons = {refusal.name: refusal.reason for refusal in decision.refusals}
        kept = {claim.key for claim in decision.claims}
        for claim in wanted:
            if claim.key not in kept:
                refused[ref, claim.key] = reasons.get(claim.key.fqdn, "the account has reached a limit")
        growth = difference(usage_of(decision.claims), usage_of(claims))
        used[ref.account] = summed([used[ref.account], growth])
    return refused


def full_zones(growth: Mapping[str, int], zones: Iterable[ZoneStatus], limits: Limits) -> dict[str, str]:
    """The zones without room for so many more record sets, each with the reason."""
    return {
        zone.zone_id: (
            f"the zone has {zone.record_sets:,} of {limits.zone_records:,} record sets (guards.zone_records): "
            f"{growth[zone.zone_id]:,} more do not fit"
        )
        for zone in zones
        if growth.get(zone.zone_id, 0) > 0 and zone.record_sets + growth[zone.zone_id] > limits.zone_records
    }
